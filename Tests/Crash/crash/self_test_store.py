"""A small correct store, to put faults into."""

import contextlib
import dataclasses
import json
import sqlite3
import uuid

from answers import Answer, micros
from audit import Expectations
from questions import Question
from store_audit import StoreCase, violations
from teams import VENDOR_KEYS

DAY = 20_700  # 2026-09-04
SCHEMA = """
CREATE TABLE results (key BLOB NOT NULL UNIQUE, document_id TEXT, model TEXT, body BLOB NOT NULL);
CREATE TABLE ledger (id INTEGER, day INTEGER, team TEXT, key TEXT, account TEXT, upstream_key TEXT, document_id TEXT,
    model TEXT, cache_key BLOB, request_id TEXT, state, estimate INTEGER, credits INTEGER, created_at INTEGER,
    ended_at INTEGER);
CREATE TABLE usage (day INTEGER, team TEXT, key TEXT, model TEXT, upstream_key TEXT, spent INTEGER DEFAULT 0,
    unconfirmed INTEGER DEFAULT 0, saved INTEGER DEFAULT 0, hits INTEGER DEFAULT 0, collapsed INTEGER DEFAULT 0,
    misses INTEGER DEFAULT 0, denied INTEGER DEFAULT 0);
CREATE TABLE usage_documents (day INTEGER, document BLOB, spent INTEGER DEFAULT 0, unconfirmed INTEGER DEFAULT 0,
    saved INTEGER DEFAULT 0, hits INTEGER DEFAULT 0, collapsed INTEGER DEFAULT 0, misses INTEGER DEFAULT 0,
    denied INTEGER DEFAULT 0);
CREATE TABLE usage_accounts (account TEXT, day INTEGER, spent INTEGER, unconfirmed INTEGER);
CREATE TABLE unbooked (id INTEGER);
CREATE TABLE ledger_floor (open_from INTEGER);
INSERT INTO ledger_floor VALUES (5);
"""
CONFIGURATION = {
    "upstream": {"keys": [{"id": "primary", "secret": {"value": VENDOR_KEYS["primary"]}, "monthly_credits": 50},
                          {"id": "spare", "secret": {"value": VENDOR_KEYS["spare"]}}]},
    "budgets": {"organization": [{"window": "total", "credits": 30}]},
    "teams": [
        {"id": "red",
         "budgets": [{"window": "day", "credits": 10}, {"window": "month", "credits": 1, "enforce": False}],
         "keys": [{"id": "red-key", "budgets": [{"window": "week", "credits": 9}]}]},
        {"id": "blue", "budgets": [], "keys": [{"id": "blue-key"}]},
    ],
}


def document(number):
    return f"00000000-0000-4000-8000-{number:012}"


def body(number, used):
    reply = {"request_id": f"vendor-{number}", "document_id": document(number), "request_status": "completed"}
    return json.dumps(reply | ({} if used is None else {"credits_used": used})).encode()


