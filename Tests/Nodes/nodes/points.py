"""Faults of a node at its N-th call to PostgreSQL: it is killed there, or stopped for a while.

Several fleets are at work side by side, since leases must run out. In each round some nodes of a fleet are struck, each
at a point of its own, while the others go on under load.
"""

import collections
import concurrent.futures
import os
import signal
import threading
import time
from dataclasses import dataclass

from audit import Violation
from fleet import Fleet
from load import Load
from processes import PATIENCE
from tracing import Attachment, said_at_end

THREAD = "store-write"  # has all transactions of a node
CALLS = ("sendto", "recvfrom", "poll")
ROUNDS = 5  # of the load: 8 threads of 10 requests each
NODES = 4
STRUCK = 2  # nodes of a fleet in each round
ROUNDS_OF_FLEET = 6  # on one database; then another one


@dataclass(frozen=True)
class Point:
    stage: str  # load: under load; start: while it joins; end: after SIGTERM
    syscall: str
    when: int
    pause: float = 0  # seconds for which it is stopped; 0: it is killed; without end: until others took it for dead

    def __str__(self):
        what = "killed" if self.pause == 0 else "stopped for its lease" if self.pause == LEASE else (
            f"stopped for {self.pause:g} s")
        return f"{what} at {self.stage}, {self.syscall} {self.when}"


LEASE = float("inf")


