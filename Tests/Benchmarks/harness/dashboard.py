"""What the dashboard's overview asks for, as Tests/Browser/run holds against the page."""

import concurrent.futures
import http.client
import threading
import time

from processes import BenchmarkFailure

# The first one alone, since it tells which day it is; the others at once.
FIRST = "/admin/v1/status"
GLANCE = (
    "/admin/v1/budgets?limit=1",
    "/admin/v1/spend?group_by=day&from={from}&to={to}",
    "/admin/v1/cache/stats",
)
# The part below that is in sight at 1280 × 800, and is read again with the glance.
BELOW = ("/admin/v1/budgets?sort=share&limit=10", "/admin/v1/spend?group_by=team")
# From one reading of the page to the next.
PAUSE_SECONDS = 60
DAYS = 30


class Dashboards(threading.Thread):
    """Some pages with the overview open: each reads it again every so often, all of them spread evenly."""

    def __init__(self, port, token, count, pause):
        super().__init__(daemon=True)
        self.port, self.token, self.pause = port, token, pause / count
        self.local = threading.local()
        self.pool = concurrent.futures.ThreadPoolExecutor(max_workers=len(GLANCE) + len(BELOW))
        self.times, self.failure, self.stopped = [], None, threading.Event()
        today = time.time()
        self.days = {"from": day(today - (DAYS - 1) * 86_400), "to": day(today)}

    def ask(self, target):
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Cache-Control": "no-cache"}
        connection.request("GET", target.format(**self.days), headers=headers)
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise BenchmarkFailure(f"{target} is answered {response.status}: {content[:200]}")

    def read(self):
        """One reading of the overview: the seconds that it took."""
        start = time.monotonic()
        self.ask(FIRST)
        list(self.pool.map(self.ask, GLANCE + BELOW))
        return time.monotonic() - start

    def run(self):
        try:
            while not self.stopped.is_set():
                took = self.read()
                self.times.append(took)
                self.stopped.wait(max(0, self.pause - took))
        except (BenchmarkFailure, OSError, http.client.HTTPException) as failure:
            self.failure = failure

    def finish(self):
        self.stopped.set()
        self.join()
        self.pool.shutdown()
        if self.failure:
            raise BenchmarkFailure(f"dashboards beside hits: {self.failure}")


def day(seconds):
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
