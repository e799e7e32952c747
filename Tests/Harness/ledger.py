"""The content of a store's file, read from a copy: only the gateway may open the file itself."""

import collections
import pathlib
import shutil
import sqlite3
import tempfile
import uuid
from dataclasses import dataclass

from registry import Registry

STATES = ("reserved", "settled", "released", "unconfirmed", "resolved")


@dataclass
class Entry:
    """A row of `ledger`; amounts in micro-credits."""

    id: int
    day: int
    team: str
    key: str
    account: str
    upstream_key: str
    document_id: str
    model: str
    cache_key: bytes
    request_id: str
    state: str
    estimate: int
    credits: int | None
    created_at: int
    ended_at: int | None

    @property
    def spent(self):
        return (self.credits or 0) if self.state in ("settled", "resolved") else 0

    @property
    def unconfirmed(self):
        return self.estimate if self.state == "unconfirmed" else 0

    @property
    def reserved(self):
        return self.estimate if self.state == "reserved" else 0

    @property
    def counted(self):
        """What it takes from every budget that applies to it."""
        return self.spent + self.unconfirmed + self.reserved

    def __str__(self):
        return (f"entry {self.id} of {self.team}/{self.key} by {self.upstream_key} for {self.request_id} about "
                f"{self.document_id}: {self.state}, estimate {self.estimate}, credits {self.credits}")


@dataclass
class Usage:
    """A row of `usage`."""

    day: int
    team: str
    key: str
    model: str
    upstream_key: str
    spent: int
    unconfirmed: int
    saved: int = 0
    hits: int = 0
    collapsed: int = 0
    misses: int = 0
    denied: int = 0


@dataclass
class DocumentUsage:
    """A row of `usage_documents`; without a document it has what is counted for none."""

    day: int
    document_id: str | None
    spent: int
    unconfirmed: int
    saved: int = 0
    hits: int = 0
    collapsed: int = 0
    misses: int = 0
    denied: int = 0


class Ledger:
    def __init__(self, store):
        """Reads a copy of the file and its log in the state that the next process to open them will find."""
        self.complaints = []
        self.entries, self.usage, self.document_usage = [], [], []
        self.accounts = []  # (account, day, spent, unconfirmed)
        self.results = {}  # cache key -> (document, model, body)
        self.registry = Registry()
        self.has_schema = False
        if not store.exists():
            return
        with tempfile.TemporaryDirectory(prefix="tollgate-audit-") as folder:
            for source in files_of(store):
                shutil.copy(source, pathlib.Path(folder) / source.name.replace(store.name, "copy.db", 1))
            connection = sqlite3.connect(pathlib.Path(folder) / "copy.db")
            try:
                self.read(connection)
            except sqlite3.Error as error:
                self.complaints.append(f"the store cannot be read: {error}")
            finally:
                connection.close()

    def read(self, connection):
        connection.row_factory = sqlite3.Row
        self.complaints += [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not {"ledger", "usage", "usage_documents", "usage_accounts", "results"} <= tables:
            return
        self.has_schema = True
        self.entries = [entry(row) for row in connection.execute("SELECT * FROM ledger ORDER BY id")]
        columns = ", ".join(Usage.__dataclass_fields__)
        self.usage = [Usage(*row) for row in connection.execute(f"SELECT {columns} FROM usage")]
        columns = ", ".join(list(DocumentUsage.__dataclass_fields__)[2:])
        for row in connection.execute(f"SELECT day, document, {columns} FROM usage_documents"):
            day, document, *counts = row
            document_id = str(uuid.UUID(bytes=document)) if document else None
            self.document_usage.append(DocumentUsage(day, document_id, *counts))
        self.accounts = [tuple(row) for row in connection.execute(
            "SELECT account, day, spent, unconfirmed FROM usage_accounts")]
        if "unbooked" in tables:
            self.book({row[0] for row in connection.execute("SELECT id FROM unbooked")})
        if "ledger_floor" in tables:
            self.complaints += [f"the entry {row[0]} is reserved, and before the floor" for row in connection.execute(
                "SELECT id FROM ledger WHERE state = 0 AND id < (SELECT open_from FROM ledger_floor)")]
        for row in connection.execute("SELECT key, document_id, model, body FROM results"):
            self.results[key_bytes(row["key"])] = row["document_id"], row["model"], text_bytes(row["body"])
        self.registry.read(connection, tables)

    def book(self, unbooked):
        """Adds to the sums what the next process to open the store will add first: endings that are not booked."""
        for each in self.entries:
            if each.id not in unbooked:
                continue
            unbooked.discard(each.id)
            if each.state == "reserved":
                self.complaints.append(f"the entry {each.id} is not booked, and has not ended")
            amounts = {"spent": each.spent, "unconfirmed": each.unconfirmed}
            self.usage.append(Usage(each.day, each.team, each.key, each.model, each.upstream_key, **amounts))
            self.document_usage.append(DocumentUsage(each.day, each.document_id, **amounts))
            self.accounts.append((each.account, each.day, each.spent, each.unconfirmed))
        self.complaints += [f"the entry {number} is not booked, and not in the ledger" for number in sorted(unbooked)]

    def by_request(self):
        entries = collections.defaultdict(list)
        for each in self.entries:
            entries[each.request_id].append(each)
        return entries


def files_of(store):
    """The existing files of the store that outlast a power failure."""
    paths = (pathlib.Path(f"{store}{suffix}") for suffix in ("", "-wal", "-journal"))
    return [path for path in paths if path.exists()]


def entry(row):
    values = {name: row[name] for name in Entry.__dataclass_fields__}
    state = values["state"]
    values["state"] = STATES[state] if isinstance(state, int) and 0 <= state < len(STATES) else str(state)
    values["cache_key"] = key_bytes(values["cache_key"])
    return Entry(**values)


def key_bytes(value):
    """A cache key, stored either as bytes or as hexadecimal digits."""
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value or b"")


def text_bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)