def kill_points(random, count):
    """Points of all stages and calls: the first ones of each, and some later ones."""
    shares = {("load", "sendto"): 30, ("load", "recvfrom"): 30, ("load", "poll"): 15, ("start", "sendto"): 9,
              ("start", "recvfrom"): 6, ("end", "sendto"): 6, ("end", "recvfrom"): 4}
    points = []
    for (stage, syscall), share in shares.items():
        wanted = max(1, round(count * share / 100))
        most = {"load": 3 * wanted // 2, "start": wanted, "end": wanted}[stage]
        # The first third one after the other, the rest anywhere behind.
        dense = list(range(1, max(1, wanted // 3) + 1))
        sparse = random.sample(range(dense[-1] + 1, most + dense[-1] + 1), wanted - len(dense))
        points += [Point(stage, syscall, when) for when in dense + sparse]
    random.shuffle(points)
    return points


def stop_points(random, count):
    """Longer than the lease for the most part; some for less, of which nothing may be seen."""
    points = []
    for index in range(count):
        pause = (3.0, 7.5)[index % 2] if index % 10 >= 8 else LEASE
        points.append(Point("load", CALLS[index % 2], 1 + index // 2, pause))
    random.shuffle(points)
    return points


class Points:
    """Strikes at all points of a list, in several fleets."""

    def __init__(self, bench, name, points, fleets):
        self.bench, self.name, self.fleets = bench, name, fleets
        self.points = collections.deque(points)
        self.lock = threading.Lock()
        self.fired = collections.Counter()  # by stage and call
        self.places = collections.Counter()  # what the node was saying to PostgreSQL
        self.statuses = collections.Counter()
        self.slowest = 0
        self.requests = collections.Counter()
        self.is_over = False

    def run(self):
        count = len(self.points)
        with concurrent.futures.ThreadPoolExecutor(self.fleets) as pool:
            for done in [pool.submit(self.work, number) for number in range(self.fleets)]:
                done.result()
        fired = sum(self.fired.values())
        self.bench.fired += fired
        self.bench.say(f"{self.name}: {fired} of {count} points fired: "
                       + ", ".join(f"{name} {count}" for name, count in sorted(self.fired.items())))
        self.bench.say("    at: " + ", ".join(f"{name} {count}" for name, count in self.places.most_common()))
        self.bench.say(f"    {self.requests['all']} requests, {self.requests['unheard']} unheard of; nodes that were "
                       f"stopped: {dict(self.statuses)}; all had ended {self.slowest:.1f} s after the load at most")

    def next(self, count):
        with self.lock:
            return [] if self.is_over else [self.points.popleft() for _ in range(min(count, len(self.points)))]

    def work(self, number):
        """One fleet after the other, until no point is left."""
        try:
            generation = 0
            while points := self.next(STRUCK):
                name = f"{self.name} {number} {generation}"
                generation += 1
                with Fleet(self.bench, name, NODES) as fleet:
                    fleet.start()
                    for index in range(ROUNDS_OF_FLEET):
                        if index > 0 and not (points := self.next(STRUCK)):
                            break
                        Round(self, fleet, index, points).run()
                    fleet.end()
                    with self.lock:
                        self.slowest = max(self.slowest, fleet.slowest)
                        answers = fleet.record.snapshot()
                        self.requests["all"] += len(answers)
                        self.requests["unheard"] += sum(not each.is_heard for each in answers)
        except BaseException:
            self.is_over = True
            raise


class Round:
    """One load, with a fault at each of some nodes."""

    def __init__(self, points, fleet, index, struck):
        self.points, self.fleet, self.index = points, fleet, index
        # Each round strikes other nodes; their numbers have changed by then, too.
        first = index * STRUCK
        self.struck = [(fleet.nodes[(first + number) % NODES], point) for number, point in enumerate(struck)]
        self.fault = None

    def run(self):
        fleet = self.fleet
        fleet.notes += [f"round {self.index}: {node.name} {point}" for node, point in self.struck]
        for node, point in self.struck:
            if point.stage == "start":
                node.lose()
                node.stop()
        # A client that asks a node which was stopped waits in vain.
        patience = 3 if any(point.pause for _, point in self.struck) else PATIENCE
        strikes = [Strike(self, node, point) for node, point in self.struck]
        for strike in strikes:
            strike.prepare()
        load = Load(fleet, f"round {self.index}", ROUNDS, patience).start()
        threads = [threading.Thread(target=self.strike, args=(each, load)) for each in strikes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        load.join()
        if self.fault:
            raise self.fault
        fleet.rest_and_audit()
        fleet.start()

    def strike(self, strike, load):
        try:
            strike.run(load)
        except Exception as fault:  # noqa: BLE001 - run() raises it
            self.fault = self.fault or fault


class Strike:
    """A fault of one node."""

    def __init__(self, round_, node, point):
        self.round, self.node, self.point = round_, node, point
        self.fleet, self.points = round_.fleet, round_.points
        self.trace = node.folder / f"round-{round_.index}.trace"
        self.attachment = Attachment(point.syscall, point.when, "SIGKILL" if point.pause == 0 else "SIGSTOP")
        self.tracer = None

    def prepare(self):
        if self.point.stage != "start":
            self.attach()

    def attach(self):
        """The tracer counts from here on."""
        log = self.node.folder / f"round-{self.round.index}.strace"
        thread = next(task.name for task in os.scandir(f"/proc/{self.node.pid}/task")
                      if open(f"{task.path}/comm").read().strip() == THREAD)
        self.tracer = self.fleet.bench.session.start(self.attachment.command(thread, self.trace), log)
        deadline = time.monotonic() + PATIENCE
        while "attached" not in log.read_text():
            if self.tracer.has_ended or time.monotonic() > deadline:
                raise Violation(f"strace does not trace: {self.tracer.complaint()}")
            time.sleep(0.01)

    def run(self, load):
        if self.point.pause:
            self.stop_and_go_on(load)
        else:
            self.kill(load)
        if self.tracer is not None:
            self.tracer.kill()

    def note(self, has_fired):
        with self.points.lock:
            if has_fired:
                self.points.fired[f"{self.point.stage} {self.point.syscall}"] += 1
                self.points.places[said_at_end(self.trace)] += 1

    # MARK: Kills

    def kill(self, load):
        if self.point.stage == "start":
            has_fired = not self.node.start(self.attachment.wrapping(self.trace)) or self.ends_under(load)
        elif self.point.stage == "end":
            time.sleep(0.3)
            self.node.signal(signal.SIGTERM)
            has_fired = self.node.end() == -signal.SIGKILL
        else:
            has_fired = self.ends_under(load)
        if has_fired:
            self.node.lose()
            status = self.node.process.wait()
            if status != -signal.SIGKILL:
                raise Violation(f"end: {self.point}, but {self.node.process.complaint()}")
            self.fleet.audit(is_at_rest=False)
        elif self.point.stage != "load":
            # A tracer that it was started under goes with it.
            self.node.lose()
            if self.node.stop() != 0:
                raise Violation(f"end: {self.point}, which did not fire, but {self.node.process.complaint()}")
        self.note(has_fired)

    def ends_under(self, load):
        while not self.node.process.has_ended and load.is_under_way:
            time.sleep(0.01)
        return self.node.process.has_ended

    # MARK: Stops

    def stop_and_go_on(self, load):
        node = self.node
        while not (has_fired := self.is_stopped()) and load.is_under_way:
            time.sleep(0.01)
        self.note(has_fired)
        if not has_fired:
            return
        begun = time.monotonic()
        ports, number = (node.port, node.admin_port), node.number
        node.lose()
        if self.point.pause == LEASE:
            self.fleet.audit(is_at_rest=False)
            self.fleet.wait(f"{node.name} is dead", lambda: self.fleet.is_dead(node.number))
            self.go_on_dead()
            return
        time.sleep(max(0, self.point.pause - (time.monotonic() - begun)))
        node.signal(signal.SIGCONT)
        # It may have been found over its lease on a machine that was slow; else it goes on as if nothing had been.
        if node.lost_seat(2):
            if not self.fleet.is_dead(number):
                raise Violation(f"N12: {self.point}, and {node.name} begins anew: {node.process.complaint()}")
            self.points.statuses["dead of a short stop"] += 1
            return
        with node.changed:
            node.port, node.admin_port = ports
        self.points.statuses["went on"] += 1

    def is_stopped(self):
        try:
            state = open(f"/proc/{self.node.process.pid}/stat").read().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state == "T"

    def go_on_dead(self):
        """It must find out, ask the vendor nothing more, and begin anew."""
        asked = {each.request_id for each in self.fleet.record.snapshot() if each.node == self.node.name}
        before = self.charges(asked)
        self.node.signal(signal.SIGCONT)
        if not self.node.lost_seat(PATIENCE):
            raise Violation(f"N2: {self.point}, and {self.node.name} goes on: {self.node.process.complaint()}")
        with self.points.lock:
            self.points.statuses["began anew"] += 1
        if self.charges(asked) != before:
            raise Violation(f"N3: {self.point}, and {self.node.name} asked the vendor after that")

    def charges(self, requests):
        """How many calls the vendor has charged to requests at this node."""
        return sum(each.request_id in requests for each in self.fleet.case(is_at_rest=False).charges)
