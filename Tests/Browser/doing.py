"""Actions that need more than an operator's button: teams, the vendor's keys, bills, what if, alerts."""

import http.server
import threading

from checking import ADMINS, CHANGES, OPERATORS, VIEWS, check, same
from stand import VENDOR_KEYS

DAY = "2026-01-01"


class Receiver:
    """Takes alerts; `answer` is the status that it says. Use it in one `with`."""

    def __init__(self):
        self.answer, self.taken = 204, []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.taken.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(receiver.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.server.server_port}/"
        self.setting = {"webhook_url": url, "secret": {"value": "webhook-secret-0123456789abcdef"}}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def team(stand, page):
    page.show("teams")
    page.button("New team").click()
    page.fill(id="fresh", name="Fresh", account="no-such-account")
    page.until(lambda: "is not the account of any upstream key" in page.text("dialog"), "a 422 is told as it is")
    page.fill(account="default", id="legal")
    page.until(lambda: "legal" in page.text("dialog .fault"), "a 409 is told as it is")
    page.fill(id="changing")
    page.closed()
    page.until(lambda: "/ changing" in page.text("h1"), "the new team is shown")
    page.button("Change").click()
    page.fill(name="Changed", rate="2.5", concurrency="3", models="gpt-4o, gpt-4o-mini", scope="team")
    page.closed()
    told = stand.api("GET", "/teams/changing")
    wanted = {"name": "Changed", "requests_per_second": "2.5", "max_concurrency": "3", "cache_scope": "team"}
    check(wanted.items() <= told.items() and set(told["models"]) == {"gpt-4o", "gpt-4o-mini"}, f"changed to {told}")
    page.until(lambda: "2.5 requests a second · 3 at once" in page.text("main > .view > .note"), "limits are shown")
    page.button("Change").click()
    page.fill(rate="", concurrency="", models="", scope="")
    page.closed()
    told = stand.api("GET", "/teams/changing")
    check([told[name] for name in ("requests_per_second", "max_concurrency", "models", "cache_scope")] == [None] * 4,
          f"limits stay: {told}")
    page.until(lambda: "no limits but budgets" in page.text("main"), "no limits are shown")
    page.button("Delete").click()
    check(page.run("return document.activeElement.textContent") == "Cancel", "the return key deletes")
    page.confirm()
    page.until(lambda: page.text("h1") == "Teams", "a deleted team is left")
    stand.api("GET", "/teams/changing", expected=(404,))
    page.show("teams/legal")
    offered = set(page.buttons()) & {"Change", "Delete", "Set a budget", "Remove"}
    check(not offered and "from the configuration file" in page.text("main"), f"of a team of the file: {offered}")


def upstream(stand, page):
    secret, other = "vendor-secret-added-0123456789", VENDOR_KEYS[0] + "-rotated"
    page.show("keys")
    page.button("Add an upstream key").click()
    kind = page.one("dialog [name=secret]").get_attribute("type")
    check(kind == "password", f"the secret is typed into a field of type {kind}")
    page.fill(id="vendor-0", secret=secret, weight="0")
    page.until(lambda: "weight" in page.text("dialog .fault"), "a 422 is told as it is")
    page.fill(weight="1")
    page.until(lambda: "vendor-0" in page.text("dialog .fault"), "a 409 is told as it is")
    page.fill(id="added", weight="7", monthly_credits="12.000001", not_after="2031-01-01T00:00:00Z")
    page.closed()
    row = lambda: next((each for each in page.rows("Upstream keys") if each["Key"][0] == "added"), None)  # noqa: E731
    page.until(row, "the key is listed")
    check(row()["Last used"][0] == "never" and row()["Of"][1] == "12.000001", f"added as {row()}")
    used = next(each for each in page.rows("Upstream keys") if each["Key"][0] == "vendor-0")
    check(used["Last used"][1] == stand.api("GET", "/upstream-keys/vendor-0")["last_used_at"], f"last use: {used}")
    check(secret not in page.driver.page_source, "the secret stays in the page")
    of_added = "//tr[td[1]//text()='added']//button[text()='{}']"
    page.press(of_added.format("Change"))
    page.fill(weight="2", monthly_credits="")
    page.closed()
    told = stand.api("GET", "/upstream-keys/added")
    given = [told[member] for member in ("weight", "monthly_credits", "not_after")]
    check(given == ["2", None, "2031-01-01T00:00:00Z"], f"changed to {told}")
    page.press(of_added.format("Rotate"))
    page.fill(secret=other)
    page.closed()
    page.press(of_added.format("Disable"))
    page.confirm()
    page.until(lambda: row()["State"][0].startswith("disabled"), "the key is disabled")
    page.press(of_added.format("Delete"))
    page.confirm()
    page.until(lambda: row() is None, "the key is gone")
    sent = "\n".join(page.addresses())
    kept = page.run("return JSON.stringify([location.href, {...sessionStorage}, {...localStorage}, document.cookie])")
    for each in (secret, other):
        check(each not in sent + kept + page.driver.page_source, "a secret is in an address, the storage or the page")
    page.press("//tr[td[1]//text()='vendor-0']//button[text()='Drain']")
    page.one("dialog button[type=button]").click()
    page.closed()
    check(stand.api("GET", "/upstream-keys/vendor-0")["state"] == "active", "what was called off is done")
    check("are changed in the file" in page.text("main"), "what belongs to the file is not told")


