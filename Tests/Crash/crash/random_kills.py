"""`kill -9` at random moments, under load that continues across restarts, always on the same store."""

import random
import time

from store_life import StoreLife

PAUSES = (0.05, 1.5)  # seconds between a start and its kill
START_SHARE = 0.15  # share of the kills that come while the gateway starts


class RandomKills:
    def __init__(self, bench, seconds):
        self.bench, self.seconds = bench, seconds

    def run(self):
        generator = random.Random(f"{self.bench.seed} random kills")
        # Budgets this wide last for most of the run, at some thousand credits per second for all teams.
        factor = max(1, round(10 * self.seconds))
        kills = 0
        with StoreLife(self.bench, "random-kills", "random kills", factor=factor, response_timeout="1s") as life:
            life.gateway.must_start()
            load = life.load(has_time_out=True)
            deadline = time.monotonic() + self.seconds
            while time.monotonic() < deadline:
                pause = generator.uniform(*PAUSES)
                time.sleep(pause)
                life.gateway.kill()
                kills += 1
                life.notes.append(f"kill {kills} after {pause:.3f} s, {len(life.record.answers)} requests so far")
                life.audit_after_kill()
                self.kill_starting(life, generator)
                life.gateway.must_start()
                load.arm(life.vendor)
            time.sleep(generator.uniform(*PAUSES))
            life.gateway.kill()
            life.gateway.finish()
            load.join()
            kills += 1
            life.audit_after_kill()
            life.restart_and_audit(probes=4)
            self.report(life, kills)

    @staticmethod
    def kill_starting(life, generator):
        """Sometimes a gateway is killed before it listens, on what the previous one left."""
        while generator.random() < START_SHARE:
            process = life.gateway.spawn()
            time.sleep(generator.uniform(0, 0.05))
            process.kill()
            life.notes.append("killed while it started")
            life.audit_after_kill()

    def report(self, life, kills):
        answers = life.record.snapshot()
        heard = [each for each in answers if each.is_heard]
        self.bench.fired += kills
        self.bench.say(
            f"random kills: {kills} kills, {len(answers)} requests, {len(answers) - len(heard)} unheard of, "
            f"{sum(each.is_hit for each in heard)} hits, {sum(each.is_collapsed for each in heard)} collapsed, "
            f"{sum(each.error == 'budget_exceeded' for each in heard)} refused; all audits passed")
