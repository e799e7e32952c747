"""Replays an operator's calls, and tracks all states that the replies allow.

A call whose reply was lost, or that was refused because of the store, may or may not have been done; later replies
decide. When no state is possible any more, an acknowledged change was lost, or a change was done by half.
"""

import collections
import math
import re

import holdings
from calls import RESOLVE, USE
from states import Team, UpstreamKey, digest
from teams import TOKEN_NAME, VENDOR_KEYS

SECRET_PATTERN = re.compile(r"tg_([0-9a-zA-Z]{8})_[0-9a-zA-Z]{32}")
# Members of a reply that only the rings know, or that are shown once.
PASSING = ("secret", "available", "detail", "cooling_until", "monthly_remaining", "under_way",
           "last_used_at")


class Texts:
    """The secrets of teams' keys that were received, by name."""

    def __init__(self):
        self.by_name, self.names, self.digests = {}, {}, set()

    def learn(self, name, text):
        """What is wrong with this secret under this name; None when nothing is."""
        known = self.by_name.get(name)
        if known is not None and known != text:
            return "the rotation was answered another secret before"
        if self.names.setdefault(text, name) != name:
            return f"the secret is the one of {self.names[text]}"
        self.by_name[name] = text
        self.digests.add(digest(text))
        return None

    def fits(self, name, stored):
        if name in self.by_name:
            return digest(self.by_name[name]) == stored
        return stored not in self.digests


