"""Load: runs wrk (or the pacer) and reads its figures."""

import csv
import os
import pathlib
import re
import time
from dataclasses import dataclass

import questions
from processes import BenchmarkFailure, complaint

LOADS = pathlib.Path(__file__).resolve().parent.parent / "loads"
# From here on wrk itself is the limit, and hits/s say nothing about the server.
FULL = 0.95


@dataclass(frozen=True)
class LoadResult:
    requests: int
    seconds: float
    p50: float  # microseconds, like the next two
    p99: float
    p999: float
    own_share: float  # of its cores' time that the load generator used
    own_seconds: float  # of processor time that it used

    @property
    def rate(self):
        return self.requests / self.seconds


class Load:
    """One run of wrk under way."""

    def __init__(self, bench, script, parameters, url, cores, connections, seconds, threads=None):
        self.seconds, self.cores = seconds, cores
        threads = threads or min(len(cores), connections, 4)
        command = [
            "wrk", "--latency", "--threads", threads, "--connections", connections, "--duration", f"{seconds}s",
            "--timeout", "20s", "--script", LOADS / script, url, "--", parameters,
        ]
        self.start(bench, command)

    def start(self, bench, command):
        self.bench = bench
        self.output = bench.session.folder / f"load-{bench.loads_made}.stdout"
        bench.loads_made += 1
        self.process = bench.session.start(f"load-{bench.loads_made}", command, self.cores, self.output)

    def finish(self):
        """Waits for the end. Anything but 200s fails the benchmark."""
        used, seconds = wait(self.process, self.seconds + 60)
        self.bench.session.end(self.process)
        text = self.output.read_text()
        found = re.search(r"^RESULT (.*)$", text, re.MULTILINE)
        if found is None:
            raise BenchmarkFailure(f"the load generator gave no result: {text}\n{complaint(self.process)}")
        values = {name: float(value) for name, value in re.findall(r"(\w+)=([-\w.]+)", found.group(1))}
        bad = {name: int(values[name]) for name in ("errors", "not_ok", "timeouts") if values[name] > 0}
        if bad or values["requests"] == 0:
            raise BenchmarkFailure(f"not every request was answered with 200: {bad}, {found.group(1)}")
        return LoadResult(
            int(values["requests"]), values["seconds"], values["p50"], values["p99"], values["p999"],
            used / (seconds * len(self.cores)), used,
        )


class PacedLoad(Load):
    """One run of the pacer: a fixed rate, whatever the server does."""

    def __init__(self, bench, parameters, port, cores, rate, seconds):
        self.seconds, self.cores = seconds, cores[:1]
        command = ["luajit", LOADS / "pacer.lua", port, round(rate), seconds, 64, parameters]
        self.start(bench, command)


class HandshakeLoad(Load):
    """Requests with a connection and a full handshake of TLS each. By hey, which keeps no session; wrk resumes them."""

    def __init__(self, bench, url, cores, connections, seconds):
        self.seconds, self.cores = seconds, cores
        body = bench.session.folder / "question.json"
        body.write_text(questions.body(0))
        self.start(bench, [
            "hey", "-z", f"{seconds}s", "-c", connections, "-cpus", len(cores), "-disable-keepalive", "-o", "csv",
            "-m", "POST", "-T", "application/json", "-H", f"x-api-key: {questions.TEAM_KEY}", "-D", body, url,
        ])

    def finish(self):
        """Waits for the end. Anything but 200s fails the benchmark."""
        used, seconds = wait(self.process, self.seconds + 60)
        self.bench.session.end(self.process)
        with self.output.open() as file:
            rows = list(csv.DictReader(file))
        bad = {row["status-code"] for row in rows} - {"200"}
        if bad or not rows:
            raise BenchmarkFailure(f"not every request was answered with 200: {bad}\n{complaint(self.process)}")
        times = sorted(float(row["response-time"]) * 1e6 for row in rows)
        p50, p99, p999 = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99, 0.999))
        return LoadResult(len(rows), seconds, p50, p99, p999, used / (seconds * len(self.cores)), used)


def wait(process, seconds_max):
    """Waits for the end; returns the CPU time it took, and how long it ran since this call."""
    start = time.monotonic()
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime, time.monotonic() - start
        if time.monotonic() - start > seconds_max:
            raise BenchmarkFailure(f"the load does not end: {complaint(process)}")
        time.sleep(0.01)


def fill(bench, contestant, documents):
    """Asks a contestant about each document once."""
    load = Load(
        bench, "fill.lua", bench.parameters.fill(documents), contestant.url, bench.cores.load, 64, 900, threads=1
    )
    wait(load.process, 900)
    if load.process.returncode != 0:
        raise BenchmarkFailure(f"{contestant.name} cannot be filled: {complaint(load.process)}")
    bench.session.end(load.process)

