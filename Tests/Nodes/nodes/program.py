"""The command line: selects the parts to run, and reports on them."""

import argparse
import concurrent.futures
import pathlib
import random
import shutil
import sys
import threading
import time

import node_audit
import teams
from audit import Violation
from commit_proxy import HALF, MODES
from commits import Commits, cases
from exactness import Exactness
from fleet import Fleet
from load import Load
from news import News
from points import Points, kill_points, stop_points
from postgresql import PostgreSQL
from processes import Session, TestFailure
from running import account, audit_again, build, end_at_signals, run_parts
from self_test import SelfTest
from servers import NotStarted


class Bench:
    """What all parts share: the database server, their folders and counters. `lock` guards the counters and the
    template: several fleets may be at work."""

    def __init__(self, session, server, programs, seed):
        self.session, self.server, self.programs, self.seed = session, server, programs, seed
        self.lock = threading.Lock()
        self.audits = 0
        self.fired = 0
        self.made_template = None

    @staticmethod
    def say(text):
        print(text, flush=True)

    def template(self):
        """A database with the tables, to be copied. No node ever has it."""
        with self.lock:
            if self.made_template is None:
                name = self.server.make_database()
                file = self.session.new_folder("template") / "config.json"
                teams.write(teams.configuration(9, self.server.url(name)), file)
                self.server.run([self.programs / "tollgate", "migrate", "--config", file])
                self.made_template = name
            return self.made_template


def arguments(description):
    parser = argparse.ArgumentParser(prog="run", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few of each")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--exactness", type=int, metavar="TIMES")
    parser.add_argument("--news", type=int, metavar="TIMES")
    parser.add_argument("--kills", type=int, metavar="POINTS")
    parser.add_argument("--stops", type=int, metavar="POINTS")
    parser.add_argument("--commits", type=int, metavar="CASES")
    parser.add_argument("--modes", nargs="+", choices=(*MODES, HALF), default=MODES,
                        help="what happens to COMMITs (default: all but the last)")
    parser.add_argument("--fleets", type=int, default=6, help="how many are at work at a time (default: 6)")
    parser.add_argument("--load", type=float, metavar="SECONDS")
    parser.add_argument("--audit", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--programs", type=pathlib.Path, help="the folder of tollgate and vendor-sim")
    parser.add_argument("--seed", help="of all random choices (default: a new one, which is printed)")
    given = parser.parse_args()
    if not any((given.quick, given.self_test, given.load, given.exactness, given.news, given.kills, given.stops,
                given.commits, given.audit)):
        parser.error("say what to run")
    return given


def under_load(bench, seconds):
    """Nodes that nothing is done to."""
    with Fleet(bench, "load", factor=max(40, round(10 * seconds))) as fleet:
        fleet.start()
        load = Load(fleet, "load").start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and load.is_under_way:
            time.sleep(1)
            fleet.audit(is_at_rest=False)
        load.stop()
        fleet.rest_and_audit()
        fleet.end()
        answers = fleet.record.snapshot()
        bench.say(f"load: {len(answers)} requests, {sum(each.is_hit for each in answers)} hits, "
                  f"{sum(each.is_collapsed for each in answers)} collapsed, "
                  f"{sum(each.error == 'budget_exceeded' for each in answers)} refused, "
                  f"{sum(not each.is_heard for each in answers)} unheard of")


def quick(bench):
    """A few of each. Those that wait for leases do so beside the others."""
    generator = random.Random(f"{bench.seed} quick")
    waiting = [Points(bench, "kills", kill_points(generator, 6), 3).run,
               Points(bench, "stops", stop_points(generator, 2), 1).run]
    with concurrent.futures.ThreadPoolExecutor(len(waiting)) as pool:
        begun = [pool.submit(each) for each in waiting]
        Commits(bench, cases(generator, 4, ("answer", "late")), 1).run()
        Exactness(bench, 1).run()
        News(bench, 1).run()
        SelfTest(bench).run()
        for each in begun:
            each.result()


def parts(given, bench):
    """The selected parts: the name and the function of each."""
    if given.quick:
        yield "quick", lambda: quick(bench)
    if given.self_test:
        yield "self-test", SelfTest(bench).run
    if given.load:
        yield "load", lambda: under_load(bench, given.load)
    if given.exactness:
        yield "exactness", Exactness(bench, given.exactness).run
    if given.news:
        yield "news", News(bench, given.news).run
    for name, count, points in (("kills", given.kills, kill_points), ("stops", given.stops, stop_points)):
        if count:
            chosen = points(random.Random(f"{bench.seed} {name}"), count)
            yield name, Points(bench, name, chosen, given.fleets).run
    if given.commits:
        chosen = cases(random.Random(f"{bench.seed} commits"), given.commits, given.modes)
        yield "commits", Commits(bench, chosen, given.fleets).run


def main(root, description):
    given = arguments(description)
    if given.audit:
        return audit_again(node_audit.violations, node_audit.NodesCase.load(given.audit))
    end_at_signals()
    seed = given.seed or f"{random.SystemRandom().getrandbits(32):08x}"
    if not shutil.which("strace"):
        print("strace is not there: apt-get install strace", file=sys.stderr)
        return 2
    programs = (given.programs or build(root)).resolve()
    with Session("tollgate-nodes-") as session:
        start = time.monotonic()
        bench = None
        try:
            with PostgreSQL(session) as server:
                bench = Bench(session, server, programs, seed)
                bench.say(f"seed: {seed}")
                run_parts(bench, parts(given, bench))
        except (Violation, NotStarted, TestFailure) as fault:
            return account(bench or Bench(session, None, programs, seed), fault)
        bench.say(f"total: {bench.fired} faults, {bench.audits} audits passed, no violation, seed {seed}, "
                  f"{time.monotonic() - start:.0f} s")
    return 0
