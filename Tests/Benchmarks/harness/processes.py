"""Processes that the benchmark starts: all are ended with it, however it ends."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG = 1


class BenchmarkFailure(Exception):
    """A figure would be misleading; the run ends with this message."""


def end_with_parent():
    """Runs in the child: it gets SIGTERM when the benchmark is gone, even by SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Session:
    """A temporary folder and the processes that work in it. A context manager: leaving it ends and removes all."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-benchmark-"))
        self.processes = []
        self.children_made = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.end(process)
        # A child of an ended server may still write its last file.
        for _ in range(50):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
            time.sleep(0.1)

    def new_folder(self, name):
        self.children_made += 1
        folder = self.folder / f"{self.children_made}-{name}"
        folder.mkdir()
        return folder

    def start(self, name, command, cores, output=None):
        """Starts a program on these cores. Its output goes to `output` or to a log that failures quote."""
        log = self.folder / f"{name}.stderr"
        pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *map(str, command)]
        with open(log, "ab") as errors, open(output or log, "ab") as lines:
            # A process group of its own: Ctrl-C reaches this program alone, which ends the others in order. But no
            # session of its own: where the kernel shares time among sessions first (autogroup), a spinner of idle
            # priority would get half of its core from the server.
            process = subprocess.Popen(
                pinned, stdin=subprocess.DEVNULL, stdout=lines, stderr=errors, process_group=0,
                preexec_fn=end_with_parent,
            )
        process.name, process.log = name, log
        self.processes.append(process)
        return process

    def end(self, process):
        """SIGTERM, and SIGKILL to its whole group when that does not help within ten seconds."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process in self.processes:
            self.processes.remove(process)


def complaint(process):
    """The last output of a process, for a failure's message."""
    return f"{process.name}: {process.log.read_text(errors='replace')[-2000:]}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_listening(process, port, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchmarkFailure(f"ended at its start: {complaint(process)}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise BenchmarkFailure(f"does not listen: {complaint(process)}")
