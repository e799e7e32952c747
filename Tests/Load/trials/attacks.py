"""Clients that are slow or many.

Each attack is made of a gateway and a number of connections; `start` returns when they are there, `step` goes on with
it for a moment, and `end` lets all go.
"""

import contextlib
import multiprocessing
import os
import selectors
import socket
import subprocess
import time

import wire
from crowd import Crowd
from processes import TestFailure, end_with_parent

# Where slowhttptest and the readers that stop ask for a reply that is larger than all buffers.
# Hits of a connection: their replies are more than a socket's buffer takes, 4 MiB by tcp(7). What it takes whole looks
# like a client that is idle.
PIPELINED = 8000
LARGE_PATH, LARGE_BYTES = "/v1/documents/large", 64 << 20


class SlowHTTPTest:
    """slowhttptest(1) in one of its modes. It takes no further fields, so the key comes in through that for cookies."""

    def __init__(self, gateway, connections, mode):
        self.gateway, self.connections, self.mode = gateway, connections, mode
        self.process = None

    def start(self):
        path, options = {
            # A field each second, a byte of a body each second, and five bytes of a reply every five seconds.
            "-H": ("/v1/classify", ["-i", "1", "-x", "8"]),
            "-B": ("/v1/classify", ["-i", "1", "-x", "1", "-s", "8192", "-f", "application/json"]),
            "-X": (LARGE_PATH, ["-w", "256", "-y", "512", "-n", "5", "-z", "5", "-k", "1"]),
        }[self.mode]
        command = ["nice", "slowhttptest", self.mode, *options, "-c", str(self.connections), "-r", "500", "-l", "3600",
                   "-p", "5", "-j", f"a=b\r\nx-api-key: {wire.TEAM_KEY}",
                   "-u", f"http://127.0.0.1:{self.gateway.port}{path}"]
        log = open(self.gateway.folder / f"slowhttptest{self.mode}", "w")
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except FileNotFoundError:
            raise TestFailure("slowhttptest is not there: apt-get install slowhttptest") from None

    def step(self, seconds):
        time.sleep(seconds)

    def end(self):
        self.process.kill()
        self.process.wait()


class StoppedReaders:
    """Half of them pipeline hits, half ask for a large reply, and none reads."""

    def __init__(self, gateway, connections):
        self.gateway, self.connections = gateway, connections

    def start(self):
        large = (f"GET {LARGE_PATH} HTTP/1.1\r\nHost: load\r\nx-api-key: {wire.TEAM_KEY}\r\n\r\n").encode()
        half = self.connections // 2
        self.crowd = Crowd(self.gateway.port, [wire.HIT * PIPELINED] * half + [large] * (self.connections - half),
                           reads=False)
        # Until nothing more is taken.
        sent = -1
        while self.crowd.sent > sent:
            sent = self.crowd.sent
            self.crowd.go_on(1)

    def step(self, seconds):
        until = time.monotonic() + seconds
        self.crowd.go_on(seconds)
        time.sleep(max(0, until - time.monotonic()))

    def end(self):
        self.crowd.end()


class HalfHandshakes:
    """Handshakes that stop after a part of the first message, never begin, or come a byte every three seconds."""

    def __init__(self, gateway, connections):
        self.gateway, self.connections = gateway, connections
        self.all, self.dripping = [], []

    def start(self):
        hello = wire.client_hello(self.gateway.context)
        for number in range(self.connections):
            connection = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=20)
            connection.setblocking(False)
            self.all.append(connection)
            if number % 3 == 0:
                connection.send(hello[:100])
            elif number % 3 == 1:
                self.dripping.append((connection, hello))
        self.due, self.sent = time.monotonic(), 0

    def step(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if time.monotonic() >= self.due:
                for connection, hello in self.dripping:
                    with contextlib.suppress(OSError):
                        connection.send(hello[self.sent:self.sent + 1])
                self.due, self.sent = self.due + 3, self.sent + 1
            time.sleep(0.1)

    def end(self):
        for connection in self.all:
            connection.close()


class Idle:
    """Kept connections that asked once and do nothing more."""

    AT_ONCE = 500

    def __init__(self, gateway, connections):
        self.gateway, self.connections = gateway, connections
        self.all = []

    def start(self):
        left = self.connections
        while left > 0:
            self.open(min(left, self.AT_ONCE))
            left -= self.AT_ONCE

    def open(self, count):
        """A listener's queue is short."""
        selector = selectors.DefaultSelector()
        for _ in range(count):
            connection = socket.socket()
            # For one server an address has some 28,000 ports (ip(7), ip_local_port_range).
            connection.bind((f"127.0.0.{2 + len(self.all) // 5000}", 0))
            connection.connect(("127.0.0.1", self.gateway.port))
            connection.sendall(wire.HIT)
            selector.register(connection, selectors.EVENT_READ)
            self.all.append(connection)
        deadline = time.monotonic() + 30
        while selector.get_map():
            for key, _ in selector.select(1):
                if not key.fileobj.recv(65536).startswith(b"HTTP/1.1 200"):
                    raise wire.Failure("one of many kept connections got no answer")
                selector.unregister(key.fileobj)
            if time.monotonic() > deadline:
                raise wire.Failure(f"{len(selector.get_map())} of many kept connections got no answer in 30 s")
        selector.close()

    def step(self, seconds):
        time.sleep(seconds)

    def end(self):
        for connection in self.all:
            connection.close()


class Apart:
    """An attack in a process of its own, at a low priority: the attackers of a real one have machines of their own."""

    def __init__(self, attack):
        self.attack = attack

    def start(self):
        context = multiprocessing.get_context("fork")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=self.run, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.hear()

    def run(self, line):
        end_with_parent()
        os.nice(10)
        try:
            self.attack.start()
            line.send("")
            while not line.poll():
                self.attack.step(0.2)
            self.attack.end()
        except (OSError, wire.Failure) as fault:
            line.send(f"{type(fault).__name__} {fault}")

    def hear(self):
        """Raises with what the attackers met."""
        try:
            fault = self.line.recv()
        except EOFError:
            fault = "the attackers are gone"
        if fault:
            raise wire.Failure(fault)

    def step(self, seconds):
        time.sleep(seconds)
        if self.line.poll():
            self.hear()

    def end(self):
        with contextlib.suppress(OSError):
            self.line.send("end")
        self.process.join(30)
        self.process.kill()
