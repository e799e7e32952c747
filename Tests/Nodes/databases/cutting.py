"""One node of three is cut off from the server, and the others go on."""

import random
import threading
import time

import partition
from audit import Violation
from client import Client
from processes import PATIENCE
from questions import new_question
from trials import Trial

STALE_FOR = 14  # seconds; above the lease, so that others have taken the node for dead by then
UNAFFECTED = 2.0  # seconds after which others must not notice any more
ENDED_AFTER = 6.0  # from then on a node begins nothing
SHORT = 3.0  # seconds that nothing may come of


class Cutting:
    """Cuts in one direction: a short one, and one that is longer than the lease and `stale_for`."""

    def __init__(self, bench, direction, index):
        self.bench, self.direction = bench, direction
        urls = {0: self.other_way, 1: self.tcp, 2: self.tcp}
        self.trial = Trial(bench, f"cut {direction} {index}", 3, change=self.shorten, urls=urls)
        self.told = ""

    @staticmethod
    def shorten(configuration):
        configuration["store"]["stale_for"] = f"{STALE_FOR}s"

    def other_way(self, database):
        return f"postgresql://{self.bench.server.user}@{partition.ADDRESS}:{partition.PORT}/{database}"

    def tcp(self, database):
        return f"postgresql://{self.bench.server.user}@{partition.OTHERS}:{partition.PORT}/{database}"

    def run(self):
        with self.trial as trial:
            node = trial.fleet.nodes[0]
            with trial.load(f"cut {self.direction} for {SHORT} s"):
                begun = time.monotonic()
                with partition.cut(self.direction):
                    time.sleep(SHORT)
                time.sleep(SHORT)
            self.look_at_others(begun, SHORT)
            if trial.dead:
                raise Violation(f"N12: a node that was cut off for {SHORT} s has ended")
            client = Client(node, trial.fleet.record)
            team = trial.fleet.configuration["teams"][-1]
            stored = new_question(trial.fleet.random)
            client.ask(team, 0, stored)
            with trial.load(f"cut {self.direction}"):
                begun = time.monotonic()
                with partition.cut(self.direction):
                    self.watch(client, team, stored, begun)
                healed = time.monotonic()
                if not node.lost_seat(PATIENCE):
                    raise Violation(f"N2: {PATIENCE:.0f} s after the cut it goes on: {node.process.complaint()}")
                begun = time.monotonic() - healed
            client.close()
            self.look_at_others(begun, STALE_FOR)
            self.bench.say(f"    cut {self.direction}: {self.told}; it had begun anew {begun:.1f} s after the cut")

    def watch(self, client, team, stored, start):
        """Asks the node that is cut off for what is stored, until it does not answer that any more; and for what is not
        stored, all the while."""
        is_over = threading.Event()
        misses = []
        asking = threading.Thread(target=self.ask_new, args=(team, is_over, misses), daemon=True)
        asking.start()
        last_hit = first_refused = None
        while first_refused is None:
            hit = client.ask(team, 0, stored)
            if hit.is_hit:
                last_hit = hit.sent - start
            elif hit.error == "store_unavailable":
                first_refused = hit.sent - start
            else:
                raise Violation(f"N8: {hit.sent - start:.1f} s after the cut: {hit}")
            if hit.sent - start > STALE_FOR + 1:
                raise Violation(f"N8: hits go on {hit.sent - start:.1f} s after the cut")
            time.sleep(0.1)
        is_over.set()
        asking.join(PATIENCE)
        # Its last confirmed transaction may have been two seconds before the cut.
        if last_hit is None or last_hit < STALE_FOR - 3:
            raise Violation(f"N8: hits have ended {last_hit} s after the cut already")
        for each in misses:
            if each.status == 200 and each.sent - start > ENDED_AFTER:
                raise Violation(f"N3: {each.sent - start:.1f} s after the cut a node asked the vendor: {each}")
            if each.status != 200 and each.error != "store_unavailable":
                raise Violation(f"N3: {each.sent - start:.1f} s after the cut: {each}")
        slowest = max(each.answered - each.sent for each in misses)
        self.told = (f"hits until {last_hit:.1f} s, none from {first_refused:.1f} s on, {len(misses)} misses refused, "
                     f"the slowest after {slowest:.1f} s")

    def ask_new(self, team, is_over, misses):
        client = Client(self.trial.fleet.nodes[0], self.trial.fleet.record)
        generator = random.Random(f"{self.trial.fleet.seed} new")
        while not is_over.is_set():
            misses.append(client.ask(team, 0, new_question(generator)))
            time.sleep(0.1)
        client.close()

    def look_at_others(self, start, lasted):
        """What was asked at the others once they have had two seconds."""
        answers = [each for each in self.trial.fleet.record.snapshot() if start < each.sent < start + lasted]
        here = [each for each in answers if each.node != "node 0"]
        slow = [each for each in here if each.sent > start + UNAFFECTED and not self.is_following(each) and (
            each.error == "store_unavailable" or each.answered - each.sent > UNAFFECTED)]
        if slow:
            lines = [f"{each.sent - start:.1f} s after the cut, for {each.answered - each.sent:.1f} s: {each}"
                     for each in slow[:10]]
            raise Violation("\n".join([f"{len(slow)} of {len(here)} requests at others were affected", *lines]))

    def is_following(self, answer):
        """Whether the node that is cut off may have the same question under way: nobody asks it again until that node
        is known to be dead, for it may have been paid for."""
        return any(each.node == "node 0" and each.account == answer.account and each.question == answer.question
                   and each.sent < answer.answered and (each.answered or answer.sent) >= answer.sent
                   for each in self.trial.fleet.record.snapshot())
