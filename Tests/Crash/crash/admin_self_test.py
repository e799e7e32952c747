"""A correct registry as an operator left it, and the faults that the audit must find in it."""

import hashlib
import json

import holdings
import teams
from calls import USE, Call
from self_test_store import Sound, all_of, body, sql

SCHEMA = """
CREATE TABLE teams (id TEXT, name TEXT, account TEXT, requests_per_second INTEGER, concurrency_max INTEGER,
    limits_models INTEGER, cache_scope TEXT);
CREATE TABLE team_models (team TEXT, model TEXT);
CREATE TABLE registry_budgets (scope TEXT, scope_id TEXT, position INTEGER, budget_window TEXT, credits INTEGER,
    is_enforced INTEGER, alert_at TEXT);
CREATE TABLE team_keys (id TEXT, team TEXT, public_id TEXT, name TEXT, secret_digest BLOB, not_after INTEGER,
    created_at INTEGER, rotated_at INTEGER, revoked_at INTEGER);
CREATE TABLE retiring_secrets (key TEXT, position INTEGER, secret_digest BLOB, until INTEGER);
CREATE TABLE upstream_keys (id TEXT, account TEXT, weight INTEGER, not_before INTEGER, not_after INTEGER,
    monthly_credits INTEGER, sealed_secret BLOB, secret_digest BLOB, created_at INTEGER);
CREATE TABLE key_rulings (subject TEXT, id TEXT, secret_digest BLOB, verdict TEXT, at INTEGER);
CREATE TABLE rotation_receipts (key TEXT, request_digest BLOB, sealed_secret BLOB, until INTEGER);
CREATE TABLE audit (id INTEGER, at INTEGER, actor TEXT, role TEXT, action TEXT, target TEXT, address TEXT, before TEXT,
    after TEXT);
"""
TEAM, GONE = "op-team-1", "op-team-2"
KEY, REVOKED = "op-team-1-key-1", "op-team-1-key-2"
UPSTREAM, LOST = "op-upstream-1", "op-upstream-3"
TIME = "2026-09-04T00:00:00.000000Z"


def secret(key, number):
    """The n-th secret of a key."""
    return f"tg_public-{key[-1]}_"[:11].replace("-", "0") + "_" + digest(f"{key} {number}").hex()[:32]


def digest(text):
    return hashlib.sha256(text.encode()).digest()


def team_shown(name, concurrency):
    return {"id": TEAM, "name": name, "account": "default", "budgets": holdings.TEAMS[TEAM]["budgets"],
            "max_concurrency": concurrency, "source": "store"}


def gone_shown():
    return {"id": GONE, "name": "Green", "max_concurrency": 40, "source": "store", **holdings.TEAMS[GONE]}


def key_shown(key, is_rotated=False, is_revoked=False, is_retiring=False):
    return {"id": key, "team": TEAM, "name": "A key", "state": "revoked" if is_revoked else "active", "source": "store",
            "public_id": secret(key, 1)[3:11], "budgets": holdings.key_budgets(key),
            "rotated_at": TIME if is_rotated else None, "revoked_at": TIME if is_revoked else None,
            "previous_valid_until": TIME if is_retiring else None}


def upstream_shown(weight, state):
    return {"id": UPSTREAM, "account": "default", "weight": weight, "state": state, "monthly_credits": None,
            "source": "store"}


