"""Stores with many teams and keys, made without the gateway: the rows that the admin API would have written."""

import contextlib
import hashlib
import shutil
import sqlite3
import time

KEYS_PER_TEAM = 1_000
# In each hundred keys, the one with this number.
EXPIRED, REVOKED = 8, 9
HOUR_MICROSECONDS = 3_600_000_000


def secret(number):
    """As `TeamKeySecret` makes them. Numbers from `KeyStore.count` on belong to no key."""
    return f"tg_{number:08x}_{hashlib.md5(str(number).encode()).hexdigest()}"


def key(number):
    return f"{number:08x}"


class KeyStore:
    """A file with `count` keys in teams of a thousand. One key in ten has a budget; one in a hundred has expired and
    one is revoked. Made once; `copy` gives a file to work on."""

    def __init__(self, session, empty, count):
        self.session, self.count = session, count
        self.path = session.new_folder(f"keys-{count}") / "tollgate.db"
        shutil.copy(empty, self.path)
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            # Safe, since a file that is cut short here is discarded.
            database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
            with database:
                self.fill(database)

    def copy(self):
        return shutil.copy(self.path, self.session.new_folder(f"keys-{self.count}") / "tollgate.db")

    def team(self, number):
        return f"store-team-{number // KEYS_PER_TEAM:03d}"

    def secrets(self, kind=None):
        """Secrets of the expired keys, the revoked ones or, without a kind, the valid ones."""
        return [secret(number) for number in range(self.count)
                if number % 100 == kind or (kind is None and number % 100 not in (EXPIRED, REVOKED))]

    def fill(self, database):
        now = time.time_ns() // 1000
        database.executemany(
            "INSERT INTO teams (id, name, account, limits_models) VALUES (?1, ?1, 'default', 0)",
            ((self.team(number),) for number in range(0, self.count, KEYS_PER_TEAM)))
        database.executemany(
            "INSERT INTO team_keys (id, team, public_id, name, secret_digest, not_after, created_at, revoked_at) "
            "VALUES (?1, ?2, ?1, 'of the benchmark', ?3, ?4, ?5, ?6)",
            (self.row(number, now) for number in range(self.count)))
        database.executemany(
            "INSERT INTO registry_budgets (scope, scope_id, position, budget_window, credits, is_enforced, alert_at) "
            "VALUES ('key', ?1, 0, 'month', 1000000000, 1, '800000')",
            ((key(number),) for number in range(0, self.count, 10)))

    def row(self, number, now):
        before, kind = now - HOUR_MICROSECONDS, number % 100
        return (key(number), self.team(number), hashlib.sha256(secret(number).encode()).digest(),
                before if kind == EXPIRED else None, now - 2 * HOUR_MICROSECONDS, before if kind == REVOKED else None)
