"""SIGTERM under load, over and over on the same store: each end is in order, and the books are exact after it."""

import signal
import time

from audit import Violation
from life import Life
from traffic import Traffic

DRAIN_SECONDS = 10
DELAY = "150ms"  # of the vendor: so many calls are under way at any moment
PAUSES = (0.2, 0.9)  # seconds from a start to its SIGTERM


class Terms:
    def __init__(self, bench, count):
        self.bench, self.count = bench, count

    def run(self):
        with Life(self.bench, "terms", DELAY, lambda members: members["listen"].update(
                drain_timeout=f"{DRAIN_SECONDS}s")) as life:
            life.gateway.must_start()
            # A request that comes on a kept connection while the gateway drains may be refused.
            traffic = Traffic(life, threads=16, pause=0.01, may_be_told={(503, "draining")}).start()
            ends, under_way = [], 0
            for number in range(self.count):
                traffic.go_on_until(time.monotonic() + life.random.uniform(*PAUSES))
                before = life.vendor.control("GET", "/sim/account")["in_flight"]
                begun = time.monotonic()
                life.gateway.signal(signal.SIGTERM)
                status = life.gateway.end()
                ends.append(time.monotonic() - begun)
                under_way += before
                life.notes.append(f"SIGTERM {number + 1} with {before} calls under way: {status} in {ends[-1]:.2f} s")
                if status != 0 or ends[-1] > DRAIN_SECONDS:
                    raise Violation(f"SIGTERM {number + 1}: status {status} after {ends[-1]:.1f} s of at most "
                                    f"{DRAIN_SECONDS}: {life.gateway.process.complaint()}")
                traffic.check()
                life.vendor.finish_calls()
                self.check_unheard(life.audit(), number + 1)
                life.gateway.must_start()
            traffic.stop()
            life.expect_nothing_reserved()
            self.check_unheard(life.stop_and_audit(), self.count + 1)
            self.report(life, traffic, ends, under_way)

    @staticmethod
    def check_unheard(case, number):
        """Who got no reply was not served: the connection was refused, or closed before the request was read."""
        for each in case.answers:
            entries = case.by_request.get(each.request_id, ())
            # One that is asked right now is not in this ledger, either.
            if not each.is_heard and entries:
                raise Violation(f"SIGTERM {number}: {each}, but it was taken: {'; '.join(map(str, entries))}")

    def report(self, life, traffic, ends, under_way):
        ends.sort()
        unheard = sum(not each.is_heard for each in life.record.snapshot())
        self.bench.say(
            f"SIGTERM: {self.count} times status 0, {under_way} calls under way in all; ends took {ends[0]:.2f} to "
            f"{ends[-1]:.2f} s, median {ends[len(ends) // 2]:.2f}; {len(life.record.answers)} requests of classify, "
            f"{unheard} of them not taken since the gateway was gone; told {traffic.summary()}")
