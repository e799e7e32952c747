"""A thousand clients at the same moment, each with a connection of its own."""

import asyncio
import http.client
import io
import time
from dataclasses import dataclass

from answers import Answer
from client import Asker
from processes import PATIENCE
from questions import Question

CONNECTING_MAX = 100  # at the same time: a listener's queue is short


@dataclass(frozen=True)
class Request:
    node: object
    asker: Asker
    question: Question


class Crowd:
    """Connects all clients, lets all of them ask at once, and waits for all replies."""

    def __init__(self, record, requests):
        self.record, self.requests = record, requests
        self.gate = None

    def ask(self, once_asked=lambda: None):
        """The answers with the moment of each in microseconds, in the order of the requests. `once_asked` is called
        when all requests were sent."""
        return asyncio.run(self.run(once_asked))

    async def run(self, once_asked):
        self.gate = asyncio.Event()
        self.connecting = asyncio.Semaphore(CONNECTING_MAX)
        self.left = [len(self.requests), len(self.requests)]  # to be connected, to be sent
        self.changed = asyncio.Condition()
        tasks = [asyncio.ensure_future(self.one(each)) for each in self.requests]
        await self.until_done(0)
        self.gate.set()
        await self.until_done(1)
        await asyncio.to_thread(once_asked)
        return await asyncio.gather(*tasks)

    async def until_done(self, stage):
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: self.left[stage] == 0), PATIENCE)

    async def done(self, stage):
        async with self.changed:
            self.left[stage] -= 1
            if self.left[stage] == 0:
                self.changed.notify_all()

    async def one(self, request):
        asker, body = request.asker, request.question.body()
        answer = Answer(self.record.new_request_id(), asker.team, asker.key, asker.account, request.question, None,
                        sent=time.monotonic(), node=request.node.name)
        self.record.add(answer)
        async with self.connecting:
            reader, writer = await asyncio.open_connection("127.0.0.1", request.node.port)
        await self.done(0)
        await self.gate.wait()
        head = (f"POST /v1/classify HTTP/1.1\r\nHost: gateway\r\nx-api-key: {asker.secret}\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nx-request-id: {answer.request_id}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        writer.write(head.encode() + body)
        await writer.drain()
        await self.done(1)
        text = await asyncio.wait_for(reader.read(), PATIENCE)
        moment = time.time_ns() // 1000
        writer.close()
        response = http.client.HTTPResponse(Bytes(text))
        response.begin()
        answer.took(response.status, response.headers, response.read())
        return answer, moment


class Bytes:
    """What `HTTPResponse` wants of a socket."""

    def __init__(self, text):
        self.text = text

    def makefile(self, _):
        return io.BytesIO(self.text)
