"""Many connections that have asked once and then stay idle."""

import select
import socket

import questions
from processes import BenchmarkFailure


class IdleConnections:
    """Opens them and makes one hit on each. A context manager: leaving it closes them.

    Loopback addresses differ in their third byte, so that at most a few thousand share one port range.
    """

    def __init__(self, port, count):
        self.port, self.count = port, count
        self.sockets = []

    def __enter__(self):
        request = questions.request_bytes()
        for start in range(0, self.count, 100):
            group = [self.connect(number) for number in range(start, min(start + 100, self.count))]
            for connection in group:
                connection.sendall(request)
            for connection in group:
                answer = connection.recv(65536)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise BenchmarkFailure(f"an idle connection's request was answered {answer[:100]}")
            self.sockets += group
        return self

    def connect(self, number):
        connection = socket.socket()
        connection.settimeout(20)
        connection.bind((f"127.0.{1 + number // 4000}.1", 0))
        connection.connect(("127.0.0.1", self.port))
        return connection

    def closed(self):
        """How many the server has closed meanwhile; unread bytes of an answer do not count as an end."""
        poll = select.poll()
        for connection in self.sockets:
            poll.register(connection, select.POLLRDHUP)
        return len(poll.poll(0))

    def __exit__(self, *_):
        for connection in self.sockets:
            connection.close()
