"""strace: the system calls at which the gateway is killed or gets an error, and the writes not yet on disk."""

import collections
import pathlib
import re
from dataclasses import dataclass

SECTOR = 512
# Calls by which SQLite changes its files; their trace shows what a power failure could undo.
FILE_CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")


@dataclass(frozen=True)
class Injection:
    """What happens at the `when`-th call of one thread: each thread counts its own."""

    syscall: str
    when: str
    effect: str = "signal=SIGKILL"
    path: str | None = None  # only calls on this file count; the trace then has no others

    def command(self, trace):
        calls = ",".join(dict.fromkeys((*FILE_CALLS, self.syscall)))
        inject = f"inject={self.syscall}:{self.effect}:when={self.when}"
        only = [] if self.path is None else ["-P", self.path]
        return ["strace", "-f", "-q", "-y", "-s", "0", "-o", trace, "-e", f"trace={calls}", "-e", inject, *only]


def count_command(trace, syscalls):
    """Only traces, to find out how often each call is made."""
    calls = ",".join(dict.fromkeys((*FILE_CALLS, *syscalls)))
    return ["strace", "-f", "-q", "-y", "-s", "0", "-o", trace, "-e", f"trace={calls}"]


def most_calls(trace, path=None):
    """The number of calls of each kind by the busiest thread; with a path, on that file."""
    counts = collections.Counter()
    for line in read(trace):
        if found := re.match(r"(\d+) +(\w+)\(", line):
            if path is None or f"<{path}>" in line:
                counts[found[2], found[1]] += 1
    most = collections.Counter()
    for (call, _), count in counts.items():
        most[call] = max(most[call], count)
    return most


def injected_at(trace):
    """When an error was injected: `never`, `in life`, or `at the end`, after SIGTERM."""
    is_ending = False
    for line in read(trace):
        if "--- SIGTERM" in line:
            is_ending = True
        if "(INJECTED)" in line:
            return "at the end" if is_ending else "in life"
    return "never"


def read(trace):
    return trace.read_text(errors="replace").splitlines() if trace.exists() else []


class UnsyncedWrites:
    """The writes of a killed gateway that no fsync followed, by file, in order.

    Only calls that the trace shows as done count: a call that the kill prevented changed nothing, and the effect of a
    call whose end is not in the trace is unknown. So the damage done here never exceeds what a power failure could do.
    """

    def __init__(self, trace):
        self.by_file = collections.defaultdict(list)  # path -> [(offset, length)]
        self.begun = {}  # thread -> (call, arguments, writes to that file before it)
        for line in read(trace):
            self.take(line)

    def take(self, line):
        if found := re.match(r"(\d+) +<\.\.\. (\w+) resumed>.*\) += (-?\d+)", line):
            call, arguments, before = self.begun.pop(found[1], (None, "", 0))
            if call == found[2]:
                self.done(call, arguments, before, int(found[3]))
        elif found := re.match(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$", line):
            self.begun[found[1]] = found[2], found[3], len(self.by_file.get(self.path(found[3]), ()))
        elif found := re.match(r"(\d+) +(\w+)\((.*)\) += (-?\d+)", line):
            self.done(found[2], found[3], None, int(found[4]))

    @staticmethod
    def path(arguments):
        found = re.match(r"\d+<([^>]*)>", arguments)
        return found[1] if found else None

    def done(self, call, arguments, before, result):
        path = self.path(arguments)
        # A call that the kill ended is shown with the result -1, sometimes as an unsigned number.
        if result < 0 or result >= 1 << 63:
            return
        if call == "pwrite64":
            offset = int(arguments.rsplit(",", 1)[1])
            self.by_file[path].append((offset, result))
        elif call in ("fdatasync", "fsync"):
            # An fsync may have missed the writes made while it ran.
            del self.by_file[path][:len(self.by_file[path]) if before is None else before]
        elif call == "ftruncate":
            size = int(arguments.rsplit(",", 1)[1])
            self.by_file[path] = [each for each in self.by_file[path] if sum(each) <= size]
        elif call == "unlink" and (found := re.match(r'"(.*)"$', arguments)):
            self.by_file.pop(found[1], None)

    def tear(self, random, store):
        """Damages the store's files as a power failure could: from one write on, none is complete.

        A write at the end of its file may be missing; any other, and part of the last one, reads as garbage. The first
        sector of the main file stays, as a sector is written whole or not at all and SQLite never changes there what it
        needs to open the file. Returns what was done, for the report of a violation.
        """
        done = []
        # Neither -shm, which is never synced and is rebuilt after a power failure, nor the lock.
        for path in (pathlib.Path(f"{store}{suffix}") for suffix in ("", "-wal", "-journal")):
            writes = self.by_file.get(str(path))
            if not writes or not path.exists():
                continue
            lost = writes[random.randrange(len(writes)):]
            for offset, length in reversed(lost):
                done.append(self.tear_one(random, path, offset, length))
        return [each for each in done if each]

    @staticmethod
    def tear_one(random, path, offset, length):
        size = path.stat().st_size
        if offset >= size:
            return ""
        with open(path, "r+b") as file:
            if offset + length >= size and random.random() < 0.5:
                cut = random.randint(offset, size)
                file.truncate(cut)
                return f"{path.name} cut to {cut} of {size} bytes"
            start = offset + random.randrange(length)
            if not path.name.endswith(("-wal", "-journal")):
                start = max(start, SECTOR)
            end = min(offset + length, size)
            if start >= end:
                return ""
            file.seek(start)
            file.write(random.randbytes(end - start))
            return f"{path.name} {end - start} bytes of garbage at {start}"


class Attachment:
    """A signal at the `when`-th call of one thread of a program."""

    def __init__(self, syscall, when, signal):
        # What is said to PostgreSQL is in the calls that send.
        self.options = ["-s", "65536", "-e", f"trace=sendto,{syscall}", "-e",
                        f"inject={syscall}:signal={signal}:when={when}"]

    def command(self, thread, trace):
        """Attaches to a thread, and says so on standard error."""
        return ["strace", "-p", thread, "-o", trace, *self.options]

    def wrapping(self, trace):
        """What a program is started under; each thread counts for itself."""
        return ["strace", "-f", "-q", "-o", trace, *self.options]


def said_at_end(trace):
    """What was last sent to PostgreSQL, or was to be, in a word."""
    sent = [line for line in read(trace) if "sendto(" in line]
    if not sent:
        return "nothing"
    if "COMMIT" in sent[-1]:
        return "writes and COMMIT" if "INTO balances" in sent[-1] or "INTO ledger" in sent[-1] else "COMMIT"
    words = (word for text, word in SAID if text in sent[-1])
    return next(words, "others")


# What is in the text of a message, and what that is.
SAID = (
    ("INSERT INTO claims", "claims and locks"), ("FROM flights", "locks of endings"), ("SELECT seq, kind", "poll"),
    ("UPDATE nodes", "fence"), ("FROM balances", "balances"), ("SELECT", "reads"),
)
