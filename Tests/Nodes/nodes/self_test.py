"""Shows that the audit works: what nodes left behind passes, and each fault put into it is found by name.

The rows are those of real nodes after a load; a fault is put into a copy of their database, or of what clients were
told.
"""

import copy
import dataclasses

from audit import Expectations, Violation
from fleet import Fleet
from load import Load
from node_audit import NodesCase, violations
from shared_ledger import SharedLedger

SETTLED = "(SELECT min(id) FROM ledger WHERE state = 1 AND credits > 0)"
UNCONFIRMED = "(SELECT min(id) FROM ledger WHERE state = 3)"
A_KEY = "decode(repeat('ab', 32), 'hex')"
FLIGHT = "0, 'account', 'document', 'team', NULL, 1, 0"
ALL_BUT_ID = ("day, team, key, account, upstream_key, document_id, model, cache_key, request_id, state, estimate, "
              "credits, created_at, ended_at")


def balance(column, scope):
    return (f"UPDATE balances SET {column} = {column} + 1 WHERE ctid = (SELECT min(ctid) FROM balances "
            f"WHERE scope = '{scope}')")


# (SQL that puts the fault into the database, the violation's name, words of it)
FAULTS = [
    (f"DELETE FROM ledger WHERE id = {SETTLED}", "I2:", "has no ledger entry"),
    (f"DELETE FROM ledger WHERE id = {SETTLED}", "I5:", "no entry"),
    (f"INSERT INTO ledger SELECT id + 1, {ALL_BUT_ID} FROM ledger WHERE id = {SETTLED}", "I3:", "counts 2 times"),
    (f"UPDATE ledger SET state = 0, ended_at = NULL WHERE id = {UNCONFIRMED}", "I3:", "still reserved"),
    (f"UPDATE ledger SET state = 0, ended_at = NULL WHERE id = {UNCONFIRMED}", "N13:", "1 reserved rows are left"),
    (f"UPDATE ledger SET state = 2 WHERE id = {UNCONFIRMED}", "I3:", "has unconfirmed"),
    (f"UPDATE ledger SET credits = credits + 1 WHERE id = {SETTLED}", "I4:", "stands for"),
    (f"UPDATE ledger SET credits = credits - 1 WHERE id = {SETTLED}", "I4:", "counts"),
    (f"UPDATE ledger SET credits = credits + 1000000000000 WHERE id = {SETTLED}", "I1:", "budget of the organization"),
    *((balance(column, scope), "I3:", f"has {column} ") for column in ("spent", "unconfirmed", "reserved")
      for scope in ("organization", "team", "key", "upstream_key")),
    ("DELETE FROM balances WHERE node = 1 AND scope = 'team'", "I3:", "in balances"),
    ("UPDATE balances SET day = day - 1", "I3:", "in balances"),
    ("UPDATE usage SET spent = spent + 1 WHERE spent > 0", "I3:", "usage of"),
    ("UPDATE usage_documents SET spent = spent + 1 WHERE spent > 0", "I3:", "usage of document"),
    ("UPDATE usage_documents SET hits = hits + 1", "I3:", "by document"),
    ("UPDATE usage_accounts SET unconfirmed = unconfirmed + 1", "I3:", "account"),
    (f"INSERT INTO flights VALUES ({UNCONFIRMED}, {A_KEY}, {FLIGHT})", "N13:", "1 flights are left"),
    (f"INSERT INTO flights VALUES ({UNCONFIRMED}, {A_KEY}, {FLIGHT})", "N13:", "no reserved row"),
    (f"INSERT INTO claims VALUES ({A_KEY}, 7)", "N13:", "1 claims are left"),
    (f"INSERT INTO claims VALUES ({A_KEY}, 7)", "N13:", "has no flight 7"),
    ("INSERT INTO document_changes VALUES ('d', 1, 0)", "N13:", "1 document_changes are left"),
    ("INSERT INTO classifier_changes VALUES ('a', 'c', 0, 1)", "N13:", "1 classifier_changes are left"),
    ("DELETE FROM audit WHERE id = (SELECT min(id) + 1 FROM audit)", "N4:", "missing in audit"),
    ("DELETE FROM feed WHERE seq = (SELECT min(seq) + 1 FROM feed)", "N4:", "missing in feed"),
    ("UPDATE feed_head SET seq = seq + 1", "N4:", "head of the feed"),
    ("DELETE FROM feed_head", "N4:", "head of the feed"),
    ("DELETE FROM results", "I5:", "is not stored"),
    ("UPDATE results SET body = '{}'", "I5:", "another result is stored"),
    (f"UPDATE results SET key = {A_KEY} WHERE id = (SELECT min(id) FROM results)", "I5:", "no entry of its cache key"),
]


