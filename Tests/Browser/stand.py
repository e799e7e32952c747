"""A simulated vendor and a gateway before it, with requests of every kind behind them, for the tests in a browser."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import urllib.error
import urllib.request
import uuid

TOKENS = {role: f"browser-{role}-token-0123456789" for role in ("viewer", "operator", "admin")}
VENDOR_KEYS = ("vendor-secret-0123456789abcdef", "vendor-secret-fedcba9876543210")
# Names that would do something if they became markup, turned the text around them, or had no end.
HOSTILE_NAME = '<img src=x onerror="document.title=1">'
HOSTILE_MODEL = "<script>document.title=1</script>\u202egpt"
LONG_NAME = "N" * 128
RIGHT_TO_LEFT_NAME = "\u202e\u0642\u0633\u0645 \u0627\u0644\u062d\u0633\u0627\u0628\u0627\u062a (7)"
MASTER_KEY = "5c" * 32


class Failure(Exception):
    """What should hold does not."""


def call(method, url, body=None, headers=None, timeout=30):
    """One request; answers status and text."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Stand:
    """Use it in one `with`; everything ends with it."""

    def __init__(self, programs, configuration=None, time_zone="UTC", address="127.0.0.1:0", upstream=None):
        self.programs = pathlib.Path(programs)
        self.home = tempfile.TemporaryDirectory(prefix="tollgate-browser-")
        self.folder = pathlib.Path(self.home.name)
        self.processes = []
        vendor = ["--delay", "1ms", *(part for key in VENDOR_KEYS for part in ("--key", key))]
        self.vendor = self.start("vendor-sim", vendor, r"http://\S+")[0]
        self.configuration = {
            "listen": {"address": "127.0.0.1:0", "workers": 1},
            "admin": {"address": address, "tokens": [
                {"name": f"the {role}", "role": role, "secret": {"value": token}} for role, token in TOKENS.items()
            ]},
            "upstream": {"base_url": self.vendor, "response_timeout": "2s", "keys": [
                {"id": f"vendor-{n}", "secret": {"value": key}, "not_after": "2099-01-01T00:00:00Z"}
                for n, key in enumerate(VENDOR_KEYS)
            ], **(upstream or {})},
            "store": {"url": f"sqlite:{self.folder}/tollgate.db"},
            "budgets": {"time_zone": time_zone, "organization": [{"window": "month", "credits": 1000}]},
            "teams": [
                self.team("accounts-payable", HOSTILE_NAME, [{"window": "month", "credits": 120}]),
                self.team("legal", LONG_NAME, [{"window": "day", "credits": 40},
                                               {"window": "month", "credits": 1, "enforce": False}]),
                self.team("x" * 64, RIGHT_TO_LEFT_NAME, []),
            ],
            **(configuration or {}),
        }
        self.serve()

    def team(self, name, title, budgets):
        keys = [{"id": f"{name[:20]}-key", "secret": {"value": self.key(name)}}]
        return {"id": name, **({"name": title} if title else {}), "budgets": budgets, "keys": keys}

    @staticmethod
    def key(team):
        return f"team-key-of-{team}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.home.cleanup()

    def start(self, program, arguments, pattern):
        """Starts a program and reads on until its output has what `pattern` finds."""
        errors = (self.folder / f"{program}.stderr").open("a")
        process = subprocess.Popen([self.programs / program, *arguments], stdout=subprocess.PIPE, stderr=errors,
                                   text=True,
                                   env={**os.environ, "TZ": "UTC", "TOLLGATE_MASTER_KEY": MASTER_KEY})
        self.processes.append(process)
        for line in process.stdout:
            if found := re.findall(pattern, line):
                return found
        raise Failure(f"{program} did not start: {(self.folder / f'{program}.stderr').read_text()[-2000:]}")

    def serve(self):
        (self.folder / "config.json").write_text(json.dumps(self.configuration))
        arguments = ["serve", "--config", self.folder / "config.json"]
        self.client, self.admin = self.start("tollgate", arguments, r"http://[^\s,]+")[:2]

    # Requests

    def api(self, method, path, body=None, role="admin", expected=(200, 201, 204)):
        """One request to the admin API. Numbers are what the text says: no float comes between."""
        status, text = call(method, f"{self.admin}/admin/v1{path}", body, {"Authorization": f"Bearer {TOKENS[role]}"})
        if status not in expected:
            raise Failure(f"{method} {path}: {status} {text}")
        return json.loads(text, parse_float=str, parse_int=str) if text else None

    def classify(self, team, document=None, labels=("invoice", "contract"), headers=None, **members):
        schema = [{"label": label, "description": members.pop(label, f"what a {label} is")} for label in labels]
        body = {"document_id": document or str(uuid.uuid4()), "classification_schema": schema, **members}
        headers = {"x-api-key": self.key(team), **(headers or {})}
        return call("POST", f"{self.client}/v1/classify", body, headers)[0]

    def fault(self, kind, count=1, **members):
        self.sim("faults", {"kind": kind, "count": count, **members})

    def sim(self, what, body=None):
        status, text = call("POST", f"{self.vendor}/sim/{what}", body or {})
        if status >= 300:
            raise Failure(f"the vendor refused {what}: {text}")

    def fill(self, rounds=8):
        """Misses, hits, repeats with every kind of difference, an unknown outcome, refusals and changes."""
        documents = [str(uuid.UUID(int=n + 1)) for n in range(rounds)]
        call("PUT", f"{self.vendor}/sim/settings", {"credits_per_page": {"gpt-4o": 0.333333}})
        for document in documents:
            self.classify("accounts-payable", document, page_range="1-3")
            self.classify("accounts-payable", document, page_range="1-3")
            self.classify("legal", document, page_range="1-3")
        self.classify("legal", documents[0], page_range="1-2")
        self.classify("legal", documents[1], page_range="1-3", invoice="what an invoice may be <b>at most</b>")
        self.classify("legal", documents[2], labels=("invoice", "letter"), page_range="1-3")
        self.classify("accounts-payable", documents[3], page_range="1-3", query_model="gpt-4o")
        self.classify("x" * 64, documents[4], page_range="1-3", query_model=HOSTILE_MODEL)
        self.classify("accounts-payable", documents[5], page_range="1-3", headers={"Cache-Control": "no-cache"})
        self.fault("reset_before_reply")
        self.classify("legal", page_range="1-2")
        self.classify("legal", page_range="1-900")
        call("POST", f"{self.client}/v1/classify", {}, {"x-api-key": "no-such-key-0123456789"})
        self.api("POST", "/teams", {"id": "sales", "name": "Sales", "budgets": [{"window": "month", "credits": 50}]})
        self.api("POST", "/teams/sales/keys", {"name": HOSTILE_NAME})
        self.api("POST", "/teams/legal/grants", {"window": "day", "credits": 2.5, "reason": "quarter's end <i>"})
