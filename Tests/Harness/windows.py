"""The budgets of a configuration: scopes, windows, and what is left in them."""

import datetime
from dataclasses import dataclass

from answers import micros

EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True)
class Limit:
    """One budget. `scope` is `organization`, `team`, `key` or `upstream_key`, `name` its owner."""

    scope: str
    name: str
    window: str
    limit: int
    is_enforced: bool

    def concerns(self, entry):
        return self.scope == "organization" or getattr(entry, self.scope) == self.name

    def used(self, entries, window):
        """The sum that entries take from it in the window that begins on that day."""
        return sum(each.counted for each in entries
                   if self.concerns(each) and first_day(self.window, each.day) == window)

    def __str__(self):
        return f"the {self.window} budget of {self.scope} {self.name}".replace("organization organization",
                                                                               "the organization")


def first_day(window, day):
    """The first day of a day's window. Days are numbered from 1970-01-01, a Thursday."""
    if window == "day":
        return day
    if window == "week":
        return day - (day + 3) % 7
    if window == "month":
        date = EPOCH + datetime.timedelta(days=day)
        return (date.replace(day=1) - EPOCH).days
    return 0


def limits(configuration):
    """All budgets of the configuration."""
    found = of("organization", "organization", configuration.get("budgets", {}).get("organization", []))
    for team in configuration["teams"]:
        found += of("team", team["id"], team.get("budgets", []))
        for key in team["keys"]:
            found += of("key", key["id"], key.get("budgets", []))
    for key in configuration["upstream"]["keys"]:
        if "monthly_credits" in key:
            found.append(Limit("upstream_key", key["id"], "month", micros(key["monthly_credits"]), True))
    return found


def of(scope, name, budgets):
    return [Limit(scope, name, each["window"], micros(each["credits"]), each.get("enforce", True))
            for each in budgets]


def remaining(limits, entries, team, key, day):
    """The minimum left for a key in its enforced budgets on a day; None without such a budget."""
    left = []
    for limit in limits:
        if not limit.is_enforced:
            continue
        if (limit.scope, limit.name) in (("organization", "organization"), ("team", team), ("key", key)):
            left.append(limit.limit - limit.used(entries, first_day(limit.window, day)))
    return min(left, default=None)