def bills(stand, page):
    page.show("statements")
    page.button("Enter a bill").click()
    booked = stand.api("GET", "/spend?group_by=day")
    page.fill(credits="1000.5", **{"from": booked["items"][0]["day"], "to": booked["items"][-1]["day"]})
    page.closed()
    page.until(lambda: "Withdraw" in page.buttons(), "the bill is listed")
    told, shown = stand.api("GET", "/statements")["items"][0], page.rows("The vendor")[0]
    for title, member in (("Billed", "credits"), ("Booked", "spent"), ("Drift", "drift")):
        same(shown[title][1], told[member], title)
    check("more than the gateway knows of" in shown["What it says"][0], f"{shown}")
    page.button("Enter a bill").click()
    page.fill(credits="1")
    page.until(lambda: "has a day of this period already" in page.text("dialog"), "a 409 is told as it is")
    page.one("dialog button[type=button]").click()
    page.button("Withdraw").click()
    page.confirm()
    page.until(lambda: "No bill was entered yet" in page.text("main"), "the bill is withdrawn")


def what_if(stand, page):
    page.show("simulate/legal")
    check(page.one("main [name=team]").get_attribute("value") == "legal", "the team of the address is not asked about")
    page.button("Replay").click()
    page.until(lambda: "give budgets, ttl or both" in page.text("main .fault"), "a 422 is told as it is")
    page.put("main [name=kind]", "enforced")
    page.one("main [name=month]").send_keys("0")
    page.button("Replay").click()
    page.until(lambda: page.all("#answer"), "the answer is shown")
    told = stand.api("POST", "/simulate", {"team": "legal", "budgets": [{"window": "month", "credits": 0}]})
    rows = {row["What"][0]: row for row in page.rows("Team legal")}
    same(rows["Spent"]["It would have been"][1], told["spent"], "spent")
    same(rows["Spent"]["It was"][1], told["was"]["spent"], "was spent")
    same(rows["Calls refused"]["It would have been"][1], told["refused"], "refused")
    check(int(told["refused"]) > 0 and told["exactness_reason"] in page.text("#answer"), f"{told}")


def receiver(_stand, page, receiver):
    page.show("alerts")
    for status, words in ((204, "the receiver took it"), (500, "HTTP 500")):
        receiver.answer = status
        page.button("Test the receiver").click()
        page.confirm()
        page.until(lambda words=words: words in page.text("#trial"), f"a test that is answered {status}")
    check(len([body for body in receiver.taken if b'"test"' in body]) == 2, f"told {receiver.taken}")


def lessons(stand, page):
    page.show("cache")
    told = stand.api("GET", "/lessons?limit=100")["items"]
    check(len(page.rows("What estimates have learned")) == len(told) > 1, "lessons are not listed")
    page.button("Forget").click()
    page.confirm()
    page.until(lambda: len(page.rows("What estimates have learned")) == len(told) - 1, "a lesson is forgotten")


# What the stand has something to do with.
WANTED = {"viewer": set(), "operator": {"Issue a key", "Revoke", "Drain", "Disable", "Purge everything"},
          "admin": ADMINS}


def changes(stand, page, alerts):
    """Teams, the vendor's keys, bills, what if, lessons, alerts: each asks once, and refusals are told as they are."""
    for part in (team, upstream, bills, what_if, lessons):
        part(stand, page)
    receiver(stand, page, alerts)


def roles(stand, page):
    """What a role may not do is not offered, and is refused by the gateway all the same."""
    for role, allowed in (("viewer", set()), ("operator", OPERATORS), ("admin", CHANGES)):
        page.open(stand)
        page.sign_in(role)
        offered = set()
        for view in VIEWS:
            page.show(view)
            if not view:
                page.scroll()
            offered |= set(page.buttons()) & CHANGES
        check(offered <= allowed, f"a token of role {role} is offered {offered - allowed}")
        missing = WANTED[role] - offered
        check(not missing, f"a token of role {role} is not offered {missing}")
    for role, method, path, body in (
        ("viewer", "POST", "/teams/sales/keys", {}),
        ("operator", "DELETE", "/lessons?model=gpt-4o", None),
        ("operator", "PUT", "/teams/sales/budgets", {"budgets": []}),
        ("operator", "POST", "/upstream-keys", {"id": "x", "secret": "y"}),
        ("operator", "PATCH", "/upstream-keys/vendor-0", {"weight": 2}),
        ("operator", "POST", "/statements", {"account": "default", "from": DAY, "to": DAY, "credits": 1}),
        ("operator", "POST", "/alerts/test", {}),
        ("operator", "DELETE", "/teams/sales", None),
    ):
        stand.api(method, path, body, role=role, expected=(403,))
