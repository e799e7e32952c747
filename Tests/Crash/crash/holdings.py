"""What the operator may own: a few identifiers, created and deleted repeatedly, with the same budgets each time.

The budgets of an identifier never change and, like its spending, outlive it, so the audit of the ledger can check every
entry against them, whichever of the identifier's lives it belongs to.
"""

import json

import windows
from answers import micros
from teams import budget

TEAMS = {
    "op-team-1": {"account": "default", "budgets": [budget("day", 6)]},
    "op-team-2": {"account": "second", "budgets": [budget("month", 20), budget("total", 9.5, enforce=False)]},
    "op-team-3": {"account": "default", "budgets": []},
}
# Of the configuration file: its keys of the store are the operator's, it is not.
FILE_TEAM = "team-06"
FILE_TEAM_ACCOUNT = "default"
TEAM_KEYS_MAX = 3
BUDGETED_KEYS = {f"{team}-key-2" for team in TEAMS}
UPSTREAM_KEYS = {
    "op-upstream-1": {"account": "default"},
    "op-upstream-2": {"account": "default", "monthly_credits": 12},
    "op-upstream-3": {"account": "second"},
}
SECRETS_PER_KEY = 3


def team_keys(team):
    return [f"{team}-key-{number}" for number in range(1, TEAM_KEYS_MAX + 1)]


def key_budgets(key):
    """The budgets of a team's key: one of each team's has some, none of the file's team, whose keys are many."""
    return [budget("total", 4)] if key in BUDGETED_KEYS else []


def account(team):
    return TEAMS[team]["account"] if team in TEAMS else FILE_TEAM_ACCOUNT


def vendor_secret(key, index):
    """A secret of a key at the vendor; never used for another key."""
    return f"{key}-vendor-secret-{index}-0123456789"


def vendor_secrets():
    """Each secret at the vendor, with the key's identifier."""
    return {vendor_secret(key, index): key for key in UPSTREAM_KEYS for index in range(SECRETS_PER_KEY)}


def limits():
    """All budgets of the operator's objects."""
    found = []
    for team, terms in TEAMS.items():
        found += windows.of("team", team, terms["budgets"])
        for key in team_keys(team):
            found += windows.of("key", key, key_budgets(key))
    for key, terms in UPSTREAM_KEYS.items():
        if "monthly_credits" in terms:
            found.append(windows.Limit("upstream_key", key, "month", micros(terms["monthly_credits"]), True))
    return found


def canonical(value):
    """The canonical text of a JSON value."""
    return json.dumps(value, sort_keys=True)
