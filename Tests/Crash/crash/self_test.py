"""Shows that the audit sees what it looks for: a sound store passes, each fault put into it is found by its name."""

import dataclasses
import json
import sqlite3

from answers import Answer, micros
from audit import Case, Expectations, Violation, violations
from questions import Question
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
    """A small store with what belongs to it, in which everything is right. Changes are made to it before `violations`.

    Red asked 1 (3 credits, stored), hit it again, and asked 2, which timed out (estimate 4) and was charged. Blue asked
    3 (2.5 credits, no-store), 4 (refused by the vendor) and 5, which nobody heard of and which a crash left
    unconfirmed, uncharged; then red was refused for a budget.
    """

    def __init__(self, folder):
        self.folder = folder
        self.store = folder / "tollgate.db"
        self.charge_log = folder / "charges.log"
        self.connection = sqlite3.connect(self.store)
        self.connection.executescript(SCHEMA)
        self.expectations = Expectations()
        self.answers = []
        self.charges = []
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
        """Blue's unheard request and its entry never were: then the counts are exact."""
        self.answers = [each for each in self.answers if each.is_heard]
        self.execute("DELETE FROM ledger WHERE id = 5")
        self.execute("UPDATE usage SET unconfirmed = 0 WHERE team = 'blue'")

    def expect(self, **members):
        self.expectations = dataclasses.replace(self.expectations, **members)

    def violations(self):
        self.connection.commit()
        self.connection.close()
        self.charge_log.write_text("".join(json.dumps(each) + "\n" for each in self.charges))
        return violations(Case(CONFIGURATION, self.store, self.charge_log, self.answers, [], self.expectations))


def cache_key(number):
    return bytes([number]) * 32


def spend(store, team, credits, day=DAY):
    """One more settled question, right in itself."""
    number = 20 + len(store.charges)
    store.add_entry(number, team, 1, credits, credits)
    store.execute("UPDATE ledger SET day = ? WHERE id = ?", day, number)
    store.add_charge(number, credits)
    store.add_usage(team, spent=credits)
    store.execute("UPDATE usage SET day = ? WHERE rowid = last_insert_rowid()", day)
    store.answer(number, team, 200, "tollgate; fwd=request; fwd-status=200", credits, body(number, credits))
    store.heard("ask-6").remaining -= micros(credits)


def tear_page(store):
    store.execute("CREATE INDEX results_by_document ON results (document_id)")
    store.connection.commit()
    store.execute("PRAGMA writable_schema = ON")
    store.execute("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'ledger') "
                  "WHERE name = 'results_by_document'")


def second_stored(store):
    store.answer(1, "red", 200, "tollgate; fwd=request; fwd-status=200; stored", 3, body(11, 3), request="ask-11")
    store.add_entry(11, "red", 1, 0, 3, request="ask-11")
    store.execute("UPDATE ledger SET cache_key = ?, document_id = ? WHERE id = 11", cache_key(1), document(1))
    store.add_charge(1, 3, request="ask-11")
    store.add_usage("red", spent=3)
    store.heard("ask-6").remaining -= micros(3)
    store.execute("DELETE FROM ledger WHERE id = 2")
    store.execute("UPDATE usage SET unconfirmed = 0 WHERE team = 'red'")
    store.charges = [each for each in store.charges if each["request_id"] != "ask-2"]
    store.heard("ask-6").remaining += micros(4)


def sql(statement):
    return lambda store: store.execute(statement)


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


exact = all_of(Sound.forget_unheard, lambda store: store.expect(is_undisturbed=True))

