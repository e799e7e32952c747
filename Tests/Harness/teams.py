"""The gateway's configuration: teams with budgets of every window and scope."""

import json

VENDOR_KEYS = {"primary": "vendor-secret-1-0123456789", "spare": "vendor-secret-2-0123456789",
               "other": "vendor-secret-3-0123456789"}
# The name in `admin.tokens`, which the audit log records.
TOKEN_NAME, TOKEN = "crash-operator", "crash-operator-token-0123456789"
MASTER_KEY = "c4a5" * 16
# Credits per page. The third has many decimals, so that any rounding would show.
PRICES = {"gpt-4o-mini": 1, "gpt-4o": 2.5, "gpt-3.5-turbo": 0.333333}
ASSUMED_PAGES = 10
MAX_CONCURRENCY = 16
# The factor of the vendor's prices over the configured ones in a run whose estimates are too low.
DEAR_FACTOR = 5


def budget(window, credits, enforce=True):
    return {"window": window, "credits": credits, "enforce": enforce}


# (budgets of the team, budgets of each of its keys). A point forwards questions for some 40 credits per team: some of
# these budgets are exhausted within it, some never. A wide one grows with the length of the run.
TIGHT_TEAMS = [
    ([budget("day", 25)], [[]]),
    ([budget("month", 40), budget("total", 1000)], [[], []]),
    ([budget("total", 18)], [[]]),
    ([budget("day", 60), budget("week", 5, enforce=False)], [[], []]),
    ([budget("total", 10, enforce=False)], [[]]),
    ([], [[]]),
    ([budget("week", 33.5)], [[]]),
    ([budget("total", 100)], [[budget("total", 15)], [budget("day", 8.25)]]),
]
WIDE_TEAMS = [
    ([budget("day", 90)], [[]]),
    ([budget("month", 130), budget("week", 120)], [[budget("day", 50)], [budget("total", 70.5)]]),
    ([budget("total", 75)], [[]]),
    ([], [[budget("month", 65)], [budget("week", 30), budget("total", 1, enforce=False)]]),
]
ORGANIZATION = [budget("month", 260), budget("total", 100_000)]


def scaled(budgets, factor):
    return [{**each, "credits": each["credits"] * factor} for each in budgets]


def team(number, budgets, keys):
    name = f"team-{number:02}"
    return {
        "id": name, "name": f"Team {number}", "account": "default" if number <= 9 else "second", "budgets": budgets,
        "keys": [{"id": f"{name}-key-{index}", "secret": {"value": secret(name, index)}, "budgets": key_budgets}
                 for index, key_budgets in enumerate(keys)],
    }


def secret(name, index):
    return f"{name}-secret-{index}-0123456789"


def teams(factor):
    wide = [(scaled(budgets, factor), [scaled(key, factor) for key in keys]) for budgets, keys in WIDE_TEAMS]
    return [team(number, *each) for number, each in enumerate(TIGHT_TEAMS + wide, start=1)]


def configuration(vendor_port, store_url, factor=1, response_timeout="2s"):
    """A gateway's configuration; wide budgets are multiplied by `factor`."""
    keys = [{"id": name, "account": "second" if name == "other" else "default", "secret": {"value": value}}
            for name, value in VENDOR_KEYS.items()]
    keys[1]["monthly_credits"] = 90 * factor
    return {
        "listen": {"address": "127.0.0.1:0", "workers": 2},
        "admin": {"address": "127.0.0.1:0", "tokens": [
            {"name": TOKEN_NAME, "role": "admin", "secret": {"value": TOKEN}}]},
        "upstream": {
            "base_url": f"http://127.0.0.1:{vendor_port}", "keys": keys, "response_timeout": response_timeout,
            "max_concurrency": MAX_CONCURRENCY, "credits_per_page": PRICES, "assumed_pages": ASSUMED_PAGES,
            # There are many faults here, and an open breaker would hide what comes after them.
            "circuit_breaker": {"failures": 1_000_000},
        },
        "budgets": {"organization": scaled(ORGANIZATION, factor)},
        "store": {"url": store_url},
        "teams": teams(factor),
    }


def write(configuration, path):
    path.write_text(json.dumps(configuration, indent=2))
    path.chmod(0o600)
