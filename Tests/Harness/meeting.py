"""Threads of a load: where they meet, and their end."""

import threading
import time

from processes import PATIENCE, TestFailure


class Meeting:
    """A barrier with a short wait: a thread may be waiting for the vendor."""

    def __init__(self, size):
        self.changed = threading.Condition()
        self.size = size
        self.count = 0
        self.number = 0

    def wait(self):
        with self.changed:
            number = self.number
            self.count += 1
            if self.count < self.size:
                self.changed.wait_for(lambda: self.number != number, 0.1)
            if self.number == number:
                self.number += 1
                self.count = 0
                self.changed.notify_all()


def join(threads):
    """Waits until all have ended."""
    deadline = time.monotonic() + 4 * PATIENCE
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
        if thread.is_alive():
            raise TestFailure("a thread of the load does not end")