class Replay:
    """Takes calls in order. Given the entries of an audit log, each change must have its own entry, in order."""

    def __init__(self, entries=None):
        self.texts = Texts()
        self.complaints = []
        self.gone = set()  # owners without a possible state
        first = {f"team/{team}": Team() for team in holdings.TEAMS}
        first[f"team/{holdings.FILE_TEAM}"] = Team("{}", is_of_file=True)
        first |= {f"upstream_key/{key}": UpstreamKey() for key in holdings.UPSTREAM_KEYS}
        first |= {f"upstream_key/{key}": UpstreamKey("", is_of_file=True) for key in VENDOR_KEYS}
        self.possible = {owner: [(state, 0)] for owner, state in first.items()}  # with the entries that it has so far
        self.last_change = {}  # owner or target -> call
        self.times = collections.defaultdict(list)  # vendor's secret -> [[since, until]] in which it may be used
        self.entries = None
        if entries is not None:
            self.entries = collections.defaultdict(list)
            for entry in entries:
                if not entry.owner.startswith("reservation/"):
                    self.entries[entry.owner].append(entry)

    @classmethod
    def of(cls, calls, entries=None):
        replay = cls(entries)
        for call in calls:
            replay.take(call)
        return replay

    def state(self, owner):
        """A possible state; None when there is none."""
        return None if owner in self.gone else self.possible[owner][0][0]

    def take(self, call):
        if call.action == USE:
            self.take_use(call)
        elif call.is_read:
            self.take_list(call)
        elif call.action != RESOLVE:  # which `resolutions` judges
            self.take_change(call)

    # MARK: Reading

    def take_use(self, call):
        if not call.is_certain:
            return
        owner, name = f"team/{call.team}", self.texts.names.get(call.secret)
        is_taken = call.error != "invalid_api_key"
        self.keep(owner, call, lambda state: state.takes(call.key, name) == is_taken)

    def take_list(self, call):
        if not call.is_certain or call.action in ("audit.list", "ledger.list"):
            return
        listed = (call.reply or {}).get("items") if call.status == 200 else None
        if call.action == "team_key.list" and call.status in (200, 404):
            self.keep(f"team/{call.team}", call, lambda state: state.has_keys_listed_as(listed))
        elif listed is None:
            self.complaints.append(f"A1: {call}")
        else:
            shown = {each["id"]: each for each in listed if each["source"] == "store"}
            mine = holdings.TEAMS if call.action == "team.list" else holdings.UPSTREAM_KEYS
            for name in mine:
                self.keep(call.action.replace(".list", f"/{name}"), call,
                          lambda state, name=name: state.is_listed_as(shown.get(name)))
            if foreign := sorted(shown.keys() - mine.keys()):
                self.complaints.append(f"A2: {call}: nobody made {', '.join(foreign)}")

    def keep(self, owner, call, fits):
        """The possible states that fit a reply that changed nothing."""
        if owner not in self.gone:
            self.settle(owner, call, [each for each in self.possible[owner] if fits(each[0])])

    # MARK: Changes

    def take_change(self, call):
        owner = call.owner
        if owner in self.gone:
            return
        done = []
        for state, count in self.possible[owner]:
            outcome = state.outcome(call)
            if call.is_certain and not self.is_told(call, outcome):
                continue
            if not outcome.is_change or self.has_entry(owner, count, call, state, outcome):
                done.append((outcome.after, count + outcome.is_change))
        kept = [] if call.is_certain else self.possible[owner]
        self.settle(owner, call, done + kept)
        self.last_change[owner] = self.last_change[call.target] = call
        if isinstance(self.state(owner), UpstreamKey):
            self.note_times(owner, call)

    def is_told(self, call, outcome):
        """Whether the reply matches that outcome; records its secret."""
        if outcome.status != call.status:
            return False
        if call.status not in (200, 201):
            return True
        subject = outcome.after.subject(call)
        if subject is None or not subject.shows_as(call.reply):
            return False
        if outcome.secret is not None:
            self.learn(call, outcome.secret)
        return True

    def learn(self, call, name):
        text = call.reply.get("secret", "")
        found = SECRET_PATTERN.fullmatch(text)
        if found is None or found[1] != call.reply.get("public_id"):
            self.complaints.append(f"A1: {call}: the secret is not of the form that keys have")
        elif wrong := self.texts.learn(name, text):
            self.complaints.append(f"A2: {call}: {wrong}")

    def has_entry(self, owner, count, call, state, outcome):
        """Whether the owner's next entry belongs to this change."""
        if self.entries is None:
            return True
        if count >= len(self.entries[owner]):
            return False
        entry = self.entries[owner][count]
        told = (TOKEN_NAME, "admin", call.action, call.target)
        if (entry.actor, entry.role, entry.action, entry.target) != told:
            return False
        if call.status in (200, 201) and any(call.reply.get(name) != value for name, value in entry.after.items()
                                             if name not in PASSING and name != "state"):
            return False
        return all(shows(subject, shown) for subject, shown in (
            (state.subject(call), entry.before), (outcome.after.subject(call), entry.after)))

    def settle(self, owner, call, possible):
        """Sets the possible states; none is a violation."""
        if not possible:
            self.gone.add(owner)
            self.complaints.append(self.complaint(owner, call))
        self.possible[owner] = list(dict.fromkeys(possible))

    def complaint(self, owner, call):
        if self.entries is not None:
            counts = {count for _, count in self.possible[owner]}
            following = "; ".join(map(str, self.entries[owner][min(counts):][:4])) or "none"
            return f"A3: {call}: it has no entry of its own that agrees; next are: {following}"
        last = self.last_change.get(call.target) or self.last_change.get(owner, "nothing was made there before")
        return f"{self.rule(owner)}: {call}, though {last}"

    def rule(self, owner):
        """By the reply to the last change: an acknowledged change stays, any other is complete or absent."""
        last = self.last_change.get(owner)
        return "A1" if last is None or last.is_done else "A2"

    # MARK: Times

    def note_times(self, owner, call):
        """The times in which requests may go out with a secret, by the client's clock."""
        usable = {state.secret for state, _ in self.possible[owner] if state.is_usable}
        for index in range(holdings.SECRETS_PER_KEY):
            times = self.times[holdings.vendor_secret(call.key, index)]
            is_open = bool(times) and times[-1][1] == math.inf
            if holdings.vendor_secret(call.key, index) in usable:
                if not is_open:
                    times.append([call.sent, math.inf])
            elif is_open:
                times[-1][1] = call.answered


def shows(subject, shown):
    """Whether an entry's JSON describes this team or key, or none."""
    return shown is None if subject is None else shown is not None and subject.shows_as(shown)
