"""The states of the operator's objects and the effects of calls: the admin side's rules as documented.

States are values. A secret that the operator may not have received has a name derived from the call that made it, or
from its Idempotency-Key: an idempotent replay of a rotation yields a secret of the same name.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from holdings import canonical

RETIRING_MAX = 8
NO_GRACE = "0s"


@dataclass(frozen=True)
class Outcome:
    """The reply to a call in a state, and the resulting state."""

    status: int
    after: object
    is_change: bool = False  # it has an entry in the audit log
    secret: str | None = None  # name of the one in the reply


def digest(text):
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class TeamKey:
    """A team's key of the store."""

    name: str
    budgets: str  # canonical
    secret: str
    retiring: tuple = ()  # replaced and still good, newest first
    receipts: tuple = ()  # (Idempotency-Key, name of the secret)
    is_rotated: bool = False
    is_revoked: bool = False

    def rotate(self, call):
        told = dict(self.receipts).get(call.idempotency_key)
        if self.is_revoked:
            return Outcome(409, self)
        if told:
            return Outcome(200, self, secret=told)
        # With the name, which each life has anew: a later key of this identifier knows no receipt of this one.
        made = f"{call.key} ({self.name}) by {call.idempotency_key or f'call {call.number}'}"
        old = () if call.content["grace"] == NO_GRACE else (self.secret,)
        receipts = ((call.idempotency_key, made),) if call.idempotency_key else ()
        after = dataclasses.replace(self, secret=made, is_rotated=True, receipts=self.receipts + receipts,
                                    retiring=(old + self.retiring)[:RETIRING_MAX])
        return Outcome(200, after, True, made)

    def revoke(self):
        after = dataclasses.replace(self, is_revoked=True, retiring=())
        return Outcome(204, after, not self.is_revoked)

    def takes(self, secret):
        """Whether a client may use the secret of that name."""
        return not self.is_revoked and secret in (self.secret, *self.retiring)

    def shows_as(self, shown):
        """Whether the admin API shows it so."""
        return (
            shows_members(shown, {"name": self.name, "state": "revoked" if self.is_revoked else "active"})
            and budgets_of(shown) == self.budgets
            and (shown.get("rotated_at") is not None) == self.is_rotated
            and (shown.get("revoked_at") is not None) == self.is_revoked
            and (shown.get("previous_valid_until") is not None) == bool(self.retiring)
        )

    def is_stored_as(self, row, texts):
        """Whether a store's row matches; a secret that was never received may be any that was not received
        otherwise."""
        return (
            row.name == self.name and budgets_of({"budgets": row.budgets}) == self.budgets
            and row.is_rotated == self.is_rotated and row.is_revoked == self.is_revoked
            and texts.fits(self.secret, row.secret_digest) and len(row.retiring) == len(self.retiring)
            and all(map(texts.fits, self.retiring, row.retiring))
            and row.receipts <= {digest(name) for name, _ in self.receipts}
        )


