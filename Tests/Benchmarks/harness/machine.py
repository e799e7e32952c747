"""The machine: the assignment of cores, the usage of processes, and the description of both for the report."""

import datetime
import os
import pathlib
import platform
import subprocess
import sys
from dataclasses import dataclass

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cores:
    """The assignment of cores. The server has the last one; the load generators and the simulated vendor the others."""

    available: tuple[int, ...]
    server: tuple[int, ...]
    server_pair: tuple[int, ...]
    load: tuple[int, ...]
    load_beside_pair: tuple[int, ...]

    @property
    def server_is_alone(self):
        return not set(self.server) & set(self.load)

    @property
    def pair_is_alone(self):
        return len(self.server_pair) == 2 and not set(self.server_pair) & set(self.load_beside_pair)

    def describe(self):
        if not self.server_is_alone:
            return "one core, shared by server and load: figures are not those of the server alone"
        pair = "cores of their own" if self.pair_is_alone else "both cores, one of them shared with the load"
        return f"server on core {self.server[0]}, load on {list(self.load)}; two workers have {pair}"


def choose_cores():
    available = sorted(os.sched_getaffinity(0))
    if len(available) == 1:
        only = tuple(available)
        return Cores(only, only, only, only, only)
    pair = tuple(available[-2:])
    rest = tuple(available[:-2])
    return Cores(tuple(available), (available[-1],), pair, tuple(available[:-1]), rest or (available[0],))


def processes_of(root):
    """The process and all its descendants that are alive."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in task.read_text().split()]
            except OSError:
                pass
    return found


def processor_seconds(roots):
    """User and system time that the processes and their descendants have used so far."""
    ticks = 0
    for root in roots:
        for pid in processes_of(root):
            try:
                # The name, in parentheses, may hold spaces.
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def busy_seconds():
    """CPU time that all programs and, where reported, other guests of the host have used so far."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, interrupts, soft_interrupts, steal = map(int, fields[:8])
    return (user + nice + system + interrupts + soft_interrupts + steal) / TICKS_PER_SECOND


def resident_bytes(roots):
    """The resident memory of the processes and their descendants, current and peak."""
    now = peak = 0
    for root in roots:
        for pid in processes_of(root):
            try:
                lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
            except OSError:
                continue
            values = dict(line.split(":", 1) for line in lines if line.startswith(("VmRSS", "VmHWM")))
            now += int(values.get("VmRSS", "0 kB").split()[0]) * 1024
            peak += int(values.get("VmHWM", "0 kB").split()[0]) * 1024
    return now, peak


def start_spinners(session, cores):
    """A loop of idle priority on each core: without it virtual CPUs are put to sleep between requests, and p99 shows
    their wake-up time.

    It yields all the time: a non-preemptive kernel would otherwise leave it running until the next tick when another
    program becomes ready to run without a wake-up, such as a preempted thread.
    """
    program = (
        "import os\n"
        "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
        "while True: os.sched_yield()\n"
    )
    return [
        session.start(f"spinner-{core}", [sys.executable, "-c", program], cores=(core,)).pid
        for core in cores.available
    ]


def first_line(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.stdout.splitlines()[0].strip() if result.stdout else "unknown"


def describe(cores, repository):
    """The conditions of the figures, as a list of Markdown lines."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = first_line(["git", "-C", str(repository), "describe", "--always", "--dirty"])
    versions = ", ".join([
        f"Tollgate {commit}",
        first_line(["nginx", "-v"]).removeprefix("nginx version: "),
        first_line(["varnishd", "-V"]).split(" revision")[0].removeprefix("varnishd ").strip("()"),
        " ".join(first_line(["wrk", "-v"]).split()[:2]),
        first_line(["openssl", "version"]).split(" (")[0],
    ])
    return [
        f"- {datetime.date.today().isoformat()}; {model}, {len(cores.available)} core(s), {memory:.0f} GiB, "
        f"Linux {platform.release()}",
        f"- {versions}",
        f"- {cores.describe()}",
    ]
