"""Many connections of one process."""

import collections
import selectors
import socket
import time

OF_AN_ADDRESS = 5_000
BUFFER_BYTES = 64 * 1024


class Crowd:
    """Many connections that each send a message as fast as it is accepted, and read the answers or do not."""

    def __init__(self, port, messages, reads=True):
        self.selector, self.told, self.open = selectors.DefaultSelector(), collections.Counter(), 0
        self.reads, self.unread = reads, []
        self.sent = 0  # bytes
        for index, message in enumerate(messages):
            connection = socket.socket()
            connection.setblocking(False)
            if not reads:
                # It is the gateway that is to be filled, and not this machine with what is the attackers'.
                for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                    connection.setsockopt(socket.SOL_SOCKET, buffer, BUFFER_BYTES)
            if index >= OF_AN_ADDRESS:
                # A port of each for one server: ip_local_port_range of ip(7) has some 28,000.
                connection.bind((f"127.0.0.{1 + index // OF_AN_ADDRESS}", 0))
            connection.connect_ex(("127.0.0.1", port))
            self.selector.register(connection, selectors.EVENT_WRITE | selectors.EVENT_READ, [memoryview(message), b""])
            self.open += 1

    def go_on(self, seconds):
        """Runs for this long, or until no connection is left."""
        end = time.monotonic() + seconds
        while self.open and time.monotonic() < end:
            for key, events in self.selector.select(timeout=0.2):
                self.serve(key, events)

    def serve(self, key, events):
        state = key.data
        try:
            if events & selectors.EVENT_WRITE:
                count = key.fileobj.send(state[0])
                state[0] = state[0][count:]
                self.sent += count
                if not state[0]:
                    wanted = selectors.EVENT_READ if self.reads else 0
                    if wanted:
                        self.selector.modify(key.fileobj, wanted, state)
                    else:
                        self.selector.unregister(key.fileobj)
                        self.unread.append(key.fileobj)
                        self.open -= 1
            if events & selectors.EVENT_READ and self.reads:
                piece = key.fileobj.recv(65536)
                if not piece:
                    return self.close(key, "closed")
                if not state[1]:
                    self.told[piece.split(b" ", 2)[1].decode() if piece.startswith(b"HTTP") else "bytes"] += 1
                state[1] += piece[:64]
        except BlockingIOError:
            pass
        except OSError as error:
            self.close(key, type(error).__name__)

    def close(self, key, why):
        if not key.data[1]:
            self.told[why] += 1
        self.selector.unregister(key.fileobj)
        key.fileobj.close()
        self.open -= 1

    def end(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        for connection in self.unread:
            connection.close()
        self.selector.close()
