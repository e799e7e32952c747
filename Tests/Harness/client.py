"""A client that keeps its connection and records every reply."""

import time
from dataclasses import dataclass

from answers import Answer
from lines import Line
from processes import PATIENCE
from teams import secret

DAY = 86_400


@dataclass(frozen=True)
class Asker:
    """The key that a question is asked with."""

    team: str
    key: str
    account: str
    secret: str

    @classmethod
    def of(cls, team, key_index):
        """A key of a team of the configuration."""
        return cls(team["id"], team["keys"][key_index]["id"], team["account"], secret(team["id"], key_index))


class Client:
    def __init__(self, gateway, record, patience=PATIENCE):
        self.record, self.node = record, gateway.name
        self.line = Line(gateway, "port", patience)

    def ask(self, team, key_index, question, directive=None, spelling=0):
        """Sends one request for a team of the configuration; returns its record, without a status if no complete reply
        came."""
        return self.ask_as(Asker.of(team, key_index), question, directive, spelling)

    def ask_as(self, asker, question, directive=None, spelling=0):
        answer = Answer(self.record.new_request_id(), asker.team, asker.key, asker.account, question, directive,
                        sent=time.monotonic(), node=self.node)
        self.record.add(answer)
        fields = {"x-api-key": asker.secret, "Content-Type": "application/json", "x-request-id": answer.request_id}
        if directive:
            fields["Cache-Control"] = directive
        before = int(time.time() // DAY)
        reply = self.line.exchange("POST", "/v1/classify", question.body(spelling), fields)
        if reply is not None:
            response, content = reply
            answer.took(response.status, response.headers, content)
            # A late reply may be about the day before it arrived.
            answer.day = before if int((time.time() + 1) // DAY) == before else None
        return answer

    def close(self):
        self.line.close()
