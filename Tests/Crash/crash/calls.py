"""An operator's calls of the admin side and the replies: the record that the registry and its audit log are checked
against."""

import dataclasses
import json
import threading
from dataclasses import asdict, dataclass

# In the words of the audit log where it has them.
PATHS = {
    "team.create": ("POST", "/teams"), "team.update": ("PATCH", "/teams/{team}"),
    "team.delete": ("DELETE", "/teams/{team}"), "team.list": ("GET", "/teams"),
    "team_key.create": ("POST", "/teams/{team}/keys"), "team_key.rotate": ("POST", "/teams/{team}/keys/{key}/rotate"),
    "team_key.revoke": ("DELETE", "/teams/{team}/keys/{key}"), "team_key.list": ("GET", "/teams/{team}/keys"),
    "upstream_key.create": ("POST", "/upstream-keys"), "upstream_key.update": ("PATCH", "/upstream-keys/{key}"),
    "upstream_key.rotate": ("POST", "/upstream-keys/{key}/rotate"),
    "upstream_key.delete": ("DELETE", "/upstream-keys/{key}"), "upstream_key.list": ("GET", "/upstream-keys"),
    "audit.list": ("GET", "/audit"), "ledger.list": ("GET", "/ledger"),
    "reservation.resolve": ("POST", "/ledger/{key}/resolve"),
}
# Of an unconfirmed row of the ledger, whose identifier is the call's key.
RESOLVE = "reservation.resolve"
# A question on the clients' side, with a secret that the operator received.
USE = "secret.use"
READS = ("team.list", "team_key.list", "upstream_key.list", "audit.list", "ledger.list", USE)


@dataclass
class Call:
    """One call and the complete reply, if one came. `answered`, `reply` and finally `status` are set when it comes: a
    reader that sees a status also sees the reply."""

    number: int
    action: str
    team: str = ""
    key: str = ""  # of a team, or at the vendor
    content: dict | None = None
    idempotency_key: str | None = None
    secret: str | None = None  # of a USE
    sent: float = 0.0  # monotonic seconds
    status: int | None = None
    answered: float | None = None
    reply: dict | None = None

    @property
    def is_heard(self):
        return self.status is not None

    @property
    def is_read(self):
        return self.action in READS

    @property
    def is_certain(self):
        """Whether the reply tells the outcome. A 503 says that nothing was done, but a disk error may be reported for a
        change that is on disk after all."""
        return self.is_heard and self.status != 503

    @property
    def is_done(self):
        """Whether success was answered."""
        return self.is_heard and self.status < 300

    @property
    def error(self):
        return (self.reply or {}).get("error", "") if self.is_heard and self.status >= 300 else ""

    @property
    def target(self):
        """Its name in the audit log."""
        if self.action.startswith("upstream_key."):
            return f"upstream_key/{self.key}"
        if self.action == RESOLVE:
            return f"reservation/{self.key}"
        return f"team/{self.team}" + (f"/key/{self.key}" if self.key else "")

    @property
    def owner(self):
        """The team, or the key at the vendor, that the target belongs to or is."""
        return "/".join(self.target.split("/")[:2])

    def __str__(self):
        told = f"{self.status} {self.error}".strip() if self.is_heard else "no reply"
        what = f" {self.target}" if self.team or self.key else ""
        terms = {name: value for name, value in (self.content or {}).items() if name != "secret"}
        repeat = f" as {self.idempotency_key}" if self.idempotency_key else ""
        return f"call {self.number}, {self.action}{what}{f' {terms}' if terms else ''}{repeat}: {told}"


class Calls:
    """Every call in order: each is made after the previous one was answered or lost. Guarded: `lock` protects the list;
    a call belongs to its caller."""

    def __init__(self):
        self.lock = threading.Lock()
        self.calls = []

    def add(self, action, **members):
        """Called before the call is sent: one without a reply must be recorded, too."""
        with self.lock:
            self.calls.append(Call(len(self.calls) + 1, action, **members))
            return self.calls[-1]

    def snapshot(self):
        """Copies that do not change: a reply may come during an audit."""
        with self.lock:
            return [dataclasses.replace(each) for each in self.calls]

    def save(self, path):
        path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in self.snapshot()))

    @classmethod
    def load(cls, path):
        record = cls()
        if path.exists():
            record.calls = [Call(**json.loads(line)) for line in path.read_text().splitlines()]
        return record
