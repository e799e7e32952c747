"""Ports for servers that must be told theirs."""

import socket
import threading

given, lock = set(), threading.Lock()


def free_port():
    """One that nobody has, and that nobody else was given here."""
    while True:
        with socket.socket() as there:
            there.bind(("127.0.0.1", 0))
            port = there.getsockname()[1]
        with lock:
            if port not in given:
                given.add(port)
                return port
