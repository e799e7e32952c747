"""The replies that clients received: the record that the store and the vendor's charges are checked against."""

import base64
import decimal
import json
import re
import threading
import time
from dataclasses import asdict, dataclass

from questions import Question


def micros(text):
    """Credits in whole micro-credits; None for None. Throws when they are not whole."""
    if text is None:
        return None
    value = decimal.Decimal(str(text)) * 1_000_000
    if value != value.to_integral_value():
        raise ValueError(f"{text} has more than six decimals")
    return int(value)


def credits(amount):
    """Micro-credits in readable form."""
    return f"{decimal.Decimal(amount) / 1_000_000:f}"


@dataclass
class Answer:
    """One request and the complete reply, if one came. Without a status the client received none."""

    request_id: str
    team: str
    key: str
    account: str
    question: Question
    directive: str | None  # of Cache-Control
    sent: float  # monotonic seconds
    answered: float | None = None
    day: int | None = None  # the day in UTC, the same before and after; None around midnight
    status: int | None = None
    cache_status: str = ""
    charged: int | None = None
    saved: int | None = None
    remaining: int | None = None
    body: bytes = b""
    echo: str | None = None  # the reply's x-request-id
    is_final: bool = False  # the last answer for its key, with nothing else under way
    node: str = ""  # the gateway that was asked, where there are several

    @property
    def is_heard(self):
        return self.status is not None

    @property
    def is_hit(self):
        return bool(re.search(r"; *hit\b", self.cache_status))

    @property
    def is_collapsed(self):
        return bool(re.search(r"; *collapsed\b", self.cache_status))

    @property
    def is_forwarded(self):
        """Whether the reply is the vendor's to this same request."""
        return "fwd=" in self.cache_status and not self.is_collapsed

    @property
    def is_stored(self):
        return bool(re.search(r"; *stored\b", self.cache_status))

    @property
    def may_have_stored(self):
        """Whether the vendor's reply may be stored although the client did not get it: the store could no longer take
        it, or the gateway was gone."""
        return not self.is_heard or self.error == "store_unavailable"

    @property
    def error(self):
        """The code in the error's shape; empty without one."""
        try:
            return str(json.loads(self.body).get("error", "")) if self.status != 200 else ""
        except (ValueError, AttributeError):
            return ""

    def took(self, status, fields, body):
        self.answered = time.monotonic()
        self.status, self.body = status, body
        self.echo = fields.get("x-request-id")
        self.cache_status = fields.get("Cache-Status", "")
        self.charged, self.saved, self.remaining = (
            micros(fields.get(f"tollgate-{name}")) for name in ("credits-charged", "credits-saved", "budget-remaining")
        )

    def __str__(self):
        what = f"{self.status} {self.cache_status!r} {self.error}" if self.is_heard else "no reply"
        asked = f"{self.question.document} pages {self.question.pages} {self.question.model} {self.directive or ''}"
        at = f" at {self.node}" if self.node else ""
        return f"request {self.request_id} of {self.team}/{self.key}{at} about {asked.strip()}: {what.strip()}"


class Record:
    """Every request of a store's life. Guarded: `lock` protects the list; an answer belongs to the thread that asks."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answers = []
        self.serial = 0

    def new_request_id(self):
        with self.lock:
            self.serial += 1
            return f"crash-{self.serial}"

    def add(self, answer):
        """Called before the request is sent: one without a reply must be recorded, too."""
        with self.lock:
            self.answers.append(answer)

    def snapshot(self):
        with self.lock:
            return list(self.answers)

    def forget(self):
        """Clients are not held to what they were told until now."""
        with self.lock:
            self.answers.clear()

    def save(self, path):
        with open(path, "w") as file:
            for answer in self.snapshot():
                members = asdict(answer) | {"body": base64.b64encode(answer.body).decode()}
                file.write(json.dumps(members) + "\n")

    @classmethod
    def load(cls, path):
        record = cls()
        for line in path.read_text().splitlines():
            members = json.loads(line)
            members["question"] = Question(**members["question"])
            members["body"] = base64.b64decode(members["body"])
            record.answers.append(Answer(**members))
        return record
