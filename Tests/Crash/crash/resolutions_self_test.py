"""A correct store in which an operator resolved what was unconfirmed, and the faults that the audit must find in it."""

from admin_self_test import SoundRegistry, told
from calls import RESOLVE
from self_test_store import sql


class SoundResolutions(SoundRegistry):
    """Red's second question was unconfirmed at 4 credits and resolved at 4, which the vendor had charged; a second
    resolution was refused. One of blue's fifth question, at 1, was lost and not done."""

    def __init__(self, folder):
        super().__init__(folder)
        before, after = self.row(2, "unconfirmed", None), self.row(2, "resolved", 4)
        self.told(RESOLVE, 200, after, True, before, after, key="2", content={"credits": 4})
        self.told(RESOLVE, 409, {"error": "conflict"}, key="2", content={"credits": 3})
        self.told(RESOLVE, None, key="5", content={"credits": 1})
        self.execute("UPDATE ledger SET state = 4, credits = 4000000 WHERE id = 2")
        self.execute("UPDATE usage SET spent = 7000000, unconfirmed = 0 WHERE team = 'red' AND upstream_key <> ''")

    @staticmethod
    def row(number, state, used):
        return {"id": str(number), "state": state, "estimate": {2: 4, 5: 6}[number], "credits": used}

    def resolve_lost(self):
        """The lost resolution, done."""
        self.execute("UPDATE ledger SET state = 4, credits = 1000000 WHERE id = 5")
        self.execute("UPDATE usage SET spent = spent + 1000000, unconfirmed = 0 WHERE team = 'blue'")
        self.add_entry_of(RESOLVE, "reservation/5", self.row(5, "unconfirmed", None), self.row(5, "resolved", 1))


def without_calls(store):
    store.calls = [each for each in store.calls if each.action != RESOLVE]


def undone(store):
    """The resolution that was answered is not there."""
    store.execute("UPDATE ledger SET state = 3, credits = NULL WHERE id = 2")
    store.execute("UPDATE usage SET spent = 3000000, unconfirmed = 4000000 WHERE team = 'red' AND upstream_key <> ''")


def half_of_lost(statement):
    """The lost resolution, done by half."""
    def change(store):
        store.resolve_lost()
        store.execute(statement)
    return change


def in_entry(assignment):
    return sql(f"UPDATE audit SET {assignment} WHERE target = 'reservation/2'")


# (what is done to the store, the violation's name, words of it)
FAULTS = [
    (undone, "A1:", "but the store has entry 2"),
    (sql("UPDATE ledger SET credits = 5000000 WHERE id = 2"), "A1:", "but the store has entry 2"),
    (sql("DELETE FROM ledger WHERE id = 2"), "A1:", "it has no row"),
    (told(RESOLVE, lambda call: call.reply.update(credits=3), status=200), "A1:", "answered otherwise"),
    (told(RESOLVE, lambda call: setattr(call, "key", "5"), status=409), "A2:", "though the store has entry 5"),
    (told(RESOLVE, lambda call: setattr(call, "status", 200), status=409), "A2:", "resolved 2 times"),
    (without_calls, "A2:", "nobody resolved entry 2"),
    (half_of_lost("UPDATE ledger SET credits = 2000000 WHERE id = 5"), "A2:", "nobody resolved entry 5"),
    (half_of_lost("UPDATE usage SET unconfirmed = 6000000 WHERE team = 'blue'"), "I3:", "has unconfirmed 6"),
    (half_of_lost("UPDATE usage SET spent = spent - 1000000 WHERE team = 'blue'"), "I3:", "has spent 2.5"),
    (half_of_lost("UPDATE ledger SET state = 3, credits = NULL WHERE id = 5"), "A3:", "tells of a resolution, but"),
    (half_of_lost("DELETE FROM audit WHERE target = 'reservation/5'"), "A3:", "has 0 entries"),
    (sql("UPDATE ledger SET credits = NULL WHERE id = 2"), "I3:", "resolved at no amount"),
    (sql("UPDATE ledger SET credits = 3000000 WHERE id = 2"), "I4:", "request ask-2 counts 3"),
    (lambda store: store.add_entry_of(RESOLVE, "reservation/2", None, store.row(2, "resolved", 4)), "A3:",
     "has 2 entries"),
    (lambda store: store.add_entry_of(RESOLVE, "reservation/99", None, None), "A3:", "there is no row 99"),
    (in_entry("actor = 'another'"), "A3:", "another resolution"),
    (in_entry("before = after"), "A3:", "another resolution"),
    (in_entry("after = before"), "A3:", "another resolution"),
    (in_entry("after = replace(after, '\"credits\": 4', '\"credits\": 3')"), "A3:", "another resolution"),
    (in_entry("after = NULL"), "A3:", "another resolution"),
]
SOUND = [
    ("with resolutions", lambda store: None),
    ("with a lost resolution that was done", SoundResolutions.resolve_lost),
]
