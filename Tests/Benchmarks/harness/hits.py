"""Hits: every contestant under every load, in turn."""

import time
from dataclasses import dataclass

from connections import IdleConnections
from contestants import Minimal, Nginx, Tollgate, Varnish
from load import FULL, HandshakeLoad, Load, LoadResult, PacedLoad, fill
from machine import busy_seconds, processor_seconds
from processes import BenchmarkFailure
from questions import document
from tables import at_least, at_most, markdown, median, number, with_ratio

CONNECTIONS = 64
ZIPF_DOCUMENTS = 10_000
IDLE_CONNECTIONS = 10_000
MISS_CONNECTIONS = 16
HANDSHAKES_AT_ONCE = 16
MISS_DELAY_MS = 20
# A server that used this share of its core was the limit itself; the rest is tick accounting in the kernel.
SERVER_FULL = 0.9


@dataclass(frozen=True)
class Sample:
    """One run of one contestant under one load."""

    load: LoadResult
    cpu_micros: float  # per request
    resident: int
    resident_peak: int
    logged: float  # lines of the access log per request; less than 1 when lines were dropped
    foreign: float  # cores that other programs, or another guest of the host, used meanwhile

    server_share: float  # of its cores' time that the server used

    @property
    def is_load_full(self):
        return self.load.own_share >= FULL


def measure(contestant, load_of, misses=False):
    """Runs a load on a contestant. A vendor call that a hit load causes fails the benchmark."""
    vendor = contestant.bench.vendor
    hot = document(0) if misses else None
    calls = vendor.calls(hot)
    contestant.lines_logged()
    spinners = contestant.bench.spinners
    before, others_before = processor_seconds(contestant.pids), busy_seconds() - processor_seconds(spinners)
    result = load_of(contestant).finish()
    used = processor_seconds(contestant.pids) - before
    others = busy_seconds() - processor_seconds(spinners) - others_before
    time.sleep(0.5)  # until logs are flushed
    new = vendor.calls(hot) - calls
    if new:
        raise BenchmarkFailure(f"{contestant.name}: {new} hits became calls of the vendor")
    now, peak = contestant.resident()
    foreign = max(0, others - used - result.own_seconds) / result.seconds
    logged = contestant.lines_logged() / result.requests
    share = used / result.seconds / len(contestant.cores)
    return Sample(result, used / result.requests * 1e6, now, peak, logged, foreign, share)


class HitLoads:
    """The loads by name: each returns a function that starts it on a contestant."""

    def __init__(self, bench):
        self.bench, self.seconds = bench, bench.plan.seconds
        self.hot = bench.parameters.hot()
        self.closing = bench.parameters.hot(closes=True)
        self.zipf = None

    def wrk(self, contestant, script, parameters, url=None):
        return Load(
            self.bench, script, parameters, url or contestant.url, contestant.load_cores, CONNECTIONS, self.seconds
        )

    def hot_key(self, contestant):
        return self.wrk(contestant, "hot.lua", self.hot)

    def many_documents(self, contestant):
        return self.wrk(contestant, "zipf.lua", self.zipf)

    def spelled_differently(self, contestant):
        # To the others a new body is a miss, so they are asked in the one spelling that they have cached.
        if not isinstance(contestant, Tollgate):
            return self.hot_key(contestant)
        return self.wrk(contestant, "spelled.lua", self.bench.parameters.spelled())

    def over_tls(self, contestant):
        return self.wrk(contestant, "hot.lua", self.hot, contestant.tls_url)

    def handshakes(self, contestant):
        return HandshakeLoad(self.bench, contestant.tls_url, contestant.load_cores, HANDSHAKES_AT_ONCE, self.seconds)

    def new_connections(self, contestant):
        return self.wrk(contestant, "hot.lua", self.closing)


