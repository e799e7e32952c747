"""The load on several nodes: new, repeated and simultaneous questions, purges and changes of documents, and a vendor
that sometimes fails."""

import random
import threading
import time

from client import Client
from lines import Line
from meeting import Meeting, join
from processes import PATIENCE, TestFailure
from questions import Question, document, new_question
from servers import FAULTS, HELD
from teams import TOKEN, secret

THREADS = 8
ROUND = 10  # requests of a thread between two questions that all ask at the same time


class Load:
    """Threads that ask all nodes which are there. The seed says what each asks, but not how they interleave.

    `rounds` is the number per thread; without it they go on until `stop`. `patience` is for how many seconds a client
    waits for a reply: nodes that were stopped give none.
    """

    def __init__(self, fleet, seed, rounds=None, patience=PATIENCE, has_time_out=True):
        self.fleet, self.rounds, self.patience = fleet, rounds, patience
        self.seed = f"{fleet.seed} {seed}"
        self.teams = fleet.configuration["teams"]
        generator = random.Random(f"{self.seed} shared")
        self.shared = [new_question(generator) for _ in range(12)]
        self.hot = [new_question(generator) for _ in range(rounds or 200)]
        # Purged and changed all the while.
        self.restless = [new_question(generator) for _ in range(4)]
        with fleet.lock:
            fleet.forgotten |= {each.document for each in self.restless}
        # One page, so that a failed reply costs as much as a page.
        self.faulty = [Question(document(generator), "gpt-4o-mini", "1") for _ in FAULTS + [HELD]]
        for question, fault in zip(self.faulty, FAULTS + ([HELD] if has_time_out else [])):
            fleet.vendor.control("POST", "/sim/faults", fault | {"document_id": question.document})
        self.meeting = Meeting(THREADS)
        self.is_over = threading.Event()
        self.fault = None  # of this program
        self.threads = []

    def start(self):
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(THREADS)]
        for thread in self.threads:
            thread.start()
        return self

    @property
    def is_under_way(self):
        return any(thread.is_alive() for thread in self.threads)

    def stop(self):
        self.is_over.set()
        self.join()

    def join(self):
        join(self.threads)
        if self.fault:
            raise TestFailure(f"the load failed: {self.fault!r}") from self.fault

    def run(self, number):
        asker = Asker(self)
        try:
            generator = random.Random(f"{self.seed} thread {number}")
            round_number = 0
            while not self.is_over.is_set() and (self.rounds is None or round_number < self.rounds):
                self.meeting.wait()
                asker.ask(generator, self.hot[round_number % len(self.hot)])
                for index in range(ROUND - 1):
                    self.step(asker, generator, number, round_number * (ROUND - 1) + index)
                round_number += 1
        except Exception as fault:  # noqa: BLE001 - join() raises it again
            self.fault = self.fault or fault
        finally:
            asker.close()

    def step(self, asker, generator, number, serial):
        """One request of a thread."""
        if serial % 6 == 3 and serial // 6 * THREADS + number < len(self.faulty):
            return asker.ask(generator, self.faulty[serial // 6 * THREADS + number])
        draw = generator.random()
        if draw < 0.5:
            asker.ask(generator, new_question(generator))
        elif draw < 0.75:
            asker.ask(generator, generator.choice(self.shared))
        elif draw < 0.81:
            asker.ask(generator, generator.choice(self.shared), "no-cache")
        elif draw < 0.85:
            asker.ask(generator, generator.choice(self.shared), "no-store")
        elif draw < 0.95:
            asker.ask(generator, generator.choice(self.restless))
        elif draw < 0.98:
            asker.purge(generator, generator.choice(self.restless).document)
        else:
            asker.change(generator, generator.choice(self.restless).document)


class Asker:
    """A thread's connections to all nodes. Confined to it."""

    def __init__(self, load):
        self.load, self.nodes = load, load.fleet.nodes
        self.clients = [Client(node, load.fleet.record, load.patience) for node in self.nodes]
        self.admin = [Line(node, "admin_port", load.patience) for node in self.nodes]

    def choose(self, generator):
        """The index of a node that is there; None without one."""
        there = [index for index, node in enumerate(self.nodes) if node.port is not None]
        if there:
            return generator.choice(there)
        time.sleep(0.05)
        return None

    def ask(self, generator, question, directive=None):
        team = generator.choice(self.load.teams)
        key, spelling, index = generator.randrange(len(team["keys"])), generator.randrange(6), self.choose(generator)
        if index is not None:
            answer = self.clients[index].ask(team, key, question, directive, spelling)
            self.look_after(index, answer.is_heard)

    def purge(self, generator, document_id):
        index = self.choose(generator)
        if index is not None:
            reply = self.admin[index].exchange("DELETE", f"/admin/v1/cache/entries?document_id={document_id}", None,
                                               {"Authorization": f"Bearer {TOKEN}"})
            self.look_after(index, reply is not None)

    def change(self, generator, document_id):
        """A request that is passed through and may change the document."""
        index, team = self.choose(generator), generator.choice(self.load.teams)
        if index is not None:
            reply = self.clients[index].line.exchange("GET", f"/v1/documents/{document_id}", None,
                                                      {"x-api-key": secret(team["id"], 0)})
            self.look_after(index, reply is not None)

    def look_after(self, index, is_heard):
        """A reset may be seen shortly before the end of the process."""
        node = self.nodes[index]
        if not is_heard and node.process.wait(0.05) is not None:
            node.lose()

    def close(self):
        for each in (*self.clients, *self.admin):
            each.close()
