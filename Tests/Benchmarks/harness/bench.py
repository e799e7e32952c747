"""What all parts of the benchmark share: the session, the cores, the vendor, and time limits."""

import os
import pathlib
import subprocess
import sys
import types
from dataclasses import dataclass

import machine
import questions
from contestants import Vendor

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent.parent


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
        # This program only waits, but it must not do so on the server's core.
        os.sched_setaffinity(0, self.cores.load)
        self.spinners = machine.start_spinners(session, self.cores)
        self.vendor = Vendor(self)
        self.sample_answer = self.vendor.answer(0)


def make_bench(session, programs):
    """The parts of a benchmark that a gateway and the vendor need."""
    bench = types.SimpleNamespace(session=session, programs=pathlib.Path(programs), cores=machine.choose_cores())
    bench.vendor = Vendor(bench)
    return bench


def build_programs(*products):
    """Builds a release of these programs; returns their folder."""
    build = ["swift", "build", "--package-path", REPOSITORY, "--configuration", "release"]
    for product in products:
        subprocess.run([*build, "--product", product], check=True, stdout=sys.stderr)
    return subprocess.run([*build, "--show-bin-path"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