class SoundRegistry(Sound):
    """A correct ledger, and a registry with the operator's calls and replies.

    A team with two keys: the first was rotated with grace, which was lost and then repeated; the second was rotated
    without and then revoked. A second team was made and deleted. A key at the vendor was made, changed and drained.
    The last call, which would have made another one, was lost and not done.
    """

    def __init__(self, folder):
        super().__init__(folder)
        self.connection.executescript(SCHEMA)
        self.calls = []
        self.entries = 0
        self.log_bytes = b""  # appended to one of the store's logs
        self.operate()
        self.fill()
        self.look()
        self.told("upstream_key.create", None, key=LOST, content=self.upstream_content(LOST, 1))

    # MARK: What was told

    def told(self, action, status, reply=None, entry=False, before=None, after=None, **members):
        number = len(self.calls) + 1
        call = Call(number, action, sent=100.0 + number, status=status, reply=reply, **members)
        call.answered = None if status is None else call.sent + 0.5
        self.calls.append(call)
        if entry:
            self.add_entry_of(call.action, call.target, before, after)
        return call

    def add_entry_of(self, action, target, before, after):
        self.entries += 1
        self.execute("INSERT INTO audit VALUES (?, ?, ?, 'admin', ?, ?, '127.0.0.1', ?, ?)", self.entries,
                     1000 + self.entries, teams.TOKEN_NAME, action, target,
                     *(None if each is None else json.dumps(each) for each in (before, after)))

    @staticmethod
    def upstream_content(key, weight):
        return {"id": key, "weight": weight, "secret": holdings.vendor_secret(key, 0), **holdings.UPSTREAM_KEYS[key]}

    def operate(self):
        before, after = team_shown("Red", 40), team_shown("Crimson", 60)
        content = {"id": TEAM, "name": "Red", "max_concurrency": 40, **holdings.TEAMS[TEAM]}
        self.told("team.create", 201, before, True, None, before, team=TEAM, content=content)
        self.told("team.create", 409, {"error": "conflict"}, team=TEAM, content=content)
        for key in (KEY, REVOKED):
            shown = key_shown(key)
            self.told("team_key.create", 201, shown | {"secret": secret(key, 1)}, True, None, shown, team=TEAM, key=key,
                      content={"id": key, "name": "A key", "budgets": holdings.key_budgets(key)})
        self.rotate_both()
        self.told("team_key.revoke", 204, None, True, key_shown(REVOKED, True), key_shown(REVOKED, True, True),
                  team=TEAM, key=REVOKED)
        self.told("team.update", 200, after, True, before, after, team=TEAM,
                  content={"name": "Crimson", "max_concurrency": 60})
        content = {"id": GONE, "name": "Green", "max_concurrency": 40, **holdings.TEAMS[GONE]}
        self.told("team.create", 201, gone_shown(), True, None, gone_shown(), team=GONE, content=content)
        self.told("team.delete", 204, None, True, gone_shown(), None, team=GONE)
        shown = upstream_shown(2, "active")
        self.told("upstream_key.create", 201, shown, True, None, shown, key=UPSTREAM,
                  content=self.upstream_content(UPSTREAM, 2))
        self.told("upstream_key.update", 200, upstream_shown(3, "draining"), True, shown, upstream_shown(3, "draining"),
                  key=UPSTREAM, content={"weight": 3, "state": "draining"})

    def rotate_both(self):
        rotated = key_shown(KEY, True, is_retiring=True)
        repeated = {"team": TEAM, "key": KEY, "content": {"grace": "1h"}, "idempotency_key": "once"}
        self.told("team_key.rotate", None, None, True, key_shown(KEY), rotated, **repeated)
        for _ in range(2):
            self.told("team_key.rotate", 200, rotated | {"secret": secret(KEY, 2)}, **repeated)
        rotated = key_shown(REVOKED, True)
        self.told("team_key.rotate", 200, rotated | {"secret": secret(REVOKED, 2)}, True, key_shown(REVOKED), rotated,
                  team=TEAM, key=REVOKED, content={"grace": "0s"})

    def look(self):
        self.told("team.list", 200, {"items": [team_shown("Crimson", 60)], "next_cursor": None})
        self.told("team_key.list", 200, {"items": [key_shown(KEY, True, is_retiring=True),
                                                   key_shown(REVOKED, True, True)]}, team=TEAM)
        self.told("team_key.list", 404, {"error": "not_found"}, team=GONE)
        self.told("upstream_key.list", 200, {"items": [upstream_shown(3, "draining")]})
        for key, number, is_good in ((KEY, 1, True), (KEY, 2, True), (REVOKED, 1, False), (REVOKED, 2, False)):
            status, error = (504, "not_cached") if is_good else (403, "invalid_api_key")
            self.told(USE, status, {"error": error}, team=TEAM, key=key, secret=secret(key, number))
        items = [{"id": str(row[0]), "actor": row[2], "role": row[3], "action": row[4], "target": row[5],
                  "address": row[6], "before": row[7] and json.loads(row[7]), "after": row[8] and json.loads(row[8])}
                 for row in self.connection.execute("SELECT * FROM audit ORDER BY id DESC")]
        self.told("audit.list", 200, {"items": items})

    # MARK: What the store has

    def fill(self):
        self.execute("INSERT INTO teams VALUES (?, 'Crimson', 'default', NULL, 60, 0, NULL)", TEAM)
        self.execute("INSERT INTO registry_budgets VALUES ('team', ?, 0, 'day', 6000000, 1, '')", TEAM)
        self.execute("INSERT INTO registry_budgets VALUES ('key', ?, 0, 'total', 4000000, 1, '')", REVOKED)
        for key, revoked in ((KEY, None), (REVOKED, 3)):
            self.execute("INSERT INTO team_keys VALUES (?, ?, '', 'A key', ?, NULL, 1, 2, ?)", key, TEAM,
                         digest(secret(key, 2)), revoked)
        self.execute("INSERT INTO retiring_secrets VALUES (?, 0, ?, 9)", KEY, digest(secret(KEY, 1)))
        self.execute("INSERT INTO rotation_receipts VALUES (?, ?, x'00', 9)", KEY, digest("once"))
        self.add_upstream(UPSTREAM, 3)
        self.execute("INSERT INTO key_rulings VALUES ('upstream_key', ?, ?, 'draining', 1)", UPSTREAM,
                     digest(holdings.vendor_secret(UPSTREAM, 0)))

    def add_upstream(self, key, weight):
        self.execute("INSERT INTO upstream_keys VALUES (?, ?, ?, NULL, NULL, NULL, x'00', ?, 1)", key,
                     holdings.UPSTREAM_KEYS[key]["account"], weight, digest(holdings.vendor_secret(key, 0)))

    def spend_with(self, index, sent):
        """A settled question, correct by itself, that went out with a secret of the operator's key."""
        self.add_entry(30, "blue", 1, 1, 1)
        self.execute("UPDATE ledger SET upstream_key = ? WHERE id = 30", UPSTREAM)
        self.add_charge(30, 1)
        self.charges[-1]["key"] = holdings.vendor_secret(UPSTREAM, index)
        self.add_usage("blue", upstream_key=UPSTREAM, spent=1)
        self.answer(30, "blue", 200, "tollgate; fwd=request; fwd-status=200", 1, body(30, 1))
        self.answers[-1].sent, self.answers[-1].answered = sent, sent + 0.1

    def call_of(self, action, **members):
        """The last such call."""
        return next(each for each in reversed(self.calls) if each.action == action and all(
            getattr(each, name) == value for name, value in members.items()))

    def time_of(self, action, **members):
        return self.call_of(action, **members).sent

    def violations(self):
        if self.log_bytes:
            self.store.with_name(f"{self.store.name}-wal").write_bytes(self.log_bytes)
        return super().violations()


