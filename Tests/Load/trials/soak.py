"""The soak: faults of all kinds at once, for as long as one likes. Memory and descriptors stay flat, and at the end
nothing is reserved and each credit is booked once."""

import contextlib
import os
import random
import shutil
import subprocess
import threading
import time

from audit import Violation
from client import Asker, Client
from hangups import Configurations, ProcessLog, expect_running, hang_up, marked_team
from life import Life
from meeting import join
from processes import TestFailure
from questions import Question, document
from sampling import Sample, Sampler, eventually, thirds
from traffic import Traffic
from trial import load_average

DISK_BYTES = 2 << 30  # of the file system that the store is on; more than a soak of an hour writes
HANGUP_EVERY, OPERATE_EVERY, DISK_FULL_EVERY, DISK_FULL_FOR = 9, 2, 300, 5  # seconds
# Those that are let off for the disk: what was sent this long before it was full, or after it had room again.
AROUND = 15
SPARE_BLOCKS = 1000  # filled one by one
CACHE = "4MiB"  # full within the first minute
# The first part is no measure: the cache and the allocator fill.
WARM_SHARE = 0.15
# How much the medians of the last third may be above those of the first: what the books of days, documents and revoked
# keys take, and the noise of an allocator.
RESIDENT_SHARE, RESIDENT_MIB, DESCRIPTORS = 0.1, 8, 12
KEYS_TEAM = "team-06"  # of the file; its keys of the store are the operator's


class Soak:
    def __init__(self, bench, seconds):
        self.bench, self.seconds = bench, seconds
        self.full = []  # (from, until) in monotonic seconds; `until` is infinite while it is full

    def run(self):
        folder = self.bench.session.new_folder("disk")
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tollgate-soak", folder]
        has_disk = bool(shutil.which("mount")) and subprocess.run(mount, capture_output=True).returncode == 0
        if not has_disk:
            self.bench.say("soak: without a full disk, as only root may mount one")
        try:
            with Life(self.bench, "soak", change=self.change, store_folder=folder if has_disk else None) as life:
                self.go_through(life, folder if has_disk else None)
        finally:
            if has_disk:
                subprocess.run(["umount", folder], check=False)

    @staticmethod
    def change(members):
        members["cache"] = {"memory": CACHE}
        members["upstream"]["idle_timeout"] = "1s"

    def go_through(self, life, disk):
        life.gateway.must_start()
        configurations, log = Configurations(life.gateway), ProcessLog(life.gateway.log)
        traffic = Traffic(life, threads=8, pause=0.04, has_faults=True, excused=self.is_excused).start()
        operator = Operator(life, self.is_full)
        operator.start()
        sampler = Sampler(life.gateway.pid, max(0.2, min(5, self.seconds / 300)))
        sampler.start()
        begun = told = time.monotonic()
        times = {"SIGHUP": begun, "disk": begun + min(DISK_FULL_EVERY, self.seconds / 3)}
        hangups = 0
        while (now := time.monotonic()) < begun + self.seconds:
            if now >= times["SIGHUP"]:
                hangups += 1
                hang_up(life, configurations, log, hangups % 3 == 0, hangups)
                times["SIGHUP"] = now + HANGUP_EVERY
            if disk and now >= times["disk"] and now + DISK_FULL_FOR + AROUND < begun + self.seconds:
                self.fill(life, traffic, disk)
                times["disk"] = now + DISK_FULL_EVERY
            if now >= told + 60:
                told = now
                self.bench.say(f"soak: {now - begun:.0f} s, {len(life.record.answers)} requests, "
                               f"{Sample.of(life.gateway.pid)}, load average {load_average()}")
            operator.check()
            life.check_alive()
            traffic.go_on_until(min(now + 0.5, begun + self.seconds))
        samples = sampler.end()
        operator.stop()
        traffic.stop()
        client = Client(life.gateway, life.record)
        if configurations.running:
            expect_running(client, configurations, life.random)
            life.gateway.configuration["teams"].append(marked_team(configurations))
        client.close()
        life.expect_nothing_reserved()
        self.expect_rest(life)
        self.expect_flat(samples)
        life.stop_and_audit()
        self.bench.say(
            f"soak: {self.seconds / 60:.1f} minutes, {len(life.record.answers)} requests, {hangups} SIGHUPs, "
            f"{operator.purges} purges, {operator.revocations} revocations, the disk full {len(self.full)} times; told "
            f"{traffic.summary()}")

    # MARK: The disk

    def fill(self, life, traffic, disk):
        filler = disk / "filler"
        life.was_disturbed = True
        self.full.append((time.monotonic(), float("inf")))
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            # The gateway writes meanwhile, so that what was free may not be any more.
            status = os.statvfs(disk)
            os.posix_fallocate(file.fileno(), 0, max(0, status.f_bavail - SPARE_BLOCKS) * status.f_frsize)
            file.seek(0, os.SEEK_END)
            while file.write(bytes(4096)):
                pass
        traffic.go_on_until(time.monotonic() + DISK_FULL_FOR)
        filler.unlink()
        self.full[-1] = self.full[-1][0], time.monotonic()
        life.notes.append(f"the disk was full from {self.full[-1][0]:.1f} to {self.full[-1][1]:.1f}")

    def is_full(self, sent, until):
        return any(begun - AROUND <= until and sent <= end + AROUND for begun, end in self.full)

    def is_excused(self, answer):
        """I7: what would spend is refused while the disk is full."""
        return answer.error == "store_unavailable" and self.is_full(answer.sent, answer.answered)

    # MARK: What is left

    @staticmethod
    def expect_rest(life):
        """Without clients there are no connections of any."""
        if not eventually(lambda: Sample.of(life.gateway.pid).descriptors <= 50, 30):
            raise Violation(f"soak: an idle gateway has {Sample.of(life.gateway.pid)}")

    def expect_flat(self, samples):
        begun = samples[0].at
        warm = [each for each in samples if each.at >= begun + WARM_SHARE * self.seconds]
        resident, descriptors, threads = (thirds(warm, name) for name in ("resident", "descriptors", "threads"))
        shown = [" ".join(f"{each:.1f}" for each in row) for row in (resident, descriptors, threads)]
        self.bench.say(f"soak: medians of thirds, after the first {WARM_SHARE * 100:.0f} %: resident {shown[0]} MiB, "
                       f"descriptors {shown[1]}, threads {shown[2]}; load average {load_average()}")
        if resident[2] > resident[0] * (1 + RESIDENT_SHARE) + RESIDENT_MIB:
            raise Violation(f"soak: resident memory grows: {resident} MiB")
        if descriptors[2] > descriptors[0] + DESCRIPTORS:
            raise Violation(f"soak: descriptors grow: {descriptors}")
        if threads[2] > threads[0] + 1:
            raise Violation(f"soak: threads grow: {threads}")


