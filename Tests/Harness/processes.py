"""Processes that a crash test starts: all are ended with it, however it ends."""

import collections
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

PR_SET_PDEATHSIG = 1
# The bound of every wait. No verdict depends on it: an event that does not come is a failure.
PATIENCE = float(os.environ.get("TOLLGATE_TEST_PATIENCE", 60))


class TestFailure(Exception):
    """The test could not be run, which says nothing about the invariants; the run ends with this message."""


def end_with_parent():
    """Runs in the child: it is killed when the test is gone, even by SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Session:
    """A temporary folder and the processes that work in it. A context manager: leaving it ends all and removes the
    folder.

    Folders in which a violation was found are kept.
    """

    def __init__(self, prefix):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
        self.processes = []
        self.kept = []
        self.children_made = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes[:]):
            process.kill()
        if not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    def new_folder(self, name):
        self.children_made += 1
        folder = self.folder / f"{self.children_made}-{name}"
        folder.mkdir()
        return folder

    def remove(self, folder):
        if folder not in self.kept:
            shutil.rmtree(folder, ignore_errors=True)

    def start(self, command, log, environment=None, prepare=None):
        """`environment` is added to this program's own; `prepare` runs in the child before the program."""
        process = Process(self, [str(word) for word in command], log, environment or {}, prepare)
        self.processes.append(process)
        return process


class Process:
    """A program in a process group of its own. Its standard error is appended to `log`."""

    def __init__(self, session, command, log, environment, prepare=None):
        self.session, self.log = session, log

        def begin():
            end_with_parent()
            if prepare:
                prepare()

        with open(log, "ab") as errors:
            self.popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, process_group=0,
                preexec_fn=begin, env={**os.environ, **environment},
            )
        self.output = Output(self.popen.stdout)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def has_ended(self):
        return self.popen.poll() is not None

    def wait(self, seconds=PATIENCE):
        """Its exit status, negative for a signal; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=seconds)
        if self.popen.returncode is not None and self in self.session.processes:
            self.session.processes.remove(self)
        return self.popen.returncode

    def kill(self):
        """SIGKILL to its group, which is this process and what it started."""
        if not self.has_ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        return self.wait()

    def complaint(self):
        """Its last output, for a failure's message."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"status {self.popen.returncode}: {text[-2000:]}"


class Output:
    """Reads standard output to its end, so that the program never waits for it; keeps the last lines."""

    def __init__(self, stream):
        self.stream = stream
        self.lines = collections.deque(maxlen=100)
        self.announcements = []  # that it listens, which it may do again
        self.is_at_end = False
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.stream:
            with self.changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                if " listening on " in self.lines[-1]:
                    self.announcements.append(self.lines[-1])
                self.changed.notify_all()
        with self.changed:
            self.is_at_end = True
            self.changed.notify_all()
        self.stream.close()

    def count(self, announcement):
        """How many announcements begin so."""
        with self.changed:
            return sum(line.startswith(announcement) for line in self.announcements)

    def ports_after(self, announcement):
        """The ports of the URLs in the first line with this beginning; none when the output ended without it."""
        deadline = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                for line in self.announcements:
                    if line.startswith(announcement):
                        return [int(port) for port in re.findall(r"https?://\S+:(\d+)", line)]
                left = deadline - time.monotonic()
                if self.is_at_end or left <= 0:
                    return []
                self.changed.wait(left)
