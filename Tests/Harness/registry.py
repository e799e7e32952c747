"""The teams, keys and audit log in a store's file; read with the ledger, from the same copy."""

import json
from dataclasses import dataclass

TABLES = ("teams", "team_models", "registry_budgets", "team_keys", "retiring_secrets", "upstream_keys", "key_rulings",
          "rotation_receipts", "audit")


@dataclass
class TeamKeyRow:
    """A row of `team_keys` with what other tables have of the key."""

    team: str
    name: str
    budgets: list
    secret_digest: bytes
    retiring: list  # digests, newest first
    receipts: set  # digests of Idempotency-Keys
    is_rotated: bool
    is_revoked: bool


@dataclass
class AuditEntry:
    """A row of `audit`; `before` and `after` as the API shows them."""

    id: int
    at: int
    actor: str
    role: str
    action: str
    target: str
    address: str
    before: dict | None
    after: dict | None

    @property
    def owner(self):
        """The owner of the entry's object; a key belongs to its team."""
        return "/".join(self.target.split("/")[:2])

    def __str__(self):
        return f"entry {self.id}, {self.action} {self.target}"


class Registry:
    def __init__(self):
        self.is_there = False
        self.teams = {}  # identifier -> as the API shows it
        self.team_keys = {}  # identifier -> TeamKeyRow
        self.upstream_keys = {}  # identifier -> as the API shows it, and `secret_digest`
        self.entries = []
        self.orphans = []  # rows without an owner

    def read(self, connection, tables):
        if not set(TABLES) <= tables:
            return
        self.is_there = True
        budgets = self.read_budgets(connection)
        self.read_teams(connection, budgets)
        self.read_team_keys(connection, budgets)
        self.read_upstream_keys(connection)
        self.orphans += [f"budgets of {' '.join(scope)}" for scope in budgets if not self.has(*scope)]
        for row in connection.execute("SELECT * FROM audit ORDER BY id"):
            members = {name: row[name] for name in AuditEntry.__dataclass_fields__}
            for name in ("before", "after"):
                members[name] = None if row[name] is None else parsed(row[name])
            self.entries.append(AuditEntry(**members))

    def has(self, scope, name):
        return name in (self.teams if scope == "team" else self.team_keys)

    @staticmethod
    def read_budgets(connection):
        budgets = {}
        for row in connection.execute("SELECT * FROM registry_budgets ORDER BY scope, scope_id, position"):
            budgets.setdefault((row["scope"], row["scope_id"]), []).append({
                "window": row["budget_window"], "credits": row["credits"] / 1_000_000,
                "enforce": bool(row["is_enforced"])})
        return budgets

    def read_teams(self, connection, budgets):
        for row in connection.execute("SELECT * FROM teams"):
            self.teams[row["id"]] = {
                "id": row["id"], "name": row["name"], "account": row["account"],
                "max_concurrency": row["concurrency_max"], "budgets": budgets.get(("team", row["id"]), []),
                "models": [] if row["limits_models"] else None,
            }
        for row in connection.execute("SELECT * FROM team_models ORDER BY team, model"):
            team = self.teams.get(row["team"])
            if team is None or team["models"] is None:
                self.orphans.append(f"model {row['model']} of team {row['team']}")
            else:
                team["models"].append(row["model"])

    def read_team_keys(self, connection, budgets):
        for row in connection.execute("SELECT * FROM team_keys"):
            self.team_keys[row["id"]] = TeamKeyRow(
                row["team"], row["name"], budgets.get(("key", row["id"]), []), row["secret_digest"], [], set(),
                row["rotated_at"] is not None, row["revoked_at"] is not None)
        for row in connection.execute("SELECT * FROM retiring_secrets ORDER BY key, position"):
            if row["key"] in self.team_keys:
                self.team_keys[row["key"]].retiring.append(row["secret_digest"])
            else:
                self.orphans.append(f"retiring secret of key {row['key']}")
        for row in connection.execute("SELECT key, request_digest FROM rotation_receipts"):
            if row["key"] in self.team_keys:
                self.team_keys[row["key"]].receipts.add(row["request_digest"])
            else:
                self.orphans.append(f"receipt of a rotation of key {row['key']}")

    def read_upstream_keys(self, connection):
        for row in connection.execute("SELECT * FROM upstream_keys"):
            credits = row["monthly_credits"]
            self.upstream_keys[row["id"]] = {
                "id": row["id"], "account": row["account"], "weight": row["weight"], "state": "active",
                "monthly_credits": None if credits is None else credits / 1_000_000,
                "secret_digest": row["secret_digest"],
            }
        for row in connection.execute("SELECT * FROM key_rulings"):
            key = self.upstream_keys.get(row["id"]) if row["subject"] == "upstream_key" else None
            if key is None or key["secret_digest"] != row["secret_digest"]:
                self.orphans.append(f"ruling {row['verdict']} on {row['subject']} {row['id']}")
            else:
                key["state"] = row["verdict"]


def parsed(text):
    """The members of a JSON object; for anything else the text, which matches nothing."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"text": text}
