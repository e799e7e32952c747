"""Several gateways on one database, with a vendor and the record of what clients were told."""

import json
import random
import threading
import time

import teams
from answers import Record
from audit import Expectations, Violation
from client import Client
from lines import Line
from node_audit import NodesCase, violations
from processes import PATIENCE, TestFailure
from questions import Question, document
from servers import Gateway, NotStarted, Vendor
from shared_ledger import SharedLedger

POLL = 0.25  # seconds between two looks at the database
ANNOUNCEMENT = "tollgate listening on "


class Node(Gateway):
    """A gateway of several."""

    def __init__(self, bench, folder, configuration, name):
        super().__init__(bench.session, bench.programs, folder, configuration, name)
        self.number = None  # of its seat
        self.begun = 0  # how often its process has announced itself
        self.log_from = 0  # where the log of its process begins

    def must_start(self, prefix=()):
        self.log_from = self.log.stat().st_size if self.log.exists() else 0
        super().must_start(prefix)
        self.begun = 1
        self.see_number()

    def see_number(self):
        self.number = int(self.admin("GET", "/status")["nodes"][0]["id"])

    def lost_seat(self, seconds=0):
        """Whether it loses its seat within so many seconds, or has since it was asked last; then it must begin anew."""
        deadline = time.monotonic() + seconds
        # The line comes before all that follows from it.
        while self.count_losses() < self.begun:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        deadline = time.monotonic() + PATIENCE
        while (begun := self.process.output.count(ANNOUNCEMENT)) <= self.begun:
            if time.monotonic() > deadline or self.process.has_ended:
                raise Violation(f"N2: {self.name} has not begun anew: {self.process.complaint()}")
            time.sleep(0.05)
        self.begun = begun
        ports = self.process.output.ports_after(ANNOUNCEMENT)
        with self.changed:
            self.port, self.admin_port = ports
            self.starts += 1
            self.changed.notify_all()
        self.see_number()
        return True

    def count_losses(self):
        """Of the process that is there."""
        with open(self.log, "rb") as log:
            log.seek(self.log_from)
            return log.read().count(b'"seat_lost"')

    def lose(self):
        """Notes that the process is gone, so that no client asks it any more."""
        with self.changed:
            self.port = self.admin_port = None

    def admin(self, method, path, content=None):
        """The members of a reply of the admin side, which must be a success."""
        reply = self.try_admin(method, path, content)
        if reply is None or reply[0] >= 300:
            raise TestFailure(f"{method} {path} at {self.name}: {reply}")
        return reply[1]

    def try_admin(self, method, path, content=None):
        """Status and members; None without a complete reply."""
        line = Line(self, "admin_port")
        try:
            fields = {"Authorization": f"Bearer {teams.TOKEN}", "Content-Type": "application/json"}
            body = None if content is None else json.dumps(content)
            reply = line.exchange(method, f"/admin/v1{path}", body, fields)
        finally:
            line.close()
        if reply is None:
            return None
        response, text = reply
        return response.status, json.loads(text) if text else {}


