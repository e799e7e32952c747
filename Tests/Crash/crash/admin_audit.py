"""Checks the registry and its audit log against an operator's calls and the replies.

A1: a change answered with success still holds. A2: a change that was refused, or whose reply was lost, is complete or
absent. A3: the audit log and the objects agree: one entry for each answered change, at most one for a change without a
reply. A4: no secret is in the store in clear.
"""

import re

import holdings
import teams
from calls import USE
from replay import Replay

RANDOM_PART = 32  # characters at the end of a team key's secret


def told_is_so(case):
    """A1 and A2, by the replies before and after restarts, and by the content of the store."""
    replay = Replay.of(case.calls)
    yield from replay.complaints
    if not case.registry.is_there:
        if any(each.is_done and not each.is_read for each in case.calls):
            yield "A1: the store has no tables of teams and keys"
        return
    for owner in list(replay.possible):
        if owner in replay.gone or is_in_store(case, replay, owner):
            continue
        yield (f"{replay.rule(owner)}: the store has {owner} otherwise than was told: "
               f"{replay.last_change.get(owner, 'nobody ever made it')}")
    yield from unowned(case, replay)


def is_in_store(case, replay, owner):
    kind, name = owner.split("/")
    return any(state.is_stored_in(case.registry, name, replay.texts) for state, _ in replay.possible[owner])


def unowned(case, replay):
    """Content of the store that no call can have left there."""
    for each in case.registry.orphans:
        yield f"A2: {each} is in the store without what it belongs to"
    owners = [f"team/{name}" for name in case.registry.teams] + [
        f"team/{row.team}" for row in case.registry.team_keys.values()] + [
        f"upstream_key/{name}" for name in case.registry.upstream_keys]
    for owner in sorted(set(owners) - replay.possible.keys()):
        yield f"A2: {owner} is in the store, and nobody made it"


def vendor_keys_are_used_as_told(case):
    """A1: no request goes out with a secret that was replaced, drained, disabled or deleted before it was sent."""
    times = Replay.of(case.calls).times
    secrets = holdings.vendor_secrets()
    for charge in case.charges:
        asked = case.asked.get(charge.request_id)
        if charge.secret not in secrets or asked is None:
            continue
        if not any(since <= (asked.answered or until) and asked.sent <= until for since, until in
                   times.get(charge.secret, ())):
            yield f"A1: the {charge} came with a secret of {charge.upstream_key} that was not in use then"


def entries_agree(case):
    """A3: entries ascend, no two are equal, and each belongs to one change."""
    if not case.registry.is_there:
        return  # reported by told_is_so
    entries = case.registry.entries
    for before, after in zip(entries, entries[1:]):
        if after.id != before.id + 1:
            yield f"A3: {after} follows on {before.id}"
        if after.at < before.at:
            yield f"A3: {after} is earlier than the one before"
    seen = set()
    for each in entries:
        text = holdings.canonical([each.at, each.action, each.target, each.before, each.after])
        if text in seen:
            yield f"A3: {each} is there twice"
        seen.add(text)
    yield from entries_have_changes(case, entries)
    yield from shown_entries_are_stored(case, {each.id: each for each in entries})


def entries_have_changes(case, entries):
    plain = Replay.of(case.calls)
    replay = Replay.of(case.calls, entries)
    # A1 and A2 report what is wrong even without the entries.
    yield from [each for each in replay.complaints if each.startswith("A3")][:0 if plain.complaints else None]
    for owner in replay.possible.keys() | replay.entries.keys():
        if owner in replay.gone or owner in plain.gone:
            continue
        mine = replay.entries[owner]
        if owner not in replay.possible or all(count != len(mine) for _, count in replay.possible[owner]):
            least = max((count for _, count in replay.possible.get(owner, ())), default=0)
            yield f"A3: {mine[least] if least < len(mine) else owner}: no call made that change"
        elif not any(count == len(mine) and state.is_stored_in(case.registry, owner.split("/")[1], replay.texts)
                     for state, count in replay.possible[owner]) and is_in_store(case, plain, owner):
            yield f"A3: the entries of {owner} tell of another state than the store has"


def shown_entries_are_stored(case, stored):
    """The admin API shows the log newest first, as it is in the store."""
    for call in case.calls:
        if call.action != "audit.list" or call.status != 200:
            continue
        numbers = [int(each["id"]) for each in call.reply["items"]]
        if numbers and numbers != list(range(numbers[0], numbers[0] - len(numbers), -1)):
            yield f"A3: {call} shows entries {numbers[:5]} and so on, which is not newest first"
        for shown in call.reply["items"]:
            entry = stored.get(int(shown["id"]))
            if entry is None or any(shown[name] != getattr(entry, name) for name in (
                    "actor", "role", "action", "target", "address", "before", "after")):
                yield f"A3: {call} shows entry {shown['id']}, {shown['action']}, otherwise than the store has it"


def secrets_are_sealed(case):
    """A4: neither a vendor's secret nor a team's is in a file of the store."""
    whole = {text.encode(): name for text, name in secrets_of_file(case.configuration)}
    whole |= {text.encode(): f"the vendor's secret of {key}" for text, key in holdings.vendor_secrets().items()}
    told = {}
    for call in case.calls:
        text = call.secret if call.action == USE else (call.reply or {}).get("secret", "")
        if text:
            told[text[-RANDOM_PART:].encode()] = f"the secret of {call.team}/{call.key}"
    for path, content in case.files:
        found = {name for text, name in whole.items() if text in content}
        for run in re.finditer(rb"[0-9A-Za-z]{%d,}" % RANDOM_PART, content):
            text = run[0]
            for start in range(len(text) - RANDOM_PART + 1):
                if name := told.get(text[start:start + RANDOM_PART]):
                    found.add(name)
        for name in sorted(found):
            yield f"A4: {name} is in {path.name} in clear"


def secrets_of_file(configuration):
    for key in configuration["upstream"]["keys"]:
        yield key["secret"]["value"], f"the vendor's secret of {key['id']}"
    for team in configuration["teams"]:
        for key in team["keys"]:
            if "secret" in key:
                yield key["secret"]["value"], f"the secret of {team['id']}/{key['id']}"
    yield teams.TOKEN, "the operator's token"
    yield teams.MASTER_KEY, "the master key"


CHECKS = (told_is_so, vendor_keys_are_used_as_told, entries_agree, secrets_are_sealed)
