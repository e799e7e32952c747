"""The wall clock is set under load, by an hour and by a year, forward and back."""

import datetime
import http.server
import json
import threading
import time
from dataclasses import dataclass

import teams
from answers import credits
from audit import Violation
from client import Client
from inquiry import ask
from life import Life
from questions import Question, document, new_question
from sampling import eventually
from servers import NotStarted
from traffic import Traffic
from wallclock import WallClock
from windows import EPOCH

HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400
MARGIN = 5  # seconds by which a request may have been sent before it is answered
# How far the clock is ahead, one after the other. Results are fresh for thirty days.
STEPS = [HOUR, 0, -HOUR, 0, YEAR, YEAR + HOUR, 0, -YEAR, 0, YEAR, -YEAR, 0]
QUICK_STEPS = [YEAR, 0, -YEAR, 0]
TTL_DAYS = 30
CERTIFICATE_DAYS = 400  # beyond the last step and the time at which alerts tell of it
KEPT = 40  # questions that are asked before the first step, and then only where they must be hits
DAILY_CREDITS, ALERT_AT = 12, 0.5
SLOWEST_SECONDS = 5  # a hit by the monotonic clock; one that waited for the wall clock would take an hour


class Receiver:
    """What takes the gateway's alerts."""

    def __init__(self):
        alerts, lock = [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802 - the library's name
                content = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    alerts.append(json.loads(content))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.alerts = alerts
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Daily:
    """A budget of a day, and what was spent in each day that the clock has shown."""

    team: dict
    spent_days: set


class Clocks:
    def __init__(self, bench, seconds, is_quick=False):
        """`seconds` is how long the load goes on between two steps."""
        self.bench, self.seconds, self.steps = bench, seconds, QUICK_STEPS if is_quick else STEPS
        self.behind = []  # when the clock was so far behind that what was stored then is old now, in monotonic seconds

    def run(self):
        receiver = Receiver()
        try:
            with Life(self.bench, "clock", change=lambda members: self.change(members, receiver),
                      certificate_days=CERTIFICATE_DAYS) as life:
                self.go_through(life, receiver)
        finally:
            receiver.close()

    @staticmethod
    def change(members, receiver):
        members["cache"] = {"ttl": f"{TTL_DAYS}d"}
        members["alerts"] = {"webhook_url": f"http://127.0.0.1:{receiver.port}/alerts",
                             "secret": {"value": "alert-secret-0123456789"}}
        members["teams"].append({
            "id": "daily", "name": "Daily", "account": "default",
            "budgets": [teams.budget("day", DAILY_CREDITS) | {"alert_at": [ALERT_AT]}],
            "keys": [{"id": "daily-key-0", "secret": {"value": teams.secret("daily", 0)}, "budgets": []}]})

    def go_through(self, life, receiver):
        clock = WallClock(life.folder)
        life.gateway.must_start(clock.prefix)
        client = Client(life.gateway, life.record)
        # It has no budget of its own.
        team = life.gateway.configuration["teams"][5]
        kept = [self.ask(client, team, new_question(life.random), 200) for _ in range(KEPT)]
        *others, last = life.gateway.configuration["teams"]
        daily = Daily(last, set())
        self.spend_day(life, client, clock, daily)
        self.expect_alerts(daily, receiver)
        # The daily team is this thread's.
        traffic = Traffic(life, threads=8, pause=0.01, has_faults=True, teams=others).start()
        slowest = 0
        for step in self.steps:
            clock.set_ahead(step)
            life.notes.append(f"the clock is {step} s ahead")
            begun = time.monotonic()
            end = begun + self.seconds
            slowest = max(slowest, self.ask_kept(life, client, clock, team, kept))
            self.spend_day(life, client, clock, daily)
            self.expect_alerts(daily, receiver)
            self.expect_ready(life)
            traffic.go_on_until(end)
            life.check_alive()
            if step < -TTL_DAYS * DAY:
                self.behind.append((begun, time.monotonic()))
        traffic.stop()
        client.close()
        life.expect_nothing_reserved()
        self.expect_alerts(daily, receiver)
        self.forget(life)
        life.stop_and_audit()
        self.restart(life, clock, team, kept)
        self.bench.say(
            f"clock: {len(self.steps)} steps, {', '.join(named(each) for each in self.steps)}; {len(kept)} results "
            f"were hits wherever they are fresh, the slowest after {slowest * 1000:.0f} ms; days with a spent budget: "
            f"{len(daily.spent_days)}, {len(receiver.alerts)} alerts; {len(life.record.answers)} requests, told "
            f"{traffic.summary()}")

    @staticmethod
    def ask(client, team, question, status, directive=None):
        answer = client.ask(team, 0, question, directive)
        if answer.status != status:
            raise Violation(f"clock: {answer}: {answer.body[:200]!r}")
        return answer

    @staticmethod
    def day(clock):
        return int((time.time() + clock.ahead) // DAY)

    def ask_kept(self, life, client, clock, team, kept):
        """A result stays fresh for its time, and is no younger than new when the clock was set back behind it. One that
        is stale by a clock that was set forward is not gone."""
        calls, slowest = [], 0
        for before in kept:
            begun = time.monotonic()
            status = 200 if clock.ahead < TTL_DAYS * DAY else 504
            again = self.ask(client, team, before.question, status, "only-if-cached")
            if status == 200 and (not again.is_hit or again.body != before.body):
                raise Violation(f"clock, {named(clock.ahead)}: {again}, though {before}")
            if status == 504 and again.error != "not_cached":
                raise Violation(f"clock, {named(clock.ahead)}: {again}, though it is {TTL_DAYS} days old")
            calls.append(again)
            slowest = max(slowest, time.monotonic() - begun)
        if slowest > SLOWEST_SECONDS:
            raise Violation(f"clock, {named(clock.ahead)}: a hit took {slowest:.1f} s")
        return slowest

    def spend_day(self, life, client, clock, daily):
        """Each day's budget is spent once: a window that was left and comes again is as full as it was."""
        day = self.day(clock)
        spent = 0
        while spent <= DAILY_CREDITS:
            question = Question(document(life.random), "gpt-4o-mini", "1")
            answer = client.ask(daily.team, 0, question)
            if answer.error == "budget_exceeded":
                break
            if answer.status != 200:
                raise Violation(f"clock, {named(clock.ahead)}: {answer}: {answer.body[:200]!r}")
            spent += 1
        if self.day(clock) != day:
            return  # it was midnight
        expected = 0 if day in daily.spent_days else DAILY_CREDITS
        if spent != expected:
            raise Violation(f"I1: with the clock {named(clock.ahead)} {spent} credits of the day's {DAILY_CREDITS} "
                            f"were admitted, and must be {expected}")
        daily.spent_days.add(day)

    @staticmethod
    def expect_ready(life):
        if not eventually(lambda: ask(life.gateway.admin_port, "GET", "/readyz")[0] == 200):
            raise Violation(f"clock: /readyz says {ask(life.gateway.admin_port, 'GET', '/readyz')}")

    @staticmethod
    def expect_alerts(daily, receiver):
        """One for each day that was spent comes within seconds, none twice, and none about the time."""
        def days():
            return [each["resets_at"] for each in receiver.alerts if each["type"] == "budget_threshold"]

        expected = sorted((EPOCH + datetime.timedelta(days=day + 1)).isoformat() for day in daily.spent_days)
        if not eventually(lambda: len(days()) >= len(expected)) or sorted(each[:10] for each in days()) != expected:
            raise Violation(f"clock: alerts of the daily budget end at {sorted(days())}, and must at {expected}")
        others = {each["type"] for each in receiver.alerts} - {"budget_threshold", "unconfirmed_high"}
        if others:
            raise Violation(f"clock: there are alerts of {others}")

    def forget(self, life):
        """What was stored while the clock was a year behind is a year old once it is right, and may be removed."""
        life.forgotten |= {each.question.document for each in life.record.snapshot() if any(
            begun - MARGIN <= each.sent <= end for begun, end in self.behind)}

    def restart(self, life, clock, team, kept):
        """A start a year behind reads what was written later by its clock, and the other way about."""
        for ahead in (-YEAR, 0):
            clock.set_ahead(ahead)
            begun = time.monotonic()
            if not life.gateway.start(clock.prefix):
                raise NotStarted(f"clock, {named(ahead)}: {life.gateway.process.complaint()}")
            client = Client(life.gateway, life.record)
            self.ask_kept(life, client, clock, team, kept)
            self.ask(client, team, new_question(life.random), 200)
            client.close()
            life.expect_nothing_reserved()
            if ahead < 0:
                self.behind.append((begun, time.monotonic()))
            self.forget(life)
            case = life.stop_and_audit()
        spent = sum(each.spent for each in case.entries)
        self.bench.say(f"clock: started a year behind, and right; the ledger has {credits(spent)} credits")


def named(ahead):
    if ahead == 0:
        return "right"
    days, hours = divmod(abs(ahead) // HOUR, 24)
    return f"{days} d {hours} h {'ahead' if ahead > 0 else 'behind'}"
