"""Clients behind HAProxy that keep their connections, and ask what is stored and what is not."""

import random
import threading
import time

from client import Client
from processes import PATIENCE, TestFailure
from questions import new_question

CLIENTS = 12


class Traffic:
    """Goes on until `stop`. Each client asks one thing after the other; which, the seed says."""

    def __init__(self, balancer, fleet, seed):
        self.balancer, self.fleet, self.seed = balancer, fleet, f"{fleet.seed} {seed}"
        generator = random.Random(f"{self.seed} shared")
        self.shared = [new_question(generator) for _ in range(40)]
        self.is_over = threading.Event()
        self.fault = None  # of this program
        self.threads = []

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        deadline = time.monotonic() + 4 * PATIENCE
        for thread in self.threads:
            thread.join(max(0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self.threads):
            raise TestFailure("a client does not end")
        if self.fault:
            raise TestFailure(f"a client failed: {self.fault!r}") from self.fault

    def run(self, number):
        generator = random.Random(f"{self.seed} client {number}")
        client = Client(self.balancer, self.fleet.record)
        teams = self.fleet.configuration["teams"]
        try:
            while not self.is_over.is_set():
                question = new_question(generator) if generator.random() < 0.4 else generator.choice(self.shared)
                client.ask(generator.choice(teams), 0, question, spelling=generator.randrange(6))
                # A person's programs do not ask without a pause; idle connections are what an end must spare.
                time.sleep(generator.random() * 0.05)
        except Exception as fault:  # noqa: BLE001 - the end raises it again
            self.fault = fault
        finally:
            client.close()