def told(action, change, **found):
    """The last such call, changed."""
    return lambda store: change(store.call_of(action, **found))


def replied(action, index, /, **members):
    """The last such list, with other members in one of its items."""
    return told(action, lambda call: call.reply["items"][index].update(members))


def answered(status, error, **found):
    def change(call):
        call.status, call.reply = status, {"error": error}
    return told(USE, change, **found)


def same_secret(store):
    store.call_of("team_key.create", key=REVOKED).reply |= {
        "secret": secret(KEY, 1), "public_id": secret(KEY, 1)[3:11]}


def half_of_refused(store):
    store.told("upstream_key.update", 503, {"error": "store_unavailable"}, key=UPSTREAM,
               content={"weight": 1, "state": "active"})
    store.execute("UPDATE upstream_keys SET weight = 1")


def half_of_lost(store):
    store.told("team_key.rotate", None, team=TEAM, key=KEY, content={"grace": "0s"})
    store.execute("UPDATE team_keys SET secret_digest = ? WHERE id = ?", digest("a secret that nobody was told"), KEY)
    store.execute("DELETE FROM retiring_secrets")


def whole_of_lost(store):
    """A rotation without grace whose reply was lost, done: its secret was never received."""
    half_of_lost(store)
    store.execute("INSERT INTO retiring_secrets VALUES (?, 0, ?, 9)", KEY, digest(secret(KEY, 1)))
    rotated = key_shown(KEY, True, is_retiring=True)
    store.add_entry_of("team_key.rotate", f"team/{TEAM}/key/{KEY}", rotated, rotated)


def lost_upstream_is_there(store):
    store.add_upstream(LOST, 1)


def lost_upstream_has_entry(store):
    shown = {"id": LOST, "account": "second", "weight": 1, "state": "active", "monthly_credits": None}
    store.add_entry_of("upstream_key.create", f"upstream_key/{LOST}", None, shown)


def write(place, text):
    """Puts a text where it does not belong."""
    if place == "log":
        return lambda store: setattr(store, "log_bytes", b"\0" * 100 + text.encode() + b"\0")
    return sql(f"UPDATE {place} = '{text}'")


def in_log_of_changes(column, value):
    return sql(f"UPDATE audit SET {column} = {value} WHERE id = 6")


