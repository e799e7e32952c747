"""A gateway with one team before a simulated vendor, for loads that no ledger is held against."""

import json
import pathlib
import re
import resource
import ssl
import time

import certificates
from inquiry import ask
from processes import TestFailure
from wire import HIT, TEAM_KEY, TOKEN, VENDOR_KEY, Failure, exchange


class LoadedGateway:
    """A vendor, a gateway in front of it, and their monitoring.

    `enter` runs in the gateway's process before the program; `files_max` is its limit of descriptors. `listen` has
    further members of the configuration's.
    """

    def __init__(self, session, programs, enter=None, is_tls=False, delay="0ms", listen=None, files_max=None):
        self.folder, self.context = session.new_folder("gateway"), None
        self.log = self.folder / "stderr"
        vendor = [programs / "vendor-sim", "--address", "127.0.0.1:0", "--delay", delay, "--key", VENDOR_KEY]
        self.vendor = session.start(vendor, self.folder / "vendor.stderr")
        self.vendor_port = self.ports(self.vendor, "vendor-sim listening on ")[0]
        listen = {"address": "127.0.0.1:0", "workers": 2} | (listen or {})
        if is_tls:
            listen["tls"] = certificates.make(self.folder)
            self.context = certificates.client_context()
        configuration = {
            "listen": listen,
            "admin": {"address": "127.0.0.1:0", "tokens": [
                {"name": "load", "role": "viewer", "secret": {"value": TOKEN}}]},
            "upstream": {"base_url": f"http://127.0.0.1:{self.vendor_port}", "idle_timeout": "1s",
                         "keys": [{"id": "k", "account": "default", "secret": {"value": VENDOR_KEY}}],
                         "max_queue": 10000},
            "store": {"url": f"sqlite:{self.folder / 'store.db'}"},
            "log": {"access": False},
            "teams": [{"id": "load", "name": "Load", "account": "default",
                       "keys": [{"id": "load-key", "secret": {"value": TEAM_KEY}}]}],
        }
        file = self.folder / "config.json"
        file.write_text(json.dumps(configuration))
        file.chmod(0o600)

        def prepare():
            if files_max:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
            if enter:
                enter()

        self.process = session.start([programs / "tollgate", "serve", "--config", file], self.log, prepare=prepare)
        self.port, self.admin_port = self.ports(self.process, "tollgate listening on ")
        if self.ask(HIT)[0] != 200:
            raise Failure("the first question was not answered")

    @property
    def pid(self):
        return self.process.pid

    @staticmethod
    def ports(process, announcement):
        found = process.output.ports_after(announcement)
        if not found:
            raise TestFailure(f"it did not start: {process.complaint()}")
        return found

    def ask(self, message):
        """Retried with TLS, where a handshake may find no memory and the connection ends."""
        end = time.monotonic() + 10
        while True:
            try:
                return exchange(self.port, message, self.context)
            except (ssl.SSLError, ConnectionError):
                if self.context is None or time.monotonic() > end:
                    raise

    def clients_max(self):
        """How many may be connected at once: fewer than the setting where descriptors are short."""
        for line in self.log.read_text().splitlines():
            if "max_connections_above_descriptors" in line:
                return int(json.loads(line)["connections"])
        return 20_000

    def control(self, method, path, content):
        status, text = ask(self.vendor_port, method, path, content)
        if status != 200:
            raise TestFailure(f"{method} {path} of the vendor: {status} {text[:200]}")

    def resident(self):
        """Resident memory in MiB: current and peak."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return [int(re.search(rf"{name}:\s+(\d+) kB", text).group(1)) / 1024 for name in ("VmRSS", "VmHWM")]

    def check_alive(self):
        if self.process.has_ended:
            raise Failure(f"the gateway ended: {self.process.complaint()}")

    def stop(self):
        if not self.process.has_ended:
            self.process.popen.terminate()
            self.process.wait(40)
        self.process.kill()
        self.vendor.kill()