@dataclass(frozen=True)
class Team:
    """A team with its keys of the store. Without members it does not exist."""

    members: str | None = None  # canonical
    keys: tuple = ()  # (identifier, TeamKey), in order
    is_of_file: bool = False

    @property
    def is_there(self):
        return self.members is not None

    def with_key(self, key, state):
        keys = dict(self.keys) | {key: state}
        return dataclasses.replace(self, keys=tuple(sorted(keys.items())))

    def outcome(self, call):
        if call.content and "colour" in call.content:
            return Outcome(422, self)
        kind, verb = call.action.split(".")
        if kind == "team_key":
            return self.outcome_of_key(call, verb)
        if self.is_of_file or (verb == "create" and self.is_there):
            return Outcome(409, self)
        if verb == "create":
            return Outcome(201, Team(canonical(call.content)), True)
        if not self.is_there:
            return Outcome(404, self)
        if verb == "delete":
            return Outcome(204, Team(), True)
        members = json.loads(self.members) | call.content
        return Outcome(200, dataclasses.replace(self, members=canonical(members)), True)

    def outcome_of_key(self, call, verb):
        key = dict(self.keys).get(call.key)
        if not self.is_there or (key is None and verb != "create"):
            return Outcome(404, self)
        if verb == "create":
            if key:
                return Outcome(409, self)
            name = f"{call.key} by call {call.number}"
            made = TeamKey(call.content["name"], budgets_of(call.content), name)
            return Outcome(201, self.with_key(call.key, made), True, name)
        inner = key.rotate(call) if verb == "rotate" else key.revoke()
        return dataclasses.replace(inner, after=self.with_key(call.key, inner.after))

    def takes(self, key, secret):
        found = dict(self.keys).get(key)
        return found is not None and found.takes(secret)

    def subject(self, call):
        """What a call's reply, or its entry, is about: the team or one of its keys; None when it does not exist."""
        if call.action.startswith("team_key."):
            return dict(self.keys).get(call.key)
        return self if self.is_there else None

    def shows_as(self, shown):
        members = json.loads(self.members)
        return shows_members(shown, {name: value for name, value in members.items() if name != "budgets"}) and (
            budgets_of(shown) == budgets_of(members))

    def is_listed_as(self, shown):
        """`shown` is its item in a list; None when there is none."""
        return (shown is not None and self.shows_as(shown)) if self.is_there else shown is None

    def has_keys_listed_as(self, listed):
        """`listed` is the list of its keys; None when there is no such team."""
        if not self.is_there or listed is None:
            return not self.is_there and listed is None
        shown = {each["id"]: each for each in listed if each["source"] == "store"}
        return shown.keys() == dict(self.keys).keys() and all(key.shows_as(shown[name]) for name, key in self.keys)

    def is_stored_in(self, registry, name, texts):
        row = registry.teams.get(name)
        keys = {id: key for id, key in registry.team_keys.items() if key.team == name}
        is_team = row is None if self.is_of_file else self.is_listed_as(row)
        return is_team and keys.keys() == dict(self.keys).keys() and all(
            key.is_stored_as(keys[id], texts) for id, key in self.keys)


@dataclass(frozen=True)
class UpstreamKey:
    """A key at the vendor. Without a secret it does not exist."""

    secret: str | None = None
    account: str = ""
    monthly_credits: float | None = None
    weight: int = 1
    state: str = "active"
    is_of_file: bool = False

    @property
    def is_there(self):
        return self.secret is not None

    @property
    def is_usable(self):
        return self.is_there and self.state == "active"

    def outcome(self, call):
        verb = call.action.split(".")[1]
        if verb == "create":
            return Outcome(409, self) if self.is_there else Outcome(201, self.made(call.content), True)
        if not self.is_there:
            return Outcome(404, self)
        if self.is_of_file:
            return Outcome(409, self)
        if verb == "delete":
            return Outcome(204, UpstreamKey(), True)
        # A new secret ends what was decided about the previous one.
        terms = call.content | ({"state": "active"} if verb == "rotate" else {})
        return Outcome(200, dataclasses.replace(self, **terms), True)

    @staticmethod
    def made(content):
        return UpstreamKey(content["secret"], content["account"], content.get("monthly_credits"), content["weight"])

    def subject(self, _):
        return self if self.is_there else None

    def shows_as(self, shown):
        # A key cools after a 429; no operator decides that.
        states = ("active", "cooling") if self.state == "active" else (self.state,)
        return shown.get("state") in states and shows_members(shown, {
            "account": self.account, "weight": self.weight, "monthly_credits": self.monthly_credits})

    def is_listed_as(self, shown):
        return (shown is not None and self.shows_as(shown)) if self.is_there else shown is None

    def is_stored_in(self, registry, name, _):
        row = registry.upstream_keys.get(name)
        if not self.is_there or self.is_of_file or row is None:
            return (not self.is_there or self.is_of_file) and row is None
        return self.shows_as(row) and row["secret_digest"] == digest(self.secret)


def budgets_of(shown):
    """The budgets that the operator sets, as text."""
    return canonical([[each["window"], float(each["credits"]), each.get("enforce", True)] for each in
                      shown.get("budgets", [])])


def shows_members(shown, members):
    return all(shown.get(name) == value for name, value in members.items())
