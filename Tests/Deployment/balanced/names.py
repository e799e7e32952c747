"""A name server that gives one name the addresses that it is told."""

import socket
import struct
import threading

TYPE_A, CLASS_IN = 1, 1


class NameServer:
    """Guarded: `lock` protects the addresses. It answers on a thread of its own until the process ends."""

    def __init__(self):
        self.lock = threading.Lock()
        self.addresses = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def add(self, address):
        with self.lock:
            self.addresses.append(address)

    def remove(self, address):
        with self.lock:
            self.addresses.remove(address)

    def run(self):
        while True:
            query, client = self.socket.recvfrom(4_096)
            self.socket.sendto(self.answer(query), client)

    def answer(self, query):
        """Whatever name is asked for; the addresses of version 4, and none of another kind."""
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        kind, _ = struct.unpack("!HH", question[-4:])
        with self.lock:
            addresses = list(self.addresses) if kind == TYPE_A else []
        # A reply, recursion wanted and available; the name is that of the question, at byte 12.
        head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(addresses), 0, 0)
        rows = [struct.pack("!HHHIH", 0xC00C, TYPE_A, CLASS_IN, 1, 4) + socket.inet_aton(each) for each in addresses]
        return head + question + b"".join(rows)
