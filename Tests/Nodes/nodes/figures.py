"""Measures what a miss takes with a file and with several nodes on a database, and what idle nodes take."""

import argparse
import http.client
import os
import pathlib
import random
import statistics
import sys
import threading
import time

import teams
from fleet import Fleet
from postgresql import PostgreSQL
from processes import Session, TestFailure
from program import Bench
from questions import Question, document
from running import build, end_at_signals

ALONE = 300  # misses, one after the other
WARM_UP = 50
CLIENTS = 24  # under load, over all nodes
IDLE_SECONDS = 20
LARGE = 1_000_000_000
DURABLE = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on"}


class MissClient:
    """A connection on which every question is a new one."""

    def __init__(self, port, key=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.fields = {"x-api-key": key or teams.secret("team-01", 0), "Content-Type": "application/json"}
        self.random = random.Random()

    def ask(self):
        """The seconds that a miss took."""
        body = Question(document(self.random)).body()
        start = time.perf_counter()
        self.connection.request("POST", "/v1/classify", body, self.fields)
        response = self.connection.getresponse()
        text = response.read()
        took = time.perf_counter() - start
        if response.status != 200:
            raise TestFailure(f"a miss is answered {response.status}: {text[:200]}")
        return took

    def alone(self):
        """The median and the 99th of a hundred, in milliseconds."""
        for _ in range(WARM_UP):
            self.ask()
        took = sorted(self.ask() for _ in range(ALONE))
        return statistics.median(took) * 1_000, took[ALONE * 99 // 100] * 1_000


def configure(configuration):
    """Every admission counts in four scopes, and none is refused."""
    configuration["teams"] = [teams.team(1, [teams.budget("day", LARGE)], [[teams.budget("total", LARGE)]])]
    configuration["budgets"] = {"organization": [teams.budget("month", LARGE)]}
    configuration["upstream"]["max_concurrency"] = 1_000
    configuration["upstream"]["keys"] = [
        {"id": "primary", "secret": {"value": teams.VENDOR_KEYS["primary"]}, "monthly_credits": LARGE}]
    configuration["listen"]["workers"] = 1


class Counters:
    """What the server has counted: transactions, and rows of balances that were read."""

    QUERY = ("SELECT xact_commit, coalesce((SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables "
             "WHERE relname = 'balances'), 0) FROM pg_stat_database WHERE datname = current_database()")

    def __init__(self, fleet):
        # Backends report at the ends of transactions, at most once a second.
        time.sleep(1.5)
        self.commits, self.balances = map(int, fleet.query(self.QUERY).split("|"))


def load(nodes, seconds):
    """Misses of all clients together within so many seconds, a second before which is not counted."""
    counts, faults, ends = [0] * CLIENTS, [], threading.Event()
    counted = threading.Event()

    def run(index):
        line = MissClient(nodes[index % len(nodes)].port)
        try:
            while not ends.is_set():
                line.ask()
                if counted.is_set():
                    counts[index] += 1
        except (TestFailure, OSError) as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    counted.set()
    time.sleep(seconds)
    counted.clear()
    ends.set()
    for thread in threads:
        thread.join()
    if faults:
        raise TestFailure(f"under load: {faults[0]}")
    return sum(counts)


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def misses(bench, seconds):
    row("store", "nodes", "lone miss, median", "of 100 the 99th", "above the vendor", "misses/s, 24 clients",
        "transactions/s", "misses per transaction", "rows of balances per admission")
    row(*["---"] * 9)
    for name, count in (("file", 1), ("PostgreSQL", 1), ("PostgreSQL", 3), ("PostgreSQL", 8)):
        urls = {0: lambda database: "sqlite:tollgate.db"} if name == "file" else None
        with Fleet(bench, f"figures {name} {count}", count=count, change=configure, urls=urls, delay="0ms",
                   response_timeout="30s") as fleet:
            if urls:
                configuration = fleet.nodes[0].configuration
                configuration["store"]["url"] = f"sqlite:{fleet.nodes[0].folder / 'tollgate.db'}"
                fleet.nodes[0].write_configuration()
            fleet.start()
            vendor, _ = MissClient(fleet.vendor.port, key=teams.VENDOR_KEYS["primary"]).alone()
            median, late = MissClient(fleet.nodes[0].port).alone()
            before = Counters(fleet)
            # The polls of idle nodes are part of the transactions.
            begun = time.monotonic()
            done = load(fleet.nodes, seconds)
            after = Counters(fleet)
            elapsed = time.monotonic() - begun
            commits = (after.commits - before.commits) / elapsed
            # Each miss is admitted once; those of the second that is not counted are as many for their time.
            admitted = done / seconds * (seconds + 1)
            balances = (after.balances - before.balances) / admitted
            shown = ("–", "–", "–")
            if not urls:
                shown = (f"{commits:.0f}", f"{done / seconds / commits:.1f}", f"{balances:.1f}")
            row(name, count, f"{median:.2f} ms", f"{late:.2f} ms", f"{median - vendor:.2f} ms",
                f"{done / seconds:.0f}", *shown)
            fleet.stop()


def processor_seconds(pid):
    """Of a process and all its children that live, and of those that it has waited for."""
    total, ticks = 0, os.sysconf("SC_CLK_TCK")
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        try:
            fields = pathlib.Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            waiting += map(int, pathlib.Path(f"/proc/{each}/task/{each}/children").read_text().split())
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / ticks


def idle(bench, count):
    with Fleet(bench, f"{count} idle", count=count, change=configure, delay="0ms") as fleet:
        fleet.start()
        time.sleep(3)
        before = Counters(fleet)
        server = bench.server.process.pid
        begun, taken = time.monotonic(), processor_seconds(server)
        nodes = sum(processor_seconds(node.pid) for node in fleet.nodes)
        time.sleep(IDLE_SECONDS)
        elapsed = time.monotonic() - begun
        share = (processor_seconds(server) - taken) / elapsed
        own = (sum(processor_seconds(node.pid) for node in fleet.nodes) - nodes) / elapsed / count
        after = Counters(fleet)
        commits = (after.commits - before.commits) / (elapsed + 1.5)
        print(f"\n{count} idle nodes: {commits:.0f} transactions/s, {share * 100:.0f} % of a core for the server, "
              f"{own * 100:.2f} % for each node", flush=True)
        for node in fleet.nodes:
            node.kill()


def main(root, description):
    parser = argparse.ArgumentParser(prog="figures", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--idle", type=int, default=100, metavar="N")
    parser.add_argument("--programs", type=pathlib.Path, help="the folder of tollgate and vendor-sim")
    given = parser.parse_args()
    if given.seconds < 1 or not 0 <= given.idle <= 300:
        parser.error("--seconds is at least 1, --idle at most 300")
    end_at_signals()
    programs = (given.programs or build(root)).resolve()
    with Session("tollgate-figures-") as session:
        try:
            with PostgreSQL(session, DURABLE | {"max_connections": "1500"}) as server:
                bench = Bench(session, server, programs, "figures")
                misses(bench, given.seconds)
                if given.idle:
                    idle(bench, given.idle)
        except TestFailure as fault:
            print(fault, file=sys.stderr)
            return 2
    return 0
