"""Kills at every system call: at the first fsync, the second and so on; the same for writes, sends and receives."""

import random
import shutil
import signal
from dataclasses import dataclass

from audit import Violation
from store_life import StoreLife
from tracing import Injection, UnsyncedWrites, count_command, injected_at, most_calls

ROUNDS = 3  # of the load: with 8 threads of 10 requests each, 240 requests
# A crash that leaves reservations, results and a log behind, for kills during the recovery from it.
FIRST_CRASH = Injection("fdatasync", "30")
BEYOND_MAX = 4  # maximum of points after the last planned one, while they still fire


# Files of a store by suffix. Calls on the main file belong to a checkpoint.
FILES = {"": "main file", "-wal": "log"}


@dataclass(frozen=True)
class Series:
    """Kills in one stage of a gateway's life, at one system call."""

    stage: str  # start: on an empty folder; load; recovery: on what a crash left
    syscall: str
    weight: int  # share of the points
    effect: str = "signal=SIGKILL"
    file: str | None = None  # only calls on this file of the store count: its suffix
    price_factor: int = 1

    @property
    def name(self):
        kill = "" if self.is_kill else " " + self.effect
        return f"{self.stage}: {self.syscall}{'' if self.file is None else ' on the ' + FILES[self.file]}{kill}" + (
            f", at {self.price_factor} times the estimate" if self.price_factor > 1 else "")

    @property
    def is_kill(self):
        return self.effect.startswith("signal")


# The gateway's I/O calls: recvfrom from clients and the vendor, sendto to both, writev for what is long, read and write
# to wake a thread, write for the access log. Builds differ in the calls they make, so others are listed, too; calls
# that are never made are skipped.
SERIES = (
    Series("load", "fdatasync", 9), Series("load", "pwrite64", 10), Series("load", "sendto", 6),
    Series("load", "recvfrom", 8), Series("load", "read", 3), Series("load", "write", 3),
    Series("load", "epoll_wait", 3), Series("load", "connect", 2), Series("load", "accept4", 2),
    Series("load", "writev", 3), Series("load", "sendmsg", 3), Series("load", "recvmsg", 3), Series("load", "readv", 3),
    Series("load", "fsync", 3), Series("load", "ftruncate", 1), Series("load", "unlink", 1), Series("load", "close", 1),
    Series("load", "pwrite64", 4, file=""), Series("load", "fdatasync", 1, file=""),
    Series("load", "fdatasync", 2, price_factor=5), Series("load", "sendto", 2, price_factor=5),
    Series("start", "pwrite64", 3), Series("start", "fdatasync", 2), Series("start", "ftruncate", 1),
    Series("start", "unlink", 1),
    Series("recovery", "pwrite64", 3), Series("recovery", "fdatasync", 2), Series("recovery", "ftruncate", 1),
    Series("recovery", "unlink", 1),
    # A failed fsync is not retried: the gateway ends, and unacknowledged changes may be gone. SQLite ignores an error
    # of the folder's fsync, so only those of the files are made to fail.
    Series("load", "fdatasync", 2, effect="error=EIO", file="-wal"),
    Series("load", "fdatasync", 1, effect="error=EIO", file=""),
)
# Skipped by the quick run.
QUICK = {(series.stage, series.syscall) for series in SERIES} - {
    ("load", "accept4"), ("load", "close"), ("load", "connect"), ("start", "unlink"), ("recovery", "unlink"),
    ("load", "ftruncate"), ("start", "ftruncate"), ("recovery", "ftruncate"),
}


