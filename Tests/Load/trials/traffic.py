"""The load of many teams: hits, misses, identical questions at once and requests that are passed through; if asked for,
a vendor that fails and clients that leave."""

import collections
import random
import socket
import threading
import time

from answers import Answer
from audit import Violation
from client import Asker, Client
from meeting import join
from processes import TestFailure
from questions import Question, document, new_question
from teams import TIGHT_TEAMS, secret

# What the vendor does to a question of its own. One page, so that a failed reply costs as much as a page.
FAULTS = [
    {"kind": "status", "status": 400}, {"kind": "status", "status": 500}, {"kind": "status", "status": 502},
    {"kind": "status", "status": 503}, {"kind": "status", "status": 504}, {"kind": "rate_limit", "retry_after": 1},
    {"kind": "failed"}, {"kind": "failed", "credits": 1}, {"kind": "credits", "credits": "missing"},
    {"kind": "reset_before_reply"}, {"kind": "close_before_reply"}, {"kind": "reset_mid_reply"}, {"kind": "truncated"},
    {"kind": "bad_chunk"}, {"kind": "both_framings"}, {"kind": "head_too_large"}, {"kind": "not_json"},
    {"kind": "json_not_object"}, {"kind": "other_document"}, {"kind": "wrong_label"},
    {"kind": "extra_bytes_after_reply"}, {"kind": "interim"}, {"kind": "chunked"}, {"kind": "connection_close"},
    {"kind": "slow", "interval_ms": 1}, {"kind": "delay", "ms": 700}, {"kind": "delay", "ms": 2600},
]
TIGHT = {f"team-{number:02}" for number in range(1, len(TIGHT_TEAMS) + 1)} - {"team-06"}  # which has no budget
# What requests may be told that meet no fault: an answer, or that a tight budget is spent.
GOOD = {(200, ""), (402, "budget_exceeded")}


