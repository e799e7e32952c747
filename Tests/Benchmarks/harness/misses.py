"""Misses: the time that the gateway adds to a vendor that takes 20 ms, and what it takes when the vendor takes none."""

import os
import re
import time

from contestants import Nginx, Tollgate
from load import Load
from machine import processor_seconds
from processes import BenchmarkFailure
from questions import VENDOR_KEY
from tables import at_least, at_most, markdown, median, number, with_ratio

IN_FLIGHT = (1, 64, 500)
DELAY_MS = 20
FULL_IN_FLIGHT = 64
# What a gateway leaves for after its replies (roll-ups, the access log) is done by then.
SETTLE_SECONDS = 2.5


class MissesPart:
    def __init__(self, bench):
        self.bench = bench

    def run(self):
        bench = self.bench
        gateway = Tollgate(bench)
        gateway.run()
        gateway.warm()
        bench.vendor.set_delay(DELAY_MS)
        points = (64,) if bench.plan.is_quick else IN_FLIGHT
        rows = [self.row(gateway, in_flight) for in_flight in points]
        gateway.stop()
        bench.vendor.reset()
        columns = ["in flight", "direct/s", "through Tollgate/s", "direct p50 ms", "p99 ms", "Tollgate p50 ms",
                   "p99 ms", "added p50 ms", "added p99 ms", "fsync ms", "fsync of a growing file ms",
                   "misses per fsync", "target"]
        return markdown(f"Misses, vendor answers in {DELAY_MS} ms", columns, rows, [
            "fsync: the median of fdatasyncs of 4 KiB in the store's folder, thirty before each round; over pages that "
            "are there, which is what the target counts, and at the end of a file, which also changes its length.",
            "The same number of connections asks the vendor itself and through one worker, in turns; each request is "
            "about a new document. Both ways end with the same simulated vendor, which shares its core with wrk: where "
            "the two rates differ, the machine was full and times show queues.",
            "Misses per fsync are counted with strace in a run of their own."]) + "\n" + self.full()

    def full(self):
        """The processor time of a miss while the vendor answers at once and clients never pause."""
        contestants = [Nginx(self.bench, cached=True).run(), Tollgate(self.bench).run()]
        for contestant in contestants:
            contestant.warm()
        runs = {contestant: [] for contestant in contestants}
        for _ in range(self.bench.plan.rounds):
            for contestant in contestants:
                before = processor_seconds(contestant.pids)
                result = self.load(contestant.url, FULL_IN_FLIGHT).finish()
                time.sleep(SETTLE_SECONDS)
                micros = (processor_seconds(contestant.pids) - before) / result.requests * 1e6
                runs[contestant].append((micros, result.rate))
        nginx, gateway = contestants
        rows = []
        for contestant in contestants:
            micros, rates = zip(*runs[contestant])
            ratio = median(mine / its for (mine, _), (its, _) in zip(runs[contestant], runs[nginx]))
            verdict = at_most("CPU", ratio, 1.2) if contestant is gateway else ""
            rows.append([contestant.name, with_ratio(median(micros), ratio), number(median(rates)), verdict])
            contestant.stop()
        return markdown("Misses at full load", ["contestant", "CPU µs each", "misses/s", "target"], rows, [
            f"{FULL_IN_FLIGHT} at once, each about a new document; the vendor, on the core of wrk, answers at once.",
            "nginx writes each answer to a file and syncs nothing; Tollgate's reservation and settlement are durable."])

    def row(self, gateway, in_flight):
        direct, through, syncs, growing_syncs = [], [], [], []
        for _ in range(self.bench.plan.rounds):
            syncs += sync_seconds(gateway.folder, grows=False)
            growing_syncs += sync_seconds(gateway.folder, grows=True)
            direct.append(self.load(self.bench.vendor.url, in_flight, VENDOR_KEY).finish())
            through.append(self.through(gateway, in_flight))
        sync = median(syncs) * 1e6
        added = {
            name: median(getattr(mine, name) - getattr(theirs, name) for mine, theirs in zip(through, direct))
            for name in ("p50", "p99")
        }
        figures = [
            median(run.rate for run in direct), median(run.rate for run in through),
            *(median(getattr(run, name) for run in direct) / 1e3 for name in ("p50", "p99")),
            *(median(getattr(run, name) for run in through) / 1e3 for name in ("p50", "p99")),
            added["p50"] / 1e3, added["p99"] / 1e3, sync / 1e3, median(growing_syncs) * 1e3,
            self.misses_per_sync(gateway, in_flight),
        ]
        verdict = at_most("added p50", added["p50"] / 1e3, round(sync / 1e3 + 0.3, 2), " ms")
        if in_flight >= 500:
            verdict += "; " + at_least("misses per fsync", figures[-1], 2)
        return [str(in_flight), *map(number, figures), verdict]

    def load(self, url, in_flight, key=None):
        cores = self.bench.cores.load
        threads = min(len(cores), in_flight, 4)
        parameters = self.bench.parameters.fresh(threads, **({"key": key} if key else {}))
        return Load(self.bench, "fresh.lua", parameters, url, cores, in_flight, self.bench.plan.seconds)

    def through(self, gateway, in_flight):
        """There must be exactly one vendor call per answer."""
        calls = self.bench.vendor.calls()
        result = self.load(gateway.url, in_flight).finish()
        time.sleep(0.2)
        made = self.bench.vendor.calls() - calls
        # Calls in flight when wrk ended reached the vendor, too.
        if not result.requests <= made <= result.requests + in_flight:
            raise BenchmarkFailure(f"{result.requests} misses made {made} calls of the vendor")
        return result

    def misses_per_sync(self, gateway, in_flight):
        counts = gateway.folder / f"syncs-{in_flight}"
        tracer = self.bench.session.start(
            f"strace-{in_flight}",
            ["strace", "--follow-forks", "-c", "-e", "trace=fsync,fdatasync", "-o", counts, "-p", gateway.pids[0]],
            self.bench.cores.load,
        )
        time.sleep(0.5)
        result = self.load(gateway.url, in_flight).finish()
        self.bench.session.end(tracer)
        calls = sum(int(row[3]) for row in map(str.split, counts.read_text().splitlines())
                    if len(row) >= 5 and re.fullmatch(r"f(data)?sync", row[-1]))
        if calls == 0:
            raise BenchmarkFailure("misses were answered without an fsync")
        return result.requests / calls


def sync_seconds(folder, grows):
    """How long each of thirty fdatasyncs of a page takes here."""
    pages, times = 30, []
    path = folder / "sync"
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    if not grows:
        os.pwrite(file, b"x" * 4096 * pages, 0)
        os.fsync(file)
    for page in range(pages):
        os.pwrite(file, b"y" * 4096, page * 4096)
        start = time.monotonic()
        os.fdatasync(file)
        times.append(time.monotonic() - start)
    os.close(file)
    path.unlink()
    return times
