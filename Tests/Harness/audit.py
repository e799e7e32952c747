"""Checks the ledger of a store against the vendor's charges and the clients' replies.

Each check is named after the invariant in the design's list: I1 no budget is exceeded, I2 nothing is charged without a
reservation, I3 each reservation ends once and the roll-ups are the sum of the entries, I4 no charge is lost or counted
twice, I5 what a client was told is on disk, I6 hits and followers cost nothing, I9 nothing stays reserved.
"""

import collections
import json
from dataclasses import dataclass

import teams
import windows
from answers import credits, micros
from ledger import STATES

DOCUMENTS_NAMED_MAX = 5_000  # of a day, by name, as `UsageDocumentTable.namedMax`
DOCUMENTS_NAMED_DAYS = 32  # a day that is older may have been folded: all but some of its documents have no name


class Violation(Exception):
    """An invariant does not hold. The message begins with its name."""


@dataclass(frozen=True)
class Charge:
    """A line of the vendor's charge log."""

    upstream_key: str
    document_id: str
    credits: int
    request_id: str | None
    secret: str

    def __str__(self):
        return f"charge of {credits(self.credits)} for {self.request_id} about {self.document_id}"


@dataclass(frozen=True)
class Expectations:
    """The properties of a run that its files do not show."""

    # Whether the gateway was stopped in order after its last start: then nothing may be reserved. Else it was killed.
    is_stopped: bool = True
    # Whether it was never killed and its disk never failed: then counts are exact.
    is_undisturbed: bool = False
    # The maximum by which a reply's cost may exceed its estimate, in micro-credits.
    excess_per_request: int = 0


class Case:
    """The input of an audit.

    `charged` is the text of the vendor's charge log. Beside the configuration's there may be other keys at the vendor,
    by their secrets, and other budgets. Results of `forgotten` documents may be gone: these were purged, or changed.
    """

    def __init__(self, configuration, ledger, charged, heard, expectations, vendor_keys=None, limits=(),
                 forgotten=frozenset()):
        self.configuration, self.expectations = configuration, expectations
        self.ledger = ledger
        self.entries = ledger.entries
        self.by_request = ledger.by_request()
        self.limits = windows.limits(configuration) + list(limits)
        self.answers = heard
        self.asked = {each.request_id: each for each in heard}
        self.by_question = collections.defaultdict(list)
        for each in heard:
            self.by_question[each.account, each.question].append(each)
        self.charges = read_charges(charged, configuration, vendor_keys)
        self.forgotten = forgotten


def read_charges(text, configuration, vendor_keys=None):
    """The vendor's charges, by the gateway's names of the keys."""
    names = (vendor_keys or {}) | {key["secret"]["value"]: key["id"] for key in configuration["upstream"]["keys"]}
    charges = []
    for line in text.splitlines():
        members = json.loads(line, parse_float=str, parse_int=str)
        charges.append(Charge(names.get(members["key"], members["key"]), members["document_id"],
                              micros(members["credits"]), members["request_id"], members["key"]))
    return charges


def budgets_hold(case):
    """I1: spent + unconfirmed + reserved ≤ limit, and so is what the vendor charged; for every scope and window."""
    excess = teams.MAX_CONCURRENCY * case.expectations.excess_per_request
    charged = attributed_charges(case)
    for limit in case.limits:
        if not limit.is_enforced:
            continue
        mine = [each for each in case.entries if limit.concerns(each)]
        for window in {windows.first_day(limit.window, each.day) for each in mine}:
            of_window = [each for each in mine if windows.first_day(limit.window, each.day) == window]
            for what, used in (("counts", sum(each.counted for each in of_window)),
                               ("was charged by the vendor", sum(charged[each.id] for each in of_window))):
                if used > limit.limit + excess:
                    yield (f"I1: {limit} {what} {credits(used)} of {credits(limit.limit)} since day {window}, "
                           f"{credits(excess)} above which is allowed")
    for answer in case.answers:
        if answer.remaining is not None and answer.remaining + excess < 0:
            yield f"I1: {answer} was told that {credits(answer.remaining)} are left"


def attributed_charges(case):
    """The vendor's charges by their entry."""
    charged = collections.Counter()
    for charge in case.charges:
        mine = [each for each in case.by_request.get(charge.request_id, ()) if each.state != "released"]
        for each in mine[:1]:
            charged[each.id] += charge.credits
    return charged


