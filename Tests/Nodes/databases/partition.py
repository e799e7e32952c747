"""Packets between one node and the server that are lost, in a network of the test's own."""

import contextlib
import os
import shutil
import subprocess
import sys

from processes import TestFailure

# Where the node that is cut off finds the server, and where the others do. All of 127.0.0.0/8 is this machine.
ADDRESS, OTHERS = "127.0.0.9", "127.0.0.1"
PORT = 5432
DIRECTIONS = {
    "to the server": [f"ip daddr {ADDRESS} tcp dport {PORT}"],
    "from the server": [f"ip saddr {ADDRESS} tcp sport {PORT}"],
    "both ways": [f"ip daddr {ADDRESS} tcp dport {PORT}", f"ip saddr {ADDRESS} tcp sport {PORT}"],
}
MARK = "TOLLGATE_TEST_NETWORK"


def enter_own_network():
    """Runs this program again in a network namespace that has loopback alone, unless it is in one."""
    if os.environ.get(MARK):
        return
    if os.geteuid() != 0 or shutil.which("nft") is None:
        raise SystemExit("--partition needs root, and nft: apt-get install nftables")
    os.execvpe("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable,
                           *sys.argv], os.environ | {MARK: "own"})


def nft(*words):
    done = subprocess.run(["nft", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise TestFailure(f"nft {' '.join(words)}: {done.stderr}")


@contextlib.contextmanager
def cut(direction):
    """What goes this way is lost, and nobody is told: no reset, no refusal."""
    nft("add", "table", "inet", "cut")
    nft("add", "chain", "inet", "cut", "out", "{ type filter hook output priority 0; }")
    try:
        for match in DIRECTIONS[direction]:
            nft("add", "rule", "inet", "cut", "out", *match.split(), "drop")
        yield
    finally:
        nft("delete", "table", "inet", "cut")
