"""An operator of the admin side: creates, changes and deletes its objects, under load and across restarts."""

import itertools
import json
import random
import threading
import time

import holdings
from admin_client import AdminClient
from answers import micros
from audit import Violation
from calls import RESOLVE
from processes import PATIENCE, TestFailure
from states import NO_GRACE, UpstreamKey

STEPS = 25  # of a round, some 40 calls
PAUSE = 0.01  # seconds between the steps of an operator that continues across many starts
STEPS_AFTER = 6
OLD_SECRETS = 12  # of all secrets received, used again after each start
PAGES_MAX = 4  # of the audit log
# Including revoked ones, which stay for months.
FILE_TEAM_KEYS_MAX = 300
FILE_TARGETS = (("team.delete", {"team": holdings.FILE_TEAM}), ("team.update", {"team": holdings.FILE_TEAM}),
                ("upstream_key.delete", {"key": "primary"}), ("upstream_key.rotate", {"key": "spare"}))


class Operator:
    """Makes one call after another: on its own thread during a load, on the test's thread between loads.

    The seed and the replies determine what it does, but not how its calls interleave with the questions.
    """

    def __init__(self, gateway, record, seed, charge_log):
        """`charge_log` is the vendor's, in which it looks for what unconfirmed reservations cost."""
        self.gateway = gateway
        self.charge_log = charge_log
        self.random = random.Random(f"{seed} operator")
        self.admin = AdminClient(gateway, record, self.random)
        self.rotation = None  # the last one with an Idempotency-Key
        self.serial = 0
        self.thread = None
        self.fault = None  # of this program

    # MARK: What it does

    def step(self):
        """A change or a question, and a check of its immediate effects."""
        draw = self.random.random()
        if self.random.random() < 0.1:
            return self.resolve()
        if draw < 0.05:
            return self.ask_in_vain()
        if draw < 0.1:
            return self.admin.call("upstream_key.list" if draw < 0.07 else "team.list")
        if draw < 0.35:
            return self.step_upstream(self.random.choice(list(holdings.UPSTREAM_KEYS)))
        return self.step_team(self.random.choice([*holdings.TEAMS, holdings.FILE_TEAM]))

    def ask_in_vain(self):
        """Calls that are refused in any state."""
        if self.random.random() < 0.3:
            return self.admin.call("team.create", team="op-team-1", content={"id": "op-team-1", "colour": "red"})
        action, target = self.random.choice(FILE_TARGETS)
        content = {"team.update": {"name": "Another"}, "upstream_key.rotate": {"secret": "not-a-secret-of-anyone"}}
        return self.admin.call(action, **target, content=content.get(action))

    def resolve(self):
        """Resolves an unconfirmed row of the ledger at what the vendor charged, or one that is resolved once more."""
        state = "resolved" if self.random.random() < 0.15 else "unconfirmed"
        listed = self.admin.call("ledger.list", content={"state": state})
        rows = listed.reply["items"] if listed.status == 200 else []
        if not rows:
            return listed
        row = self.random.choice(rows)
        return self.admin.call(RESOLVE, key=row["id"], content={"credits": self.cost(row)})

    def cost(self, row):
        """By the vendor's log. The estimate stands in for a charge that may yet come, and is the most that budgets
        have room for."""
        charged = [micros(each["credits"]) for each in self.charges() if each["request_id"] == row["request_id"]]
        estimate = micros(row["estimate"])
        amount = min(sum(charged), estimate) if charged else estimate
        return amount / 1_000_000

    def charges(self):
        """The complete lines of the vendor's log."""
        text = self.charge_log.read_text() if self.charge_log.exists() else ""
        return [json.loads(line, parse_float=str, parse_int=str) for line in text.splitlines(True)
                if line.endswith("\n")]

    def step_team(self, team):
        state = self.admin.team(team)
        is_contrary = self.random.random() < 0.06
        if state is None or state.is_of_file or state.is_there != is_contrary:
            draw = self.random.random()
            if draw < 0.06 and team in holdings.TEAMS:
                return self.delete(team)
            if draw < 0.14 and team in holdings.TEAMS:
                return self.admin.call("team.update", team=team, content={
                    "name": f"Team {self.new_serial()}", "max_concurrency": self.random.randint(50, 90)})
            return self.step_team_key(team, dict(state.keys) if state else {})
        terms = holdings.TEAMS[team]
        return self.admin.call("team.create", team=team, content={
            "id": team, "name": f"Team {self.new_serial()}", "max_concurrency": 40, **terms})

    def delete(self, team):
        return self.admin.call("team.delete", team=team)

    def step_team_key(self, team, keys):
        key = self.random.choice(self.key_names(team, keys))
        state = keys.get(key)
        draw = self.random.random()
        if draw < 0.05 or (state is None and draw < 0.9):
            return self.issue(team, key)
        if draw < 0.12:
            return self.admin.call("team_key.list", team=team)
        known = self.admin.secrets_of(team, key)
        if draw < 0.25 and known:
            return self.admin.use(*self.random.choice(known[-4:]))
        if draw < 0.35 and state and (secret := self.admin.secret_of(state)):
            return self.admin.ask(team, key, secret)
        if draw < 0.45 and (team in holdings.TEAMS or len(keys) < FILE_TEAM_KEYS_MAX):
            return self.admin.call("team_key.revoke", team=team, key=key)
        if draw < 0.55 and self.rotation:
            return self.rotate_again()
        return self.rotate(team, key)

    def key_names(self, team, keys):
        if team in holdings.TEAMS:
            return holdings.team_keys(team)
        # Keys of the file's team are never reused.
        alive = [name for name, key in keys.items() if not key.is_revoked]
        return alive if len(alive) >= holdings.TEAM_KEYS_MAX else [*alive, f"{team}-op-key-{self.new_serial()}"]

    def issue(self, team, key):
        call = self.admin.call("team_key.create", team=team, key=key, content={
            "id": key, "name": f"Key {self.new_serial()}", "budgets": holdings.key_budgets(key)})
        if call.is_done:
            self.admin.use(team, key, call.reply["secret"])
        return call

    def rotate(self, team, key):
        grace = self.random.choice([NO_GRACE, "1h"])
        name = f"rotation-{self.new_serial()}" if self.random.random() < 0.6 else None
        call = self.admin.call("team_key.rotate", team=team, key=key, content={"grace": grace}, idempotency_key=name)
        if name:
            self.rotation = call
        if call.is_done:
            for each in self.admin.secrets_of(team, key)[-2:]:
                self.admin.use(*each)
        return call

    def rotate_again(self):
        """Repeats the last rotation with an Idempotency-Key."""
        last = self.rotation
        return self.admin.call("team_key.rotate", team=last.team, key=last.key, content=last.content,
                               idempotency_key=last.idempotency_key)

    def step_upstream(self, key):
        state = self.admin.upstream_key(key) or UpstreamKey()
        draw = self.random.random()
        if draw < 0.05 or (not state.is_there and draw < 0.9):
            return self.admin.call("upstream_key.create", key=key, content={
                "id": key, "weight": self.random.randint(1, 3), "secret": self.vendor_secret(key),
                **holdings.UPSTREAM_KEYS[key]})
        if draw < 0.15:
            return self.admin.call("upstream_key.delete", key=key)
        if draw < 0.4:
            return self.admin.call("upstream_key.rotate", key=key, content={"secret": self.vendor_secret(key)})
        terms = {"state": self.random.choice(["active", "active", "draining", "disabled"]),
                 "weight": self.random.randint(1, 3)}
        chosen = self.random.choice([["state"], ["weight"], ["state", "weight"]])
        return self.admin.call("upstream_key.update", key=key, content={name: terms[name] for name in chosen})

    def vendor_secret(self, key):
        return holdings.vendor_secret(key, self.random.randrange(holdings.SECRETS_PER_KEY))

    def new_serial(self):
        self.serial += 1
        return self.serial

    # MARK: Under load

    def start(self, rounds):
        """Without `rounds` it continues across restarts; else it ends with the gateway."""
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
        except Exception as fault:  # noqa: BLE001 - join() raises it again
            self.fault = fault
        finally:
            self.admin.hang_up()

    def may_go_on(self, goes_on, starts):
        """After a lost reply: whether there is a gateway to talk to."""
        if goes_on:
            return self.gateway.wait_for_start(starts)
        deadline = time.monotonic() + 1
        while not self.gateway.process.has_ended and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self.gateway.process.has_ended

    # MARK: After a start

    def look_and_go_on(self):
        """Checks a restarted gateway: everything that was acknowledged is there, and calls work."""
        before = len(self.admin.calls.calls)
        self.look()
        if self.rotation:
            for _ in range(2):
                call = self.rotate_again()
                if call.is_done:
                    self.admin.use(call.team, call.key, call.reply["secret"])
        for _ in range(STEPS_AFTER):
            self.step()
        self.look()
        self.read_audit_log()
        self.admin.hang_up()
        for call in self.admin.calls.calls[before:]:
            if not call.is_heard or call.error == "store_unavailable":
                raise Violation(f"A1: after the restart {call}")

    def look(self):
        """Looks at everything it owns, and at all secrets that matter."""
        self.admin.call("team.list")
        for team in [*holdings.TEAMS, holdings.FILE_TEAM]:
            self.admin.call("team_key.list", team=team)
        self.admin.call("upstream_key.list")
        old = self.random.sample(self.admin.secrets, min(len(self.admin.secrets), OLD_SECRETS))
        for each in dict.fromkeys([*old, *self.admin.good_secrets(), *self.admin.secrets[-3:]]):
            self.admin.use(*each)

    def look_at(self, call):
        """Looks at the object of a call that may or may not have been done."""
        if call.action.startswith("upstream_key."):
            self.admin.call("upstream_key.list")
        elif call.team:
            self.admin.call("team.list")
            self.admin.call("team_key.list", team=call.team)
            for each in self.admin.secrets_of(call.team, call.key)[-2:]:
                self.admin.use(*each)

    def read_audit_log(self):
        cursor = None
        for _ in range(PAGES_MAX):
            call = self.admin.call("audit.list", content={"cursor": cursor} if cursor else None)
            cursor = (call.reply or {}).get("next_cursor")
            if not cursor:
                return
