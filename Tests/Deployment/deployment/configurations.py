"""The configurations that are shipped, with secrets beside them that a person would have put there."""

import json
import re
import secrets
import tempfile
from pathlib import Path

STATE = "/var/lib/tollgate"
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DRAIN_DEFAULTS = {"drain_delay": "0s", "drain_timeout": "30s"}


def seconds(duration):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", duration).groups()
    return int(number) * UNITS[unit]


def drain_seconds(text):
    """How long an orderly end may take under this configuration."""
    listen = json.loads(text).get("listen", {})
    return sum(seconds(listen.get(name, default)) for name, default in DRAIN_DEFAULTS.items())


def port(text, side):
    return int(json.loads(text)[side]["address"].rsplit(":", 1)[1])


def files_of(value):
    """The files that are named as secrets."""
    if isinstance(value, dict):
        if set(value) == {"file"}:
            yield value["file"]
        for each in value.values():
            yield from files_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from files_of(each)


def secret_files(path):
    return list(files_of(json.loads(path.read_text(encoding="utf-8"))))


def database(text):
    """The host of the database; None for a store in a file."""
    match = re.search(r"postgresql://tollgate@([^/:]+):5432/tollgate\b", text)
    return match[1] if match else None


def check(findings, programs, text, server=None):
    """`tollgate check` accepts it. A database is one of `server`, as deploy/postgresql has made it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if database(text) is None:
            findings.expect(STATE in text, f"the store is not in {STATE}")
        else:
            text = re.sub(r"postgresql://[^\"]*", server.url("tollgate"), text)
        # That folder is made by who installs.
        (folder / "config.json").write_text(text.replace(STATE, name), encoding="utf-8")
        named = list(files_of(json.loads(text)))
        findings.expect(named, "no secret comes from a file")
        for file in named:
            findings.expect(not Path(file).is_absolute(), f"{file} is not beside the configuration")
            secret = folder / file
            secret.parent.mkdir(parents=True, exist_ok=True)
            secret.write_text(secrets.token_hex(24), encoding="ascii")
            secret.chmod(0o640)
        findings.run(programs / "tollgate", "check", "--config", folder / "config.json")
