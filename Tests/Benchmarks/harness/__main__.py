"""The benchmark: runs the parts that were asked for and prints one Markdown table each. Start it with `run`."""

import argparse
import signal
import sys
import time

import machine
from bench import Bench, Plan
from entries import Entries, GrowthPart, MemoryPart
from hits import HitsPart
from misses import MissesPart
from passthrough import PassthroughPart
from processes import BenchmarkFailure, Session
from start import StartPart

PARTS = ("hits", "memory", "growth", "start", "misses", "passthrough")
SECONDS_MAX, QUICK_SECONDS_MAX = 3600, 300


def arguments():
    parser = argparse.ArgumentParser(prog="run", description="Compares Tollgate with nginx and Varnish.")
    parser.add_argument("--quick", action="store_true",
                        help="two minutes: hot key, differing bodies and one point of misses")
    parser.add_argument("--only", choices=PARTS, nargs="+", metavar="PART", action="extend",
                        help=f"these parts alone: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, help="how often everything is measured; the median is shown (default 3)")
    parser.add_argument("--seconds", type=int, help="length of one run (default 4; quick 2)")
    parser.add_argument("--largest", type=int, default=1_000_000,
                        help="bound on entries, teams and connections, for a shorter run")
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--repository", required=True, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only is None:
        given.only = ["hits", "misses"] if given.quick else list(PARTS)
    return given


def stop(number, _):
    # Nothing may interrupt the shutdown: a second signal would leave processes behind.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit("the benchmark took too long" if number == signal.SIGALRM else 128 + number)


def main():
    given = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, stop)
    signal.alarm(QUICK_SECONDS_MAX if given.quick else SECONDS_MAX)
    plan = Plan(given.rounds or 3, given.seconds or (2 if given.quick else 4), given.quick, given.largest)
    with Session() as session:
        bench = Bench(session, given.programs, plan)
        print("\n".join(machine.describe(bench.cores, given.repository)) + "\n", flush=True)
        entries = Entries(bench)
        makers = {
            "hits": lambda: HitsPart(bench),
            "memory": lambda: MemoryPart(bench, entries),
            "growth": lambda: GrowthPart(bench, entries),
            "start": lambda: StartPart(bench, entries),
            "misses": lambda: MissesPart(bench),
            "passthrough": lambda: PassthroughPart(bench),
        }
        for part in PARTS:
            if part in given.only:
                start = time.monotonic()
                print(f"==> {part}", file=sys.stderr, flush=True)
                print(makers[part]().run(), flush=True)
                print(f"==>     took {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


try:
    main()
except BenchmarkFailure as failure:
    sys.exit(f"benchmark failed: {failure}")
