"""Checks the resolutions of unconfirmed reservations against the operator's calls, the rows and the audit log.

A1: a resolution that was answered is on disk, as it was told. A2: no row is resolved that nobody resolved, and a
resolution that was refused is not there. A3: each resolved row has one entry in the audit log, which tells of the row
before and after, and no entry is without such a row. The sums are the ledger's (I3, in `audit`).
"""

import collections

from answers import credits, micros
from calls import RESOLVE
from teams import TOKEN_NAME

TARGET = "reservation/"


def resolutions_are_as_told(case):
    """A1 and A2."""
    rows = {str(each.id): each for each in case.entries}
    calls = collections.defaultdict(list)
    for call in case.calls:
        if call.action == RESOLVE:
            calls[call.key].append(call)
    for number, mine in calls.items():
        yield from told_of(rows.get(number), mine)
    for number, row in rows.items():
        if row.state == "resolved" and not calls[number]:
            yield f"A2: nobody resolved {row}"


def told_of(row, calls):
    """The calls about one row."""
    done = [each for each in calls if each.is_done]
    if row is None:
        yield from (f"A1: {each}, but it has no row" for each in done)
        return
    if len(done) > 1:
        yield f"A2: {row} was resolved {len(done)} times: " + "; ".join(map(str, done))
    for call in done:
        if row.state != "resolved" or row.credits != micros(call.content["credits"]):
            yield f"A1: {call}, but the store has {row}"
        if call.reply.get("state") != "resolved" or micros(call.reply.get("credits")) != row.credits:
            yield f"A1: {call} was answered otherwise than the store has it: {row}"
    refused = [each for each in calls if each.is_certain and not each.is_done]
    if refused and row.state != "resolved":
        yield f"A2: {refused[0]}, though the store has {row}"
    maybe = [each for each in calls if each.is_done or not each.is_certain]
    if row.state == "resolved" and row.credits not in [micros(each.content["credits"]) for each in maybe]:
        yield f"A2: nobody resolved {row} at {credits(row.credits or 0)}"


def resolutions_have_entries(case):
    """A3."""
    if not case.registry.is_there:
        return
    entries = collections.defaultdict(list)
    for each in case.registry.entries:
        if each.target.startswith(TARGET):
            entries[each.target.removeprefix(TARGET)].append(each)
    for row in case.entries:
        mine = entries.pop(str(row.id), [])
        if row.state != "resolved":
            yield from (f"A3: {each} tells of a resolution, but the store has {row}" for each in mine)
        elif len(mine) != 1:
            yield f"A3: {row} has {len(mine)} entries"
        elif not tells_of(mine[0], row):
            yield f"A3: {mine[0]} tells of another resolution than the store has: {row}"
    for number, mine in entries.items():
        yield f"A3: {mine[0]}: there is no row {number}"


def tells_of(entry, row):
    before, after = entry.before or {}, entry.after or {}
    return (
        (entry.actor, entry.action) == (TOKEN_NAME, RESOLVE)
        and (before.get("state"), before.get("credits")) == ("unconfirmed", None)
        and micros(before.get("estimate")) == micros(after.get("estimate")) == row.estimate
        and after.get("state") == "resolved" and micros(after.get("credits")) == row.credits
    )


CHECKS = (resolutions_are_as_told, resolutions_have_entries)