def charges_have_entries(case):
    """I2: every request that the vendor charged had a reservation on disk before."""
    for charge in case.charges:
        if not any(each.document_id == charge.document_id for each in case.by_request.get(charge.request_id, ())):
            yield f"I2: the {charge} has no ledger entry"


def reservations_end_once(case):
    """I3: no identifier twice, at most one entry of a request that counts, each ended when the gateway has stopped."""
    for number, count in collections.Counter(each.id for each in case.entries).items():
        if count > 1:
            yield f"I3: {count} entries have the identifier {number}"
    for request_id, entries in case.by_request.items():
        counting = [each for each in entries if each.state != "released"]
        if len(counting) > 1:
            yield f"I3: request {request_id} counts {len(counting)} times: " + "; ".join(map(str, counting))
    for each in case.entries:
        if each.state not in STATES:
            yield f"I3: {each} is in no known state"
        if each.state in ("settled", "resolved") and (each.credits is None or each.credits < 0):
            yield f"I3: {each} is {each.state} at no amount"
        if each.state in ("settled", "released", "resolved") and each.ended_at is None:
            yield f"I3: {each} has no time of its end"
        if case.expectations.is_stopped and each.state == "reserved":
            yield f"I3: {each} is still reserved after a restart and an orderly end"


def usage_is_the_sum(case):
    """I3: the roll-ups say of every day, team, key, model and upstream key what the entries say."""
    def group(each):
        return each.day, each.team, each.key, each.model, each.upstream_key

    for name in ("spent", "unconfirmed"):
        sums, rolled = collections.Counter(), collections.Counter()
        for each in case.entries:
            sums[group(each)] += getattr(each, name)
        for each in case.ledger.usage:
            rolled[group(each)] += getattr(each, name)
        for key in sorted(sums.keys() | rolled.keys(), key=str):
            if sums[key] != rolled[key]:
                yield (f"I3: usage of {key} has {name} {credits(rolled[key])}, its entries come to "
                       f"{credits(sums[key])}")


def documents_are_the_sum(case):
    """I3: the roll-ups by document say of every document what its entries say, and of every day what usage says."""
    named = {(each.day, each.document_id) for each in case.ledger.document_usage if each.document_id}
    counted = collections.Counter(day for day, _ in named)
    # By the clocks that the store has seen.
    newest = max((each.day for each in case.entries), default=0)
    for name in ("spent", "unconfirmed"):
        sums, rolled = collections.Counter(), collections.Counter()
        for each in case.entries:
            # A day that has all the names it may have counts other documents for none.
            may_be_folded = counted[each.day] >= DOCUMENTS_NAMED_MAX or each.day < newest - DOCUMENTS_NAMED_DAYS
            is_named = (each.day, each.document_id) in named or not may_be_folded
            sums[each.day, each.document_id if is_named else None] += getattr(each, name)
        for each in case.ledger.document_usage:
            rolled[each.day, each.document_id] += getattr(each, name)
        for key in sorted(sums.keys() | rolled.keys(), key=str):
            if sums[key] != rolled[key]:
                yield (f"I3: usage of document {key} has {name} {credits(rolled[key])}, its entries come to "
                       f"{credits(sums[key])}")
    for name in ("spent", "unconfirmed", "saved", "hits", "collapsed", "misses", "denied"):
        by_team, by_document = collections.Counter(), collections.Counter()
        for each in case.ledger.usage:
            by_team[each.day] += getattr(each, name)
        for each in case.ledger.document_usage:
            by_document[each.day] += getattr(each, name)
        for day in sorted(by_team.keys() | by_document.keys()):
            if by_team[day] != by_document[day]:
                yield f"I3: day {day} has {name} {by_document[day]} by document, {by_team[day]} by team"


def accounts_are_the_sum(case):
    """I3: the roll-ups say of every account and day what the entries say."""
    sums, rolled = collections.Counter(), collections.Counter()
    for each in case.entries:
        sums[each.account, each.day, "spent"] += each.spent
        sums[each.account, each.day, "unconfirmed"] += each.unconfirmed
    for account, day, spent, unconfirmed in case.ledger.accounts:
        rolled[account, day, "spent"] += spent
        rolled[account, day, "unconfirmed"] += unconfirmed
    for key in sorted(sums.keys() | rolled.keys(), key=str):
        if sums[key] != rolled[key]:
            account, day, name = key
            yield (f"I3: account {account} has {name} {credits(rolled[key])} on day {day}, its entries come to "
                   f"{credits(sums[key])}")


