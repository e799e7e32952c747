"""One attack after the other, with a normal client beside it, and the rules that are held against what was seen."""

import threading

import attacks
import descriptors
import normal
from bodies import bodies
from control_group import Group
from loaded import LoadedGateway
from sampling import Sample, eventually, reset_highest, scrape
from trial import load_average
from wire import Failure

MEMORY_MIB = 256
# Of the listener: short enough that a client that is too slow is seen to be cut off, longer than the measurement.
TIMEOUT_MARGIN, CUT_OFF_SLACK = 10, 15  # seconds
# What may stay resident after an attack: pages that live blocks share with freed ones.
LEFT_MIB_MAX, LEFT_DESCRIPTORS_MAX = 48, 4
# The share of the connections that must be there at once, for the attack to be one.
PRESENT_SHARE = 0.98
SETTLE_SECONDS, SETTLED_SHARE = 40, 0.15
NO_ROOM = "503 tollgate; detail=overloaded"
VENDOR_DELAY = "20ms"

# The attack, and whether the gateway ends it by its time-outs. A body or a reader that goes on a little all the time is
# served.
ATTACKS = {
    "headers": (lambda gateway, count: attacks.SlowHTTPTest(gateway, count, "-H"), True),
    "bodies": (lambda gateway, count: attacks.SlowHTTPTest(gateway, count, "-B"), False),
    "reading": (lambda gateway, count: attacks.SlowHTTPTest(gateway, count, "-X"), False),
    "readers": (attacks.StoppedReaders, True),
    "tls": (attacks.HalfHandshakes, True),
    "idle": (attacks.Idle, False),
    "memory": (None, False),
    "descriptors": (None, False),
}


