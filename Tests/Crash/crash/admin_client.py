"""The operator's client: sends calls, records replies, and derives from them what it owns."""

import json
import time

import holdings
import teams
from calls import PATHS, USE, Calls
from client import Asker, Client
from lines import Line
from questions import Question, document, new_question
from replay import Replay

LIST, AUDIT_PAGE = 1000, 100


class AdminClient:
    """Keeps one connection to each side of the gateway. Confined to the current operator."""

    def __init__(self, gateway, record, random):
        self.calls = Calls()
        self.random = random
        self.client = Client(gateway, record)
        self.line = Line(gateway, "admin_port")
        self.replay = Replay()  # tracks what exists; verdicts are left to the audit
        self.secrets = []  # (team, key, secret) of every secret received

    def call(self, action, **members):
        """Makes a call of the admin API; returns its record, without a status if no complete reply came."""
        call = self.calls.add(action, **members)
        method, path = PATHS[action]
        path = "/admin/v1" + path.format(team=call.team, key=call.key)
        if action.endswith(".list"):
            path += f"?limit={AUDIT_PAGE if action == 'audit.list' else LIST}" + "".join(
                f"&{name}={value}" for name, value in (call.content or {}).items())
        fields = {"Authorization": f"Bearer {teams.TOKEN}", "Content-Type": "application/json"}
        if call.idempotency_key:
            fields["Idempotency-Key"] = call.idempotency_key
        body = None if call.content is None or method == "GET" else json.dumps(call.content)
        call.sent = time.monotonic()
        return self.took(call, self.line.exchange(method, path, body, fields))

    def use(self, team, key, secret):
        """Uses a secret on the clients' side with a question that never spends."""
        call = self.calls.add(USE, team=team, key=key, secret=secret)
        question = Question(document(self.random))
        fields = {"x-api-key": secret, "Content-Type": "application/json", "Cache-Control": "only-if-cached"}
        call.sent = time.monotonic()
        return self.took(call, self.client.line.exchange("POST", "/v1/classify", question.body(), fields))

    def took(self, call, reply):
        """The call with its reply; None is one that never came."""
        if reply is not None:
            response, content = reply
            call.answered = time.monotonic()
            call.reply = json.loads(content) if content else {}
            call.status = response.status
            if call.is_done and "secret" in call.reply:
                self.secrets.append((call.team, call.key, call.reply["secret"]))
        self.replay.take(call)
        return call

    def ask(self, team, key, secret):
        """A real question, which the ledger's audit judges; for the registry it is a use of the secret."""
        call = self.calls.add(USE, team=team, key=key, secret=secret)
        call.sent = time.monotonic()
        asker = Asker(team, key, holdings.account(team), secret)
        answer = self.client.ask_as(asker, new_question(self.random))
        call.answered, call.reply, call.status = answer.answered, {"error": answer.error}, answer.status
        self.replay.take(call)
        return call

    def hang_up(self):
        self.line.close()
        self.client.close()

    # MARK: What there is

    def team(self, name):
        """A possible state of a team; None after a violation."""
        return self.replay.state(f"team/{name}")

    def upstream_key(self, name):
        return self.replay.state(f"upstream_key/{name}")

    def secrets_of(self, team, key):
        """The secrets received, in order."""
        return [each for each in self.secrets if each[:2] == (team, key)]

    def secret_of(self, state):
        return self.replay.texts.by_name.get(state.secret) if not state.is_revoked else None

    def good_secrets(self):
        """The secrets that may be accepted, by the possible states."""
        for team in [*holdings.TEAMS, holdings.FILE_TEAM]:
            state = self.team(team)
            for key, inner in state.keys if state else ():
                for name in (inner.secret, *inner.retiring):
                    if name in self.replay.texts.by_name and not inner.is_revoked:
                        yield team, key, self.replay.texts.by_name[name]

    def askers(self):
        """The teams that may ask with their own key, as far as known."""
        for team in [*holdings.TEAMS, holdings.FILE_TEAM]:
            state = self.team(team)
            for key, inner in state.keys if state else ():
                if secret := self.secret_of(inner):
                    yield Asker(team, key, holdings.account(team), secret)