class Traffic:
    """Threads that ask until they are told to stop. The seed says what each asks, but not how they interleave.

    `may_be_told` are further statuses and codes, and `excused` says of an answer whether another one is right at its
    moment. What is told is judged when it comes; the first fault ends the load, and `check` raises it.
    """

    def __init__(self, life, threads=8, pause=0.01, has_faults=False, may_be_told=frozenset(), excused=lambda _: False,
                 teams=None):
        self.life, self.gateway, self.size, self.pause = life, life.gateway, threads, pause
        self.has_faults, self.good, self.excused = has_faults, GOOD | set(may_be_told), excused
        self.teams = teams or self.gateway.configuration["teams"]
        generator = random.Random(f"{life.seed} shared")
        self.shared = [new_question(generator) for _ in range(24)]
        self.restless = [document(generator) for _ in range(4)]
        life.forgotten |= set(self.restless)
        self.told = collections.Counter()  # guarded by `lock`
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self.fault = None
        self.threads = []

    def start(self):
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(self.size)]
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.is_over.set()
        join(self.threads)
        self.check()

    def check(self):
        if isinstance(self.fault, Violation):
            raise self.fault
        if self.fault:
            raise TestFailure(f"the load failed: {self.fault!r}") from self.fault

    def go_on_until(self, deadline):
        """Watches over the load; `deadline` is in monotonic seconds."""
        while time.monotonic() < deadline:
            self.check()
            time.sleep(min(0.1, max(0, deadline - time.monotonic())))

    def run(self, number):
        client = Client(self.gateway, self.life.record)
        generator = random.Random(f"{self.life.seed} thread {number}")
        try:
            while not self.is_over.is_set():
                starts = self.gateway.starts
                if not self.step(client, generator) and self.gateway.process.has_ended:
                    if not self.gateway.wait_for_start(starts):
                        return
                # Clients of the kept connection for the most part, and new ones.
                if generator.random() < 0.1:
                    client.close()
                time.sleep(generator.uniform(0, 2 * self.pause))
        except Exception as fault:  # noqa: BLE001 - check() raises it again
            self.fault = self.fault or fault
            self.is_over.set()
        finally:
            client.close()

    def step(self, client, generator):
        """One request; False if there was no complete reply."""
        team = generator.choice(self.teams)
        index, draw = generator.randrange(len(team["keys"])), generator.random()
        if self.has_faults and draw < 0.08:
            return self.ask_faulty(client, generator)
        if self.has_faults and draw < 0.12:
            return self.leave(generator, team, index)
        if draw < 0.2:
            return self.pass_through(client, generator)
        directive = None
        if draw < 0.45:
            question = new_question(generator)
        else:
            question = generator.choice(self.shared)
            directive = "no-cache" if draw > 0.98 else "no-store" if draw > 0.96 else None
        answer = client.ask(team, index, question, directive, generator.randrange(6))
        self.take(answer)
        return answer.is_heard

    def take(self, answer, is_good=False):
        kind = "hit" if answer.is_hit else "collapsed" if answer.is_collapsed else ""
        self.count(str(answer.status), answer.error or kind)
        told = answer.status, answer.error
        if answer.is_heard and not is_good and told not in self.good and not self.excused(answer):
            raise Violation(f"told: {answer}: {answer.body[:300]!r}")

    def count(self, *what):
        with self.lock:
            self.told[" ".join(filter(None, what))] += 1

    def rich_team(self, generator):
        """One whose budget is never spent."""
        return generator.choice([each for each in self.teams if each["id"] not in TIGHT])

    def ask_faulty(self, client, generator):
        """A question that the vendor answers badly, or late. It must get there, else the fault waits there for ever."""
        team = self.rich_team(generator)
        index = generator.randrange(len(team["keys"]))
        question = Question(document(generator), "gpt-4o-mini", "1")
        fault = generator.choice(FAULTS)
        self.life.vendor.control("POST", "/sim/faults", fault | {"document_id": question.document})
        answer = client.ask(team, index, question)
        if not answer.is_heard and not self.gateway.process.has_ended:
            raise Violation(f"told: {answer}, when the vendor did {fault}; {self.gateway.process.complaint()}")
        self.take(answer, is_good=True)
        return answer.is_heard

    def leave(self, generator, team, index):
        """A client that asks, and is gone."""
        asker, question = Asker.of(team, index), new_question(generator)
        answer = Answer(self.life.record.new_request_id(), asker.team, asker.key, asker.account, question, None,
                        sent=time.monotonic())
        self.life.record.add(answer)
        body = question.body()
        head = (f"POST /v1/classify HTTP/1.1\r\nHost: load\r\nx-api-key: {asker.secret}\r\n"
                f"x-request-id: {answer.request_id}\r\nContent-Length: {len(body)}\r\n\r\n")
        message = head.encode() + body
        # Some with a part of the request only.
        length = len(message) if generator.random() < 0.8 else generator.randrange(len(message))
        try:
            with socket.create_connection(("127.0.0.1", self.gateway.port), timeout=10) as plain:
                context = self.gateway.context
                connection = context.wrap_socket(plain) if context else plain
                connection.sendall(message[:length])
                time.sleep(generator.choice([0, 0, 0.005]))
                connection.close()
        except OSError:
            return False
        self.count("left")
        return True

    def pass_through(self, client, generator):
        """Asks about a document; a refusal for a budget would be in the ledger's counts."""
        team = self.rich_team(generator)
        number = self.life.record.new_request_id()
        fields = {"x-api-key": secret(team["id"], 0), "x-request-id": number}
        reply = client.line.exchange("GET", f"/v1/documents/{generator.choice(self.restless)}", None, fields)
        if reply is None:
            self.count("passed through: None")
            return False
        response, content = reply
        self.count(f"passed through: {response.status}")
        if response.headers.get("x-request-id") != number:
            raise Violation(f"reply: {number} got the reply to {response.headers.get('x-request-id')}")
        if response.status >= 500 and b"draining" not in content and not self.has_faults:
            raise Violation(f"told: a request that was passed through got {response.status} {content[:200]!r}")
        return True

    def summary(self):
        with self.lock:
            return ", ".join(f"{name}: {count}" for name, count in sorted(self.told.items()))
