"""An operator at the admin side: makes, changes and deletes what it owns, under load and over the gateway's ends."""

import itertools
import json
import random
import threading
import time

import holdings
import teams
from audit import Violation
from calls import PATHS, USE, Calls
from client import Asker, Client
from lines import Line
from processes import PATIENCE, TestFailure
from questions import Question, document, new_question
from replay import Replay
from states import NO_GRACE, UpstreamKey

STEPS = 25  # of a round, some 40 calls
PAUSE = 0.01  # seconds between the steps of one who goes on over many starts
STEPS_AFTER = 6
OLD_SECRETS = 12  # of all that were told, used again after each start
PAGE, PAGES_MAX = 100, 4
FILE_TARGETS = (("team.delete", {"team": holdings.FILE_TEAM}), ("team.update", {"team": holdings.FILE_TEAM}),
                ("upstream_key.delete", {"key": "primary"}), ("upstream_key.rotate", {"key": "spare"}))


class Operator:
    """One call after the other: a thread's while there is load, the test's own between two loads.

    What it does follows from the seed and from what it is answered, though not how its calls fall among the questions.
    """

    def __init__(self, gateway, record, seed):
        self.gateway = gateway
        self.calls = Calls()
        self.client = Client(gateway, record)
        self.line = Line(gateway, "admin_port")
        self.random = random.Random(f"{seed} operator")
        self.replay = Replay()  # to know what it owns; verdicts are the audit's
        self.secrets = []  # (team, key, secret) of all that was told
        self.rotation = None  # the last one with an Idempotency-Key
        self.serial = 0
        self.thread = None
        self.fault = None  # of this program

    # MARK: Calling

    def call(self, action, **members):
        call = self.calls.add(action, **members)
        method, path = PATHS[action]
        path = "/admin/v1" + path.format(team=call.team, key=call.key)
        if action.endswith(".list"):
            path += f"?limit={PAGE}" + (f"&cursor={call.content['cursor']}" if call.content else "")
        fields = {"Authorization": f"Bearer {teams.TOKEN}", "Content-Type": "application/json"}
        if call.idempotency_key:
            fields["Idempotency-Key"] = call.idempotency_key
        body = None if call.content is None or method == "GET" else json.dumps(call.content)
        call.sent = time.monotonic()
        return self.took(call, self.line.exchange(method, path, body, fields))

    def use(self, team, key, secret):
        """Shows a secret to the clients' side with a question that never spends."""
        call = self.calls.add(USE, team=team, key=key, secret=secret)
        question = Question(document(self.random))
        fields = {"x-api-key": secret, "Content-Type": "application/json", "Cache-Control": "only-if-cached"}
        call.sent = time.monotonic()
        return self.took(call, self.client.line.exchange("POST", "/v1/classify", question.body(), fields))

    def took(self, call, reply):
        if reply is not None:
            response, content = reply
            call.answered = time.monotonic()
            call.reply = json.loads(content) if content else None
            call.status = response.status
            if call.is_done and call.reply and "secret" in call.reply:
                self.secrets.append((call.team, call.key, call.reply["secret"]))
        self.replay.take(call)
        return call

    # MARK: What it does

    def step(self):
        """A change or a question, and what can be seen of it at once."""
        draw = self.random.random()
        if draw < 0.05:
            return self.ask_in_vain()
        if draw < 0.1:
            return self.call("upstream_key.list" if draw < 0.07 else "team.list")
        if draw < 0.35:
            return self.step_upstream(self.random.choice(list(holdings.UPSTREAM_KEYS)))
        return self.step_team(self.random.choice([*holdings.TEAMS, holdings.FILE_TEAM]))

    def ask_in_vain(self):
        """For what is refused whatever there is."""
        if self.random.random() < 0.3:
            return self.call("team.create", team="op-team-1", content={"id": "op-team-1", "colour": "red"})
        action, target = self.random.choice(FILE_TARGETS)
        content = {"team.update": {"name": "Another"}, "upstream_key.rotate": {"secret": "not-a-secret-of-anyone"}}
        return self.call(action, **target, content=content.get(action))

    def step_team(self, team):
        state = self.replay.state(f"team/{team}")
        is_contrary = self.random.random() < 0.06
        if state is None or state.is_of_file or state.is_there != is_contrary:
            draw = self.random.random()
            if draw < 0.06 and team in holdings.TEAMS:
                return self.call("team.delete", team=team)
            if draw < 0.14 and team in holdings.TEAMS:
                return self.call("team.update", team=team, content={
                    "name": f"Team {self.new_serial()}", "max_concurrency": self.random.randint(50, 90)})
            return self.step_team_key(team, dict(state.keys) if state else {})
        terms = holdings.TEAMS[team]
        return self.call("team.create", team=team, content={
            "id": team, "name": f"Team {self.new_serial()}", "max_concurrency": 40, **terms})

    def step_team_key(self, team, keys):
        key = self.random.choice(self.key_names(team, keys))
        state = keys.get(key)
        draw = self.random.random()
        if draw < 0.05 or (state is None and draw < 0.9):
            return self.issue(team, key)
        if draw < 0.12:
            return self.call("team_key.list", team=team)
        known = [each for each in self.secrets if each[:2] == (team, key)]
        if draw < 0.25 and known:
            return self.use(*self.random.choice(known[-4:]))
        if draw < 0.35 and state and (secret := self.secret_of(state)):
            return self.ask(team, key, secret)
        if draw < 0.45:
            return self.call("team_key.revoke", team=team, key=key)
        if draw < 0.55 and self.rotation:
            return self.rotate_again()
        return self.rotate(team, key)

    def key_names(self, team, keys):
        if team in holdings.TEAMS:
            return holdings.team_keys(team)
        # Keys of the file's team are never free for another life.
        alive = [name for name, key in keys.items() if not key.is_revoked]
        return alive if len(alive) >= holdings.TEAM_KEYS_MAX else [*alive, f"{team}-op-key-{self.new_serial()}"]

    def secret_of(self, state):
        return self.replay.texts.by_name.get(state.secret) if not state.is_revoked else None

    def issue(self, team, key):
        call = self.call("team_key.create", team=team, key=key, content={
            "id": key, "name": f"Key {self.new_serial()}", "budgets": holdings.key_budgets(key)})
        if call.is_done:
            self.use(team, key, call.reply["secret"])
        return call

    def rotate(self, team, key):
        grace = self.random.choice([NO_GRACE, "1h"])
        name = f"rotation-{self.new_serial()}" if self.random.random() < 0.6 else None
        call = self.call("team_key.rotate", team=team, key=key, content={"grace": grace}, idempotency_key=name)
        if name:
            self.rotation = call
        if call.is_done:
            for each in [each for each in self.secrets if each[:2] == (team, key)][-2:]:
                self.use(*each)
        return call

    def rotate_again(self):
        """The last rotation with an Idempotency-Key once more."""
        last = self.rotation
        return self.call("team_key.rotate", team=last.team, key=last.key, content=last.content,
                         idempotency_key=last.idempotency_key)

    def ask(self, team, key, secret):
        """A real question, for the ledger; the audit log of calls has it as a use of the secret."""
        call = self.calls.add(USE, team=team, key=key, secret=secret)
        call.sent = time.monotonic()
        asker = Asker(team, key, holdings.account(team), secret)
        answer = self.client.ask_as(asker, new_question(self.random))
        call.answered, call.reply, call.status = answer.answered, {"error": answer.error}, answer.status
        self.replay.take(call)
        return call

    def step_upstream(self, key):
        state = self.replay.state(f"upstream_key/{key}") or UpstreamKey()
        draw = self.random.random()
        if draw < 0.05 or (not state.is_there and draw < 0.9):
            return self.call("upstream_key.create", key=key, content={
                "id": key, "weight": self.random.randint(1, 3), "secret": self.vendor_secret(key),
                **holdings.UPSTREAM_KEYS[key]})
        if draw < 0.15:
            return self.call("upstream_key.delete", key=key)
        if draw < 0.4:
            return self.call("upstream_key.rotate", key=key, content={"secret": self.vendor_secret(key)})
        terms = {"state": self.random.choice(["active", "active", "draining", "disabled"]),
                 "weight": self.random.randint(1, 3)}
        chosen = self.random.choice([["state"], ["weight"], ["state", "weight"]])
        return self.call("upstream_key.update", key=key, content={name: terms[name] for name in chosen})

    def vendor_secret(self, key):
        return holdings.vendor_secret(key, self.random.randrange(holdings.SECRETS_PER_KEY))

    def new_serial(self):
        self.serial += 1
        return self.serial

    # MARK: Under load

    def start(self, rounds):
        """Without `rounds` it goes on over the gateway's ends; else the gateway's end is its own too."""
        self.thread = threading.Thread(target=self.run, args=(rounds,), daemon=True)
        self.thread.start()

    def join(self):
        self.thread.join(2 * PATIENCE)
        if self.thread.is_alive():
            raise TestFailure("the operator's thread does not end")
        if self.fault:
            raise TestFailure(f"the operator failed: {self.fault!r}") from self.fault

    def run(self, rounds):
        try:
            for _ in itertools.count() if rounds is None else range(rounds * STEPS):
                starts = self.gateway.starts
                call = self.step()
                if not call.is_heard and not self.may_go_on(rounds is None, starts):
                    return
                if not call.is_certain:
                    self.look_at(call)
                if rounds is None:
                    time.sleep(PAUSE)
        except Exception as fault:  # noqa: BLE001: join() raises it again
            self.fault = fault
        finally:
            self.hang_up()

    def may_go_on(self, goes_on, starts):
        """After a lost reply: whether there is a gateway to talk to."""
        if goes_on:
            return self.gateway.wait_for_start(starts)
        deadline = time.monotonic() + 1
        while not self.gateway.process.has_ended and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self.gateway.process.has_ended

    def hang_up(self):
        self.line.close()
        self.client.close()

    # MARK: After a start

    def look_and_go_on(self):
        """What must be true of a gateway that was started again: all that was told is there, and it goes on."""
        before = len(self.calls.calls)
        self.look()
        if self.rotation:
            for _ in range(2):
                call = self.rotate_again()
                if call.is_done:
                    self.use(call.team, call.key, call.reply["secret"])
        for _ in range(STEPS_AFTER):
            self.step()
        self.look()
        self.read_audit_log()
        self.hang_up()
        for call in self.calls.calls[before:]:
            if not call.is_certain:
                raise Violation(f"A1: after the restart {call}")

    def look(self):
        """At all that it owns, and at all secrets that matter."""
        self.call("team.list")
        for team in [*holdings.TEAMS, holdings.FILE_TEAM]:
            self.call("team_key.list", team=team)
        self.call("upstream_key.list")
        old = self.random.sample(self.secrets, min(len(self.secrets), OLD_SECRETS))
        for each in dict.fromkeys([*old, *self.good_secrets(), *self.secrets[-3:]]):
            self.use(*each)

    def look_at(self, call):
        """At what a call was about that may have been done or not."""
        if call.action.startswith("upstream_key."):
            self.call("upstream_key.list")
        elif call.team:
            self.call("team.list")
            self.call("team_key.list", team=call.team)
            for each in [each for each in self.secrets if each[:2] == (call.team, call.key)][-2:]:
                self.use(*each)

    def good_secrets(self):
        """Those that may be taken, by what is possible."""
        for team in [*holdings.TEAMS, holdings.FILE_TEAM]:
            state = self.replay.state(f"team/{team}")
            for key, inner in state.keys if state else ():
                for name in (inner.secret, *inner.retiring):
                    if name in self.replay.texts.by_name and not inner.is_revoked:
                        yield team, key, self.replay.texts.by_name[name]

    def read_audit_log(self):
        cursor = None
        for _ in range(PAGES_MAX):
            call = self.call("audit.list", content={"cursor": cursor} if cursor else None)
            cursor = (call.reply or {}).get("next_cursor")
            if not cursor:
                return

    def askers(self):
        """Whoever may ask with a key of its own, as far as that is known."""
        for team in [*holdings.TEAMS, holdings.FILE_TEAM]:
            state = self.replay.state(f"team/{team}")
            for key, inner in state.keys if state else ():
                if secret := self.secret_of(inner):
                    yield Asker(team, key, holdings.account(team), secret)
