"""One store from its first start to its last audit, with a vendor, the gateways on it and all replies."""

import json
import random
import shutil

import audit
import certificates
import sampling
import teams
from answers import Record
from audit import Expectations, Violation
from ledger import Ledger
from lines import Line
from processes import TestFailure
from servers import Gateway, Vendor

FACTOR = 5_000  # wide budgets outlast every trial, the tight ones are spent within seconds


class Life:
    """A context manager: leaving it ends the processes. The folder is removed unless a violation was found."""

    def __init__(self, bench, name, delay="8ms", change=None, store_folder=None, certificate_days=None):
        """`change` is given the configuration before it is written. With `certificate_days` clients use TLS."""
        self.bench, self.seed = bench, f"{bench.seed} {name}"
        self.random = random.Random(self.seed)
        self.folder = bench.session.new_folder(name.replace(" ", "-"))
        self.vendor = Vendor(bench.session, bench.programs, self.folder, delay=delay)
        store = (store_folder or self.folder) / "tollgate.db"
        configuration = teams.configuration(self.vendor.port, f"sqlite:{store}", FACTOR)
        if certificate_days:
            configuration["listen"]["tls"] = certificates.make(self.folder, certificate_days)
        if change:
            change(configuration)
        self.gateway = Gateway(bench.session, bench.programs, self.folder, configuration)
        if certificate_days:
            self.gateway.context = certificates.client_context()
        self.record = Record()
        self.notes = []  # what was done, for the report of a violation
        self.forgotten = set()  # documents that are purged or changed
        self.was_disturbed = False  # its disk has failed

    def __enter__(self):
        return self

    def __exit__(self, kind, fault, _):
        self.gateway.finish()
        if self.gateway.process is not None:
            self.gateway.process.kill()
        self.vendor.stop()
        if kind is not None and issubclass(kind, Exception):
            self.keep(fault)
        self.bench.session.remove(self.folder)

    def keep(self, fault):
        """Keeps everything for the inspection of a violation."""
        self.bench.session.kept.append(self.folder)
        self.record.save(self.folder / "answers.jsonl")
        if self.gateway.store.parent != self.folder:
            for path in self.gateway.store.parent.glob(f"{self.gateway.store.name}*"):
                shutil.copy(path, self.folder)
        (self.folder / "notes.txt").write_text("\n".join([f"seed: {self.seed}", *self.notes, str(fault)]) + "\n")

    # MARK: Audit

    def audit(self):
        """Raises a Violation that lists all faults. The gateway must have stopped in order."""
        answers = self.record.snapshot()
        log = self.vendor.charge_log
        charged = log.read_text() if log.exists() else ""
        case = audit.Case(self.gateway.configuration, Ledger(self.gateway.store), charged, answers,
                          Expectations(True, not self.was_disturbed), forgotten=frozenset(self.forgotten))
        found = [f"store: {each}" for each in case.ledger.complaints]
        for check in audit.CHECKS:
            found += check(case)
        found += replies_are_their_own(answers)
        if found:
            raise Violation("\n".join(found))
        self.bench.audits += 1
        return case

    def stop_and_audit(self):
        status = self.gateway.stop()
        self.vendor.finish_calls()
        if status != 0:
            raise Violation(f"stop: after SIGTERM the gateway ended with {self.gateway.process.complaint()}")
        return self.audit()

    # MARK: Operators

    def admin(self, method, path, content=None):
        """The members of a reply of the admin side, which must be a success."""
        line = Line(self.gateway, "admin_port")
        try:
            fields = {"Authorization": f"Bearer {teams.TOKEN}", "Content-Type": "application/json"}
            body = None if content is None else json.dumps(content)
            reply = line.exchange(method, f"/admin/v1{path}", body, fields)
        finally:
            line.close()
        if reply is None or reply[0].status >= 300:
            told = "no reply" if reply is None else f"{reply[0].status} {reply[1][:200]!r}"
            raise Violation(f"admin: {method} {path}: {told}; {self.gateway.process.complaint()}")
        return json.loads(reply[1]) if reply[1] else {}

    def expect_nothing_reserved(self):
        """I9 on the running gateway, once all its clients are gone."""
        self.vendor.finish_calls()
        names = ("tollgate_open_reservations", "tollgate_reserved_credits", "tollgate_upstream_calls_in_flight",
                 "tollgate_upstream_queue_length")

        def left():
            page = sampling.scrape(self.gateway.admin_port)
            return {name: page.get(name) for name in names if page.get(name) != 0}

        if not sampling.eventually(lambda: not left()):
            raise Violation(f"I9: with nobody asking there is still {left()}")

    def check_alive(self):
        if self.gateway.process.has_ended:
            raise Violation(f"the gateway ended: {self.gateway.process.complaint()}")


def replies_are_their_own(answers):
    """No request is answered twice, which would leave the second reply to the next request of the connection."""
    for each in answers:
        if each.is_heard and each.echo != each.request_id:
            yield f"reply: {each} got the reply to {each.echo}"


def check_tools(*names):
    for name in names:
        if shutil.which(name) is None:
            raise TestFailure(f"{name} is not there: apt-get install {name}")
