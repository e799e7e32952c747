"""What every part of the benchmark shares: the session, the cores, the vendor, and how long things may take."""

import os
import pathlib
import subprocess
from dataclasses import dataclass

import machine
import questions
from contestants import Vendor


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: int  # of one run
    is_quick: bool
    largest: int  # bound on entries, teams and connections

    def sizes(self, *wanted):
        return [size for size in wanted if size <= self.largest] or [self.largest]


class Bench:
    def __init__(self, session, programs, plan):
        self.session, self.programs, self.plan = session, pathlib.Path(programs), plan
        self.cores = machine.choose_cores()
        self.loads_made = 0
        self.parameters = questions.ParameterFiles(session.folder)
        self.certificate = session.folder / "certificate.pem"
        self.private_key = session.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-keyout", self.private_key, "-out", self.certificate],
            check=True, capture_output=True,
        )
        # This program waits only, but not on the core of the server.
        os.sched_setaffinity(0, self.cores.load)
        self.spinners = machine.start_spinners(session, self.cores)
        self.vendor = Vendor(self)
        self.sample_answer = self.vendor.answer(0)