def charges_are_counted(case):
    """I4: settled + unconfirmed ≥ the vendor's sum, in total, by team, by charge; no settlement is invented."""
    charges = collections.defaultdict(list)
    for charge in case.charges:
        charges[charge.request_id].append(charge)
    yield from sums_cover(case)
    for request_id, of_request in charges.items():
        counting = [each for each in case.by_request.get(request_id, ()) if each.state != "released"]
        charged = sum(each.credits for each in of_request)
        counted = sum(each.counted for each in counting)
        excess = case.expectations.excess_per_request
        if len(of_request) > 1:
            yield f"I4: the vendor charged request {request_id} {len(of_request)} times: it was sent again"
        if counted + (excess if any(each.state != "settled" for each in counting) else 0) < charged:
            yield (f"I4: request {request_id} counts {credits(counted)}, the vendor charged {credits(charged)}: "
                   + ("; ".join(map(str, case.by_request.get(request_id, ()))) or "no entry"))
    for each in case.entries:
        if each.state != "settled" or not each.credits:
            continue
        matching = [charge for charge in charges[each.request_id] if charge.document_id == each.document_id]
        if [charge.credits for charge in matching] != [each.credits]:
            yield f"I4: {each} stands for {len(matching)} charges: {', '.join(map(str, matching)) or 'none'}"
        elif matching[0].upstream_key != each.upstream_key:
            yield f"I4: {each} is booked on another key than the vendor charged: {matching[0].upstream_key}"


def sums_cover(case):
    """I4 as one inequality, in total and by team."""
    counted, charged, unsettled = collections.Counter(), collections.Counter(), collections.Counter()
    for each in case.entries:
        counted[each.team] += each.counted
        unsettled[each.team] += each.state in ("reserved", "unconfirmed", "resolved")
    for charge in case.charges:
        asker = case.asked.get(charge.request_id)
        charged[asker.team if asker else None] += charge.credits
    rows = [(f"team {team}", counted[team], charged[team], unsettled[team]) for team in charged if team]
    rows.append(("all teams", counted.total(), charged.total(), unsettled.total()))
    for name, mine, theirs, open_count in rows:
        if mine + open_count * case.expectations.excess_per_request < theirs:
            yield f"I4: {name} counted {credits(mine)}, the vendor charged {credits(theirs)}"


# The states of an entry whose cost the client's reply did not tell, perhaps after an operator has.
UNKNOWN = ({"unconfirmed"}, {"resolved"})


def told_is_on_disk(case):
    """I5: a reply's result and its settlement are on disk as the client was told them."""
    for answer in case.answers:
        if answer.is_forwarded and answer.status == 200:
            yield from told_settlement(case, answer)
            if answer.is_stored and answer.question.document not in case.forgotten:
                yield from told_result(case, answer)
        elif answer.is_heard and not answer.is_collapsed:
            yield from told_failure(case, answer)


def told_settlement(case, answer):
    """The entry of a request whose client was told what it cost."""
    entries = case.by_request.get(answer.request_id, [])
    counting = [each for each in entries if each.state != "released"]
    states = {each.state for each in counting}
    used = credits_used(answer.body)
    if used is None:
        if states not in UNKNOWN:
            yield f"I5: {answer}: the vendor's charge is unknown, but there is {shown(entries)}"
    elif states != {"settled"} or counting[0].credits != used or answer.charged != used:
        told = "nothing" if answer.charged is None else credits(answer.charged)
        yield f"I5: {answer}: told {told}, the vendor said {credits(used)}, on disk is {shown(entries)}"


def told_failure(case, answer):
    """The entry, if there is one, of a request whose client was told of a failure."""
    entries = case.by_request.get(answer.request_id, [])
    states = {each.state for each in entries} - {"released"}
    if answer.error == "upstream_timeout" and entries and states not in UNKNOWN:
        yield f"I5: {answer}: nobody can know its charge, but there is {shown(entries)}"
    if answer.status in (400, 404, 500) and states:
        yield f"I5: {answer}: the vendor does not charge that, but there is {shown(entries)}"


def shown(entries):
    return "; ".join(map(str, entries)) or "no entry"


def credits_used(body):
    """The cost that a reply states; 0 for a failure that states none, None where it is unknown."""
    reply = json.loads(body, parse_float=str, parse_int=str)
    if "credits_used" in reply:
        return micros(reply["credits_used"])
    return 0 if reply.get("request_status") != "completed" else None