class Fleet:
    """A database from its first node to the last audit. A context manager: leaving it ends its processes.

    The folder is removed unless a violation was found: then it holds all that `run --audit` needs.
    """

    def __init__(self, bench, name, count=3, factor=40, response_timeout="1s", change=None, urls=None, delay="8ms"):
        """
        `change` is given the configuration before it is written. `urls` are other ways to the database, by the index of
        the node: each is a function of the database's name.
        """
        self.bench, self.seed = bench, f"{bench.seed} {name}"
        self.random = random.Random(self.seed)
        self.folder = bench.session.new_folder(name.replace(" ", "-"))
        self.database = bench.server.make_database(bench.template())
        self.vendor = Vendor(bench.session, bench.programs, self.folder, delay=delay)
        self.nodes = []
        for index in range(count):
            folder = self.folder / f"node-{index}"
            folder.mkdir()
            url = (urls or {}).get(index, bench.server.url)(self.database)
            configuration = teams.configuration(self.vendor.port, url, factor, response_timeout)
            if change:
                change(configuration)
            self.nodes.append(Node(bench, folder, configuration, f"node {index}"))
        self.record = Record()
        self.lock = threading.Lock()
        self.forgotten = set()  # documents that are purged or changed; guarded by `lock`
        self.notes = []  # what was done, for the report of a violation
        self.slowest = 0  # seconds until nothing was under way any more

    def __enter__(self):
        return self

    def __exit__(self, kind, fault, _):
        for node in self.nodes:
            node.finish()
            if node.process is not None:
                node.process.kill()
        self.vendor.stop()
        if kind is not None and issubclass(kind, Exception):
            self.keep(fault)
        self.bench.session.remove(self.folder)

    def keep(self, fault):
        """Keeps everything for the inspection of a violation."""
        self.bench.session.kept.append(self.folder)
        self.record.save(self.folder / "answers.jsonl")
        if not (self.folder / "case.json").exists():
            try:
                self.case(is_at_rest=False).save(self.folder)
            except TestFailure as lost:
                # The database may be what failed; it must not hide the fault.
                self.notes.append(f"no rows were kept: {lost}")
        (self.folder / "notes.txt").write_text("\n".join([f"seed: {self.seed}", *self.notes, str(fault)]) + "\n")

    def start(self):
        for node in self.nodes:
            if node.port is None:
                node.must_start()
        return self

    @property
    def configuration(self):
        return self.nodes[0].configuration

    def query(self, sql):
        return self.bench.server.execute(sql, self.database)

    def is_dead(self, number):
        return self.query(f"SELECT state FROM nodes WHERE number = {number}") == "dead"

    def wait(self, what, is_so):
        """Waits until something is so; returns the seconds it took."""
        start = time.monotonic()
        while not is_so():
            if time.monotonic() - start > PATIENCE:
                raise Violation(f"N13: after {PATIENCE:.0f} s it was not so that {what}")
            time.sleep(POLL)
        return time.monotonic() - start

    # MARK: Audit

    def case(self, is_at_rest):
        # What was charged is read before what is booked: a reservation precedes its charge.
        charged = self.vendor.charge_log.read_text() if self.vendor.charge_log.exists() else ""
        ledger = self.ledger()
        with self.lock:
            forgotten = frozenset(self.forgotten)
        return NodesCase(self.configuration, ledger, charged, self.record.snapshot(), Expectations(is_at_rest),
                         forgotten)

    def ledger(self):
        is_attended = any(node.port is not None for node in self.nodes)
        return SharedLedger.read(self.bench.server, self.database, is_attended)

    def audit(self, is_at_rest):
        """Raises a Violation that lists all faults. At rest nodes are idle, and no client waits for a reply."""
        case = self.case(is_at_rest)
        found = violations(case)
        if found:
            case.save(self.folder)
            raise Violation("\n".join(found))
        with self.bench.lock:
            self.bench.audits += 1

    def rest(self):
        """Waits until what was under way has ended, also that of nodes that are gone. No client may ask meanwhile."""
        self.vendor.finish_calls()
        start = time.monotonic()
        while passing := self.ledger().passing:
            if time.monotonic() - start > PATIENCE:
                self.audit(is_at_rest=True)
                raise Violation(f"N13: after {PATIENCE:.0f} s there are {passing}")
            time.sleep(POLL)
        self.slowest = max(self.slowest, time.monotonic() - start)

    def rest_and_audit(self):
        self.rest()
        self.audit(is_at_rest=True)

    def say_what_is_left(self):
        """Every key's last reply, at a node chosen for it, which the audit checks against the ledger (I9)."""
        for each in self.record.snapshot():
            each.is_final = False  # its amounts hold only until more is spent
        # Each node reads once a second what the others have booked.
        time.sleep(2.5)
        clients = [Client(node, self.record) for node in self.nodes if node.port is not None]
        for team in self.configuration["teams"]:
            for index in range(len(team["keys"])):
                client = self.random.choice(clients)
                answer = client.ask(team, index, Question(document(self.random), "gpt-4o"), "only-if-cached")
                if answer.error != "not_cached":
                    raise Violation(f"only-if-cached: {answer}")
                answer.is_final = True
        for client in clients:
            client.close()

    def stop(self):
        """Ends all that live, in order, each while the rest goes on."""
        for node in self.nodes:
            if node.port is None:
                continue
            node.lose()
            status = node.stop()
            if status != 0:
                raise NotStarted(f"end: after SIGTERM {node.name} ended with {node.process.complaint()}")

    def end(self):
        """The last part of a life: what is left is told as it is, and all end in order."""
        self.start()
        self.say_what_is_left()
        self.stop()
        self.rest_and_audit()