def first(case, is_so):
    return next(each for each in case.answers if each.is_heard and is_so(each))


def told_more(case):
    first(case, lambda each: each.charged).charged += 1


def told_of_another_body(case):
    first(case, lambda each: each.is_hit and each.question.document not in case.forgotten).body = b"{}"


def hits_differ(case):
    """One got what another question was answered."""
    first(case, lambda each: each.is_hit and is_plain(case, each)
          and sum(other.is_hit for other in case.by_question[each.account, each.question]) > 1).body = b"{}"


def is_plain(case, answer):
    return answer.question.document not in case.forgotten and not any(
        each.directive for each in case.by_question[answer.account, answer.question])


def follower_of_nobody(case):
    first(case, lambda each: each.is_collapsed and each.status == 200).body = b"{}"


def asked_again(case):
    """Another node's client was told of the same question what this one was told."""
    told = first(case, lambda each: each.status == 200 and each.is_forwarded and each.is_stored
                 and is_plain(case, each))
    case.by_question[told.account, told.question].append(dataclasses.replace(told))


def charged_without_entry(case):
    case.charges.append(dataclasses.replace(case.charges[0], request_id="nobody"))


def charged_twice(case):
    case.charges.append(case.charges[0])


def told_that_more_is_left(case):
    first(case, lambda each: each.is_final and each.remaining).remaining += 1


def landing_is_left(case):
    case.ledger.rows["landings"].append({"flight": 7, "expires_at": 1})
    case.ledger.rows["is_attended"] = True


# The same for what was told and charged, and for what only nodes that are there put right.
TOLD_FAULTS = [
    (landing_is_left, "N13:", "landing of 7"),
    (told_more, "I5:", "clients were told of"),
    (told_of_another_body, "N9:", "never sent"),
    (hits_differ, "N14:", "different bodies"),
    (follower_of_nobody, "N9:", "never sent"),
    (asked_again, "N14:", "asked 2 times"),
    (charged_without_entry, "I2:", "nobody"),
    (charged_twice, "I4:", "2 times"),
    (told_that_more_is_left, "I9:", "is left"),
]


class SelfTest:
    def __init__(self, bench):
        self.bench = bench

    def run(self):
        with Fleet(self.bench, "self-test") as fleet:
            fleet.start()
            load = Load(fleet, "load").start()
            # Whatever a fault is put into must be there.
            fleet.wait("all kinds of rows are there", lambda: fleet.query(
                "SELECT (SELECT count(*) > 0 FROM ledger WHERE state = 3) AND (SELECT count(*) > 2 FROM audit) AND "
                "(SELECT count(*) > 2 FROM feed) AND (SELECT count(*) > 1 FROM usage WHERE collapsed > 0)") == "t")
            load.stop()
            fleet.end()
            for change, name, words in FAULTS:
                database = self.bench.server.make_database(fleet.database)
                self.bench.server.execute(change, database)
                self.expect(self.case(fleet, database), change, name, words)
            for change, name, words in TOLD_FAULTS:
                case = self.case(fleet, fleet.database, copy.deepcopy(fleet.record.snapshot()))
                change(case)
                self.expect(case, change.__name__, name, words)
        self.bench.say(f"self-test: what nodes left passes, {len(FAULTS) + len(TOLD_FAULTS)} seeded faults are found")

    def case(self, fleet, database, answers=None):
        return NodesCase(fleet.configuration, SharedLedger.read(self.bench.server, database),
                         fleet.vendor.charge_log.read_text(),
                         answers or fleet.record.snapshot(), Expectations(), frozenset(fleet.forgotten))

    @staticmethod
    def expect(case, change, name, words):
        found = violations(case)
        if not any(each.startswith(name) and words in each for each in found):
            raise Violation(f"self-test: {change} must be found as {name} … {words}; found: {found[:5]}")
