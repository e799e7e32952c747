"""Start-up: from exec to the first hit, with many stored results."""

import os
import socket
import time

from contestants import Tollgate
from processes import BenchmarkFailure, complaint
from questions import request_bytes
from tables import at_most, markdown, median, number


class StartPart:
    def __init__(self, bench, entries):
        self.bench, self.entries = bench, entries

    def run(self):
        path, _ = self.entries.store()
        count = self.bench.plan.sizes(1_000, 10_000, 100_000, 1_000_000)[-1]
        calls = self.bench.vendor.calls()
        rows = []
        for label, is_cold in (("file in the page cache", False), ("file not in the page cache", True)):
            times = [self.first_hit(path, count - 1 - round_, is_cold) for round_ in range(self.bench.plan.rounds)]
            rows.append([label, number(median(times) * 1e3), number(max(times) * 1e3),
                         at_most("first hit", median(times), 1, " s")])
        if self.bench.vendor.calls() != calls:
            raise BenchmarkFailure("the first hit was asked of the vendor")
        size = path.stat().st_size / 2**20
        return markdown(f"Start with {count:,} stored results", ["store", "ms to the first hit", "longest", "target"],
                        rows, [f"From exec to the first 200, a hit out of the store; the file has {size:,.0f} MiB."])

    def first_hit(self, path, number_of_document, is_cold):
        if is_cold:
            with open(path, "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        gateway = Tollgate(self.bench, store=path)
        request = request_bytes(number_of_document)
        start = time.monotonic()
        process = gateway.start(gateway.command(), output=gateway.access_log)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
                    connection.sendall(request)
                    answer = connection.recv(65536)
                break
            except ConnectionRefusedError:
                if process.poll() is not None or time.monotonic() - start > 60:
                    raise BenchmarkFailure(f"no start: {complaint(process)}") from None
                time.sleep(0.001)
        took = time.monotonic() - start
        gateway.stop()
        if not answer.startswith(b"HTTP/1.1 200") or b"tollgate; hit" not in answer:
            raise BenchmarkFailure(f"the first answer is no hit: {answer[:300]}")
        return took