class HitsPart:
    """Starts the contestants, measures round by round, and makes the table."""

    def __init__(self, bench):
        self.bench, self.plan = bench, bench.plan
        self.loads = HitLoads(bench)
        self.samples = {}  # (load, contestant's name) -> samples, one a round
        self.notes = []

    def run(self):
        bench, plan = self.bench, self.plan
        one, two = Tollgate(bench, 1), Tollgate(bench, 2)
        nginx, fixed, varnish = Nginx(bench, cached=True), Nginx(bench, cached=False), Varnish(bench)
        everyone = [nginx, one, two, fixed, varnish]
        for contestant in everyone:
            contestant.run()
            contestant.warm()
        minimal = Minimal(bench, one).run()
        minimal.warm()
        self.turns("one hot key", [*everyone, minimal], self.loads.hot_key)
        if not plan.is_quick:
            documents = min(ZIPF_DOCUMENTS, plan.largest)
            self.loads.zipf = bench.parameters.zipf(documents)
            for contestant in everyone:
                fill(bench, contestant, documents)
            self.turns(f"Zipf over {documents:,} documents", everyone, self.loads.many_documents)
        self.turns("spelled differently each time", [nginx, one, two], self.loads.spelled_differently)
        if not plan.is_quick:
            self.turns("a new connection per request", [*everyone, minimal], self.loads.new_connections)
            self.over_tls(nginx, fixed)
            self.beside_idle_connections([nginx, one, varnish])
            self.beside_misses([nginx, one, varnish])
        paced = self.at_half_load([one, nginx, fixed])
        for contestant in [*everyone, minimal]:
            contestant.stop()
        return self.table() + "\n" + paced

    def turns(self, name, contestants, load_of, misses=False):
        for _ in range(self.plan.rounds):
            for contestant in contestants:
                sample = measure(contestant, load_of, misses)
                self.samples.setdefault((name, contestant.name), []).append(sample)

    def over_tls(self, nginx, fixed):
        one, two = (Tollgate(self.bench, workers, tls=True) for workers in (1, 2))
        for contestant in (one, two):
            contestant.run()
            # Over TLS Python would need the certificate; the load itself warms up.
            Load(self.bench, "hot.lua", self.loads.hot, contestant.tls_url, contestant.load_cores, 1, 1).finish()
        self.turns("TLS, keep-alive", [nginx, one, two, fixed], self.loads.over_tls)
        self.turns("TLS, a full handshake per request", [nginx, one], self.loads.handshakes)
        one.stop()
        two.stop()

    def beside_idle_connections(self, contestants):
        count = min(IDLE_CONNECTIONS, self.plan.largest)
        for contestant in contestants:
            with IdleConnections(contestant.port, count) as idle:
                for _ in range(self.plan.rounds):
                    name = (f"{count:,} idle connections", contestant.name)
                    self.samples.setdefault(name, []).append(measure(contestant, self.loads.hot_key))
                if idle.closed():
                    raise BenchmarkFailure(f"{contestant.name} closed {idle.closed()} idle connections")

    def beside_misses(self, contestants):
        bench = self.bench
        bench.vendor.set_delay(MISS_DELAY_MS)
        fresh = bench.parameters.fresh

        def load_of(contestant):
            misses = Load(bench, "fresh.lua", fresh(1), contestant.url, contestant.load_cores, MISS_CONNECTIONS,
                          self.plan.seconds + 1, threads=1)
            hits = self.loads.hot_key(contestant)
            return Pair(hits, misses)

        self.turns(f"hot key while {MISS_CONNECTIONS} misses are in flight", contestants, load_of, misses=True)
        bench.vendor.reset()

    def at_half_load(self, contestants):
        """A hit's time at half of the rate that each reached under the hot key."""
        runs = {contestant: [] for contestant in contestants}
        rates = {contestant: self.full_rate(contestant) / 2 for contestant in contestants}
        for _ in range(1 if self.plan.is_quick else self.plan.rounds):
            for contestant in contestants:
                load = PacedLoad(self.bench, self.loads.hot, contestant.port, contestant.load_cores,
                                 rates[contestant], self.plan.seconds)
                runs[contestant].append(load.finish())
                contestant.lines_logged()
        rows = [self.half_load_row(contestant.name, runs[contestant]) for contestant in contestants]
        columns = ["contestant", "hits/s", "p50 µs", "p99 µs", "p99.9 µs", "p99 / p50", "target"]
        notes = ["An open loop over 64 connections: pauses are random, and a time begins when the request was due, so "
                 "waiting of the load generator itself counts."]
        return markdown("A hit at half of full load", columns, rows, notes)

    def full_rate(self, contestant):
        samples = self.samples["one hot key", contestant.name]
        rate = median(sample.load.rate for sample in samples)
        if any(sample.is_load_full for sample in samples):
            # wrk was the limit: the server could do more.
            rate = max(rate, 1e6 / median(sample.cpu_micros for sample in samples))
        return rate

    def half_load_row(self, name, runs):
        p50, p99, p999 = (median(getattr(run, figure) for run in runs) for figure in ("p50", "p99", "p999"))
        verdict = ""
        if name.startswith("Tollgate"):
            # The pacer never sleeps: if it had less than its whole core, its own waiting was measured.
            share = min(run.own_share for run in runs)
            verdict = at_most("p99 / p50", p99 / p50, 2) if share >= FULL else \
                f"no verdict: the load generator had {share:.0%} of its core"
        return [name, number(median(run.rate for run in runs)), number(p50), number(p99), number(p999),
                f"{p99 / p50:.2f}", verdict]

    # MARK: The table

    def table(self):
        columns = ["load", "contestant", "hits/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs/hit", "resident MiB",
                   "peak MiB", "its cores", "wrk's cores", "target"]
        rows = []
        for load, name in self.samples:
            rows.append([load, name, *self.cells(load, name), self.verdict(load, name)])
        return markdown("Hits", columns, rows, self.all_notes())

    def values(self, load, name, value):
        return [value(sample) for sample in self.samples[load, name]]

    def ratio(self, load, name, value, baseline="nginx proxy_cache"):
        """The median of the ratios of the rounds, each to the baseline's run of that round."""
        pairs = zip(self.values(load, name, value), self.values(load, baseline, value))
        return median(mine / max(theirs, 1e-9) for mine, theirs in pairs)

    def cells(self, load, name):
        figures = [
            lambda sample: sample.load.rate, lambda sample: sample.load.p50 / 1e3,
            lambda sample: sample.load.p99 / 1e3, lambda sample: sample.load.p999 / 1e3,
            lambda sample: sample.cpu_micros, lambda sample: sample.resident / 2**20,
            lambda sample: sample.resident_peak / 2**20,
        ]
        cells = [with_ratio(median(self.values(load, name, figure)), self.ratio(load, name, figure))
                 for figure in figures]
        share = median(self.values(load, name, lambda sample: sample.load.own_share))
        server_share = median(self.values(load, name, lambda sample: sample.server_share))
        return [*cells, f"{server_share:.0%}", f"{share:.0%}"]

    def verdict(self, load, name):
        if name == "Tollgate, 1 worker":
            if load.startswith(("one hot key", "Zipf")):
                verdicts = [self.rate_or_cpu(load, name, 2.5, 0.42),
                            self.rate_or_cpu(load, name, 1.0, 1.0, "nginx return 200")]
                if load.startswith("one hot key"):
                    verdicts.append(self.against_minimal(load, name, 1.1))
                return "; ".join(verdicts)
            if load.startswith("a new connection"):
                return self.against_minimal(load, name, 1.25)
            if load.startswith("TLS, a full"):
                return self.rate_or_cpu(load, name, 1.0, 1.0)
            if load.startswith("TLS"):
                return self.rate_or_cpu(load, name, 2.0, 0.5)
            if load.startswith("spelled"):
                return self.rate_or_cpu(load, name, 1.3, 0.77)
        if name == "Tollgate, 2 workers" and load.startswith("one hot key"):
            return self.second_worker(load, name)
        return ""

    def rate_or_cpu(self, load, name, rate_target, cpu_target, baseline="nginx proxy_cache"):
        """By hits/s if the servers were the limit; by CPU per hit if wrk or another program was."""
        rate = self.ratio(load, name, lambda sample: sample.load.rate, baseline)
        cpu = self.ratio(load, name, lambda sample: sample.cpu_micros, baseline)
        mine, theirs = (median(self.values(load, each, lambda sample: sample.server_share)) >= SERVER_FULL
                        for each in (name, baseline))
        if theirs and (mine or rate >= rate_target):
            return at_least(f"hits/s × {baseline}", rate, rate_target)
        return at_most(f"CPU × {baseline}", cpu, cpu_target)

    def against_minimal(self, load, name, target):
        cpu = self.ratio(load, name, lambda sample: sample.cpu_micros, Minimal.name)
        return at_most(f"CPU × {Minimal.name}", cpu, target)

    def second_worker(self, load, name):
        single, cores = "Tollgate, 1 worker", self.bench.cores
        if len(cores.available) == 1:
            return "no verdict: one core"
        gain = self.ratio(load, name, lambda sample: sample.load.rate, single)
        if cores.pair_is_alone and not any(sample.is_load_full for sample in self.samples[load, name]):
            return at_least("hits/s × one worker", gain, 1.8)
        # The hits/s that two cores would give at this time per hit if the server had them to itself.
        gain = 2 / self.ratio(load, name, lambda sample: sample.cpu_micros, single)
        return at_least("2 × CPU of one worker / CPU of two", gain, 1.8)

    def all_notes(self):
        notes = [
            f"Medians of {self.plan.rounds} round(s) of {self.plan.seconds} s, taken in turns; in parentheses the "
            f"median ratio to nginx proxy_cache in the same round. {CONNECTIONS} connections.",
            "All check the key (nginx by map, Varnish in VCL), write an access log to a file and give each reply an "
            "x-request-id. nginx has no open_file_cache and keeps results in files, of which only the index is "
            "resident; Varnish's figures have varnishncsa, which writes its log, in them.",
            "Where a server did not fill its cores, wrk or another program was the limit: then CPU per hit, and not "
            "hits/s, is what to compare, and what the verdict goes by.",
            f"The {Minimal.name} writes the same reply and does nothing else: no key, no log, no cache, no limits.",
            "A full handshake: hey asks, and resumes no session.",
            "Spelled differently: nginx is asked the one spelling that it knows.",
            "wrk's times are those that it measures, and those that it reckons for requests that a slow answer kept it "
            "from sending.",
            "While misses are in flight, CPU per hit has that of the misses in it.",
        ]
        for (load, name), samples in self.samples.items():
            logged = min(sample.logged for sample in samples)
            if logged < 0.99 and name != Minimal.name and not load.startswith(("hot key while",)):
                notes.append(f"{name} wrote {logged:.0%} of its access log under “{load}”.")
        foreign = [sample.foreign for (load, _), samples in self.samples.items() for sample in samples
                   if not load.startswith("hot key while")]
        if max(foreign) > 0.1:
            notes.append(f"Other programs used up to {max(foreign):.1f} cores meanwhile ({median(foreign):.1f} at the "
                         "median): these figures are not to be relied on.")
        return notes


class Pair:
    """Hits with misses beside them; the figures are those of the hits."""

    def __init__(self, hits, misses):
        self.hits, self.misses = hits, misses

    def finish(self):
        result = self.hits.finish()
        self.misses.finish()
        return result
