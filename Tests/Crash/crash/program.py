"""The command line: selects the parts to run, and reports on them."""

import argparse
import pathlib
import random
import shutil
import sys
import time

from audit import Violation
from disk_trouble import DiskTrouble
from points import Points
from processes import Session, TestFailure
from random_kills import RandomKills
from running import account, audit_again, build, end_at_signals, run_parts
from self_test import SelfTest
from servers import NotStarted
from store_audit import StoreCase, violations

QUICK_POINTS, FULL_POINTS = 40, 320


class Bench:
    """What all parts share: their folders and counters."""

    def __init__(self, session, programs, seed):
        self.session, self.programs, self.seed = session, programs, seed
        self.fired = 0
        self.audits = 0
        self.calls, self.unheard_calls = 0, 0  # of operators

    @staticmethod
    def say(text):
        print(text, flush=True)


def arguments(description):
    parser = argparse.ArgumentParser(prog="run", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few points of each kind")
    parser.add_argument("--full", action="store_true", help="many points of each kind")
    parser.add_argument("--points", type=int, help=f"how many (default {FULL_POINTS}, quick {QUICK_POINTS})")
    parser.add_argument("--random-kills", type=float, metavar="SECONDS")
    parser.add_argument("--disk-full", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--audit", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--programs", type=pathlib.Path, help="the folder of tollgate and vendor-sim")
    parser.add_argument("--seed", help="of all random choices (default: a new one, which is printed)")
    given = parser.parse_args()
    if not (given.quick or given.full or given.random_kills or given.disk_full or given.self_test or given.audit):
        parser.error("say what to run: --quick, --full, --random-kills, --disk-full, --self-test or --audit")
    return given


def parts(given, bench):
    """The selected parts: the name and the function of each."""
    if given.self_test:
        yield "self-test", SelfTest(bench).run
    if given.quick:
        yield "quick", Points(bench, given.points or QUICK_POINTS, is_quick=True).run
    if given.full:
        yield "full", Points(bench, given.points or FULL_POINTS, is_quick=False).run
    if given.random_kills:
        yield "random kills", RandomKills(bench, given.random_kills).run
    if given.disk_full:
        yield "disk", DiskTrouble(bench).run


def main(root, description):
    given = arguments(description)
    if given.audit:
        return audit_again(violations, StoreCase.load(given.audit))
    end_at_signals()
    seed = given.seed or f"{random.SystemRandom().getrandbits(32):08x}"
    needs_programs = given.quick or given.full or given.random_kills or given.disk_full
    if needs_programs and not shutil.which("strace"):
        print("strace is not there: apt-get install strace", file=sys.stderr)
        return 2
    programs = None
    if needs_programs:
        programs = (given.programs or build(root)).resolve()
    with Session("tollgate-crash-") as session:
        bench = Bench(session, programs, seed)
        bench.say(f"seed: {seed}")
        start = time.monotonic()
        try:
            run_parts(bench, parts(given, bench))
        except (Violation, NotStarted, TestFailure) as fault:
            return account(bench, fault)
        bench.say(f"total: {bench.fired} faults, {bench.audits} audits passed, {bench.calls} calls of operators, "
                  f"{bench.unheard_calls} unheard of, no violation, seed {seed}, {time.monotonic() - start:.0f} s")
    return 0
