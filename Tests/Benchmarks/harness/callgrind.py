"""What a gateway executes, counted by callgrind."""

import collections
import pathlib
import re
import subprocess
import time

from processes import BenchmarkFailure, wait_until_listening

ALLOCATORS = {"malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign"}
SWIFT_ALLOCATORS = {"swift_allocObject", "swift_slowAlloc"}  # shown, since malloc's caller is always one of these
SETTLE_SECONDS = 1.5  # the access log and the roll-ups of the last requests are written by then


def command(output, *options):
    """The command prefix for a program that is counted once `control` starts it."""
    return ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={output}", "--quiet", *options]


def control(gateway, *options):
    subprocess.run(["callgrind_control", *options, str(gateway.pids[0])], check=True, capture_output=True, timeout=60)


class CountedGateway:
    """A gateway under callgrind, for several successive counts, each by thread."""

    def __init__(self, gateway):
        self.gateway, self.output, self.counts_made = gateway, gateway.folder / "callgrind.out", 0
        prefix = command(self.output, "--separate-threads=yes")
        process = gateway.start([*prefix, *gateway.command()], output=gateway.access_log)
        wait_until_listening(process, gateway.port, seconds=120)

    def begin(self):
        """Starts counting: anything executed before, such as start and first uses, is not counted."""
        control(self.gateway, "--instr=on")

    def count(self, action, settles=True):
        """The profiles of all threads while the action runs, by thread number.

        `settles`: work that the requests leave for the next second or so is counted, too.
        """
        control(self.gateway, "--zero")
        action()
        if settles:
            time.sleep(SETTLE_SECONDS)
        control(self.gateway, "--dump")
        self.counts_made += 1
        files = list(self.output.parent.glob(f"{self.output.name}.{self.counts_made}-*"))
        if not files:
            raise BenchmarkFailure("callgrind wrote nothing")
        return {path.name.rpartition("-")[2]: Profile().read(path) for path in files if path.stat().st_size}


class Profile:
    """A callgrind profile: instructions by function and by library, and allocator calls by caller."""

    def __init__(self):
        self.by_function, self.by_library = collections.Counter(), collections.Counter()
        self.allocations = collections.Counter()  # (caller, function) -> calls

    @property
    def total(self):
        return sum(self.by_function.values())

    def read(self, path):
        """Adds the content of a callgrind file; returns itself."""
        names, function, called, library, skips_cost, total = {}, "", "", "", False, 0

        def name_of(kind, text):
            # "(7) name" at the first mention, "(7)" from then on; functions and libraries are numbered separately.
            number, _, name = text.partition(" ")
            return names.setdefault((kind, number), name)

        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("ob="):
                library = pathlib.Path(name_of("ob", line[3:])).name
            elif line.startswith("cob="):
                name_of("ob", line[4:])
            elif line.startswith("fn="):
                function = name_of("fn", line[3:])
            elif line.startswith("cfn="):
                called = name_of("fn", line[4:])
            elif line.startswith("calls="):
                if called in ALLOCATORS | SWIFT_ALLOCATORS:
                    self.allocations[function, called] += int(line[6:].split()[0])
                skips_cost = True  # the line after it has the cost of the functions called
            elif re.match(r"[-+*\d]", line):
                if not skips_cost:
                    cost = int(line.split()[-1])
                    self.by_function[function] += cost
                    self.by_library[library] += cost
                    total += cost
                skips_cost = False
            elif line.startswith("totals:") and int(line.split()[1]) != total:
                raise BenchmarkFailure(f"the profile is not read rightly: {line}, but {total} were added up")
        return self

    @property
    def mallocs(self):
        """Calls of allocators, without calls from one allocator to another."""
        return sum(count for (caller, called), count in self.allocations.items()
                   if called in ALLOCATORS and caller not in ALLOCATORS)

    def explain(self, requests, to, unit="hit"):
        def show(title, counter, shown):
            print(title, file=to)
            for name, count in counter.most_common(shown):
                name = " -> ".join(name) if isinstance(name, tuple) else name
                print(f"{count / requests:9.1f}  {name}", file=to)

        show(f"instructions per {unit} by library (hashing is libcrypto's):", self.by_library, 12)
        show("by function:", self.by_function, 30)
        show(f"calls of allocators per {unit}:", self.allocations, 15)
