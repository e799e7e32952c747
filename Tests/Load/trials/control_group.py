"""A limit of memory for a process and what it starts."""

import contextlib
import os
import pathlib
import resource
import time


class Group:
    """A control group with a limit; without one, RLIMIT_DATA or nothing."""

    def __init__(self, bytes_max):
        self.bytes_max, self.folder = bytes_max, None
        if bytes_max is None:
            return
        name = f"tollgate-load-{os.getpid()}"
        for parent, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            folder = pathlib.Path(parent, name)
            try:
                folder.mkdir()
                (folder / file).write_text(str(bytes_max))
            except OSError:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                continue
            with contextlib.suppress(OSError):  # version 2 with swap: else memory over the limit is swapped out
                (folder / "memory.swap.max").write_text("0")
            self.folder = folder
            return

    def __str__(self):
        if self.bytes_max is None:
            return "no limit"
        kind = f"control group {self.folder}" if self.folder else "RLIMIT_DATA"
        return f"{self.bytes_max >> 20} MiB by {kind}"

    def enter(self):
        """Runs in the child."""
        if self.folder:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))
        elif self.bytes_max:
            resource.setrlimit(resource.RLIMIT_DATA, (self.bytes_max, self.bytes_max))

    def failures(self):
        """How often the limit was hit, and how often a process was killed for it."""
        if not self.folder:
            return ""
        for name in ("memory.events", "memory.failcnt"):
            with contextlib.suppress(OSError):
                return f"{name}: {' '.join((self.folder / name).read_text().split())}"
        return ""

    def remove(self):
        if self.folder:
            for _ in range(50):
                with contextlib.suppress(OSError):
                    self.folder.rmdir()
                    return
                time.sleep(0.1)
