"""A failover to a standby that has not got the last commits: docs/nodes.md, section 5, says what holds all the same."""

import os
import signal
import time

import audit
import node_audit
from answers import credits
from audit import Violation
from trials import Trial

BEHIND = 3.0  # seconds of commits that the standby does not get

# What the rows say of each other.
OWN = node_audit.NODE_CHECKS + (
    node_audit.nothing_is_left, audit.reservations_end_once, audit.usage_is_the_sum, audit.documents_are_the_sum,
    audit.accounts_are_the_sum, audit.results_are_settled)
# What clients were told after the loss.
AFTERWARDS = OWN + (audit.told_is_on_disk, audit.nothing_stays_reserved)


class Losing:
    """Nothing more is sent to the standby, the leader's machine is lost, and the standby takes over."""

    def __init__(self, bench, index):
        self.bench = bench
        self.trial = Trial(bench, f"loss {index}")

    def run(self):
        cluster = self.bench.server
        with self.trial as trial:
            with trial.requests("loss"):
                os.kill(cluster.leader.sender, signal.SIGSTOP)
                time.sleep(BEHIND)
                took = cluster.kill_leader()
            trial.fleet.rest()
            lost = self.look(OWN)
            told = sum(charge.credits for charge in lost.values())
            self.bench.say(f"    another leader after {took:.1f} s; {len(lost)} calls for {credits(told)} credits are "
                           f"lost, {trial.dead} nodes gave up")
            if not lost:
                raise Violation("nothing was lost: the test has lost its meaning")
            if not trial.dead:
                raise Violation("N3: nodes go on though the store has lost what was confirmed to them")
            trial.fleet.record.forget()
            with trial.requests("after the loss"):
                time.sleep(BEHIND)
            trial.fleet.rest()
            trial.fleet.say_what_is_left()
            if more := self.look(AFTERWARDS).keys() - lost.keys():
                raise Violation(f"I4: {len(more)} more calls are lost that were asked after it: {sorted(more)[:10]}")
            with self.bench.lock:
                self.bench.audits += 2
            # The end of a trial audits all that was charged.
            trial.fleet.stop()
            trial.is_over = True

    def look(self, checks):
        """Checks the rows; returns the charges that no row stands for, by their requests."""
        case = self.trial.fleet.case(is_at_rest=True)
        found = [each for check in checks for each in check(case)]
        if found:
            case.save(self.trial.fleet.folder)
            raise Violation("\n".join(found))
        return {charge.request_id: charge for charge in case.charges
                if not any(each.state != "released" for each in case.by_request.get(charge.request_id, ()))}
