"""What a program of tests does before and after them: builds, ends at a signal, tells of a violation."""

import pathlib
import signal
import subprocess
import sys
import time

from processes import TestFailure


def build(root):
    """Builds the release; returns the folder of its programs."""
    command = ["swift", "build", "--package-path", root, "--configuration", "release"]
    for product in ("tollgate", "vendor-sim"):
        subprocess.run([*command, "--product", product], check=True, stdout=sys.stderr)
    shown = subprocess.run([*command, "--show-bin-path"], check=True, capture_output=True, text=True)
    return pathlib.Path(shown.stdout.strip())


def end_at_signals():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def stop(number, _):
    # Nothing may interrupt the shutdown: a second signal would leave processes behind.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def account(bench, fault):
    """Reports the violations and where they can be inspected; returns the exit status."""
    is_violation = not isinstance(fault, TestFailure)
    lines = str(fault).splitlines()
    print(f"{'VIOLATION' if is_violation else 'the test could not be done'} (seed {bench.seed}):", flush=True)
    for line in lines[:20]:
        print(f"  {line}", flush=True)
    if len(lines) > 20:
        print(f"  and {len(lines) - 20} more", flush=True)
    for folder in bench.session.kept:
        print(f"kept: {folder} (notes.txt says what was done; look again with --audit)", flush=True)
    return 1 if is_violation else 2


def run_parts(bench, parts):
    """Runs the parts, each a name and a function, and tells what each took."""
    for name, run in parts:
        begun = time.monotonic()
        run()
        bench.say(f"{name}: took {time.monotonic() - begun:.0f} s")


def audit_again(violations, case):
    """Looks again at a case that was kept; returns the exit status."""
    found = violations(case)
    print("\n".join(found) or "no violation", flush=True)
    return 1 if found else 0