def told_result(case, answer):
    """The result that a client received is stored, unless the result of a later request replaced it."""
    entries = [each for each in case.by_request.get(answer.request_id, ()) if each.state == "settled"]
    if not entries:
        return  # reported by told_settlement
    stored = case.ledger.results.get(entries[0].cache_key)
    if stored is None:
        yield f"I5: {answer}: its result is not stored"
    elif stored[2] != answer.body and not may_hold(case, answer, stored[2]):
        yield f"I5: {answer}: another result is stored: {stored[2][:200]!r}"


def may_hold(case, answer, body):
    """Whether a body may stand where an answer's body was stored: a request that overlapped it or came later put it
    there. A request without a received reply may have stored any."""
    for other in case.by_question[answer.account, answer.question]:
        if other is answer:
            continue
        if other.may_have_stored or (other.is_stored and other.body == body and other.answered >= answer.sent):
            return True
    return False


def results_are_settled(case):
    """I5: a result and its settlement are one transaction, so there is none without the other."""
    settled = {each.cache_key for each in case.entries if each.state in ("settled", "resolved")}
    for key, (document, _, _) in case.ledger.results.items():
        if key not in settled:
            yield f"I5: a result about {document} is stored, but no entry of its cache key {key.hex()} is settled"


def hits_cost_nothing(case):
    """I6: entries are those of forwarded requests; hits, followers and refusals have none and are charged nothing."""
    for request_id, entries in case.by_request.items():
        answer = case.asked.get(request_id)
        if answer is None:
            yield f"I6: nobody sent the request of {entries[0]}"
            continue
        for each in entries:
            told = answer.team, answer.key, answer.account, answer.question.document, answer.question.model
            if (each.team, each.key, each.account, each.document_id, each.model) != told:
                yield f"I6: {each} says otherwise than {answer}"
        costs = [each for each in entries if each.state != "released"]
        if answer.is_heard and costs and (answer.is_hit or answer.is_collapsed or answer.error == "budget_exceeded"):
            yield f"I6: {answer} has {costs[0]}"
    for answer in case.answers:
        if answer.is_heard and not answer.is_forwarded and answer.charged and not is_settled_at(case, answer):
            yield f"I6: {answer} was charged {credits(answer.charged)}"


def is_settled_at(case, answer):
    """Whether the vendor's reply was of no use, but told its cost: the client has a 502, and the team pays."""
    entries = case.by_request.get(answer.request_id, ())
    return answer.error == "upstream_invalid_response" and [
        each.credits for each in entries if each.state == "settled"] == [answer.charged]


def counts_are_exact(case):
    """I6: where nothing was killed, the roll-ups count what clients saw."""
    if not case.expectations.is_undisturbed or any(not each.is_heard for each in case.answers):
        return
    told = {name: collections.Counter() for name in ("hits", "collapsed", "denied", "saved")}
    for each in case.answers:
        owner = each.team, each.key
        told["hits"][owner] += each.is_hit
        told["collapsed"][owner] += each.is_collapsed
        told["denied"][owner] += each.error == "budget_exceeded"
        told["saved"][owner] += each.saved or 0
    for name, expected in told.items():
        counted = collections.Counter()
        for row in case.ledger.usage:
            counted[row.team, row.key] += getattr(row, name)
        for owner in sorted(expected.keys() | counted.keys()):
            if expected[owner] != counted[owner]:
                yield f"I6: usage of {'/'.join(owner)} has {name} {counted[owner]}, clients saw {expected[owner]}"


def nothing_stays_reserved(case):
    """I9: the rest that the last reply stated equals what the entries leave: nothing is held back or given twice."""
    for answer in case.answers:
        if not answer.is_final or not answer.is_heard or answer.day is None:
            continue
        left = windows.remaining(case.limits, case.entries, answer.team, answer.key, answer.day)
        # After an expensive reply exceeded a budget, the rest may be stated as zero or as negative.
        if left != answer.remaining and not (left is not None and left < 0 and answer.remaining == 0):
            told = "nothing" if answer.remaining is None else credits(answer.remaining)
            stored = "no budget" if left is None else credits(left)
            yield f"I9: {answer} was told that {told} is left; by the ledger it is {stored}"


CHECKS = (
    budgets_hold, charges_have_entries, reservations_end_once, usage_is_the_sum, documents_are_the_sum,
    accounts_are_the_sum, charges_are_counted, told_is_on_disk, results_are_settled, hits_cost_nothing,
    counts_are_exact, nothing_stays_reserved,
)
