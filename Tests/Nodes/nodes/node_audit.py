"""Checks a database of several nodes against the vendor's charges and the clients' replies.

To the invariants of the ledger (`audit`) come those of nodes, under the names that docs/nodes.md has for them: I3 for
the balances, N4 for numbers without a gap, N9 for what followers got, N13 for what must have ended, N14 for what was
asked though it was stored.
"""

import collections
import dataclasses
import json

import audit
from answers import Record, credits
from audit import Expectations
from shared_ledger import LANDINGS, SharedLedger

LANDINGS_LATE = 10_000_000  # microseconds for which a landing that is over may wait for a sweep


class NodesCase(audit.Case):
    """The input of an audit: the rows of one moment, and what was charged and told until then."""

    def __init__(self, configuration, ledger, charged, heard, expectations, forgotten):
        """`charged` is the text of the vendor's charge log."""
        super().__init__(configuration, ledger, charged, heard, expectations, forgotten=forgotten)
        self.charged = charged

    def save(self, folder):
        self.ledger.save(folder / "rows.json")
        members = {"expectations": dataclasses.asdict(self.expectations), "forgotten": sorted(self.forgotten)}
        (folder / "case.json").write_text(json.dumps(members))
        (folder / "config.json").write_text(json.dumps(self.configuration))
        (folder / "charged.log").write_text(self.charged)

    @classmethod
    def load(cls, folder):
        """A case that `save` left in a folder, beside the record of the answers and the vendor's charges."""
        members = json.loads((folder / "case.json").read_text())
        return cls(json.loads((folder / "config.json").read_text()), SharedLedger.load(folder / "rows.json"),
                   (folder / "charged.log").read_text(), Record.load(folder / "answers.jsonl").answers,
                   Expectations(**members["expectations"]), frozenset(members["forgotten"]))


def violations(case):
    """All violations, each a line that begins with the invariant's name. Nodes that are not stopped may be at work, and
    clients wait for replies: then only what each transaction keeps is checked."""
    checks = AT_REST if case.expectations.is_stopped else AT_ANY_TIME
    return [found for check in checks for found in check(case)]


# MARK: At any time

def balances_are_the_sum(case):
    """I3: the balances say of every scope and day what the entries say, summed up over the nodes."""
    sums, booked = collections.Counter(), collections.Counter()
    for name in ("spent", "unconfirmed", "reserved"):
        for each in case.entries:
            for scope in scopes(each):
                sums[*scope, each.day, name] += getattr(each, name)
        for each in case.ledger.balances:
            booked[each.scope, each.scope_id, each.day, name] += getattr(each, name)
    for key in sorted(sums.keys() | booked.keys()):
        if sums[key] != booked[key]:
            scope, scope_id, day, name = key
            yield (f"I3: {scope} {scope_id or '-'} has {name} {credits(booked[key])} in balances on day {day}, its "
                   f"entries come to {credits(sums[key])}")


def scopes(entry):
    """The scopes that an entry counts in."""
    return [("organization", ""), ("team", entry.team), ("key", entry.key), ("upstream_key", entry.upstream_key)]


def flights_are_reserved(case):
    """N13: a flight has a row that is reserved, or it would never end; a claim has a flight of its question."""
    reserved = {each.id for each in case.entries if each.state == "reserved"}
    flights = {row["id"]: row["key"] for row in case.ledger.rows["flights"]}
    for flight in flights:
        if flight not in reserved:
            yield f"N13: flight {flight} has no reserved row"
    for row in case.ledger.rows["claims"]:
        if flights.get(row["flight"]) != row["key"]:
            yield f"N13: the claim of {row['key']} has no flight {row['flight']} of that question"