def numbers(count, most):
    """`count` numbers from 1 to `most`: consecutive at first, then with growing gaps."""
    if count >= most:
        return list(range(1, most + 1))
    dense = max(1, count // 3)
    chosen = list(range(1, dense + 1))
    ratio = (most / dense) ** (1 / max(1, count - dense))
    for step in range(1, count - dense + 1):
        chosen.append(max(chosen[-1] + 1, round(dense * ratio ** step)))
    return chosen


def share(series, most, points):
    """The number of points of each series, by weight; points that one cannot use go to the others."""
    shares = dict.fromkeys(series, 0)
    open_series = [each for each in series if most[each]]
    left = points
    while left > 0 and open_series:
        weight = sum(each.weight for each in open_series)
        given = 0
        for each in sorted(open_series, key=lambda each: -each.weight):
            wanted = max(1, round(left * each.weight / weight))
            more = min(wanted, most[each] - shares[each], left - given)
            shares[each] += more
            given += more
        left -= given
        open_series = [each for each in open_series if shares[each] < most[each]]
        if given == 0:
            break
    return shares


class Points:
    """Rehearses each stage to see how often each call is made, then kills at chosen ones."""

    def __init__(self, bench, count, is_quick):
        self.bench, self.count, self.is_quick = bench, count, is_quick
        self.template = None  # a store with its tables created
        self.torn = 0

    def run(self):
        series = [each for each in SERIES if not self.is_quick or (each.stage, each.syscall) in QUICK]
        most = self.rehearse(series)
        shares = share(series, most, self.count)
        for each in series:
            if shares[each]:
                self.run_series(each, numbers(shares[each], most[each]))
        self.bench.say(f"{self.torn} stores were torn as a power failure could")

    # MARK: Rehearsal

    def rehearse(self, series):
        """How often the busiest thread makes each call, by series; 0 for never."""
        calls = {stage: [each.syscall for each in series if each.stage == stage] for stage in
                 ("start", "load", "recovery")}
        counts = {}
        with StoreLife(self.bench, "rehearsal", "rehearsal") as life:
            trace = life.folder / "start.trace"
            life.gateway.must_start(count_command(trace, calls["start"]))
            life.stop_and_audit()
            counts["start"] = most_calls(trace)
            self.template = self.bench.session.new_folder("template")
            shutil.copy(life.gateway.store, self.template / "tollgate.db")
            trace = life.folder / "load.trace"
            life.gateway.must_start(count_command(trace, calls["load"]))
            life.load(ROUNDS, has_time_out=True).join()
            life.stop_and_audit()
            counts["load"] = most_calls(trace)
            by_file = {suffix: most_calls(trace, f"{life.gateway.store}{suffix}") for suffix in FILES}
            life.restart_and_audit()
            answers = life.record.snapshot()
            self.bench.say(f"rehearsal: {len(answers)} requests, {sum(each.is_hit for each in answers)} hits, "
                           f"{sum(each.is_collapsed for each in answers)} collapsed, "
                           f"{sum(each.error == 'budget_exceeded' for each in answers)} refused")
        with StoreLife(self.bench, "rehearsal", "rehearsal of a crash") as life:
            self.first_crash(life)
            trace = life.folder / "recovery.trace"
            life.gateway.must_start(count_command(trace, calls["recovery"]))
            life.stop_and_audit()
            counts["recovery"] = most_calls(trace)
        return {each: (counts[each.stage] if each.file is None else by_file[each.file])[each.syscall]
                for each in series}

    def first_crash(self, life):
        """A crash during a load. It does not matter whether the kill fires at its call or at the stop."""
        self.place_template(life)
        if life.gateway.start(FIRST_CRASH.command(life.folder / "first.trace")):
            life.load(ROUNDS).join()
        life.gateway.kill()
        life.audit_after_kill()

    def place_template(self, life):
        shutil.copy(self.template / "tollgate.db", life.gateway.store)

    # MARK: Points

    def run_series(self, series, whens):
        fired, audits = 0, self.bench.audits
        for when in whens:
            fired += self.run_point(series, when)
        done = len(whens)
        if not self.is_quick:
            # Continues until no point fires any more.
            when = whens[-1]
            for _ in range(BEYOND_MAX):
                when = max(when + 1, when * 5 // 4)
                done += 1
                if not self.run_point(series, when):
                    break
                fired += 1
        self.bench.fired += fired
        self.bench.say(f"{series.name}: {fired} of {done} points fired, {self.bench.audits - audits} audits passed")

    def run_point(self, series, when):
        """One life with one fault; returns whether the fault fired."""
        seed = f"{series.name} {when}"
        generator = random.Random(f"{self.bench.seed} {seed}")
        with StoreLife(self.bench, f"{series.stage}-{series.syscall}-{when}", seed, series.price_factor,
                       response_timeout="1s") as life:
            life.notes.append(f"point: {series.name}, call {when} of a thread")
            if series.stage == "recovery":
                self.first_crash(life)
            elif series.stage == "load":
                self.place_template(life)
            trace = life.folder / "gateway.trace"
            path = None if series.file is None else f"{life.gateway.store}{series.file}"
            injection = Injection(series.syscall, str(when), series.effect, path)
            status = self.live(series, life, injection.command(trace), generator)
            came = self.when_it_came(series, trace, status)
            life.notes.append(f"the gateway ended with {status}; the fault came: {came}")
            self.judge_end(series, life, status, came)
            if came != "never":
                # If only one file is traced, it is unknown what is not yet on disk.
                if path is None and series.is_kill and generator.random() < 0.5:
                    self.tear(life, trace, generator)
                life.audit_after_kill()
            elif series.stage != "recovery":
                life.vendor.finish_calls()
                life.audit(is_stopped=True)
            # Two of twelve teams spend their whole rest; one in quick runs.
            life.restart_and_audit(probes=1 if self.is_quick else 2)
        return came != "never"

    @staticmethod
    def when_it_came(series, trace, status):
        if series.is_kill:
            return "in life" if status == -signal.SIGKILL else "never"
        return injected_at(trace)

    @staticmethod
    def live(series, life, command, generator):
        """A gateway's life under the tool: start, optional load, an orderly end unless it ends before; returns its
        status."""
        if life.gateway.start(command):
            if series.stage == "load":
                life.load(ROUNDS, has_time_out=generator.random() < 0.2).join()
            life.gateway.signal(signal.SIGTERM)
        return life.gateway.end()

    @staticmethod
    def judge_end(series, life, status, came):
        if came == "never" and status != 0:
            raise Violation(f"end: without a fault, {life.gateway.process.complaint()}")
        # At the end nothing is left to acknowledge: what a failed checkpoint did not write is in the log.
        if came == "in life" and not series.is_kill and status <= 0:
            raise Violation(f"store: after {series.effect} on {series.syscall} the gateway must end by itself with a "
                            f"status other than 0; {life.gateway.process.complaint()}")

    def tear(self, life, trace, generator):
        torn = UnsyncedWrites(trace).tear(generator, life.gateway.store)
        life.notes += torn
        self.torn += bool(torn)


