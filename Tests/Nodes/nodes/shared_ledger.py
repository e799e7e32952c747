"""The content of a database that several nodes share, of one moment."""

import json
import uuid
from dataclasses import dataclass

from ledger import STATES, DocumentUsage, Entry, Ledger, Usage

# What is read, by name. `clock` is the database's, in microseconds.
QUERIES = {
    "ledger": "SELECT * FROM ledger ORDER BY id",
    "usage": "SELECT * FROM usage",
    "usage_documents": "SELECT * FROM usage_documents",
    "usage_accounts": "SELECT account, day, spent, unconfirmed FROM usage_accounts",
    "results": "SELECT key, document_id, model, body FROM results",
    "balances": "SELECT * FROM balances",
    "nodes": "SELECT number, incarnation, state FROM nodes ORDER BY number",
    "flights": "SELECT id, key, node, is_storable, is_awaited FROM flights",
    "claims": "SELECT key, flight FROM claims",
    "landings": "SELECT flight, expires_at FROM landings",
    "document_changes": "SELECT document_id, node FROM document_changes",
    "classifier_changes": "SELECT account, classifier, node FROM classifier_changes",
    "audit": "SELECT id FROM audit ORDER BY id",
    "feed": "SELECT seq FROM feed ORDER BY seq",
    "feed_head": "SELECT seq FROM feed_head",
    "clock": "SELECT CAST(extract(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS at",
}
# What belongs to calls that are under way.
LANDINGS = "landings that are over"
PASSING = ("flights", "claims", "document_changes", "classifier_changes")


@dataclass
class Balance:
    """A row of `balances`; amounts in micro-credits."""

    scope: str
    scope_id: str
    day: int
    node: int
    spent: int
    unconfirmed: int
    reserved: int


class SharedLedger(Ledger):
    """What `Ledger` is for a store's file."""

    def __init__(self, rows):
        """`rows` are those of `QUERIES`, by name, and `is_attended`."""
        self.rows = rows
        self.complaints, self.has_schema = [], True
        self.entries = [entry(row) for row in rows["ledger"]]
        self.usage = [of(Usage, row) for row in rows["usage"]]
        self.document_usage = []
        for row in rows["usage_documents"]:
            name = unhex(row["document"])
            self.document_usage.append(
                of(DocumentUsage, row | {"document_id": str(uuid.UUID(bytes=name)) if name else None}))
        self.accounts = [tuple(row[name] for name in ("account", "day", "spent", "unconfirmed"))
                         for row in rows["usage_accounts"]]
        self.results = {unhex(row["key"]): (row["document_id"], row["model"], unhex(row["body"]))
                        for row in rows["results"]}
        self.balances = [of(Balance, row) for row in rows["balances"]]

    @classmethod
    def read(cls, server, database, is_attended=False):
        """`is_attended` says whether nodes are there, which remove what is over."""
        rows = dict(zip(QUERIES, server.rows(QUERIES.values(), database)))
        return cls(rows | {"is_attended": is_attended})

    @property
    def clock(self):
        return self.rows["clock"][0]["at"]

    @property
    def passing(self):
        """How many rows there are of each kind that must not last."""
        counts = {name: len(self.rows[name]) for name in PASSING}
        counts["reserved rows"] = sum(each.state == "reserved" for each in self.entries)
        if self.rows["is_attended"]:
            counts[LANDINGS] = sum(row["expires_at"] < self.clock for row in self.rows["landings"])
        return {name: count for name, count in counts.items() if count}

    def save(self, path):
        path.write_text(json.dumps(self.rows))

    @classmethod
    def load(cls, path):
        return cls(json.loads(path.read_text()))


def of(kind, row):
    return kind(**{name: row[name] for name in kind.__dataclass_fields__})


def entry(row):
    state = row["state"]
    return of(Entry, row | {
        "state": STATES[state] if 0 <= state < len(STATES) else str(state), "cache_key": unhex(row["cache_key"])})


def unhex(text):
    """BYTEA as JSON has it."""
    return bytes.fromhex(text.removeprefix("\\x"))
