"""One store from its first start to its last audit, with the gateways that run on it."""

import dataclasses
import json
import random
import shutil

import holdings
import teams
from answers import Record
from audit import Expectations, Violation
from client import Client
from load import Load
from operators import Operator
from questions import Question, document, new_question
from servers import Gateway, Vendor
from store_audit import StoreCase, violations

PROBES = 2  # teams whose rest is spent to the last page
QUESTIONS_AGAIN = 150


class StoreLife:
    """A vendor, a configuration, a store and all replies. Leaving it ends its processes.

    The folder is removed unless a violation was found: then it holds all that `run --audit` needs.
    """

    def __init__(self, bench, name, seed, price_factor=1, factor=1, response_timeout="2s", store_folder=None):
        self.bench, self.seed = bench, f"{bench.seed} {seed}"
        self.random = random.Random(self.seed)
        self.folder = bench.session.new_folder(name)
        self.excess = 0
        if price_factor > 1:
            # The most expensive page, times the maximum number of pages of a question in the load.
            page = max(teams.PRICES.values()) * (price_factor - 1)
            self.excess = int(page * teams.ASSUMED_PAGES * 1_000_000)
        self.vendor = Vendor(bench.session, bench.programs, self.folder, price_factor,
                             more_keys=holdings.vendor_secrets())
        store = (store_folder or self.folder) / "tollgate.db"
        configuration = teams.configuration(self.vendor.port, f"sqlite:{store}", factor, response_timeout)
        self.gateway = Gateway(bench.session, bench.programs, self.folder, configuration)
        self.record = Record()
        self.operator = Operator(self.gateway, self.record, self.seed, self.vendor.charge_log)
        self.notes = []  # what was done to the store, for the report of a violation
        self.was_disturbed = False

    def __enter__(self):
        return self

    def __exit__(self, kind, fault, _):
        self.gateway.finish()
        if self.gateway.process is not None:
            self.gateway.process.kill()
        self.vendor.stop()
        calls = self.operator.admin.calls.snapshot()
        self.bench.calls += len(calls)
        self.bench.unheard_calls += sum(not each.is_heard and not each.is_read for each in calls)
        if kind is not None and issubclass(kind, Exception):
            self.keep(fault)
        self.bench.session.remove(self.folder)

    def keep(self, fault):
        """Keeps everything for the inspection of a violation."""
        self.bench.session.kept.append(self.folder)
        self.record.save(self.folder / "answers.jsonl")
        self.operator.admin.calls.save(self.folder / "calls.jsonl")
        store = self.gateway.store
        if store.parent != self.folder:
            for path in store.parent.glob(f"{store.name}*"):
                shutil.copy(path, self.folder)
        (self.folder / "notes.txt").write_text("\n".join([f"seed: {self.seed}", *self.notes, str(fault)]) + "\n")

    def load(self, rounds=None, has_time_out=False):
        load = Load(self.gateway, self.record, self.operator, self.seed, rounds, has_time_out)
        load.arm(self.vendor)
        return load.start()

    # MARK: Audit

    def audit(self, is_stopped):
        """Raises a Violation that lists all faults. The gateway must not run."""
        expectations = Expectations(is_stopped, is_stopped and not self.was_disturbed, self.excess)
        members = json.dumps(dataclasses.asdict(expectations))
        (self.folder / "expectations.json").write_text(members)
        case = StoreCase(self.gateway.configuration, self.gateway.store, self.vendor.charge_log,
                         self.record.snapshot(), self.operator.admin.calls.snapshot(), expectations)
        found = violations(case)
        if found:
            raise Violation("\n".join(found))
        self.bench.audits += 1

    def audit_after_kill(self):
        self.was_disturbed = True
        self.vendor.finish_calls()
        self.audit(is_stopped=False)

    def stop_and_audit(self):
        status = self.gateway.stop()
        self.vendor.finish_calls()
        if status != 0:
            raise Violation(f"stop: after SIGTERM the gateway ended with {self.gateway.process.complaint()}")
        self.audit(is_stopped=True)

    # MARK: After a crash

    def aftermath(self, probes=PROBES):
        """Checks a restarted gateway, which must be idle and without other clients."""
        for answer in self.record.snapshot():
            answer.is_final = False  # its amounts hold only until more is spent
        client = Client(self.gateway, self.record)
        try:
            self.operator.look_and_go_on()
            self.ask_again(client)
            self.ask_more(client)
            for team in self.random.sample(self.gateway.configuration["teams"], probes):
                self.probe(client, team)
            self.say_what_is_left(client)
        finally:
            client.close()

    def accounts(self):
        return {team["account"]: team for team in self.gateway.configuration["teams"]}

    def ask_again(self, client):
        """I5: a result that a client was told is stored is a hit, with the same body and without a call to the
        vendor."""
        told, unknown = {}, set()
        for answer in self.record.snapshot():
            if answer.may_have_stored:
                unknown.add((answer.account, answer.question))
            if answer.is_heard and answer.is_stored:
                told.setdefault((answer.account, answer.question), []).append(answer)
        chosen = sorted(told, key=str)
        chosen = self.random.sample(chosen, min(len(chosen), QUESTIONS_AGAIN))
        teams_by_account = self.accounts()
        calls = self.vendor.calls()
        for account, question in chosen:
            again = self.heard(client.ask(teams_by_account[account], 0, question))
            bodies = {each.body for each in told[account, question]}
            # A reply that no client received may have replaced it: the audit knows which ones may.
            is_alone = (account, question) not in unknown
            if not again.is_hit or again.status != 200 or (is_alone and again.body not in bodies):
                raise Violation(f"I5: after the restart {again}, though {told[account, question][-1]}")
        if self.vendor.calls() != calls:
            raise Violation(f"I5: {len(chosen)} hits became {self.vendor.calls() - calls} calls of the vendor")

    def ask_more(self, client):
        """The gateway works as before: new questions are forwarded or refused for a budget."""
        for team in self.random.sample(self.gateway.configuration["teams"], 4):
            answer = self.heard(client.ask(team, 0, new_question(self.random)))
            if answer.status not in (200, 402):
                raise Violation(f"after the restart {answer}")

    @staticmethod
    def heard(answer):
        if not answer.is_heard:
            raise Violation(f"after the restart {answer}")
        return answer

    def probe(self, client, team):
        """I9: with R credits left, a question for more than R is refused, one for R is admitted, and then none."""
        before = self.remaining(client, team)
        if before is None or self.excess:
            return
        pages = before // 1_000_000
        above = self.ask_pages(client, team, pages + 1)
        if above.error != "budget_exceeded":
            raise Violation(f"I1: {before} micro-credits were left, but for {pages + 1} pages {above}")
        if pages > 0:
            whole = self.ask_pages(client, team, pages)
            if whole.status != 200 or whole.charged != pages * 1_000_000:
                raise Violation(f"I9: {before} micro-credits were left, but for {pages} pages {whole}")
        after = self.ask_pages(client, team, 1)
        if after.error != "budget_exceeded" or after.remaining != before % 1_000_000:
            raise Violation(f"I1: of {before} micro-credits {pages} pages were spent, but for one more {after}, "
                            f"told {after.remaining} are left")

    def ask_pages(self, client, team, pages):
        question = Question(document(self.random), "gpt-4o-mini", f"1-{pages}" if pages > 1 else "1")
        self.vendor.control("PUT", f"/sim/documents/{question.document}", {"pages": 1_000_000})
        return self.heard(client.ask(team, 0, question))

    def remaining(self, client, team):
        """What a team's first key has left, according to a reply that costs nothing."""
        answer = self.heard(client.ask(team, 0, Question(document(self.random), "gpt-4o"), "only-if-cached"))
        if answer.error != "not_cached":
            raise Violation(f"only-if-cached: {answer}")
        return answer.remaining

    def say_what_is_left(self, client):
        """Every key's last reply, which the audit checks against the ledger (I9)."""
        for team in self.gateway.configuration["teams"]:
            for index in range(len(team["keys"])):
                question = Question(document(self.random), "gpt-4o")
                self.heard(client.ask(team, index, question, "only-if-cached")).is_final = True
        for asker in self.operator.admin.askers():
            question = Question(document(self.random), "gpt-4o")
            self.heard(client.ask_as(asker, question, "only-if-cached")).is_final = True

    def restart_and_audit(self, probes=PROBES):
        """The last part of a life after a fault."""
        self.gateway.must_start()
        self.aftermath(probes)
        self.stop_and_audit()
