"""A wall clock that is set for one process while it runs, see wallclock.c.

libfaketime does not do: under it (0.9.10) a Swift program finds no arguments.
"""

import mmap
import pathlib
import shutil
import struct
import subprocess

from processes import TestFailure

SOURCE = pathlib.Path(__file__).resolve().with_suffix(".c")


class WallClock:
    """Makes the library in a folder, with the C compiler that is there."""

    def __init__(self, folder):
        compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
        if compiler is None:
            raise TestFailure("no C compiler is there for a clock that can be set: apt-get install gcc libc6-dev")
        self.library, self.file = folder / "wallclock.so", folder / "wallclock.offset"
        made = subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", self.library, SOURCE],
                              capture_output=True, text=True)
        if made.returncode != 0:
            raise TestFailure(f"{SOURCE.name} cannot be compiled: {made.stderr[-1000:]}")
        self.file.write_bytes(bytes(8))
        with self.file.open("r+b") as file:
            self.mapped = mmap.mmap(file.fileno(), 8)
        self.ahead = 0

    @property
    def prefix(self):
        """What a program is started under."""
        return ["env", f"LD_PRELOAD={self.library}", f"TOLLGATE_TEST_CLOCK={self.file}"]

    def set_ahead(self, seconds):
        """From now on the program's clock is ahead of the machine's by so much, behind it when negative."""
        self.ahead = seconds
        self.mapped[:] = struct.pack("=q", seconds)
