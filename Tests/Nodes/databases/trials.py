"""A load with a fault, and what must be after it."""

import collections
import contextlib
import time

from audit import Violation
from fleet import Fleet
from load import Load

CALM = 2.0  # seconds of load before a fault, and after it
# How long a client may wait beyond the fault itself: a call, the store's own limits, and a machine that is busy.
LATE = 15.0


class Trial:
    """Nodes of one database that lives through faults one after the other. A context manager."""

    def __init__(self, bench, name, count=2, change=None, urls=None):
        self.bench, self.name = bench, name
        self.fleet = Fleet(bench, name, count, factor=400, change=change, urls=urls)
        self.told = collections.Counter()
        self.slowest = 0
        self.dead = 0  # nodes that have lost their seats
        self.serial = 0
        self.is_over = False  # its nodes have ended already

    def __enter__(self):
        self.fleet.__enter__()
        self.fleet.start()
        return self

    def __exit__(self, kind, fault, trace):
        if kind is None and not self.is_over:
            try:
                self.fleet.end()
            except Exception as late:
                self.fleet.__exit__(type(late), late, None)
                raise
        self.fleet.__exit__(kind, fault, trace)
        if kind is None:
            self.bench.say(f"{self.name}: {self}")

    def __str__(self):
        told = ", ".join(f"{count} {what}" for what, count in self.told.most_common())
        return f"{self.told.total()} requests: {told}; the slowest took {self.slowest:.1f} s; {self.dead} nodes gave up"

    @contextlib.contextmanager
    def load(self, note):
        """Requests before, while and after what is done inside; then all must rest, and the audit hold."""
        with self.requests(note) as load:
            yield load
        self.fleet.rest_and_audit()

    @contextlib.contextmanager
    def requests(self, note):
        """`load` without what must be at its end."""
        fleet = self.fleet
        fleet.notes.append(note)
        self.serial += 1
        begun = time.monotonic()
        lives = {node.name: node.begun for node in fleet.nodes}
        load = Load(fleet, f"load {self.serial}").start()
        time.sleep(CALM)
        struck = time.monotonic()
        yield load
        lasted = time.monotonic() - struck
        time.sleep(CALM)
        load.stop()
        self.look_at(begun, lasted, lives)
        self.bench.fired += 1

    def look_at(self, begun, lasted, lives):
        """Whether all clients had an answer in time, and no node has ended. `lives` is how often each had begun."""
        answers = [each for each in self.fleet.record.snapshot() if each.sent >= begun]
        for each in answers:
            self.told[what(each)] += 1
        unheard = [each for each in answers if not each.is_heard]
        late = [each for each in answers if each.is_heard and each.answered - each.sent > lasted + LATE]
        for node in self.fleet.nodes:
            if node.process.wait(0) is not None:
                raise Violation(f"{node.name} ended: {node.process.complaint()}")
            node.lost_seat()
        # What was asked on connections that were idle as a node began anew has met their end.
        gone = {node.name for node in self.fleet.nodes if node.begun > lives[node.name]}
        wrong = [each for each in unheard if each.node not in gone] + late
        if wrong:
            raise Violation("\n".join([f"N13: {len(wrong)} requests without an answer in time", *map(str, wrong[:10])]))
        self.slowest = max([self.slowest, *(each.answered - each.sent for each in answers if each.is_heard)])
        self.dead += len(gone)


def what(answer):
    if not answer.is_heard:
        return "unheard"
    return answer.error or ("hits" if answer.is_hit else "collapsed" if answer.is_collapsed else f"{answer.status}")