class Sound:
    """A small correct store with its records. Tests change it before they call `violations`.

    Red asked 1 (3 credits, stored), hit it again, and asked 2, which timed out (estimate 4) and was charged. Blue asked
    3 (2.5 credits, no-store), 4 (refused by the vendor) and 5, which got no reply and which a crash left unconfirmed,
    uncharged; then red was refused for a budget.
    """

    def __init__(self, folder):
        self.folder = folder
        self.store = folder / "tollgate.db"
        self.charge_log = folder / "charges.log"
        self.connection = sqlite3.connect(self.store)
        self.connection.executescript(SCHEMA)
        self.expectations = Expectations()
        self.late_changes = []  # made once the roll-ups by document are derived
        self.answers = []
        self.charges = []
        self.calls = []  # of an operator
        self.last_changes = []  # statements to run when the sums by account are there
        self.add_entry(1, "red", 1, 3, 3)
        self.add_entry(2, "red", 3, 4, None)
        self.add_entry(3, "blue", 1, 2.5, 2.5)
        self.add_entry(4, "blue", 2, 1, None)
        self.add_entry(5, "blue", 3, 6, None)
        self.execute("INSERT INTO results VALUES (?, ?, 'gpt-4o-mini', ?)", cache_key(1), document(1), body(1, 3))
        for number, used in ((1, 3), (2, 4), (3, 2.5)):
            self.add_charge(number, used)
        self.add_usage("red", spent=3, unconfirmed=4)
        self.add_usage("red", upstream_key="", hits=1, saved=3, misses=2, denied=1)
        self.add_usage("blue", spent=2.5, unconfirmed=6)
        self.answer(1, "red", 200, "tollgate; fwd=miss; fwd-status=200; stored", 3, body(1, 3))
        self.answer(1, "red", 200, "tollgate; hit; ttl=100", 0, body(1, 3), request="hit-1", saved=3)
        self.answer(2, "red", 504, "tollgate; detail=upstream_timeout", 0, b'{"error": "upstream_timeout"}')
        self.answer(3, "blue", 200, "tollgate; fwd=request; fwd-status=200", 2.5, body(3, 2.5))
        self.answer(4, "blue", 500, "tollgate; fwd=miss; fwd-status=500", 0, b'{"error": "internal"}')
        self.answer(5, "blue", None, "", None, b"")
        self.answer(6, "red", 402, "tollgate; detail=budget_exceeded", 0, b'{"error": "budget_exceeded"}', remaining=2)
        self.answers[-1].is_final = True

    def execute(self, sql, *values):
        self.connection.execute(sql, values)

    def add_entry(self, number, team, state, estimate, used, request=None):
        self.execute(
            "INSERT INTO ledger VALUES (?, ?, ?, ?, 'default', 'primary', ?, 'gpt-4o-mini', ?, ?, ?, ?, ?, 1, ?)",
            number, DAY, team, f"{team}-key", document(number), cache_key(number), request or f"ask-{number}", state,
            micros(estimate), micros(used), None if state == 0 else 2)

    def add_charge(self, number, used, request=None, key="primary"):
        self.charges.append({"time": "", "key": VENDOR_KEYS[key], "document_id": document(number), "credits": used,
                             "request_id": request or f"ask-{number}"})

    def add_usage(self, team, upstream_key="primary", **counts):
        for name in ("spent", "unconfirmed", "saved"):
            if name in counts:
                counts[name] = micros(counts[name])
        names = ", ".join(counts)
        places = ", ".join("?" * len(counts))
        self.execute(f"INSERT INTO usage (day, team, key, model, upstream_key, {names}) "
                     f"VALUES (?, ?, ?, 'gpt-4o-mini', ?, {places})",
                     DAY, team, f"{team}-key", upstream_key, *counts.values())

    def answer(self, number, team, status, cache_status, charged, content, request=None, saved=0, remaining=None):
        self.answers.append(Answer(
            request or f"ask-{number}", team, f"{team}-key", "default", Question(document(number)), None,
            sent=float(len(self.answers)), answered=None if status is None else len(self.answers) + 0.5, day=DAY,
            status=status, cache_status=cache_status, charged=micros(charged), saved=micros(saved),
            remaining=micros(remaining), body=content))

    def heard(self, request_id):
        return next(each for each in self.answers if each.request_id == request_id)

    def forget_unheard(self):
        """Removes blue's request without a reply and its entry: then the counts are exact."""
        self.answers = [each for each in self.answers if each.is_heard]
        self.execute("DELETE FROM ledger WHERE id = 5")
        self.execute("UPDATE usage SET unconfirmed = 0 WHERE team = 'blue'")

    def expect(self, **members):
        self.expectations = dataclasses.replace(self.expectations, **members)

    def derive_documents(self):
        """Makes the roll-ups by document from the entries, and from usage what belongs to none."""
        self.execute("""
            INSERT INTO usage_documents (day, document, spent, unconfirmed)
            SELECT day, document_id,
                sum(CASE WHEN state IN (1, 4, 'settled', 'resolved') THEN coalesce(credits, 0) ELSE 0 END),
                sum(CASE WHEN state IN (3, 'unconfirmed') THEN estimate ELSE 0 END)
            FROM ledger GROUP BY day, document_id
        """)
        rows = self.connection.execute("SELECT DISTINCT document FROM usage_documents").fetchall()
        for (name,) in rows:
            self.execute("UPDATE usage_documents SET document = ? WHERE document = ?", uuid.UUID(name).bytes, name)
        self.execute("""
            INSERT INTO usage_documents (day, document, saved, hits, collapsed, misses, denied)
            SELECT day, x'', sum(saved), sum(hits), sum(collapsed), sum(misses), sum(denied) FROM usage GROUP BY day
        """)

    def fill_accounts(self):
        """The sums by account, of the one that there is, are those of `usage`."""
        try:
            self.execute("INSERT INTO usage_accounts SELECT 'default', day, sum(spent), sum(unconfirmed) FROM usage "
                         "GROUP BY day")
        except sqlite3.Error:
            return  # a test took a table away
        for each in self.last_changes:
            self.execute(each)

    def violations(self):
        with contextlib.suppress(sqlite3.Error):
            self.derive_documents()
        self.fill_accounts()
        for change in self.late_changes:
            change(self)
        self.connection.commit()
        self.connection.close()
        self.charge_log.write_text("".join(json.dumps(each) + "\n" for each in self.charges))
        return violations(StoreCase(CONFIGURATION, self.store, self.charge_log, self.answers, self.calls,
                                    self.expectations))


def cache_key(number):
    return bytes([number]) * 32


def sql(statement):
    return lambda store: store.execute(statement)


def of_accounts(statement):
    """A change of the sums by account."""
    return lambda store: store.last_changes.append(statement)


def heard(request_id, **members):
    def change(store):
        answer = store.heard(request_id)
        for name, value in members.items():
            setattr(answer, name, value)
    return change


def all_of(*changes):
    def change(store):
        for each in changes:
            each(store)
    return change