class Siege:
    """`given` has connections, idle, seconds and floor, in milliseconds."""

    def __init__(self, session, programs, given):
        self.session, self.programs, self.given = session, programs, given

    def run(self, name):
        """The rules that were broken, each a sentence."""
        try:
            if name == "descriptors":
                seen = descriptors.run(self.session, self.programs, self.given.connections)
                print(f"descriptors: {seen}", flush=True)
                return []
            if name == "memory":
                return self.memory()
            return self.besiege(name)
        except Failure as failure:
            return [f"{name}: {failure}"]

    # MARK: Attacks

    def besiege(self, name):
        make, is_cut_off = ATTACKS[name]
        timeout = f"{self.given.seconds + TIMEOUT_MARGIN:.0f}s"
        listen = {"header_timeout": timeout, "body_timeout": timeout, "idle_timeout": "1h"}
        gateway = LoadedGateway(self.session, self.programs, None, name == "tls", VENDOR_DELAY, listen)
        try:
            gateway.control("POST", "/sim/faults", {
                "kind": "sized", "bytes": attacks.LARGE_BYTES, "path": attacks.LARGE_PATH, "count": -1})
            count = self.given.connections
            if name == "idle":
                # Some are left to the normal client.
                count = min(self.given.idle, gateway.clients_max() - 100)
                if count < self.given.idle:
                    print(f"idle: {count} connections in place of {self.given.idle}, as the limit of descriptors is "
                          f"{gateway.clients_max()} clients", flush=True)
            attack = attacks.Apart(make(gateway, count))
            return self.attack(name, gateway, attack, count, is_cut_off)
        finally:
            gateway.stop()

    def attack(self, name, gateway, attack, count, is_cut_off):
        measure = self.measurement(gateway)
        measure(min(3, self.given.seconds))  # what is made at the first request is there
        idle = self.rest(gateway)
        before = measure()
        attack.start()
        try:
            if not eventually(lambda: self.connections(gateway) >= PRESENT_SHARE * count, 30):
                there = self.connections(gateway)
                return [f"{name}: only {there:.0f} of {count} connections are there: it is no attack"]
            present = self.connections(gateway)
            self.settle(attack, gateway)
            reset_highest(gateway.pid)
            begun = Sample.of(gateway.pid)
            during = self.beside(attack, measure)
            ended = Sample.of(gateway.pid)
            present = min(present, self.connections(gateway))
            gateway.check_alive()
            faults = []
            if is_cut_off:
                end = self.given.seconds + TIMEOUT_MARGIN + CUT_OFF_SLACK
                if not eventually(lambda: self.step(attack, gateway) <= 2, end):
                    there = self.connections(gateway)
                    faults.append(f"{name}: {there:.0f} connections are still there long after their time-out")
        finally:
            attack.end()
        after_idle = self.rest(gateway, idle)
        after = measure()
        share = (ended.processor - begun.processor) / (ended.at - begun.at)
        self.show(name, present, (before, during, after), idle, ended, after_idle, share)
        return faults + self.judge(name, before, during, after) + self.judge_rest(name, idle, after_idle)

    def measurement(self, gateway):
        return lambda seconds=self.given.seconds: normal.measure(gateway.port, seconds, gateway.context is not None)

    @staticmethod
    def beside(attack, measure):
        """What is measured while the attack goes on in this thread."""
        found, faults = [], []

        def run():
            try:
                found.append(measure())
            except Failure as failure:
                faults.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        while thread.is_alive():
            attack.step(0.2)
        thread.join()
        if faults:
            raise faults[0]
        return found[0]

    @staticmethod
    def settle(attack, gateway):
        """Buffers fill at first, as fast as the processors do it: what is measured is the attack that stands."""
        for _ in range(SETTLE_SECONDS):
            before = Sample.of(gateway.pid)
            attack.step(1)
            after = Sample.of(gateway.pid)
            if after.processor - before.processor < SETTLED_SHARE * (after.at - before.at):
                return

    @staticmethod
    def connections(gateway):
        return scrape(gateway.admin_port).get("tollgate_connections", 0)

    def step(self, attack, gateway):
        attack.step(0.5)
        return self.connections(gateway)

    @staticmethod
    def rest(gateway, before=None):
        """A sample once nobody is connected, and no more is left than before, if that comes."""
        def is_at_rest():
            sample = Sample.of(gateway.pid)
            return scrape(gateway.admin_port).get("tollgate_connections") == 0 and (before is None or (
                sample.descriptors <= before.descriptors + LEFT_DESCRIPTORS_MAX
                and sample.resident <= before.resident + LEFT_MIB_MAX / 4))

        eventually(is_at_rest, 3 if before is None else 30)
        return Sample.of(gateway.pid)

    # MARK: Memory

    def memory(self):
        group = Group(MEMORY_MIB << 20)
        try:
            gateway = LoadedGateway(self.session, self.programs, group.enter, delay=VENDOR_DELAY)
            measure = self.measurement(gateway)
            measure(min(3, self.given.seconds))
            idle = self.rest(gateway)
            reset_highest(gateway.pid)
            begun = Sample.of(gateway.pid)
            before = measure()
            # The measurement goes on beside the load, which takes longer: what it saw by then counts.
            told = {}
            load = threading.Thread(target=lambda: told.update(bodies(gateway)))
            load.start()
            during = measure(2 * self.given.seconds)
            load.join()
            ended = Sample.of(gateway.pid)
            gateway.check_alive()
            after_idle = self.rest(gateway, idle)
            after = measure()
            self.show("memory", 2000, (before, during, after), idle, ended, after_idle,
                      (ended.processor - begun.processor) / (ended.at - begun.at))
            print(f"    {group}; the bodies were told {told}; {group.failures()}", flush=True)
            faults = self.judge_served("memory", before, during, after) + self.judge_rest("memory", idle, after_idle)
            if not set(told) <= {"200", "413", "503", "408"}:
                faults.append(f"memory: the bodies were told {told}, and not 413 or 503 alone")
            gateway.stop()
            return faults
        finally:
            group.remove()

    # MARK: Rules

    def judge(self, name, before, during, after):
        faults = self.judge_served(name, before, during, after)
        for kind, seen in during.items():
            limit = 2 * max(before[kind].p99, self.floor(before[kind]))
            if seen.p99 > limit:
                faults.append(f"{name}: p99 of a {kind} was {before[kind].p99:.1f} ms before and {seen.p99:.1f} ms "
                              f"during the attack, and may be {limit:.1f} ms")
        return faults

    def floor(self, before):
        """Above what such a request takes at least: a miss waits for the vendor and the disk."""
        return before.p50 + self.given.floor

    @staticmethod
    def judge_served(name, *phases):
        faults = []
        for phase, seen in zip(("before", "during", "after"), phases):
            for kind, each in seen.items():
                # Without memory a request that comes in two pieces may be refused, as that of anybody else.
                is_excused = name == "memory" and phase == "during" and set(each.faults) <= {NO_ROOM}
                if not each.count or (each.faults and not is_excused):
                    faults.append(f"{name}: {phase} the attack a normal client was not served a {kind}: "
                                  f"{each.faults or 'none was asked'}")
        return faults

    @staticmethod
    def judge_rest(name, idle, after):
        faults = []
        if after.descriptors > idle.descriptors + LEFT_DESCRIPTORS_MAX:
            faults.append(f"{name}: {after.descriptors - idle.descriptors} descriptors stay")
        if after.resident > idle.resident + LEFT_MIB_MAX:
            faults.append(f"{name}: {after.resident - idle.resident:.0f} MiB stay")
        return faults

    @staticmethod
    def show(name, present, phases, idle, ended, after, share):
        print(f"{name}: {present:.0f} connections; resident {idle.resident:.0f} MiB before, {ended.highest:.0f} at "
              f"most, {after.resident:.0f} after; descriptors {idle.descriptors}, {ended.descriptors}, "
              f"{after.descriptors}; "
              f"{share * 100:.0f} % of a core during; load average {load_average()}")
        for kind in phases[0]:
            row = " | ".join(f"{seen[kind].count} in all, p50 {seen[kind].p50:.2f}, p99 {seen[kind].p99:.2f}, "
                             f"slowest {seen[kind].slowest:.1f} ms" for seen in phases)
            told = ", ".join(f"{count} × {text}" for text, count in phases[1][kind].faults.items())
            print(f"    {kind}: before, during, after: {row}" + (f"; told {told}" if told else ""), flush=True)