# (what is done to the store, the violation's name, words of it)
FAULTS = [
    # A1, by what the store has.
    (sql(f"DELETE FROM team_keys WHERE id = '{KEY}'"), "A1:", f"the store has team/{TEAM}"),
    (sql("UPDATE team_keys SET secret_digest = x'00'"), "A1:", f"team/{TEAM}"),
    (sql("UPDATE team_keys SET revoked_at = NULL"), "A1:", f"team/{TEAM}"),
    (sql("DELETE FROM retiring_secrets"), "A1:", f"team/{TEAM}"),
    (sql("UPDATE retiring_secrets SET secret_digest = x'00'"), "A1:", f"team/{TEAM}"),
    (sql("UPDATE rotation_receipts SET request_digest = x'00'"), "A1:", f"team/{TEAM}"),
    (sql("UPDATE teams SET concurrency_max = 40"), "A1:", f"team/{TEAM}"),
    (sql("UPDATE registry_budgets SET credits = 1 WHERE scope = 'team'"), "A1:", f"team/{TEAM}"),
    (sql("DELETE FROM registry_budgets WHERE scope = 'key'"), "A1:", f"team/{TEAM}"),
    (sql(f"INSERT INTO teams VALUES ('{GONE}', 'Green', 'second', NULL, 40, 0, NULL)"), "A1:", f"team/{GONE}"),
    (sql("UPDATE upstream_keys SET weight = 2"), "A1:", f"upstream_key/{UPSTREAM}"),
    (sql("DELETE FROM key_rulings"), "A1:", f"upstream_key/{UPSTREAM}"),
    (sql("UPDATE key_rulings SET verdict = 'disabled'"), "A1:", f"upstream_key/{UPSTREAM}"),
    (sql("UPDATE upstream_keys SET secret_digest = x'00'"), "A1:", f"upstream_key/{UPSTREAM}"),
    (sql("DROP TABLE audit"), "A1:", "no tables"),
    # A1, by what was told later.
    (answered(403, "invalid_api_key", secret=secret(KEY, 1)), "A1:", USE),
    (answered(403, "invalid_api_key", secret=secret(KEY, 2)), "A1:", USE),
    (answered(504, "not_cached", secret=secret(REVOKED, 1)), "A1:", USE),
    (answered(504, "not_cached", secret=secret(REVOKED, 2)), "A1:", USE),
    (replied("team.list", 0, name="Red"), "A1:", "team.list"),
    (told("team.list", lambda call: call.reply["items"].append(gone_shown())), "A1:", "team.list"),
    (told("team.list", lambda call: setattr(call, "status", 500)), "A1:", "500"),
    (told("team_key.list", lambda call: call.reply["items"].pop(), team=TEAM), "A1:", "team_key.list"),
    (replied("upstream_key.list", 0, weight=2), "A1:", "upstream_key.list"),
    (replied("upstream_key.list", 0, state="active"), "A1:", "upstream_key.list"),
    (told("team.delete", lambda call: setattr(call, "status", 404)), "A1:", "404"),
    (told("upstream_key.update", lambda call: call.reply.update(weight=2)), "A1:", "upstream_key.update"),
    (told("team_key.create", lambda call: call.reply.update(secret="tg_short")), "A1:", "not of the form"),
    (lambda store: store.spend_with(0, store.time_of("upstream_key.update") + 1), "A1:", "not in use then"),
    (lambda store: store.spend_with(1, store.time_of("upstream_key.create", key=UPSTREAM) + 0.7), "A1:", "not in use"),
    # A2
    (half_of_refused, "A2:", f"upstream_key/{UPSTREAM}"),
    (half_of_lost, "A2:", f"team/{TEAM}"),
    (told("team_key.rotate", lambda call: call.reply.update(secret=secret(KEY, 3)), idempotency_key="once"), "A2:",
     "another secret before"),
    (same_secret, "A2:", "the secret is the one of"),
    (sql(f"INSERT INTO retiring_secrets VALUES ('{GONE}-key-1', 0, x'00', 9)"), "A2:", "retiring secret"),
    (sql(f"INSERT INTO rotation_receipts VALUES ('{GONE}-key-1', x'00', x'00', 9)"), "A2:", "receipt"),
    (sql(f"INSERT INTO registry_budgets VALUES ('team', '{GONE}', 0, 'day', 1, 1, '')"), "A2:", "budgets of team"),
    (sql(f"INSERT INTO team_models VALUES ('{GONE}', 'gpt-4o')"), "A2:", "model gpt-4o"),
    (sql(f"INSERT INTO key_rulings VALUES ('upstream_key', '{LOST}', x'00', 'disabled', 1)"), "A2:", "ruling disabled"),
    (sql("INSERT INTO teams VALUES ('foreign', '', 'default', NULL, NULL, 0, NULL)"), "A2:", "team/foreign"),
    (sql("INSERT INTO upstream_keys SELECT 'foreign', account, weight, NULL, NULL, NULL, x'00', x'00', 1 "
         "FROM upstream_keys"), "A2:", "upstream_key/foreign"),
    (sql("INSERT INTO team_keys VALUES ('foreign', 'team-01', '', '', x'00', NULL, 1, NULL, NULL)"), "A2:",
     "team/team-01"),
    (told("team.list", lambda call: call.reply["items"].append(gone_shown() | {"id": "foreign"})), "A2:", "foreign"),
    # A3
    (sql("DELETE FROM audit WHERE id = 11"), "A3:", "upstream_key.update"),
    (sql("DELETE FROM audit WHERE id = 5"), "A3:", "entry 6"),
    (sql("UPDATE audit SET id = 12 WHERE id = 11"), "A3:", "follows on"),
    (sql("UPDATE audit SET at = 1 WHERE id = 4"), "A3:", "earlier"),
    (sql("INSERT INTO audit SELECT 12, at, actor, role, action, target, address, before, after FROM audit "
         "WHERE id = 11"), "A3:", "twice"),
    (lambda store: store.add_entry_of("team.delete", f"team/{TEAM}", team_shown("Crimson", 60), None), "A3:",
     "no call made"),
    (lambda store: store.add_entry_of("team.delete", "team/foreign", {}, None), "A3:", "no call made"),
    (in_log_of_changes("action", "'team_key.rotate'"), "A3:", "has no entry of its own"),
    (in_log_of_changes("actor", "'another'"), "A3:", "has no entry of its own"),
    (in_log_of_changes("role", "'viewer'"), "A3:", "has no entry of its own"),
    (in_log_of_changes("target", f"'team/{TEAM}/key/{KEY}'"), "A3:", "has no entry of its own"),
    (in_log_of_changes("after", "before"), "A3:", "has no entry of its own"),
    (in_log_of_changes("before", "NULL"), "A3:", "has no entry of its own"),
    (lost_upstream_is_there, "A3:", f"upstream_key/{LOST} tell of another state"),
    (lost_upstream_has_entry, "A3:", f"upstream_key/{LOST} tell of another state"),
    (replied("audit.list", 2, action="team.create"), "A3:", "otherwise than the store"),
    (replied("audit.list", 2, after={}), "A3:", "otherwise than the store"),
    (told("audit.list", lambda call: call.reply["items"].pop(2)), "A3:", "not newest first"),
    # A4
    (write("audit SET after", f'{{"name": "{secret(KEY, 2)}"}}'), "A4:", f"secret of {TEAM}/{KEY} is in tollgate.db"),
    (write("team_keys SET name", f"before{secret(REVOKED, 1)}after"), "A4:", f"secret of {TEAM}/{REVOKED}"),
    (write("teams SET name", secret(KEY, 2)[-32:]), "A4:", f"secret of {TEAM}/{KEY}"),
    (write("upstream_keys SET sealed_secret", holdings.vendor_secret(UPSTREAM, 0)), "A4:",
     f"vendor's secret of {UPSTREAM}"),
    (write("teams SET name", teams.VENDOR_KEYS["spare"]), "A4:", "vendor's secret of spare"),
    (write("teams SET name", teams.TOKEN), "A4:", "token"),
    (write("teams SET name", teams.MASTER_KEY), "A4:", "master key"),
    (write("log", secret(KEY, 2)), "A4:", "is in tollgate.db-wal"),
    (write("log", holdings.vendor_secret(LOST, 0)), "A4:", "is in tollgate.db-wal"),
]
SOUND = [
    ("with a registry", lambda store: None),
    ("with a lost call that was done", all_of(lost_upstream_is_there, lost_upstream_has_entry)),
    ("with a lost rotation that was done", whole_of_lost),
    ("with a refusal of a store that took the change", all_of(
        half_of_refused, sql("DELETE FROM key_rulings"),
        lambda store: store.add_entry_of("upstream_key.update", f"upstream_key/{UPSTREAM}",
                                         upstream_shown(3, "draining"), upstream_shown(1, "active")))),
    ("with a request that was under way when its key was drained",
     lambda store: store.spend_with(0, store.time_of("upstream_key.update") + 0.4)),
    ("with a call that was lost before a look",
     lambda store: store.calls.insert(0, Call(0, "team.delete", team=GONE, sent=100.0))),
]
