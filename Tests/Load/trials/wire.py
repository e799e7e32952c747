"""What clients of a load send, as bytes, and one exchange on a connection of its own."""

import contextlib
import json
import socket
import ssl

TEAM_KEY = "load-team-key-0123456789"
TOKEN = "load-admin-token-0123456789"
VENDOR_KEY = "vendor-secret-0123456789abcdef"


class Failure(Exception):
    """The gateway did not withstand the load."""


def question(document, padding=0, labels=2):
    schema = [{"label": f"label {n}", "description": "what it is"} for n in range(labels)]
    text = json.dumps({"document_id": document, "classification_schema": schema})
    return (text + " " * max(0, padding - len(text))).encode()


def request(body, length=None):
    length = len(body) if length is None else length
    head = f"POST /v1/classify HTTP/1.1\r\nHost: load\r\nx-api-key: {TEAM_KEY}\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + body


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HIT_DOCUMENT = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"
HIT = request(question(HIT_DOCUMENT))


def exchange(port, message, context=None, seconds=10):
    """Sends one request on its own connection; returns the status and the header section."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as plain:
        connection = context.wrap_socket(plain) if context else plain
        connection.sendall(message)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(65536)
            if not piece:
                raise Failure(f"the connection ended after {answer[:100]!r}")
            answer += piece
        return int(answer.split(b" ", 2)[1]), answer


def client_hello(context):
    """The first message of a client's handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = context.wrap_bio(incoming, outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        half.do_handshake()
    return outgoing.read()
