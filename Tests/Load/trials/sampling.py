"""What a process takes: memory, descriptors, threads and processor time, and what its metrics say."""

import os
import pathlib
import re
import statistics
import threading
import time
from dataclasses import dataclass

from inquiry import ask
from processes import PATIENCE


def eventually(condition, seconds=PATIENCE):
    """Whether the condition comes to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def scrape(port):
    """The metrics without labels, by name; empty while nobody answers."""
    _, text = ask(port, "GET", "/metrics")
    return {found[1]: float(found[2]) for found in re.finditer(r"^(\w+) (\S+)$", text, re.MULTILINE)}


@dataclass(frozen=True)
class Sample:
    """Of a process at one moment."""

    at: float  # monotonic seconds
    resident: float  # MiB
    highest: float  # MiB, since the start or the last reset
    descriptors: int
    threads: int
    processor: float  # seconds of all threads

    @classmethod
    def of(cls, pid):
        folder = pathlib.Path(f"/proc/{pid}")
        status = (folder / "status").read_text()
        resident, highest, threads = (
            int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[1]) for name in ("VmRSS", "VmHWM", "Threads"))
        times = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        processor = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
        return cls(time.monotonic(), resident / 1024, highest / 1024, len(list((folder / "fd").iterdir())), threads,
                   processor)

    def __str__(self):
        return f"{self.resident:.1f} MiB, {self.descriptors} descriptors, {self.threads} threads"


def reset_highest(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5)


class Sampler(threading.Thread):
    """Samples a process until the end of it or of the trial."""

    def __init__(self, pid, interval):
        super().__init__(daemon=True)
        self.pid, self.interval, self.samples = pid, interval, []
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(self.interval):
            try:
                self.samples.append(Sample.of(self.pid))
            except (OSError, TypeError):  # it has ended
                return

    def end(self):
        self.is_over.set()
        self.join()
        return self.samples


def thirds(samples, member):
    """The medians of a member in the first, second and last third."""
    size = len(samples) // 3
    parts = samples[:size], samples[size:2 * size], samples[2 * size:]
    return [statistics.median(getattr(each, member) for each in part) for part in parts]
