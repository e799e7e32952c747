"""A client that keeps its connection and takes down every reply."""

import contextlib
import http.client
import time

from answers import Answer
from processes import PATIENCE
from teams import secret

DAY = 86_400


class Client:
    def __init__(self, gateway, record):
        self.gateway, self.record = gateway, record
        self.connection = None
        self.connected_to = 0  # the gateway's start

    def ask(self, team, key_index, question, directive=None, spelling=0):
        """Sends one request; answers its record, without a status where no whole reply came."""
        key = team["keys"][key_index]["id"]
        answer = Answer(self.record.new_request_id(), team["id"], key, team["account"], question, directive,
                        sent=time.monotonic())
        self.record.add(answer)
        fields = {"x-api-key": secret(team["id"], key_index), "Content-Type": "application/json",
                  "x-request-id": answer.request_id}
        if directive:
            fields["Cache-Control"] = directive
        before = int(time.time() // DAY)
        try:
            if self.connection is None or self.connected_to != self.gateway.starts:
                self.connect()
            self.connection.request("POST", "/v1/classify", question.body(spelling), fields)
            response = self.connection.getresponse()
            answer.took(response.status, response.headers, response.read())
            # A reply that was late may tell of the day before it came.
            answer.day = before if int((time.time() + 1) // DAY) == before else None
        except (OSError, http.client.HTTPException):
            self.close()
        return answer

    def connect(self):
        self.close()
        with self.gateway.changed:
            port, self.connected_to = self.gateway.port, self.gateway.starts
        if port is None:
            raise ConnectionRefusedError
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.connect()

    def close(self):
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.close()
            self.connection = None
