"""COMMITs of one node that are lost, cut or held on their way, at each of its first ones, while others go on."""

import collections
import concurrent.futures
import threading

from audit import Violation
from client import Client
from commit_proxy import MODES, CommitProxy
from fleet import Fleet
from load import Load
from postgresql import USER
from processes import PATIENCE
from questions import new_question

ROUNDS = 4  # of the load
NODES = 3
CASES_OF_FLEET = 10  # on one database; then another one
TWICE = 5  # of so many cases one strikes the transaction as well that finds out what became of the first
# Of which transactions COMMITs are counted, in turn; of all of them for the empty one.
KINDS = ("admission", "ending", "", "purge", "change", "poll")


def cases(random, count, modes=MODES):
    """So many, of all modes with all kinds: each is a list for `CommitProxy.arm`."""
    found = []
    for index in range(count):
        turn, mode = index // len(modes), modes[index % len(modes)]
        again = [(random.choice(("drop", "answer", "cut")), "recovery", 1)] if index % TWICE == TWICE - 1 else []
        found.append([(mode, KINDS[turn % len(KINDS)], 1 + turn // 2), *again])
    random.shuffle(found)
    return found


class Commits:
    def __init__(self, bench, cases, fleets):
        self.bench, self.fleets = bench, fleets
        self.cases = collections.deque(cases)
        self.lock = threading.Lock()
        self.fired = collections.Counter()
        self.kinds = collections.Counter()
        self.slowest = 0
        self.is_over = False

    def run(self):
        count = len(self.cases)
        with concurrent.futures.ThreadPoolExecutor(self.fleets) as pool:
            for done in [pool.submit(self.work, number) for number in range(self.fleets)]:
                done.result()
        self.bench.fired += sum(self.fired.values())
        self.bench.say(f"commits: {count} cases, {sum(self.fired.values())} COMMITs were struck: "
                       + ", ".join(f"{mode} {number}" for mode, number in sorted(self.fired.items())))
        self.bench.say("    of transactions: "
                       + ", ".join(f"{kind} {number}" for kind, number in self.kinds.most_common())
                       + f"; all had ended {self.slowest:.1f} s after the load at most")

    def next(self):
        with self.lock:
            return self.cases.popleft() if self.cases and not self.is_over else None

    def work(self, number):
        """One fleet after the other, until no case is left."""
        try:
            generation = 0
            while case := self.next():
                self.live(f"commits {number} {generation}", case)
                generation += 1
        except BaseException:
            self.is_over = True
            raise

    def live(self, name, case):
        proxy = CommitProxy(self.bench.server.socket)
        try:
            with Fleet(self.bench, name, NODES, urls={0: lambda database: proxy.url(database, USER)}) as fleet:
                fleet.start()
                for index in range(CASES_OF_FLEET):
                    if index > 0 and not (case := self.next()):
                        break
                    self.strike(fleet, proxy, index, case)
                fleet.end()
                with self.lock:
                    self.slowest = max(self.slowest, fleet.slowest)
        finally:
            proxy.close()

    def strike(self, fleet, proxy, index, case):
        fleet.notes.append(f"case {index}: {case}")
        node = fleet.nodes[0]
        proxy.arm(*case)
        Load(fleet, f"case {index}", ROUNDS).start().join()
        fired = proxy.disarm()
        fleet.notes.append(f"    fired: {fired}")
        with self.lock:
            for mode, kind in fired:
                self.fired[mode] += 1
                self.kinds[kind] += 1
        if node.lost_seat():
            # Only who got no answer for so long may have been taken for dead.
            if not any(mode == "silent" for mode, _ in fired):
                raise Violation(f"N12: {case}, and the node has lost its seat: {node.process.complaint()}")
        else:
            self.goes_on(fleet, node)
        fleet.rest_and_audit()
        fleet.start()

    @staticmethod
    def goes_on(fleet, node):
        """The node has its store again, and clients get what they ask for."""
        client = Client(node, fleet.record)

        def is_well():
            answer = client.ask(fleet.random.choice(fleet.configuration["teams"]), 0, new_question(fleet.random))
            return answer.status in (200, 402)
        try:
            fleet.wait(f"{node.name} goes on within {PATIENCE:.0f} s", is_well)
        finally:
            client.close()
