"""What the trials of a program share: their folders, programs and counters, and the order they run in."""

import os
import random
import time

from audit import Violation
from processes import Session, TestFailure
from running import account, build, end_at_signals, run_parts
from servers import NotStarted


class Bench:
    def __init__(self, session, programs, seed):
        self.session, self.programs, self.seed = session, programs, seed
        self.audits = 0

    @staticmethod
    def say(text):
        print(text, flush=True)


def load_average():
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


def run(root, given, name, parts):
    """Runs parts, each a name and a function of the bench; returns the exit status."""
    end_at_signals()
    seed = given.seed or f"{random.SystemRandom().getrandbits(32):08x}"
    programs = (given.programs or build(root)).resolve()
    with Session(f"tollgate-{name}-") as session:
        bench = Bench(session, programs, seed)
        bench.say(f"seed: {seed}, {os.cpu_count()} processors, load average {load_average()}")
        begun = time.monotonic()
        try:
            run_parts(bench, [(title, lambda part=part: part(bench)) for title, part in parts])
        except (Violation, NotStarted, TestFailure) as fault:
            return account(bench, fault)
        bench.say(f"total: no violation, {bench.audits} audits, seed {seed}, {time.monotonic() - begun:.0f} s, "
                  f"load average {load_average()}")
    return 0