# (what is done to the store, the violation's name, words of it)
FAULTS = [
    (tear_page, "store:", ""),
    (sql("DROP TABLE usage"), "store:", "no tables"),
    # I1, in each scope; the shadow budget of red is exceeded all the time and must not be found.
    (lambda store: spend(store, "red", 3.000001), "I1:", "day budget of team red"),
    (lambda store: spend(store, "red", 3, day=DAY - 1), "I1:", "week budget of key red-key"),
    (lambda store: spend(store, "blue", 20), "I1:", "total budget of the organization"),
    (lambda store: spend(store, "blue", 45), "I1:", "month budget of upstream_key primary"),
    (sql("UPDATE ledger SET estimate = 8000000 WHERE id = 2"), "I1:", "day budget of team red counts"),
    (lambda store: store.charges[1].update(credits=8), "I1:", "was charged by the vendor 11"),
    (heard("ask-6", remaining=-1), "I1:", "are left"),
    (lambda store: store.add_charge(9, 1), "I2:", "ask-9"),
    (lambda store: store.charges[2].update(document_id=document(8)), "I2:", "ask-3"),
    (sql("UPDATE ledger SET id = 1 WHERE id = 4"), "I3:", "identifier 1"),
    (sql("UPDATE ledger SET state = 0, ended_at = NULL WHERE id = 5"), "I3:", "still reserved"),
    (sql("UPDATE ledger SET state = 9 WHERE id = 5"), "I3:", "no known state"),
    (sql("UPDATE ledger SET credits = NULL WHERE id = 3"), "I3:", "at no amount"),
    (sql("UPDATE ledger SET ended_at = NULL WHERE id = 4"), "I3:", "no time"),
    (lambda store: store.add_entry(12, "red", 3, 0, None, request="ask-1"), "I3:", "counts 2 times"),
    (sql("UPDATE usage SET spent = spent + 1 WHERE team = 'blue'"), "I3:", "has spent"),
    (sql("UPDATE usage SET unconfirmed = unconfirmed - 1 WHERE team = 'blue'"), "I3:", "has unconfirmed"),
    (sql("DELETE FROM usage WHERE team = 'blue'"), "I3:", "has spent 0"),
    (sql("UPDATE ledger SET state = 2 WHERE id = 2"), "I4:", "request ask-2 counts 0"),
    (sql("UPDATE ledger SET estimate = 3999999 WHERE id = 2"), "I4:", "request ask-2 counts 3.999999"),
    (sql("UPDATE ledger SET credits = 2000000 WHERE id = 1"), "I4:", "team red counted"),
    (lambda store: store.add_charge(3, 2.5), "I4:", "charged request ask-3 2 times"),
    (lambda store: store.charges.pop(0), "I4:", "stands for 0 charges"),
    (lambda store: store.charges[0].update(key=VENDOR_KEYS["spare"]), "I4:", "another key"),
    (lambda store: store.charges[2].update(credits=20), "I4:", "all teams counted"),
    (sql("DELETE FROM ledger WHERE id = 1"), "I5:", "no entry"),
    (sql("UPDATE ledger SET state = 3, credits = NULL WHERE id = 3"), "I5:", "told 2.5"),
    (heard("ask-3", charged=2_000_000), "I5:", "told 2,"),
    (heard("ask-3", charged=None), "I5:", "told nothing"),
    (heard("ask-3", body=body(3, None)), "I5:", "charge is unknown"),
    (sql("UPDATE ledger SET state = 1, credits = 4000000 WHERE id = 2"), "I5:", "nobody can know"),
    (sql("UPDATE ledger SET state = 3 WHERE id = 4"), "I5:", "does not charge that"),
    (sql("DELETE FROM results"), "I5:", "not stored"),
    (lambda store: store.execute("UPDATE results SET body = ?", body(7, 3)), "I5:", "another result"),
    (second_stored, "I5:", "another result"),
    (lambda store: store.execute("UPDATE results SET key = ?", cache_key(7)), "I5:", "no entry of its cache key"),
    (lambda store: store.answers.pop(5), "I6:", "nobody sent"),
    (sql("UPDATE ledger SET team = 'blue' WHERE id = 1"), "I6:", "says otherwise"),
    (lambda store: store.add_entry(13, "red", 1, 0, 0, request="hit-1"), "I6:", "hit; ttl=100"),
    (lambda store: store.add_entry(6, "red", 3, 0, None), "I6:", "budget_exceeded"),
    (heard("hit-1", charged=3_000_000), "I6:", "was charged 3"),
    (all_of(exact, sql("UPDATE usage SET hits = 2 WHERE hits = 1")), "I6:", "has hits 2"),
    (all_of(exact, sql("UPDATE usage SET collapsed = 1 WHERE hits = 1")), "I6:", "has collapsed 1"),
    (all_of(exact, sql("UPDATE usage SET denied = 0")), "I6:", "has denied 0"),
    (all_of(exact, sql("UPDATE usage SET saved = 1 WHERE hits = 1")), "I6:", "has saved 1"),
    (heard("ask-6", remaining=1_999_999), "I9:", "1.999999 is left"),
    (heard("ask-6", remaining=None), "I9:", "told that nothing is left"),
]


def reserved_after_kill(store):
    store.execute("UPDATE ledger SET state = 0, ended_at = NULL WHERE id = 5")
    store.execute("UPDATE usage SET unconfirmed = 0 WHERE team = 'blue'")
    store.expect(is_stopped=False)


def replaced(store):
    """A later question with no-cache, whose client never heard, may have put its result in the place of the first."""
    second_stored(store)
    later = store.heard("ask-11")
    later.status, later.answered, later.charged = None, None, None
    store.execute("UPDATE results SET body = ?", body(11, 3))


def dear(store):
    """A reply that cost five times its estimate is booked in full, above the limit."""
    spend(store, "red", 5)
    store.heard("ask-6").remaining = 0
    store.expect(excess_per_request=4_000_000)


# What looks alike and is right.
SOUND = [
    ("as it is", lambda store: None),
    ("with states by their names", sql("UPDATE ledger SET state = CASE state WHEN 1 THEN 'settled' WHEN 2 THEN "
                                       "'released' ELSE 'unconfirmed' END")),
    ("with exact counts", exact),
    ("with a reservation that a kill left", reserved_after_kill),
    ("with a result in the place of another", replaced),
    ("with an excess that is allowed", dear),
]


class SelfTest:
    def __init__(self, bench):
        self.bench = bench

    def run(self):
        for name, change in SOUND:
            found = self.audit(change)
            if found:
                raise Violation(f"self-test: a sound store, {name}, is found wrong: {found}")
        for number, (change, invariant, words) in enumerate(FAULTS, start=1):
            found = self.audit(change)
            if not any(each.startswith(invariant) and words in each for each in found):
                raise Violation(f"self-test: fault {number} must be found as {invariant} … {words}; found: {found}")
        self.bench.say(f"self-test: {len(SOUND)} sound stores pass, {len(FAULTS)} seeded faults are found")

    def audit(self, change):
        folder = self.bench.session.new_folder("self-test")
        store = Sound(folder)
        change(store)
        return store.violations()
