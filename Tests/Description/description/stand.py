"""The programs under test, with something in every list that the admin side has."""

import base64
import http.client
import http.server
import json
import os
import threading
import time

from processes import PATIENCE, TestFailure

VENDOR_KEY = "vendor-secret-0123456789abcdef"
TEAM_KEY = "filed-team-key-0123456789"
TOKENS = {role: f"{role}-token-0123456789" for role in ("viewer", "operator", "admin")}
DOCUMENT = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"
WHOLE = "22222222-2222-4333-8444-555555555555"
LOST = "11111111-2222-4333-8444-555555555555"
BUDGETS = [
    {"window": "month", "credits": 1000, "alert_at": [0.001]},
    {"window": "day", "credits": 3, "alert_at": [0.5, 1], "enforce": False},
]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes every alert."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"taken")

    def log_message(self, *_):
        pass


def question(document=DOCUMENT, pages="1-2", labels=("invoice", "order"), **others):
    schema = [{"label": label, "description": f"A document of the kind {label}"} for label in labels]
    return {"document_id": document, "classification_schema": schema, "page_range": pages, **others}


class Stand:
    def __init__(self, session, programs):
        self.folder = session.new_folder("stand")
        receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        self.vendor = session.start(
            [programs / "vendor-sim", "--address", "127.0.0.1:0", "--delay", "0ms", "--key", VENDOR_KEY],
            self.folder / "vendor.stderr",
        )
        [self.vendor_port] = self.vendor.output.ports_after("vendor-sim listening on ") or [None]
        if self.vendor_port is None:
            raise TestFailure(f"vendor-sim did not start: {self.vendor.complaint()}")
        file = self.folder / "config.json"
        file.write_text(json.dumps(self.configuration(receiver.server_address[1])))
        master = base64.b64encode(os.urandom(32)).decode()
        self.gateway = session.start(
            [programs / "tollgate", "serve", "--config", file], self.folder / "gateway.stderr",
            {"TOLLGATE_MASTER_KEY": master},
        )
        ports = self.gateway.output.ports_after("tollgate listening on ")
        if len(ports) != 2:
            raise TestFailure(f"the gateway did not start: {self.gateway.complaint()}")
        self.port, self.admin_port = ports
        self.fill()
        self.document = self.get("/openapi.json", None)

    def configuration(self, receiver_port):
        return {
            "listen": {"address": "127.0.0.1:0", "workers": 1},
            "admin": {
                "address": "127.0.0.1:0",
                "tokens": [{"name": role, "role": role, "secret": {"value": TOKENS[role]}} for role in TOKENS],
            },
            "upstream": {
                "base_url": f"http://127.0.0.1:{self.vendor_port}",
                "keys": [{"id": "primary", "monthly_credits": 1_000_000, "secret": {"value": VENDOR_KEY}}],
            },
            "cache": {"classifier_ttl": "1h"},
            "store": {"url": f"sqlite:{self.folder / 'tollgate.db'}"},
            "budgets": {"organization": [{"window": "total", "credits": 1_000_000, "alert_at": [1]}]},
            "teams": [
                {"id": "filed", "budgets": BUDGETS, "keys": [{"id": "filed-key", "secret": {"value": TEAM_KEY}}]}
            ],
            "alerts": {
                "webhook_url": f"http://127.0.0.1:{receiver_port}/", "secret": {"value": "webhook-secret-0123456789"}
            },
            "log": {"access": False},
        }

    def ask(self, port, method, path, body=None, fields=None):
        """The status, the fields and the content of one reply."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", **(fields or {})})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def admin(self, method, path, body=None, role="admin"):
        """What the admin side answers, read as JSON; a failure unless that is a success."""
        status, _, content = self.ask(
            self.admin_port, method, f"/admin/v1{path}", body, {"Authorization": f"Bearer {TOKENS[role]}"}
        )
        if not 200 <= status < 300:
            raise TestFailure(f"{method} {path} answered {status}: {content[:500]}")
        return json.loads(content) if content else None

    def get(self, path, role="viewer"):
        fields = {"Authorization": f"Bearer {TOKENS[role]}"} if role else {}
        status, _, content = self.ask(self.admin_port, "GET", path, fields=fields)
        if status != 200:
            raise TestFailure(f"GET {path} answered {status}: {content[:500]}")
        return json.loads(content)

    def client(self, method, path, body, key=TEAM_KEY):
        """The status and the content of one reply of the client side."""
        status, _, content = self.ask(self.port, method, path, body, {"x-api-key": key})
        return status, content

    def classify(self, body, key=TEAM_KEY, path="/v1/classify"):
        return self.client("POST", path, body, key)[0]

    def make_classifier(self):
        """Makes a saved classifier and asks it; returns its path."""
        schema = question()["classification_schema"]
        status, content = self.client("POST", "/v1/classifiers", {"name": "kinds", "classification_schema": schema})
        if status not in (200, 201):
            raise TestFailure(f"no classifier was made: {status} {content[:300]}")
        made = json.loads(content)
        return f"/v1/classifiers/{made.get('classifier_id') or made['id']}/classify"

    def fill(self):
        """Leaves an item in every list."""
        self.admin("POST", "/teams", {
            "id": "made", "name": "Made", "budgets": BUDGETS, "requests_per_second": 1000.5, "max_concurrency": 10,
            "models": ["gpt-4o", "gpt-4o-mini"], "cache_scope": "organization",
        })
        key = self.admin("POST", "/teams/made/keys", {"id": "made-key", "name": "K", "budgets": BUDGETS})["secret"]
        self.admin("POST", "/teams/made/keys", {
            "id": "other-key", "not_after": "2100-01-01T00:00:00Z", "budgets": BUDGETS,
        })
        self.admin("POST", "/teams/made/keys/other-key/rotate", {"grace": "1h"})
        self.admin("POST", "/teams/made/grants", {"window": "month", "credits": 5.5, "reason": "more"})
        self.admin("POST", "/upstream-keys", {
            "id": "second", "account": "other", "secret": "second-vendor-key-0123", "weight": 2,
        })
        asked = [question(), question(), question(pages="1-3"), question(labels=("invoice", "letter"))]
        for body in (*asked, question(WHOLE, pages=None)):
            status = self.classify(body, key)
            if status != 200:
                raise TestFailure(f"classify answered {status}")
        status = self.classify({"document_id": DOCUMENT}, path=self.make_classifier())
        if status != 200:
            raise TestFailure(f"the classifier answered {status}")
        self.control("POST", "/sim/faults", {"kind": "reset_before_reply", "document_id": LOST})
        if self.classify(question(LOST)) != 502:
            raise TestFailure("a call that the vendor broke off was not answered 502")
        self.admin("POST", "/statements", {
            "account": "default", "from": "2020-01-01", "to": "2020-01-31", "credits": 12.25,
        })
        self.wait("an alert", lambda: self.admin("GET", "/alerts")["items"])
        self.wait("a repeated payment", lambda: self.admin("GET", "/insights")["items"])

    def wait(self, what, is_there):
        deadline = time.monotonic() + PATIENCE
        while not is_there():
            if time.monotonic() > deadline:
                raise TestFailure(f"{what} does not come")
            time.sleep(0.05)

    def control(self, method, path, body):
        status, _, content = self.ask(self.vendor_port, method, path, body)
        if status != 200:
            raise TestFailure(f"{method} {path} of vendor-sim answered {status}: {content[:200]}")

    def end(self):
        """Whatever was asked of it, the gateway must have lived to here and end as it should."""
        if self.gateway.has_ended:
            raise TestFailure(f"the gateway ended by itself: {self.gateway.complaint()}")
        self.gateway.popen.terminate()
        status = self.gateway.wait()
        if status != 0:
            raise TestFailure(f"the gateway did not end as it should: {self.gateway.complaint()}")
