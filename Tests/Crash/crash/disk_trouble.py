"""I7: a disk that is full or read-only. Misses are refused, hits served, and recovery needs no restart."""

import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import time

from answers import credits
from audit import Violation, read_charges
from client import Client
from processes import PATIENCE, TestFailure
from questions import new_question
from store_life import StoreLife
from windows import limits

STORED_BEFORE = 6
ASKED_MAX = 2000  # maximum of new questions until the disk is full
LOAD_ROUNDS = 2
REFUSED = 8  # questions while it is
FIRST_FAILING = 400  # write of the store's thread
TMPFS_BYTES = 2 << 20


class DiskTrouble:
    def __init__(self, bench):
        self.bench = bench

    def run(self):
        with StoreLife(self.bench, "no-space-injected", "disk full by strace", factor=20) as life:
            # -D: the gateway is this program's child and strace can leave it; -I 2: a signal makes it do so.
            life.gateway.must_start([
                "strace", "-D", "-f", "-q", "-I", "2", "-o", life.folder / "gateway.trace", "-e", "trace=pwrite64",
                "-e", f"inject=pwrite64:error=ENOSPC:when={FIRST_FAILING}+",
            ])
            self.fill_and_recover(life, fill=lambda: None, free=lambda: detach(life.gateway.process.pid))
        self.bench.say("disk full, by strace: refused, served hits, recovered; audits passed")
        self.full_tmpfs()
        for name, is_folder in (("folder", True), ("file", False)):
            self.read_only(name, is_folder)

    def full_tmpfs(self):
        """The same on a small file system that is really full, where mounting one is allowed."""
        folder = self.bench.session.new_folder("tmpfs")
        mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tollgate-crash", folder]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode != 0:
            self.bench.say("disk full, on a tmpfs: left out, as only root may mount one")
            return
        try:
            with StoreLife(self.bench, "tmpfs-full", "disk full on a tmpfs", factor=20, store_folder=folder) as life:
                life.gateway.must_start()
                filler = folder / "filler"
                self.fill_and_recover(life, fill=lambda: fill(filler), free=filler.unlink)
        finally:
            subprocess.run(["umount", folder], check=False)
        self.bench.say("disk full, on a tmpfs: refused, served hits, recovered; audits passed")

    def fill_and_recover(self, life, fill, free):
        client = Client(life.gateway, life.record)
        # It has no budget of its own.
        team = life.gateway.configuration["teams"][5]
        known = [self.expect(client.ask(team, 0, new_question(life.random)), 200) for _ in range(STORED_BEFORE)]
        life.was_disturbed = True
        # The disk also becomes full between reservations and their settlements.
        load = life.load(LOAD_ROUNDS)
        fill()
        load.join()
        self.ask_until_full(life, client, team)
        calls = life.vendor.calls()
        for _ in range(REFUSED):
            answer = client.ask(team, 0, new_question(life.random))
            if answer.status != 503 or answer.error != "store_unavailable":
                raise Violation(f"I7: while the disk is full, {answer}")
        self.operate(life)
        if life.vendor.calls() != calls:
            raise Violation("I7: while the disk is full, refused questions reached the vendor")
        for before in known:
            again = client.ask(team, 0, before.question)
            if again.status != 200 or not again.is_hit or again.body != before.body:
                raise Violation(f"I7: while the disk is full, {again}, though {before}")
        free()
        self.ask_until_stored(life, client, team)
        self.wait_for_endings(life, client, team)
        client.close()
        self.bench.fired += 1
        life.aftermath(probes=1)
        life.stop_and_audit()
        life.restart_and_audit(probes=1)

    @staticmethod
    def expect(answer, status):
        if answer.status != status:
            raise Violation(f"I7: before the disk was full, {answer}")
        return answer

    @staticmethod
    def ask_until_full(life, client, team):
        for _ in range(ASKED_MAX):
            answer = client.ask(team, 0, new_question(life.random))
            if answer.status == 503 and answer.error == "store_unavailable":
                return
            if answer.status != 200:
                raise Violation(f"I7: while the disk fills, {answer}")
        raise Violation(f"I7: {ASKED_MAX} questions were answered although the disk is full")

    @staticmethod
    def operate(life):
        """The admin side answers, if only that the store takes no change; the audit checks that."""
        for _ in range(REFUSED):
            call = life.operator.step()
            if not call.is_heard:
                raise Violation(f"I7: while the disk is full, {call}")
            if not call.is_certain:
                life.operator.look_at(call)

    @staticmethod
    def ask_until_stored(life, client, team):
        """It recovers by itself and reports it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = client.ask(team, 0, new_question(life.random))
            if answer.status == 200 and answer.is_stored and is_ready(life.gateway.port):
                return
            if life.gateway.process.has_ended:
                raise Violation(f"I7: the gateway ended with {life.gateway.process.complaint()}")
            if time.monotonic() > deadline:
                raise Violation(f"I7: {PATIENCE:.0f} s after the disk has room again, {answer}")
            time.sleep(0.1)

    @staticmethod
    def wait_for_endings(life, client, team):
        """I9: requests that ended while the disk was full are booked once it has room again.

        Here every question costs its estimate or nothing, so what is then taken from the organization's budget is what
        the vendor charged, or may have charged in a reply that no client received.
        """
        life.vendor.finish_calls()
        total = min(each.limit for each in limits(life.gateway.configuration) if each.scope == "organization")
        charges = read_charges(life.vendor.charge_log.read_text(), life.gateway.configuration)
        charged = sum(each.credits for each in charges)
        deadline = time.monotonic() + PATIENCE
        while (left := life.remaining(client, team)) != total - charged:
            if time.monotonic() > deadline:
                raise Violation(f"I9: {PATIENCE:.0f} s after the disk has room again {credits(left)} of "
                                f"{credits(total)} are left, though the vendor charged {credits(charged)}")
            time.sleep(0.05)

    def read_only(self, name, is_folder):
        """A read-only folder or file: the gateway refuses to start, says why, and changes nothing."""
        with StoreLife(self.bench, f"read-only-{name}", f"read-only {name}") as life:
            folder = life.folder / "store"
            folder.mkdir()
            store = folder / "tollgate.db"
            self.use_store(life, store)
            if not is_folder:
                life.gateway.must_start()
                life.stop_and_audit()
                store.chmod(0o444)
            before = contents(folder)
            folder.chmod(0o555)
            try:
                is_listening = life.gateway.start(without_override())
                status = life.gateway.kill() if is_listening else life.gateway.end()
            finally:
                folder.chmod(0o755)
            if is_listening or status <= 0:
                raise Violation(f"store: on a read-only {name} the gateway must refuse to start: "
                                f"{life.gateway.process.complaint()}")
            if str(store) not in life.gateway.log.read_text() and str(folder) not in life.gateway.log.read_text():
                raise Violation(f"store: the refusal does not say which {name}: {life.gateway.process.complaint()}")
            if contents(folder) != before:
                raise Violation(f"store: a refused start changed {folder}")
        self.bench.fired += 1
        self.bench.say(f"read-only {name}: refused to start, changed nothing")

    @staticmethod
    def use_store(life, store):
        life.gateway.configuration["store"]["url"] = f"sqlite:{store}"
        life.gateway.write_configuration()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".lock")}


def without_override():
    """Root may write anywhere; without these capabilities it is an ordinary user."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise TestFailure("setpriv is not there: apt-get install util-linux")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def fill(path):
    """Fills the disk."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def detach(pid):
    """Detaches strace from a process, which continues."""
    def tracer():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(status.split("TracerPid:")[1].split()[0])

    if number := tracer():
        os.kill(number, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while tracer():
        if time.monotonic() > deadline:
            raise TestFailure("strace does not leave the gateway")
        time.sleep(0.02)


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