class Operator(threading.Thread):
    """Issues keys and revokes them, and purges documents."""

    def __init__(self, life, is_full):
        super().__init__(daemon=True)
        self.life, self.is_full = life, is_full
        self.random = random.Random(f"{life.seed} operator")
        self.purges = self.revocations = 0
        self.is_over = threading.Event()
        self.fault = None

    def run(self):
        try:
            number = 0
            while not self.is_over.wait(OPERATE_EVERY):
                number += 1
                begun = time.monotonic()
                try:
                    self.operate(number)
                except Violation:
                    if not self.is_full(begun, time.monotonic()):
                        raise
        except Exception as fault:  # noqa: BLE001 - check() raises it again
            self.fault = fault

    def operate(self, number):
        document_id = self.random.choice(sorted(self.life.forgotten))
        self.life.admin("DELETE", f"/cache/entries?document_id={document_id}")
        self.purges += 1
        name = f"soak-{number}"
        key = self.life.admin("POST", f"/teams/{KEYS_TEAM}/keys", {"id": name})
        client = Client(self.life.gateway, self.life.record)
        try:
            asker = Asker(KEYS_TEAM, name, "default", key["secret"])
            self.expect(client, asker, "not_cached")
            self.life.admin("DELETE", f"/teams/{KEYS_TEAM}/keys/{name}")
            self.expect(client, asker, "invalid_api_key")
        finally:
            client.close()
        self.revocations += 1

    def expect(self, client, asker, error):
        answer = client.ask_as(asker, Question(document(self.random)), "only-if-cached")
        if answer.error != error:
            raise Violation(f"soak: {answer}, and must be {error}")

    def check(self):
        if isinstance(self.fault, Violation):
            raise self.fault
        if self.fault:
            raise TestFailure(f"the operator failed: {self.fault!r}") from self.fault

    def stop(self):
        self.is_over.set()
        join([self])
        self.check()
