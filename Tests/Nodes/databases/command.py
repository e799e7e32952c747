"""The command line, and what happens in each part."""

import argparse
import concurrent.futures
import functools
import os
import pathlib
import random
import time

import partition
from audit import Violation
from bouncer import Bouncer
from cutting import Cutting
from losing import Losing
from patroni import Cluster
from postgresql import PostgreSQL
from processes import Session, TestFailure
from program import Bench
from running import account, build, end_at_signals, run_parts
from servers import NotStarted
from trials import Trial


def arguments(description):
    parser = argparse.ArgumentParser(prog="database", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few of each")
    parser.add_argument("--failover", type=int, metavar="TIMES")
    parser.add_argument("--losses", type=int, metavar="TIMES")
    parser.add_argument("--restarts", type=int, metavar="TIMES")
    parser.add_argument("--pgbouncer", type=float, metavar="SECONDS")
    parser.add_argument("--isolation", type=float, metavar="SECONDS")
    parser.add_argument("--partition", type=int, metavar="TIMES")
    parser.add_argument("--programs", type=pathlib.Path, help="the folder of tollgate and vendor-sim")
    parser.add_argument("--seed", help="of all random choices (default: a new one, which is printed)")
    given = parser.parse_args()
    if given.quick:
        return given
    if not any((given.failover, given.losses, given.restarts, given.pgbouncer, given.isolation, given.partition)):
        parser.error("say what to run")
    return given


def failover(bench, times):
    with Cluster(bench.session) as bench.server, Trial(bench, "failover") as trial:
        for index in range(times):
            fault = (bench.server.switch_over, bench.server.kill_leader)[index % 2]
            with trial.load(fault.__name__):
                took = fault()
            bench.say(f"    {fault.__name__}: another leader after {took:.1f} s; {trial}")
            bench.server.wait_whole()
    bench.made_template = None


def losses(bench, times):
    with Cluster(bench.session, is_synchronous=False) as bench.server:
        for index in range(times):
            Losing(bench, index).run()
            bench.server.wait_whole()
    bench.made_template = None


def restarts(bench, times):
    generator = random.Random(f"{bench.seed} restarts")
    with PostgreSQL(bench.session) as bench.server, Trial(bench, "restarts") as trial:
        ended = 0
        for index in range(times):
            with trial.load(f"restart {index}"):
                bench.server.crash()
                time.sleep(generator.choice(OUTAGES))
                bench.server.start()
                for _ in range(8):
                    time.sleep(generator.random() * 0.5)
                    ended += len(trial.fleet.query(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.3").split())
        bench.say(f"    {times} restarts, {ended} sessions ended")
        if trial.dead:
            raise Violation(f"N12: {trial.dead} nodes were taken for dead when the server came back")
    bench.made_template = None


def pgbouncer(bench, seconds):
    with PostgreSQL(bench.session) as bench.server:
        bouncer = Bouncer(bench.session, bench.server)
        urls = dict.fromkeys(range(3), bouncer.url)
        with Trial(bench, "pgbouncer", 3, urls=urls) as trial:
            with trial.load("pgbouncer"):
                time.sleep(seconds)
            direct = trial.fleet.query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                                       "AND client_addr IS NOT NULL")
            if direct != "0":
                raise TestFailure(f"{direct} sessions go around PgBouncer")
    bench.made_template = None


def isolation(bench, seconds):
    settings = {"default_transaction_isolation": "repeatable read"}
    with PostgreSQL(bench.session, settings) as bench.server, Trial(bench, "repeatable read", 3) as trial:
        with trial.load("repeatable read"):
            time.sleep(seconds)
    bench.made_template = None


def cut_off(bench, times, directions=tuple(partition.DIRECTIONS)):
    settings = {"listen_addresses": f"{partition.ADDRESS},{partition.OTHERS}"}
    with PostgreSQL(bench.session, settings) as bench.server:
        for index in range(times):
            for direction in directions:
                Cutting(bench, direction, index).run()
    bench.made_template = None


# Seconds until the server starts again; one is longer than all leases.
OUTAGES = (0, 0, 0.5, 2, 12)
PARTS = {"failover": failover, "losses": losses, "restarts": restarts, "pgbouncer": pgbouncer, "isolation": isolation,
         "partition": cut_off}


def quick(bench):
    """A few of each. They wait for the most part, so they do it at a time; each has a server of its own."""
    chosen = {"failover": lambda own: failover(own, 2), "losses": lambda own: losses(own, 1),
              "restarts": lambda own: restarts(own, 2), "pgbouncer": lambda own: pgbouncer(own, 1.0),
              "isolation": lambda own: isolation(own, 1.0)}
    if os.geteuid() == 0:
        chosen["partition"] = lambda own: cut_off(own, 1, ["both ways"])
    else:
        bench.say("    no partition: that needs root")
    benches = [Bench(bench.session, None, bench.programs, f"{bench.seed} {name}") for name in chosen]
    with concurrent.futures.ThreadPoolExecutor(len(chosen)) as pool:
        begun = [pool.submit(run, own) for run, own in zip(chosen.values(), benches)]
        for each in begun:
            each.result()
    bench.fired, bench.audits = (sum(getattr(each, name) for each in benches) for name in ("fired", "audits"))


def parts(given, bench):
    """The selected parts: the name and the function of each."""
    if given.quick:
        yield "quick", lambda: quick(bench)
    for name, run in PARTS.items():
        if times := getattr(given, name):
            yield name, functools.partial(run, bench, times)


def main(root, description):
    given = arguments(description)
    if given.partition or (given.quick and os.geteuid() == 0):
        partition.enter_own_network()
    end_at_signals()
    seed = given.seed or f"{random.SystemRandom().getrandbits(32):08x}"
    programs = (given.programs or build(root)).resolve()
    with Session("tollgate-database-") as session:
        bench = Bench(session, None, programs, seed)
        bench.say(f"seed: {seed}")
        start = time.monotonic()
        try:
            run_parts(bench, parts(given, bench))
        except (Violation, NotStarted, TestFailure) as fault:
            return account(bench, fault)
        bench.say(f"total: {bench.fired} faults, {bench.audits} audits passed, no violation, seed {seed}, "
                  f"{time.monotonic() - start:.0f} s")
    return 0
