"""SIGHUP under load, a third of them with a configuration that is broken."""

import collections
import copy
import json
import os
import signal
import time

from audit import Violation
from client import Asker, Client
from life import Life
from processes import PATIENCE
from questions import Question, document
from sampling import Sample, eventually
from traffic import Traffic

MARKED = "marked"  # a team whose only key tells which configuration runs
# How each file is broken, and what the log must name.
FAULTS = ("syntax", "unknown setting", "unreadable key file", "bad certificate", "value out of range")


class Configurations:
    """Good and broken files in the place of a gateway's. The good ones differ in all kinds of settings."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.base = copy.deepcopy(gateway.configuration)
        self.count = 0
        self.running = None  # the number of the last good one

    def secret(self, number):
        return f"{MARKED}-secret-{number:05}-0123456789"

    def good(self):
        self.count += 1
        self.running = self.count
        members = copy.deepcopy(self.base)
        members["teams"].append({
            "id": MARKED, "name": f"Marked {self.count}", "account": "default", "budgets": [],
            "keys": [{"id": f"{MARKED}-key", "secret": {"value": self.secret(self.count)}}]})
        members["cache"] = members.get("cache", {}) | {"ttl": f"{30 + self.count % 7}d"}
        members["log"] = members.get("log", {}) | {"level": ["info", "debug"][self.count % 2]}
        members["upstream"]["max_concurrency"] = 12 + self.count % 5
        self.put(json.dumps(members))

    def broken(self, number):
        """Returns how it is broken, in a word, and a word that the log must have."""
        members = copy.deepcopy(self.base)
        # Were it taken, the marked team would be gone.
        kind = FAULTS[number % len(FAULTS)]
        folder = self.gateway.folder
        if kind == "syntax":
            self.put(json.dumps(members)[:-20])
            return kind, self.gateway.configuration_file.name
        if kind == "unknown setting":
            members["upstream"]["retries"] = 3
            word = "upstream.retries"
        elif kind == "unreadable key file":
            # A folder, since root may read any file.
            members["upstream"]["keys"][0]["secret"] = {"file": str(folder)}
            word = "upstream.keys[0].secret"
        elif kind == "bad certificate":
            (folder / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
            (folder / "bad.pem").chmod(0o600)
            members["listen"]["tls"] = {"certificate_file": "bad.pem", "private_key_file": "bad.pem"}
            word = "listen.tls"
        else:
            members["listen"]["max_connections"] = 0
            word = "listen.max_connections"
        self.put(json.dumps(members))
        return kind, word

    def put(self, text):
        """In one step, as a gateway may be reading it."""
        file = self.gateway.configuration_file
        new = file.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)
        os.replace(new, file)


class ProcessLog:
    """Lines of a gateway's process log from now on."""

    def __init__(self, path):
        self.path, self.offset, self.rest = path, path.stat().st_size, b""
        self.recent = collections.deque(maxlen=5)

    def lines(self):
        """Those that have come since the last call."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            text = file.read()
        self.offset += len(text)
        *whole, self.rest = (self.rest + text).split(b"\n")
        return [json.loads(each) for each in whole if each.startswith(b"{")]

    def wait(self, is_right, is_wrong):
        """Reads up to the first line of either kind; whether the right one came. `recent` has the last lines."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for line in self.lines():
                self.recent.append(line)
                if is_right(line) or is_wrong(line):
                    return is_right(line)
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)


def hang_up(life, configurations, log, is_broken, number):
    """One SIGHUP, and what the log must say of it. Returns what it took, in seconds."""
    kind, word = configurations.broken(number) if is_broken else (configurations.good(), "")
    begun = time.monotonic()
    life.gateway.signal(signal.SIGHUP)
    if is_broken:
        # There may be a line for each of several faults, and some of them after the one that is waited for.
        is_told = log.wait(lambda line: line.get("msg") == "reload_refused" and word in json.dumps(line),
                           lambda line: line.get("msg") == "reloaded")
    else:
        is_told = log.wait(lambda line: line.get("msg") == "reloaded", lambda _: False)
    took = time.monotonic() - begun
    life.check_alive()
    if not is_told:
        must = f"a broken file ({kind}) must be refused and {word} named" if is_broken else "a good file must be taken"
        raise Violation(f"SIGHUP {number}: {must}, and the log says {list(log.recent)}")
    return took


def expect_running(client, configurations, random):
    """The last good configuration holds, and none before it."""
    for number in {1, configurations.running - 1, configurations.running} - {0}:
        asker = Asker(MARKED, f"{MARKED}-key", "default", configurations.secret(number))
        answer = client.ask_as(asker, Question(document(random)), "only-if-cached")
        if answer.error != ("not_cached" if number == configurations.running else "invalid_api_key"):
            raise Violation(f"configuration {configurations.running} must run: with the key of {number} {answer}")


class Hangups:
    def __init__(self, bench, count, seconds):
        self.bench, self.count, self.seconds = bench, count, seconds

    def run(self):
        # Connections to the vendor are gone soon after the load, so that descriptors can be compared.
        with Life(self.bench, "hangups", change=lambda members: members["upstream"].update(idle_timeout="1s")) as life:
            life.gateway.must_start()
            configurations, log = Configurations(life.gateway), ProcessLog(life.gateway.log)
            hang_up(life, configurations, log, False, 0)
            Traffic(life, threads=8).start().stop()  # what is made at the first request is there
            before = self.at_rest(life, None)
            traffic = Traffic(life, threads=8, pause=0.02).start()
            begun, took, broken = time.monotonic(), [], 0
            for number in range(1, self.count + 1):
                traffic.go_on_until(begun + number * self.seconds / self.count)
                took.append(hang_up(life, configurations, log, number % 3 == 0, number))
                broken += number % 3 == 0
            seconds = time.monotonic() - begun
            traffic.stop()
            unheard = [each for each in life.record.snapshot() if not each.is_heard]
            if unheard:
                raise Violation(f"SIGHUP: {len(unheard)} requests failed: {unheard[0]}")
            client = Client(life.gateway, life.record)
            expect_running(client, configurations, life.random)
            client.close()
            after = self.at_rest(life, before)
            # The audit goes by the teams of the last good file.
            life.gateway.configuration["teams"].append(marked_team(configurations))
            life.stop_and_audit()
            took.sort()
            self.bench.say(
                f"SIGHUP: {self.count} in {seconds:.0f} s, {broken} of them broken and told in the log; reloads took "
                f"{took[len(took) // 2] * 1000:.0f} ms, at most {took[-1] * 1000:.0f}; {before} before, {after} after; "
                f"{len(life.record.answers)} requests, none failed; told {traffic.summary()}")

    @staticmethod
    def at_rest(life, before):
        """The sample of an idle gateway: no more descriptors and threads than before."""
        life.expect_nothing_reserved()
        time.sleep(2)  # longer than upstream.idle_timeout

        def is_flat():
            sample = Sample.of(life.gateway.pid)
            return before is None or (sample.descriptors <= before.descriptors and sample.threads <= before.threads)

        if not eventually(is_flat, 30):
            raise Violation(f"SIGHUP: {Sample.of(life.gateway.pid)} are left, {before} were there before")
        return Sample.of(life.gateway.pid)



def marked_team(configurations):
    return {"id": MARKED, "account": "default", "budgets": [], "keys": [
        {"id": f"{MARKED}-key", "secret": {"value": configurations.secret(configurations.running)}, "budgets": []}]}
