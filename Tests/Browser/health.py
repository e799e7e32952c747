"""What goes wrong at the vendor is seen in the line of health, and so is that it is over."""

import threading

from checking import check
from stand import VENDOR_KEYS, Stand

LIMITS = {"max_concurrency": 1, "circuit_breaker": {"failures": 2, "window": "60s", "open_for": "1s"}}


def lines(page):
    """The overview's health: all of it, and by line."""
    page.show("")
    told = page.run("return [...document.querySelectorAll('.health > div')].map((line) => "
                    "[line.querySelector('dt').textContent, line.querySelector('dd').textContent])")
    return page.text("#health"), dict(told)


def sees(page, line, word):
    page.until(lambda: word in lines(page)[1][line], f"{line} says {word}")
    check(lines(page)[0] == "Look here", "all is said to be well")


def well(page):
    page.until(lambda: lines(page)[0] == "All is well", "all is well again", seconds=30)


def health(page, programs):
    """A refused key, an open breaker and a queue are told with their reason, and that they are over."""
    with Stand(programs, upstream=LIMITS) as stand:
        page.open(stand)
        page.sign_in("operator")
        well(page)
        # Refused once, and answered with the other key.
        stand.fault("status", status=401)
        check(stand.classify("legal", page_range="1") == 200, "the other key does not help")
        sees(page, "Vendor keys", "unauthorized")
        keys = stand.api("GET", "/upstream-keys")["items"]
        refused = next(key["id"] for key in keys if key["state"] == "quarantined")
        check(refused in lines(page)[1]["Vendor keys"], f"{refused} is not named: {lines(page)}")
        page.scroll()
        row = page.rows("Upstream keys")[0]
        check(row["Key"][0] == refused and "quarantined" in row["State"][0], f"the key in trouble is not first: {row}")
        page.show("keys")
        page.button("Enable").click()
        page.confirm()
        well(page)

        stand.fault("hold")
        asking = [threading.Thread(target=stand.classify, args=("legal",), kwargs={"page_range": "1"})
                  for _ in range(3)]
        for each in asking:
            each.start()
        sees(page, "Queue", "2 waiting for the vendor")
        stand.sim("release")
        for each in asking:
            each.join()
        well(page)

        stand.fault("close_before_reply", count=2)
        for _ in range(2):
            stand.classify("legal", page_range="1")
        page.until(lambda: "closed" not in lines(page)[1]["Breaker"], "the breaker is open")
        check("default" in lines(page)[1]["Breaker"] and lines(page)[0] == "Look here", f"{lines(page)}")
        page.until(lambda: stand.classify("legal", page_range="1") == 200, "the breaker's probe")
        well(page)
        check(len(stand.api("GET", "/upstream-keys")["items"]) == len(VENDOR_KEYS), "keys of the stand")
