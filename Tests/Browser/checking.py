"""What the checks share: how they fail, and which views and actions there are."""

from decimal import Decimal

from stand import Failure

VIEWS = ("", "teams", "teams/legal", "teams/sales", "insights", "unconfirmed", "requests", "keys", "cache",
         "statements", "simulate", "alerts", "audit")
OPERATORS = {"Issue a key", "Rotate", "Revoke", "Grant credits", "Withdraw", "Resolve", "Drain", "Disable", "Enable",
             "Purge", "Purge everything", "Purge its results"}
ADMINS = {"New team", "Set a budget", "Remove", "Add an upstream key", "Change", "Delete", "Enter a bill",
          "Test the receiver", "Forget"}
CHANGES = OPERATORS | ADMINS


def check(holds, what):
    if not holds:
        raise Failure(what)


def same(shown, told, what):
    """Equal to the micro-credit: as decimals, without a float in between."""
    check(shown is not None and Decimal(shown) == Decimal(told), f"{what}: the page shows {shown}, the API says {told}")
