"""A barrier for threads of a load."""

import threading


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
