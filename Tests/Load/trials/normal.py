"""A normal client beside a load: hits on a kept connection, new connections with a hit each, and misses at a low pace.

Run as a program of its own, so that the load's own work does not count as the gateway's: prints what it saw as JSON.
"""

import argparse
import collections
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Harness"))

import certificates  # noqa: E402
import wire  # noqa: E402

# Seconds from one request to the next.
PACES = {"hit": 0.005, "new": 0.02, "miss": 0.1}
# p99 is taken of slices, and the median of these: one moment in which the machine did something else decides nothing.
SLICES = 5
PATIENCE = 20


@dataclass(frozen=True)
class Seen:
    """What one kind of requests saw; times in milliseconds."""

    count: int
    p50: float
    p99: float
    slowest: float
    faults: dict  # what it was told in place of an answer, and how often

    @classmethod
    def of(cls, rows, faults):
        times = [took * 1000 for _, took in rows] or [float("inf")]
        size = max(1, len(times) // SLICES)
        slices = [sorted(times[index:index + size]) for index in range(0, len(times), size)][:SLICES]
        p99 = statistics.median(each[min(len(each) - 1, int(len(each) * 0.99))] for each in slices)
        told = dict(collections.Counter(faults).most_common(10))
        return cls(len(rows), statistics.median(times), p99, max(times), told)


def measure(port, seconds, is_tls=False):
    """What a client of a process of its own sees for so long, by kind."""
    command = [sys.executable, __file__, str(port), str(seconds)] + (["--tls"] if is_tls else [])
    ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 5 * PATIENCE)
    if ended.returncode != 0:
        raise wire.Failure(f"the normal client failed: {ended.stderr[-1000:]}")
    return {kind: Seen(**members) for kind, members in json.loads(ended.stdout).items()}


class Client:
    def __init__(self, port, context):
        self.port, self.context, self.connection = port, context, None

    def ask(self, kind):
        """Raises when it is not answered as it must be."""
        if kind == "new" or self.connection is None:
            self.close()
            self.connection = self.connect()
        document = str(uuid.uuid4()) if kind == "miss" else wire.HIT_DOCUMENT
        self.connection.request("POST", "/v1/classify", wire.question(document), {"x-api-key": wire.TEAM_KEY})
        response = self.connection.getresponse()
        response.read()
        told = response.headers.get("Cache-Status", "")
        if response.status != 200 or ("fwd=miss" if kind == "miss" else "; hit") not in told:
            raise ValueError(f"{response.status} {told}")

    def connect(self):
        if self.context is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=self.context)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def run(kind, client, seconds, rows, faults):
    begun = due = time.monotonic()
    while time.monotonic() < begun + seconds:
        start = time.monotonic()
        try:
            client.ask(kind)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            faults.append(str(fault) if isinstance(fault, ValueError) else f"{type(fault).__name__} {fault}")
            client.close()
        rows.append((start, time.monotonic() - start))
        # What came late is not made up for.
        due = max(due + PACES[kind], time.monotonic())
        time.sleep(due - time.monotonic() if due > time.monotonic() else 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--tls", action="store_true")
    given = parser.parse_args()
    context = certificates.client_context() if given.tls else None
    rows, faults = {kind: [] for kind in PACES}, {kind: [] for kind in PACES}
    threads = [threading.Thread(target=run, args=(kind, Client(given.port, context), given.seconds, rows[kind],
                                                  faults[kind])) for kind in PACES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({kind: Seen.of(rows[kind], faults[kind]).__dict__ for kind in PACES}))


if __name__ == "__main__":
    main()
