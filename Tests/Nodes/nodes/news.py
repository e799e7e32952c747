"""What one node is told to revoke or to purge, and when the others know."""

import statistics
import threading
import time

from audit import Violation
from client import Asker, Client
from fleet import Fleet
from questions import Question, document

TEAM, ACCOUNT = "team-06", "default"  # without budgets
LATEST = 2.0  # seconds, docs/api.md
PAUSE = 0.01  # seconds between two requests of a client
AGAIN = 3  # requests after the first one that was refused


class News:
    """Revocations and purges at one node after the other, looked at from all others."""

    def __init__(self, bench, times):
        self.bench, self.times = bench, times
        self.delays = {"revocation": [], "purge": []}
        self.brief = 0
        self.fault = None

    def run(self):
        with Fleet(self.bench, "news", factor=10_000, response_timeout="30s") as fleet:
            fleet.start()
            clients = [Client(node, fleet.record) for node in fleet.nodes]
            for number in range(self.times):
                actor = number % len(clients)
                self.revoke(fleet, clients, actor, f"passing-{number}")
                self.purge(fleet, clients, actor)
                self.purge_under_way(fleet, clients, actor)
            fleet.rest_and_audit()
            fleet.end()
        told = "; ".join(f"{name} after {statistics.median(delays) * 1000:.0f} ms in the median, "
                         f"{max(delays) * 1000:.0f} ms at most" for name, delays in self.delays.items())
        self.bench.say(f"news: {self.times} times each, seen by both other nodes: {told}; {self.times} purges while an "
                       f"answer was under way refilled nothing (in memory of others for less than {LATEST:.0f} s: "
                       f"{self.brief})")

    def revoke(self, fleet, clients, actor, key):
        others = [client for index, client in enumerate(clients) if index != actor]
        made = fleet.nodes[actor].admin("POST", f"/teams/{TEAM}/keys", {"id": key, "name": key})
        asker = Asker(TEAM, key, ACCOUNT, made["secret"])
        question = Question(document(fleet.random), "gpt-4o-mini", "1")
        self.ask(clients[actor], asker, question, lambda answer: answer.status == 200)
        for client in others:  # the new key gets about, and the result into memory
            self.wait(client, asker, question, lambda answer: answer.is_hit, "the new key is known")
        fleet.nodes[actor].admin("DELETE", f"/teams/{TEAM}/keys/{key}")
        self.ask(clients[actor], asker, question, lambda answer: answer.error == "invalid_api_key")
        self.watch("revocation", others, asker, question, None, "invalid_api_key")

    def purge(self, fleet, clients, actor):
        others = [client for index, client in enumerate(clients) if index != actor]
        asker = Asker.of(fleet.configuration["teams"][5], 0)
        question = self.forgotten_question(fleet)
        self.ask(clients[actor], asker, question, lambda answer: answer.status == 200)
        for client in others:
            for _ in range(2):
                self.ask(client, asker, question, lambda answer: answer.is_hit)
        purged = fleet.nodes[actor].admin("DELETE", f"/cache/entries?document_id={question.document}")["purged"]
        if purged != 1:
            raise Violation(f"N5: a purge of one result removed {purged}")
        self.ask(clients[actor], asker, question, lambda answer: answer.error == "not_cached", "only-if-cached")
        self.watch("purge", others, asker, question, "only-if-cached", "not_cached")

    def watch(self, what, clients, asker, question, directive, error):
        """Asks until the error comes, notes how long that took, and that it stays."""
        since = time.monotonic()
        for client in clients:
            while True:
                answer = client.ask_as(asker, question, directive)
                if answer.error == error:
                    break
                if not answer.is_hit:
                    raise Violation(f"N8: {answer}")
                if answer.sent > since + LATEST:
                    raise Violation(f"N8: {LATEST} s after the {what} {answer}")
                time.sleep(PAUSE)
            self.delays[what].append(answer.answered - since)
        for client in clients:
            for _ in range(AGAIN):
                self.ask(client, asker, question, lambda answer: answer.error == error, directive)

    def purge_under_way(self, fleet, clients, actor):
        """The vendor is being asked at one node, and another one waits for it, while a third purges."""
        asker = Asker.of(fleet.configuration["teams"][5], 0)
        question = self.forgotten_question(fleet)
        fleet.vendor.control("POST", "/sim/faults", {"kind": "hold", "document_id": question.document})
        others = [client for index, client in enumerate(clients) if index != actor]
        threads = [threading.Thread(target=self.get, args=(client, asker, question)) for client in others]
        threads[0].start()
        fleet.vendor.control("GET", "/sim/wait?in_flight=1&timeout_ms=60000")
        threads[1].start()
        fleet.wait("the flight is awaited", lambda: fleet.query("SELECT sum(is_awaited) FROM flights") == "1")
        fleet.nodes[actor].admin("DELETE", f"/cache/entries?document_id={question.document}")
        fleet.vendor.control("POST", "/sim/release", {})
        for thread in threads:
            thread.join()
        if self.fault:
            raise self.fault
        self.ask(clients[actor], asker, question, lambda answer: answer.error == "not_cached", "only-if-cached")
        # In memory of the others it may be until they hear of the purge.
        self.brief += sum(client.ask_as(asker, question, "only-if-cached").is_hit for client in others)
        time.sleep(LATEST)
        for client in clients:
            self.ask(client, asker, question, lambda answer: answer.error == "not_cached", "only-if-cached")

    def get(self, client, asker, question):
        try:
            self.ask(client, asker, question, lambda answer: answer.status == 200)
        except Violation as fault:
            self.fault = fault

    @staticmethod
    def forgotten_question(fleet):
        question = Question(document(fleet.random), "gpt-4o-mini", "1")
        with fleet.lock:
            fleet.forgotten.add(question.document)
        return question

    @staticmethod
    def ask(client, asker, question, is_right, directive=None):
        answer = client.ask_as(asker, question, directive)
        if not is_right(answer):
            raise Violation(f"N8: {answer}")
        return answer

    @staticmethod
    def wait(client, asker, question, is_right, what):
        end = time.monotonic() + LATEST
        while not is_right(answer := client.ask_as(asker, question)):
            if answer.sent > end:
                raise Violation(f"N8: after {LATEST} s it was not so that {what}: {answer}")
            time.sleep(PAUSE)
