"""The simulated vendor and the gateway, as processes with a folder."""

import http.client
import json
import os
import pathlib
import signal
import threading
import time

import teams
from processes import PATIENCE, TestFailure

# The vendor's faults, each to be bound to a document of its own, so that it hits only questions about that one.
FAULTS = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 400},
    {"kind": "status", "status": 502},
    {"kind": "failed", "credits": 1},
    {"kind": "failed"},
    {"kind": "reset_before_reply"},
    {"kind": "truncated"},
    {"kind": "credits", "credits": "missing"},
    {"kind": "rate_limit", "retry_after": 1},
]
# The vendor never answers: the gateway's time-out passes.
HELD = {"kind": "hold"}


class Vendor:
    """`vendor-sim` with a charge log: each charge is on disk before its reply goes out. It outlives all gateways."""

    def __init__(self, session, programs, folder, price_factor=1, delay="8ms", more_keys=()):
        """`more_keys` are secrets that it knows beside those of the configuration."""
        self.charge_log = folder / "charges.log"
        command = [programs / "vendor-sim", "--delay", delay, "--charge-log", self.charge_log]
        for key in (*teams.VENDOR_KEYS.values(), *more_keys):
            command += ["--key", key]
        for model, price in teams.PRICES.items():
            command += ["--credits-per-page", f"{model}={price * price_factor:g}"]
        self.process = session.start(command, folder / "vendor.stderr")
        self.port = next(iter(self.process.output.ports_after("vendor-sim listening on ")), None)
        if self.port is None:
            raise TestFailure(f"vendor-sim did not start: {self.process.complaint()}")

    def control(self, method, path, content=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise TestFailure(f"{method} {path} was answered {response.status}: {answer[:200]}")
        return json.loads(answer)

    def calls(self):
        return self.control("GET", "/sim/account")["classify_calls"]

    def finish_calls(self):
        """Waits until the vendor has nothing in flight: it keeps working for callers that are gone."""
        self.control("DELETE", "/sim/faults")
        self.control("POST", "/sim/release", {})
        deadline = time.monotonic() + PATIENCE
        while True:
            self.control("GET", f"/sim/wait?in_flight=0&timeout_ms={int(PATIENCE * 1000)}")
            # Bytes that the dead gateway has sent may reach the vendor a moment later.
            calls = self.calls()
            time.sleep(0.02)
            account = self.control("GET", "/sim/account")
            if account["classify_calls"] == calls and account["in_flight"] == 0:
                return
            if time.monotonic() > deadline:
                raise TestFailure("calls reach the vendor without end")

    def stop(self):
        self.process.kill()


class Gateway:
    """`tollgate serve` on one configuration and store, started as often as needed.

    Ports and generation are guarded by `changed`: load threads wait there for the next start.
    """

    host = "127.0.0.1"  # of its side for clients
    context = None  # of TLS there, if it has TLS

    def __init__(self, session, programs, folder, configuration, name=""):
        """`name` tells it from others of the same store."""
        self.session, self.folder, self.name = session, folder, name
        self.program = programs / "tollgate"
        self.configuration = configuration
        self.configuration_file = folder / "config.json"
        self.write_configuration()
        self.process = None
        self.port = None  # None while it is known to be gone
        self.admin_port = None
        self.starts = 0
        self.is_over = False  # no further start will come
        self.changed = threading.Condition()

    def write_configuration(self):
        teams.write(self.configuration, self.configuration_file)

    @property
    def store(self):
        return pathlib.Path(self.configuration["store"]["url"].removeprefix("sqlite:"))

    @property
    def log(self):
        return self.folder / "gateway.stderr"

    def spawn(self, prefix=()):
        """Starts a process and does not wait until it listens. `prefix` is a tool to run it under."""
        command = [*prefix, self.program, "serve", "--config", self.configuration_file]
        # With it, upstream keys and the replies of rotations are sealed and stored.
        self.process = self.session.start(command, self.log, {"TOLLGATE_MASTER_KEY": teams.MASTER_KEY})
        return self.process

    def start(self, prefix=()):
        """Whether it listens; False when it ended before."""
        self.spawn(prefix)
        ports = self.process.output.ports_after("tollgate listening on ")
        if not ports and self.process.wait() is None:
            raise TestFailure(f"the gateway neither listens nor ends: {self.process.complaint()}")
        with self.changed:
            self.port, self.admin_port = ports or (None, None)
            self.starts += 1
            self.changed.notify_all()
        return bool(ports)

    def must_start(self, prefix=()):
        if not self.start(prefix):
            raise NotStarted(f"start: the gateway ended before it listened: {self.process.complaint()}")

    @property
    def pid(self):
        """The id of the gateway itself, a child of the tracer if there is one. None when it is gone."""
        process = self.process.pid
        if pathlib.Path(f"/proc/{process}/comm").read_text().strip() != "strace":
            return process
        children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return int(children[0]) if children else None

    def signal(self, number):
        """Sends a signal, or finds the process gone."""
        try:
            pid = self.pid
            if pid is not None:
                os.kill(pid, number)
        except (ProcessLookupError, FileNotFoundError):
            pass

    def stop(self):
        """The status after SIGTERM."""
        self.signal(signal.SIGTERM)
        return self.end()

    def kill(self):
        with self.changed:
            self.port = self.admin_port = None  # before the kill: a refused client then waits for the next start
        self.signal(signal.SIGKILL)
        return self.end()

    def end(self):
        status = self.process.wait()
        if status is None:
            raise NotStarted(f"end: the gateway does not end: {self.process.complaint()}")
        return status

    def finish(self):
        """Tells threads that wait for another start that none will come."""
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def wait_for_start(self, seen):
        """Waits for a start later than number `seen`; False when none comes."""
        with self.changed:
            self.changed.wait_for(lambda: self.is_over or (self.starts > seen and self.port is not None), PATIENCE)
            return not self.is_over and self.starts > seen and self.port is not None


class NotStarted(Exception):
    """The gateway did not start or end as it must."""
