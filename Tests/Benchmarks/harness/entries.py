"""How memory and speed depend on the number of entries, teams and connections; and the cost of idling."""

import time

import stored
from connections import IdleConnections
from contestants import Nginx, Tollgate, Varnish
from hits import measure
from load import Load, fill
from processes import BenchmarkFailure
from tables import at_most, markdown, median, number

ENTRIES = (1_000, 10_000, 100_000, 1_000_000)
TEAMS = (10, 100, 1_000, 10_000)
CONNECTIONS = (16, 64, 256, 1_024, 4_096, 10_000)
IDLE_CONNECTIONS = 10_000
MEBIBYTE = 2**20


class Entries:
    """Measured once, for the table of memory and for that of growth."""

    def __init__(self, bench):
        self.bench = bench
        self.points = None  # (entries, body bytes, bytes beside the body, samples)
        self.stored = None

    def store(self):
        """The file with as many stored results as the plan allows, and the bytes of one body."""
        if self.stored is None:
            self.stored = stored.make(self.bench, self.bench.plan.sizes(*ENTRIES)[-1])
        return self.stored

    def measure(self):
        if self.points is None:
            self.points = [self.point(count) for count in self.bench.plan.sizes(*ENTRIES)]
        return self.points

    def point(self, count):
        """A gateway of its own, whose cache is filled from the store; the vendor is never asked."""
        bench = self.bench
        path, body_bytes = self.store()
        gateway = Tollgate(bench, memory="16GiB", store=path)
        gateway.run()
        calls = bench.vendor.calls()
        # Memory that connections, readers and the allocator take on first use does not belong to the entries.
        fill(bench, gateway, 1)
        before, _ = gateway.resident()
        fill(bench, gateway, count)
        time.sleep(0.5)
        after, _ = gateway.resident()
        if bench.vendor.calls() != calls:
            raise BenchmarkFailure("results that are stored were asked of the vendor: see harness/stored.py")
        samples = uniform(bench, gateway, documents=count)
        gateway.stop()
        return count, body_bytes, (after - before) / count - body_bytes, samples


def uniform(bench, gateway, documents=1, teams=1, connections=64):
    parameters = bench.parameters.uniform(documents, teams)

    def load_of(contestant):
        return Load(bench, "uniform.lua", parameters, contestant.url, contestant.load_cores, connections,
                    bench.plan.seconds)

    return [measure(gateway, load_of) for _ in range(bench.plan.rounds)]


def speed(samples):
    """Cells: hits/s, CPU per hit, how full wrk's cores were."""
    share = median(sample.load.own_share for sample in samples)
    return [
        number(median(sample.load.rate for sample in samples)),
        number(median(sample.cpu_micros for sample in samples)),
        f"{share:.0%}",
    ]


class MemoryPart:
    def __init__(self, bench, entries):
        self.bench, self.entries = bench, entries

    def run(self):
        return self.idle() + "\n" + self.per_entry()

    def idle(self):
        """Resident memory after the start, after one hit, and per connection that has asked once."""
        count = min(IDLE_CONNECTIONS, self.bench.plan.largest)
        rows = []
        for contestant in (Tollgate(self.bench, 1), Tollgate(self.bench, 2), Nginx(self.bench, cached=True),
                           Varnish(self.bench)):
            contestant.run()
            time.sleep(0.5)
            started, _ = contestant.resident()
            contestant.warm()
            # The first connections make buffers that later ones reuse.
            with IdleConnections(contestant.port, min(64, count)):
                pass
            time.sleep(0.5)
            before, _ = contestant.resident()
            with IdleConnections(contestant.port, count) as idle:
                time.sleep(0.5)
                during, _ = contestant.resident()
                if idle.closed():
                    raise BenchmarkFailure(f"{contestant.name} closed {idle.closed()} idle connections")
            time.sleep(0.5)
            after, _ = contestant.resident()
            contestant.stop()
            each = (during - before) / count
            verdict = ""
            if isinstance(contestant, Tollgate):
                verdict = at_most("idle", started / MEBIBYTE, 25, " MiB") + "; " + \
                    at_most("connection", each, 900, " B")
            rows.append([contestant.name, number(started / MEBIBYTE), number(before / MEBIBYTE), number(each),
                         number(after / MEBIBYTE), verdict])
        columns = ["contestant", "idle MiB", "after hits MiB", f"B per idle connection ({count:,})",
                   "MiB when they are gone", "target"]
        return markdown("Memory: idle", columns, rows,
                        ["Resident memory of all processes of a contestant; each connection has had one hit."])

    def per_entry(self):
        rows = []
        for count, body_bytes, beside, samples in self.entries.measure():
            verdict = at_most("beside the body", beside, 400, " B") if count >= 100_000 else ""
            rows.append([f"{count:,}", *speed(samples), str(body_bytes), number(beside), verdict])
        columns = ["entries", "hits/s", "CPU µs/hit", "wrk's cores", "body B", "B beside the body", "target"]
        return markdown("Memory: entries", columns, rows, [
            "Growth of resident memory while a cache is filled from the store, by number of entries, less the body; "
            "any document as likely as any other. Small numbers of entries show pages of the allocator."])


class GrowthPart:
    def __init__(self, bench, entries):
        self.bench, self.entries = bench, entries

    def run(self):
        rows = [[f"{count:,} entries", *speed(samples)] for count, _, _, samples in self.entries.measure()]
        for teams in self.bench.plan.sizes(*TEAMS):
            gateway = Tollgate(self.bench, teams=teams)
            gateway.run()
            gateway.warm()
            rows.append([f"{teams:,} teams", *speed(uniform(self.bench, gateway, teams=teams))])
            gateway.stop()
        gateway = Tollgate(self.bench)
        gateway.run()
        gateway.warm()
        for connections in self.bench.plan.sizes(*CONNECTIONS):
            samples = uniform(self.bench, gateway, connections=connections)
            rows.append([f"{connections:,} connections", *speed(samples)])
        gateway.stop()
        return markdown("Growth", ["Tollgate, 1 worker", "hits/s", "CPU µs/hit", "wrk's cores"], rows, [
            f"Medians of {self.bench.plan.rounds} round(s); documents and teams are drawn with equal chances."])
