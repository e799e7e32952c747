"""A client that sends one request after another."""

import re
import socket

import questions
from processes import BenchmarkFailure


class Client:
    """One keep-alive connection."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)

    def exchange(self, request):
        """Sends a request, reads the complete reply and returns its head."""
        self.connection.sendall(request)
        head, _, content = self.connection.recv(65536).partition(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *(\d+)", head)
        if found is None:
            raise BenchmarkFailure(f"no reply: {head}")
        length = int(found.group(1))
        while len(content) < length:
            more = self.connection.recv(65536)
            if not more:
                raise BenchmarkFailure(f"a reply is cut short: {head}")
            content += more
        return head

    def hits(self, count, keys=(questions.TEAM_KEY,)):
        """Asks the hot question `count` times, with each of the keys in turn; all must be hits."""
        requests = [questions.request_bytes(key=key) for key in keys]
        for index in range(count):
            require_hit(self.exchange(requests[index % len(requests)]))


def require_hit(head):
    if not head.startswith(b"HTTP/1.1 200") or b"tollgate; hit" not in head:
        raise BenchmarkFailure(f"no hit: {head}")
