"""A way to PostgreSQL on which one COMMIT is lost, cut, or held.

It understands as much of the protocol (PostgreSQL manual, "Message Formats") as is needed to see what a frontend says:
messages with a type and a length, and the text of statements. The test's nodes ask for no TLS.
"""

import contextlib
import socket
import struct
import threading
import time

from processes import PATIENCE, TestFailure

# What happens to the COMMIT, and to the writes that are sent with it:
#   drop    the writes arrive, the COMMIT does not, and both connections are reset
#   cut     the same, with half of the COMMIT
#   answer  it is done, and its answer is lost with the connection
#   hold    all is held, the node's connection is reset, and the server's stays until the server ends it
#   late    the same, and all arrives while the node's next connection waits for the lock of its row
#   after   the same, and all arrives when the node has gone on
#   silent  it is done, and its answer does not come, while the connection stays
MODES = ("drop", "cut", "answer", "hold", "late", "after", "silent")
# The writes arrive, the COMMIT is held, and the server's connection stays. No time-out of the server's applies then,
# since it waits for the end of a pipeline and not for a client that is idle: so the locks stay.
HALF = "half"
STARTUP, TLS_REQUEST, ENCRYPTION_REQUEST = 196_608, 80_877_103, 80_877_104
# What only a node's own transactions have, and what those begin with that find out what became of a COMMIT.
FENCE, RECOVERY = b"UPDATE nodes", b"SELECT beat FROM nodes"
LATE = 0.3  # seconds from the question what became of it to the arrival
HALF_HELD = 30.0
AFTER = 4.0  # seconds after which the server has ended the transaction that waits for its client


class CommitProxy:
    """Listens on loopback, and leads each connection to the server's socket. Guarded: `lock` protects what is armed."""

    def __init__(self, target):
        self.target = str(target)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.armed = []  # (mode, kind, how many COMMITs until then), one after the other
        self.fired = []  # (mode, kind)
        self.open = 0  # that have fired, and of which something is on its way
        self.asked = threading.Event()  # the node wants to know what became of a COMMIT
        self.changed = threading.Condition(self.lock)
        self.fault = None
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, database, user):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def arm(self, *modes):
        """Each is a mode, a kind of transaction or an empty text for all, and a number: it strikes at that COMMIT of
        the kind, counted from the previous one on."""
        with self.lock:
            self.armed, self.fired = list(modes), []
            self.asked.clear()

    def disarm(self):
        """What has fired, with the kind of transaction; waits until nothing is held any more."""
        with self.lock:
            self.armed = []
            if not self.changed.wait_for(lambda: self.open == 0, PATIENCE):
                raise TestFailure("the proxy holds a COMMIT for ever")
            if self.fault:
                raise TestFailure(f"the proxy failed: {self.fault!r}") from self.fault
            return list(self.fired)

    def close(self):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                frontend, _ = self.listener.accept()
                frontend.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Connection(self, frontend)

    def takes(self, statements):
        """The mode when this COMMIT is the one that was waited for."""
        with self.lock:
            if not self.armed:
                return None
            mode, wanted, left = self.armed[0]
            found = kind(statements)
            if wanted not in ("", found):
                return None
            if left > 1:
                self.armed[0] = mode, wanted, left - 1
                return None
            self.armed.pop(0)
            self.fired.append((mode, found))
            self.open += 1
            self.asked.clear()
            return mode

    def closes(self, fault=None):
        """Nothing of one that has fired is on its way any more."""
        with self.lock:
            self.open -= 1
            self.fault = self.fault or fault
            self.changed.notify_all()


