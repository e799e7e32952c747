"""The audit of a store that only one gateway had: its ledger, and the admin side's invariants.

A1 to A4 are in `admin_audit` and, for resolutions, in `resolutions`.
"""

import json
import pathlib

import admin_audit
import audit
import holdings
import resolutions
from answers import Record
from audit import Expectations
from calls import Calls
from ledger import Ledger, files_of


class StoreCase(audit.Case):
    """The input of an audit, with the store's files and what an operator did."""

    def __init__(self, configuration, store, charge_log, heard, calls, expectations):
        super().__init__(configuration, Ledger(store), charged(charge_log), heard, expectations,
                         holdings.vendor_secrets(), holdings.limits())
        self.registry = self.ledger.registry
        self.files = [(path, path.read_bytes()) for path in files_of(store)]
        self.calls = calls

    @classmethod
    def load(cls, folder):
        """A case that `save` left in a folder."""
        configuration = json.loads((folder / "config.json").read_text())
        expectations = Expectations(**json.loads((folder / "expectations.json").read_text()))
        store = folder / pathlib.Path(configuration["store"]["url"].removeprefix("sqlite:")).name
        record = Record.load(folder / "answers.jsonl")
        calls = Calls.load(folder / "calls.jsonl").snapshot()
        return cls(configuration, store, folder / "charges.log", record.answers, calls, expectations)


def charged(charge_log):
    """The text of the vendor's charge log; nothing before the first charge."""
    return charge_log.read_text() if charge_log.exists() else ""


def violations(case):
    """All violations, each a line that begins with the invariant's name."""
    found = [f"store: {each}" for each in case.ledger.complaints]
    if not case.ledger.has_schema:
        # A kill may come before there is a schema; no client can have got a reply then.
        if case.expectations.is_stopped or any(each.status == 200 for each in case.answers) or any(
                each.is_done for each in case.calls):
            found.append("store: it has no tables ledger, usage, usage_documents, usage_accounts and results")
        return found
    for check in audit.CHECKS + admin_audit.CHECKS + resolutions.CHECKS:
        found += check(case)
    return found
