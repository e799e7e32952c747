"""Shows that the audit works: a correct store passes, and each fault put into it is found by name."""

import admin_self_test
import resolutions_self_test
from admin_self_test import SoundRegistry
from answers import micros
from audit import Violation
from resolutions_self_test import SoundResolutions
from self_test_store import DAY, Sound, all_of, body, cache_key, document, heard, of_accounts, sql
from teams import VENDOR_KEYS


def spend(store, team, credits, day=DAY):
    """One more settled question, correct by itself."""
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


def late(statement):
    return lambda store: store.late_changes.append(sql(statement))


exact = all_of(Sound.forget_unheard, lambda store: store.expect(is_undisturbed=True))

# (what is done to the store, the violation's name, words of it)
FAULTS = [
    (tear_page, "store:", ""),
    (sql("DROP TABLE usage"), "store:", "no tables"),
    # I1, in each scope; red's shadow budget is always exceeded and must not be reported.
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
    (late("UPDATE usage_documents SET spent = spent + 1 WHERE spent = 2500000"), "I3:", "has spent 2.500001, its"),
    (late("UPDATE usage_documents SET unconfirmed = 0"), "I3:", "has unconfirmed 0, its"),
    (late("UPDATE usage_documents SET document = x'' WHERE spent > 0"), "I3:", "None) has spent"),
    (late("UPDATE usage_documents SET hits = 0"), "I3:", "has hits 0 by document, 1 by team"),
    (late("UPDATE usage_documents SET denied = 2 WHERE denied = 1"), "I3:", "has denied 2 by document, 1 by team"),
    (of_accounts("UPDATE usage_accounts SET spent = spent + 1"), "I3:", "account default has spent"),
    (of_accounts("UPDATE usage_accounts SET unconfirmed = 0"), "I3:", "account default has unconfirmed 0"),
    (of_accounts("UPDATE usage_accounts SET account = 'second'"), "I3:", "account second has spent"),
    (of_accounts("DELETE FROM usage_accounts"), "I3:", "account default has spent 0"),
    (sql("DROP TABLE usage_accounts"), "store:", "no tables"),
    # Endings that wait to be booked: one that is booked, one that is open, one that is nowhere.
    (sql("INSERT INTO unbooked VALUES (1)"), "I3:", "has spent 6, its"),
    (all_of(sql("UPDATE ledger SET state = 0, ended_at = NULL WHERE id = 5"), sql("INSERT INTO unbooked VALUES (5)")),
     "store:", "not booked, and has not ended"),
    (sql("INSERT INTO unbooked VALUES (99)"), "store:", "not booked, and not in the ledger"),
    (all_of(sql("UPDATE ledger SET state = 0, ended_at = NULL WHERE id = 5"),
            sql("UPDATE ledger_floor SET open_from = 6")),
     "store:", "the entry 5 is reserved, and before the floor"),
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
    """A later question with no-cache, whose client got no reply, may have replaced the first one's result."""
    second_stored(store)
    later = store.heard("ask-11")
    later.status, later.answered, later.charged = None, None, None
    store.execute("UPDATE results SET body = ?", body(11, 3))


def dear(store):
    """A reply that cost five times its estimate is booked in full, above the limit."""
    spend(store, "red", 5)
    store.heard("ask-6").remaining = 0
    store.expect(excess_per_request=4_000_000)


# Similar cases that are correct.
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
        sound, faults = 0, 0
        for made, sound_ones, faulty_ones in (
                (Sound, SOUND, FAULTS), (SoundRegistry, admin_self_test.SOUND, admin_self_test.FAULTS),
                (SoundResolutions, resolutions_self_test.SOUND, resolutions_self_test.FAULTS)):
            for name, change in sound_ones:
                found = self.audit(made, change)
                if found:
                    raise Violation(f"self-test: a sound store, {name}, is found wrong: {found}")
            for number, (change, name, words) in enumerate(faulty_ones, start=1):
                found = self.audit(made, change)
                if not any(each.startswith(name) and words in each for each in found):
                    raise Violation(f"self-test: fault {number} must be found as {name} … {words}; found: {found}")
            sound, faults = sound + len(sound_ones), faults + len(faulty_ones)
        self.bench.say(f"self-test: {sound} sound stores pass, {faults} seeded faults are found")

    def audit(self, made, change):
        folder = self.bench.session.new_folder("self-test")
        store = made(folder)
        change(store)
        return store.violations()
