"""A thousand misses at once over three nodes: identical ones are one call, and budgets admit exactly what has room."""

import collections
import random
import resource

import teams
from answers import credits
from audit import Violation
from client import Asker
from crowd import Crowd, Request
from fleet import Fleet
from questions import Question, document

CROWD = 1_000
ROOM = 100  # questions
PAGE = 1_000_000  # micro-credits that each costs
# What has room, by the run: budgets of the organization, of a team, of a key, and all at once with unlike rooms.
KINDS = ("organization", "team", "key", "all at once")


def total(questions):
    return [teams.budget("total", questions)]


def configure(kind):
    """Budgets for `ROOM` questions, and one by the team that asks the identical ones."""
    def change(configuration):
        tight = kind == "all at once"
        budgets = [[], [], []]
        keys = [[[], []], [[], []], [[]]]
        if kind == "team":
            budgets[0] = total(ROOM)
        elif kind == "key":
            keys[0][0] = total(ROOM)
        elif tight:
            budgets[0], keys[1][0] = total(ROOM * 4 // 10), total(ROOM * 3 // 10)
        whole = total(ROOM + 1) if kind == "organization" or tight else []
        configuration["budgets"] = {"organization": whole}
        configuration["teams"] = [teams.team(number, *each) for number, each in enumerate(zip(budgets, keys), start=1)]
        configuration["teams"].append(teams.team(4, [], [[]]))
        for each in configuration["upstream"]["keys"]:
            each.pop("monthly_credits", None)
    return change


class Exactness:
    def __init__(self, bench, times, crowd=CROWD):
        self.bench, self.times, self.crowd = bench, times, crowd
        self.collapsed, self.refused = 0, 0

    def run(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        for number in range(self.times):
            kind = KINDS[number % len(KINDS)]
            with Fleet(self.bench, f"exactness {number}", change=configure(kind), response_timeout="30s") as fleet:
                fleet.start()
                self.identical(fleet)
                self.different(fleet, kind)
                fleet.rest_and_audit()
                fleet.stop()
        self.bench.say(f"exactness: {self.times} times {self.crowd} identical misses were 1 call ({self.collapsed} "
                       f"followers), and {self.crowd} different ones with room for {ROOM} were {ROOM} ({self.refused} "
                       "refused)")

    def identical(self, fleet):
        question = Question(document(fleet.random), "gpt-4o-mini", "1")
        asker = Asker.of(fleet.configuration["teams"][3], 0)
        fleet.vendor.control("POST", "/sim/faults", {"kind": "hold", "document_id": question.document})
        requests = [Request(fleet.nodes[index % 3], asker, question) for index in range(self.crowd)]

        def release():
            fleet.vendor.control("GET", "/sim/wait?in_flight=1&timeout_ms=30000")
            fleet.vendor.control("POST", "/sim/release", {})
        answers = [answer for answer, _ in Crowd(fleet.record, requests).ask(release)]
        statuses = collections.Counter(each.status for each in answers)
        calls, bodies = fleet.vendor.calls(), {each.body for each in answers}
        if statuses != {200: self.crowd} or calls != 1 or len(bodies) != 1:
            raise Violation(f"N1: {self.crowd} identical misses were {calls} calls, answered with {dict(statuses)} and "
                            f"{len(bodies)} bodies")
        self.collapsed += sum(each.is_collapsed for each in answers)

    def different(self, fleet, kind):
        generator = random.Random(f"{fleet.seed} different")
        configured = fleet.configuration["teams"]
        askers = {"organization": [Asker.of(team, 0) for team in configured],
                  "team": [Asker.of(configured[0], 0), Asker.of(configured[0], 1)],
                  "key": [Asker.of(configured[0], 0)]}.get(kind, [Asker.of(team, 0) for team in configured[:3]])
        requests = [Request(fleet.nodes[index % 3], generator.choice(askers),
                            Question(document(generator), "gpt-4o-mini", "1")) for index in range(self.crowd)]
        before = fleet.vendor.calls()
        told = Crowd(fleet.record, requests).ask()
        statuses = collections.Counter(answer.status for answer, _ in told)
        calls = fleet.vendor.calls() - before
        if statuses != {200: ROOM, 402: self.crowd - ROOM} or calls != ROOM:
            raise Violation(f"I1: {kind}: {self.crowd} misses with room for {ROOM} were {calls} calls, answered with "
                            f"{dict(statuses)}")
        self.refused += statuses[402]
        self.check_refusals(fleet, told)

    @staticmethod
    def check_refusals(fleet, told):
        """Nobody was refused while there was room in each of his budgets."""
        case = fleet.case(is_at_rest=False)
        # The moments by which so many questions had taken room from a budget.
        filled = {}
        for limit in case.limits:
            taken = sorted(each.created_at for each in case.entries if limit.concerns(each))
            if len(taken) * PAGE >= limit.limit:
                filled[limit] = taken[limit.limit // PAGE - 1]
        for answer, moment in told:
            if answer.status == 402 and not any(
                    full <= moment and concerns(limit, answer) for limit, full in filled.items()):
                raise Violation(f"I1: {answer} was refused at {moment}, but its budgets were filled at "
                                f"{[(str(limit), credits(limit.limit), full) for limit, full in filled.items()]}")


def concerns(limit, answer):
    return limit.scope == "organization" or getattr(answer, limit.scope, None) == limit.name