class Connection:
    """One connection of a node and one to the server, with a thread for each direction."""

    def __init__(self, proxy, frontend):
        self.proxy, self.frontend = proxy, frontend
        self.backend = socket.socket(socket.AF_UNIX)
        self.statements = []
        self.swallows = threading.Event()  # the server's answers go nowhere
        self.answered = threading.Event()  # the server has answered, or ended, after that
        threading.Thread(target=self.guard, args=(self.lead_up,), daemon=True).start()

    def guard(self, work):
        try:
            work()
        except OSError:
            self.end()
        except Exception as fault:  # noqa: BLE001 - disarm() raises it again
            self.proxy.fault = fault
            self.end()

    def end(self):
        self.answered.set()
        for each in (self.frontend, self.backend):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def reset_node(self):
        """It gets a RST."""
        with contextlib.suppress(OSError):
            self.frontend.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.frontend.close()

    # MARK: To the node

    def lead_down(self):
        while data := self.backend.recv(65_536):
            if self.swallows.is_set():
                self.answered.set()
            else:
                self.frontend.sendall(data)
        if self.swallows.is_set():
            self.answered.set()
        else:
            self.end()

    # MARK: To the server

    def lead_up(self):
        self.backend.connect(self.proxy.target)
        self.backend.sendall(self.startup())
        threading.Thread(target=self.guard, args=(self.lead_down,), daemon=True).start()
        pending, pipeline = b"", bytearray()
        while data := self.frontend.recv(65_536):
            pending += data
            while (message := first_message(pending)) is not None:
                pending = pending[len(message):]
                if mode := self.look_at(message):
                    self.perform(mode, bytes(pipeline), message, pending)
                    return
                pipeline += message
                # The node waits for nothing before.
                if message[:1] in (SYNC[:1], TERMINATE):
                    self.backend.sendall(pipeline)
                    pipeline.clear()
        self.end()

    def startup(self):
        while True:
            head = self.exactly(8)
            length, code = struct.unpack("!II", head)
            if code in (TLS_REQUEST, ENCRYPTION_REQUEST):
                self.frontend.sendall(b"N")
                continue
            if code != STARTUP:
                raise ValueError(f"a startup message with code {code}")
            return head + self.exactly(length - 8)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.frontend.recv(count - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def look_at(self, message):
        """The mode when it is the COMMIT that was waited for."""
        if message[:1] != b"P":
            return None
        text = message[message.index(b"\0", 5) + 1:].partition(b"\0")[0]
        if text.startswith(b"BEGIN"):
            self.statements = []
        if text.startswith(RECOVERY):
            self.proxy.asked.set()
        self.statements.append(text)
        is_fenced = any(each.startswith(FENCE) for each in self.statements)
        return self.proxy.takes(self.statements) if text == b"COMMIT" and is_fenced else None

    # MARK: Modes

    def perform(self, mode, writes, commit, behind):
        """`behind` is what the node has said after the COMMIT so far."""
        fault = None
        try:
            getattr(self, f"do_{mode}")(writes, commit, behind)
        except OSError:
            pass  # the server has ended the transaction, which is what some modes wait for
        except Exception as raised:  # noqa: BLE001 - disarm() raises it again
            fault = raised
        finally:
            self.end()
            self.proxy.closes(fault)

    def do_drop(self, writes, *_):
        self.backend.sendall(writes)
        self.reset_node()

    def do_cut(self, writes, commit, _):
        self.backend.sendall(writes + commit[:len(commit) // 2])
        self.reset_node()

    def do_answer(self, *messages):
        self.have_done(*messages)
        self.reset_node()

    def do_hold(self, *_):
        self.swallows.set()
        self.reset_node()
        self.wait_for_server()  # it ends the transaction

    def do_half(self, writes, *_):
        self.swallows.set()
        self.backend.sendall(writes)
        self.reset_node()
        time.sleep(HALF_HELD)

    def do_late(self, *messages):
        self.swallows.set()
        self.reset_node()
        if not self.proxy.asked.wait(PATIENCE):
            raise TestFailure("the node does not ask what became of a COMMIT")
        time.sleep(LATE)
        self.let_go(*messages)

    def do_after(self, *messages):
        self.swallows.set()
        self.reset_node()
        time.sleep(AFTER)
        self.let_go(*messages)

    def do_silent(self, *messages):
        self.have_done(*messages)
        # The node gives up by itself.
        self.frontend.settimeout(PATIENCE)
        while self.frontend.recv(65_536):
            pass

    def have_done(self, writes, commit, behind):
        """The server does it, and what it answers does not come through."""
        # The rest of the pipeline is on its way, if it is not here yet.
        while not behind.endswith(SYNC):
            more = self.frontend.recv(65_536)
            if not more:
                break
            behind += more
        self.swallows.set()
        self.backend.sendall(writes + commit + behind)
        self.wait_for_server()

    def let_go(self, writes, commit, behind):
        self.answered.clear()
        self.backend.sendall(writes + commit + (behind if behind.endswith(SYNC) else BIND_AND_SYNC))
        self.wait_for_server()

    def wait_for_server(self):
        if not self.answered.wait(PATIENCE):
            raise TestFailure("the server does not answer")


# MARK: Messages

SYNC = b"S\0\0\0\x04"
TERMINATE = b"X"
# Bind of the unnamed statement without parameters, Execute, Sync.
BIND_AND_SYNC = b"B\0\0\0\x0c\0\0\0\0\0\0\0\0" + b"E\0\0\0\x09\0\0\0\0\0" + SYNC


def first_message(data):
    """The first whole message; None when more must come."""
    if len(data) < 5:
        return None
    length = 1 + struct.unpack("!I", data[1:5])[0]
    return data[:length] if len(data) >= length else None


def kind(statements):
    """A transaction, in a word."""
    text = b"\n".join(statements)
    return next((word for part, word in KINDS if part in text), "beat")


# What is in the text of a transaction, and what that is.
KINDS = (
    (RECOVERY, "recovery"), (b"INTO document_changes", "change"), (b"INTO audit", "purge"),
    (b"INSERT INTO ledger", "admission"), (b"UPDATE ledger", "ending"), (b"SELECT seq, kind", "poll"),
)
