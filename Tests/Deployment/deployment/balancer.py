"""HAProxy's configuration: whether HAProxy takes it, and whether its times fit to those of the gateways."""

import json
import re

from . import configurations

# What a gateway has without a setting.
DEFAULTS = {
    ("upstream", "queue_timeout"): "30s", ("upstream", "connect_timeout"): "5s",
    ("upstream", "response_timeout"): "120s", ("listen", "idle_timeout"): "75s", ("listen", "drain_delay"): "0s",
}


def one(findings, text, pattern):
    """What every line that matches says, which is to be the same."""
    found = set(re.findall(pattern, text, re.MULTILINE))
    findings.expect(len(found) == 1, f"{pattern} is there as {sorted(found)}")
    return found.pop() if found else ""


def check(findings, root, configuration_files):
    path = root / "deploy" / "haproxy" / "haproxy.cfg"
    findings.run("haproxy", "-c", "-f", path)
    text = path.read_text(encoding="utf-8")

    def duration(pattern):
        return configurations.seconds(one(findings, text, pattern) or "0s")

    serving = duration(r"^ *timeout server +(\S+)$")
    keeping = duration(r"^ *timeout http-keep-alive +(\S+)$")
    ending = duration(r"^ *hard-stop-after +(\S+)$")
    looking = duration(r"^ *timeout check +(\S+)$") + duration(r" check inter (\S+) ")
    looking += duration(r" fastinter (\S+) ") * (int(one(findings, text, r" fall (\d+) ") or 0) - 1)
    findings.expect(ending >= serving, f"it ends after {ending} s, and a reply may take {serving} s")
    # Whatever else is named there may send a request again that was paid for.
    again = one(findings, text, r"^ *retry-on +(.*)$")
    findings.expect(again == "conn-failure", f"requests are sent again on {again}")
    paths = re.findall(r"^ *http-check send meth GET uri (\S+)", text, re.MULTILINE)
    findings.expect(sorted(paths) == ["/healthz", "/readyz"], f"the nodes are asked for {paths}")
    for status in (400, 408, 502, 503, 504):
        shape(findings, text, status)
    for file in configuration_files:
        given = json.loads((root / file).read_text(encoding="utf-8"))
        times = {(room, name): configurations.seconds(given.get(room, {}).get(name, default))
                 for (room, name), default in DEFAULTS.items()}
        slowest = sum(time for (room, _), time in times.items() if room == "upstream")
        findings.expect(serving > slowest, f"a reply is waited for {serving} s, and {file} allows {slowest} s")
        idle = times["listen", "idle_timeout"]
        findings.expect(keeping < idle, f"connections are kept for {keeping} s, and {file} ends them after {idle} s")
        delay = times["listen", "drain_delay"]
        findings.expect(delay > looking, f"{file} closes after {delay} s, and HAProxy may notice after {looking} s")


def shape(findings, text, status):
    """An error that HAProxy makes itself has the vendor's shape."""
    match = re.search(rf'^ *http-error status {status} content-type application/json string "(.*)"', text, re.MULTILINE)
    try:
        error = json.loads(match[1].replace('\\"', '"'))
    except (TypeError, ValueError):
        error = {}
    is_whole = error.get("success") is False and isinstance(error.get("error"), str) and error.get("message")
    findings.expect(is_whole, f"{status} has the shape {error}")
