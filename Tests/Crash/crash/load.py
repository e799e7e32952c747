"""The load of many teams: new, repeated and simultaneous identical questions, and a vendor that sometimes fails."""

import random
import threading
import time

from client import Client
from meeting import Meeting, join
from processes import TestFailure
from questions import Question, document, new_question
from servers import FAULTS, HELD

THREADS = 8
ROUND = 10  # requests of a thread between two questions that all threads ask simultaneously


class Load:
    """The threads that ask. The seed determines what each asks, but not how the threads interleave."""

    def __init__(self, gateway, record, operator, seed, rounds=None, has_time_out=False):
        """`rounds` is the number per thread and for the operator beside them; without it they continue as long as the
        gateway is restarted."""
        self.gateway, self.record, self.operator, self.rounds = gateway, record, operator, rounds
        self.teams = gateway.configuration["teams"]
        self.seed = seed
        generator = random.Random(f"{seed} shared")
        self.shared = [new_question(generator) for _ in range(12)]
        self.hot = [new_question(generator) for _ in range(rounds or 200)]
        self.faulty = []
        for fault in FAULTS + ([HELD] if has_time_out else []):
            # One page, so that a failed reply costs as much as a page.
            self.faulty.append((Question(document(generator), "gpt-4o-mini", "1"), fault))
        self.meeting = Meeting(THREADS)
        self.threads = []
        self.fault = None  # of this program

    def arm(self, vendor):
        """Queues the vendor's faults."""
        for question, fault in self.faulty:
            vendor.control("POST", "/sim/faults", fault | {"document_id": question.document})

    def start(self):
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(THREADS)]
        for thread in self.threads:
            thread.start()
        self.operator.start(self.rounds)
        return self

    def join(self):
        join(self.threads)
        self.operator.join()
        if self.fault:
            raise TestFailure(f"the load failed: {self.fault!r}") from self.fault

    def run(self, number):
        client = Client(self.gateway, self.record)
        try:
            generator = random.Random(f"{self.seed} thread {number}")
            round_number = 0
            while self.rounds is None or round_number < self.rounds:
                for question, directive in self.round(generator, number, round_number):
                    if not self.ask(client, generator, question, directive):
                        return
                round_number += 1
        except Exception as fault:  # noqa: BLE001 - join() raises it again
            self.fault = self.fault or fault
        finally:
            client.close()

    def round(self, generator, number, round_number):
        """The questions of a thread's next few requests, with their directives."""
        self.meeting.wait()
        yield self.hot[round_number % len(self.hot)], None
        for index in range(ROUND - 1):
            serial = round_number * (ROUND - 1) + index
            if serial % 6 == 3 and serial // 6 * THREADS + number < len(self.faulty):
                yield self.faulty[serial // 6 * THREADS + number][0], None
                continue
            draw = generator.random()
            if draw < 0.5:
                yield new_question(generator), None
            elif draw < 0.85:
                yield generator.choice(self.shared), None
            elif draw < 0.92:
                yield generator.choice(self.shared), "no-cache"
            elif draw < 0.97:
                yield generator.choice(self.shared), "no-store"
            else:
                # All pages of a document that may be known by then: its estimate is the learned one.
                yield Question(generator.choice(self.shared).document, "gpt-4o"), None

    def ask(self, client, generator, question, directive):
        """Asks as some team; False when the gateway is gone for good."""
        team = generator.choice(self.teams)
        starts = self.gateway.starts
        answer = client.ask(team, generator.randrange(len(team["keys"])), question, directive, generator.randrange(6))
        if answer.is_heard:
            return True
        if self.rounds is not None:
            # A reset may be seen shortly before the end of the process; if the gateway lives, it goes on.
            deadline = time.monotonic() + 1
            while not self.gateway.process.has_ended and time.monotonic() < deadline:
                time.sleep(0.01)
            return not self.gateway.process.has_ended
        with self.gateway.changed:
            if self.gateway.port is not None and self.gateway.starts == starts:
                return True  # the vendor or a time-out: the gateway itself was not killed
        return self.gateway.wait_for_start(starts)