def numbers_have_no_gap(case):
    """N4: the audit log and the feed are numbered without a gap, the feed up to its head."""
    for name, column in (("audit", "id"), ("feed", "seq")):
        numbers = [row[column] for row in case.ledger.rows[name]]
        if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            missing = sorted(set(range(numbers[0], numbers[-1])) - set(numbers))
            yield f"N4: numbers {missing[:10]} are missing in {name}, or others are there twice"
    feed, head = case.ledger.rows["feed"], [row["seq"] for row in case.ledger.rows["feed_head"]]
    if len(head) != 1 or (feed and head[0] != feed[-1]["seq"]):
        yield f"N4: the head of the feed is {head}, its last number {feed[-1:]}"


# MARK: At rest

def nothing_is_left(case):
    """N13: nothing is under way, and landings were removed in time."""
    for name, count in case.ledger.passing.items():
        if name != LANDINGS:
            yield f"N13: {count} {name} are left"
    for row in case.ledger.rows["landings"] if LANDINGS in case.ledger.passing else []:
        # One may be over since a moment ago.
        if row["expires_at"] < case.ledger.clock - LANDINGS_LATE:
            yield f"N13: the landing of {row['flight']} is over and still there"


def told_is_charged(case):
    """I5: what clients were told that they paid is what the vendor charged, for all whose cost is confirmed. Whom the
    store failed before the end was durable has heard of no cost."""
    told = sum(each.charged or 0 for each in case.answers if each.is_heard)
    charged = collections.Counter()
    for charge in case.charges:
        charged[charge.request_id] += charge.credits
    confirmed = 0
    for each in case.entries:
        answer = case.asked.get(each.request_id)
        if each.state == "settled" and answer is not None and not answer.may_have_stored:
            confirmed += charged[each.request_id] if each.credits else 0
    if told != confirmed:
        yield f"I5: clients were told of {credits(told)}, for these the vendor charged {credits(confirmed)}"


def copies_are_originals(case):
    """N9: a hit or a follower got what the vendor answered to the same question, byte for byte."""
    for (account, _), asked in case.by_question.items():
        originals = {each.body for each in asked if each.is_heard and each.is_forwarded}
        keys = {entry.cache_key for each in asked for entry in case.by_request.get(each.request_id, ())}
        originals |= {case.ledger.results[key][2] for key in keys if key in case.ledger.results}
        copies = {each.body: each for each in asked
                  if each.is_heard and each.status == 200 and (each.is_hit or each.is_collapsed)}
        others = [each for body, each in copies.items() if body not in originals]
        # A reply that no client received may have been stored, and have been replaced or purged since.
        if len(others) > sum(each.may_have_stored for each in asked):
            for each in others:
                yield f"N9: {each} of account {account} got a body that the vendor never sent for it: {each.body[:200]}"


def stored_is_not_asked(case):
    """N14: a question that was never asked but plainly, about a document that nobody purged, is stored once."""
    for (account, question), asked in case.by_question.items():
        if question.document in case.forgotten or any(each.directive for each in asked):
            continue
        stored = [each for each in asked if each.is_heard and each.status == 200 and each.is_forwarded
                  and each.is_stored]
        if len(stored) > 1:
            yield (f"N14: the vendor was asked {len(stored)} times for what was stored, account {account}: "
                   + "; ".join(map(str, stored)))
        bodies = {each.body for each in asked if each.is_heard and each.status == 200 and each.is_hit}
        if len(bodies) > 1:
            yield f"N14: hits of {question} of account {account} have {len(bodies)} different bodies"


NODE_CHECKS = (balances_are_the_sum, flights_are_reserved, numbers_have_no_gap)
AT_ANY_TIME = NODE_CHECKS + (
    audit.budgets_hold, audit.charges_have_entries, audit.reservations_end_once, audit.usage_is_the_sum,
    audit.documents_are_the_sum, audit.accounts_are_the_sum, audit.sums_cover,
)
AT_REST = audit.CHECKS + NODE_CHECKS + (nothing_is_left, told_is_charged, copies_are_originals, stored_is_not_asked)
