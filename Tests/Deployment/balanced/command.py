"""The command line, and what is done to the nodes."""

import argparse
import pathlib
import random
import time

from audit import Violation
from client import Client
from places import Places
from postgresql import PostgreSQL
from processes import Session, TestFailure
from program import Bench
from questions import new_question
from running import account, build, end_at_signals
from servers import NotStarted
from traffic import Traffic

CALM = 0.7  # seconds of load before and after something happens
HEARD = 0.1  # seconds until HAProxy has heard of the end of connections


def arguments(description):
    parser = argparse.ArgumentParser(prog="rolling", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--programs", type=pathlib.Path, help="the folder of tollgate and vendor-sim")
    parser.add_argument("--seed", help="of all random choices (default: a new one, which is printed)")
    return parser.parse_args()


def kill_one(fleet, bench):
    """Only what was under way at the node may fail: what is sent once it is gone is answered by the other."""
    node = fleet.nodes[0]
    with Traffic(fleet.balancer, fleet, "kill"):
        time.sleep(CALM)
        node.kill()
        gone = time.monotonic() + HEARD
        time.sleep(CALM)
        fleet.forget(node)
        fleet.begin(node)
        fleet.balancer.wait_for("ready", 2)
        time.sleep(CALM)
    answers = fleet.record.snapshot()
    fleet.expect_all_well(answers, since=gone)
    failed = [each for each in answers if each.status != 200]
    # On a connection that had a reply before, HAProxy says nothing and closes it.
    strange = [each for each in failed if each.is_heard and each.error != "node_lost"]
    if strange:
        raise Violation("\n".join(["failed otherwise than with the node that was killed", *map(str, strange)]))
    bench.say(f"killed: {len(failed)} of {len(answers)} requests failed, all under way there")


def replace_all(fleet, bench, rounds):
    """An upgrade: each node is ended in order and started anew, one after the other."""
    begun, longest = time.monotonic(), 0
    with Traffic(fleet.balancer, fleet, "upgrade"):
        time.sleep(CALM)
        for _ in range(rounds):
            for node in fleet.nodes:
                start = time.monotonic()
                node.lose()
                if node.stop() != 0:
                    raise Violation(f"{node.name} ended with {node.process.complaint()}")
                fleet.forget(node)
                fleet.begin(node)
                fleet.balancer.wait_for("ready", 2)
                longest = max(longest, time.monotonic() - start)
        time.sleep(CALM)
    answers = [each for each in fleet.record.snapshot() if each.sent >= begun]
    fleet.expect_all_well(answers)
    hits = sum(each.is_hit for each in answers)
    bench.say(f"upgraded: {2 * rounds} nodes replaced, 0 of {len(answers)} requests failed, {hits} of them hits; "
              f"the longest replacement took {longest:.1f} s")


ATTEMPTS = 30
LATER = """
    BEGIN;
    SET LOCAL lock_timeout = '1s';
    ALTER TABLE ledger ADD COLUMN later TEXT COLLATE "C";
    ALTER TABLE nodes ADD COLUMN later BIGINT NOT NULL DEFAULT 0;
    CREATE TABLE later (id BIGINT PRIMARY KEY);
    CREATE INDEX results_later ON results (classification, id);
    UPDATE schema_state SET version = version + 1;
    COMMIT;
"""


def take_step(fleet):
    """As `tollgate migrate` does: again, when nodes at work are in the way."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return fleet.query(LATER)
        except TestFailure as fault:
            if attempt == ATTEMPTS or not any(each in str(fault) for each in ("lock timeout", "deadlock")):
                raise
            time.sleep(0.5)


def change_schema(fleet, bench):
    """A step of a later version that only adds: these nodes go on. One that they must know: they are taken out."""
    begun = time.monotonic()
    with Traffic(fleet.balancer, fleet, "schema"):
        time.sleep(CALM)
        take_step(fleet)
        time.sleep(2 * CALM)
    answers = [each for each in fleet.record.snapshot() if each.sent >= begun]
    fleet.expect_all_well(answers)
    if fleet.balancer.up("ready") != 2:
        raise Violation("a schema that these nodes may use has taken one of them out")
    bench.say(f"schema in range: 0 of {len(answers)} requests failed")

    fleet.query("UPDATE schema_state SET min_reader = version")
    took = fleet.balancer.wait_for("ready", 0)
    for node in fleet.nodes:
        status, text = fleet.readiness(node)
        if status != 503 or "store_unavailable" not in text:
            raise Violation(f"{node.name} and a schema that it does not know: {status} {text}")
    client, team = Client(fleet.balancer, fleet.record), fleet.configuration["teams"][0]
    stored = next(each.question for each in answers if each.team == team["id"] and each.status == 200)
    hit, miss = (client.ask(team, 0, question) for question in (stored, new_question(fleet.random)))
    if not hit.is_hit or miss.status != 503 or miss.error != "store_unavailable":
        raise Violation(f"with a schema that is not known: {hit}; {miss}")
    fleet.query("UPDATE schema_state SET min_reader = version - 1")
    back = fleet.balancer.wait_for("ready", 2)
    again = client.ask(team, 0, miss.question)
    client.close()
    if again.status != 200:
        raise Violation(f"with a schema that is known again: {again}")
    bench.say(f"schema out of range: both taken out after {took:.1f} s, hits served, misses refused; back after "
              f"{back:.1f} s")


def lose_database(fleet, bench):
    """No node is ready then. What they have in memory is served; the rest is refused by them, not by HAProxy."""
    client, team = Client(fleet.balancer, fleet.record), fleet.configuration["teams"][0]
    stored = [new_question(fleet.random) for _ in range(10)]
    for node in fleet.nodes:
        own = Client(node, fleet.record)
        for question in stored:
            own.ask(team, 0, question)
        own.close()
    bench.server.crash()
    took = fleet.balancer.wait_for("ready", 0)
    hits = [client.ask(team, 0, question) for question in stored]
    miss = client.ask(team, 0, new_question(fleet.random))
    if not all(each.is_hit for each in hits) or miss.error != "store_unavailable":
        raise Violation("\n".join(["without the database:", *map(str, [*hits, miss])]))
    bench.server.start()
    back = fleet.balancer.wait_for("ready", 2)
    again = client.ask(team, 0, miss.question)
    client.close()
    if again.status != 200:
        raise Violation(f"with the database again: {again}")
    bench.say(f"database lost: no node ready after {took:.1f} s, {len(hits)} hits served; back after {back:.1f} s")


def run(bench, root, rounds):
    with Places(bench, root) as fleet:
        for node in fleet.nodes:
            fleet.begin(node)
        fleet.balancer.wait_for("ready", 2)
        kill_one(fleet, bench)
        replace_all(fleet, bench, rounds)
        change_schema(fleet, bench)
        lose_database(fleet, bench)
        # What the node that was killed has left is over meanwhile.
        fleet.rest_and_audit()
        fleet.end()
        if fleet.balancer.stop() != 0:
            raise TestFailure(f"HAProxy ended with {fleet.balancer.process.complaint()}")
        answers = fleet.record.snapshot()
        charges = len(fleet.case(is_at_rest=True).charges)
        bench.say(f"audit: {len(answers)} requests, {charges} calls paid for, all booked once, nothing reserved")


def main(root, description):
    given = arguments(description)
    end_at_signals()
    seed = given.seed or f"{random.SystemRandom().getrandbits(32):08x}"
    programs = (given.programs or build(root)).resolve()
    with Session("tollgate-rolling-") as session:
        bench = Bench(session, None, programs, seed)
        try:
            with PostgreSQL(session) as bench.server:
                bench.say(f"seed: {seed}")
                start = time.monotonic()
                run(bench, root, 1 if given.quick else given.rounds)
                bench.say(f"took {time.monotonic() - start:.0f} s")
        except (Violation, NotStarted, TestFailure) as fault:
            return account(bench, fault)
    return 0
