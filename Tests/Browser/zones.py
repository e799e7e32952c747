"""Days and times in other zones than the browser's, with half hours, and where clocks change."""

import datetime
import zoneinfo

from checking import check, same
from stand import Stand

# The budgets' zone and the browser's: another day for most of the day, a half and a quarter of an hour, and a zone
# whose clocks change. The last one has the budgets west of the browser.
ZONES = (("Asia/Kathmandu", "America/New_York"), ("America/St_Johns", "Pacific/Kiritimati"))
# Three hours before and after changes of clocks in St. John's and Berlin, midnights among them.
CHANGES = ("2026-03-08T05:30Z", "2026-11-01T04:30Z", "2026-03-29T01:00Z", "2026-10-25T01:00Z")
MOMENTS = [datetime.datetime.fromisoformat(change) + datetime.timedelta(minutes=minutes)
           for change in CHANGES for minutes in range(-180, 180, 15)]


def written(moment, zone):
    """As the page writes a moment."""
    local = moment.astimezone(zoneinfo.ZoneInfo(zone))
    month = "Sept" if local.month == 9 else f"{local:%b}"
    return f"{local.day} {month} {local.year}, {local:%H:%M}"


def clocks(page):
    """The page's own arithmetic, quarter hour by quarter hour over changes of clocks."""
    for zone in ("America/St_Johns", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati"):
        told = page.driver.execute_async_script(
            """
            const [zone, moments, days, done] = arguments
            const folder = document.querySelector('script[type=module]').src.replace(/[^/]*$/, '')
            // A module of its own, so that the page keeps its zone.
            import(folder + 'times.js?apart').then((times) => {
              times.setZone(zone)
              done([moments.map(times.moment), days.map((day) => times.dayAfter(day, 1)), times.zoneName()])
            }, (fault) => done([[String(fault)], [], '']))
            """,
            zone, [moment.isoformat() for moment in MOMENTS], ["2026-03-07", "2026-10-31", "2026-11-30", "2028-02-28"],
        )
        wanted = [written(moment, zone) for moment in MOMENTS]
        wrong = [(got, want) for got, want in zip(told[0], wanted) if got != want]
        check(not wrong and len(told[0]) == len(wanted) and told[2] == zone, f"{zone}: {wrong[:3]} {told[0][:1]}")
        check(told[1] == ["2026-03-08", "2026-11-01", "2026-12-01", "2028-02-29"], f"days are {told[1]}")


def times(page, zone, where):
    """Every moment that is written out is one of the budgets' zone."""
    shown = page.run("return [...document.querySelectorAll('main time')].map((element) => "
                     "[element.getAttribute('datetime'), element.textContent])")
    compared = 0
    for moment, text in shown:
        if "T" not in moment or ", " not in text or text.count(":") != 1:
            continue
        compared += 1
        wanted = written(datetime.datetime.fromisoformat(moment), zone)
        check(text == wanted, f"{where} in {zone}: {moment} is written {text}, not {wanted}")
    return compared


def zones(page, programs):
    """Days, times and sums are those of the budgets' zone in two more zones, and over changes of clocks."""
    with Stand(programs, time_zone=ZONES[0][0]) as stand:
        page.open(stand)
        clocks(page)
    for zone, of_browser in ZONES:
        page.command("Emulation.setTimezoneOverride", timezoneId=of_browser)
        with Stand(programs, time_zone=zone) as stand:
            for team in ("accounts-payable", "legal", "accounts-payable"):
                stand.classify(team, "00000000-0000-0000-0000-000000000001", page_range="1-2")
            stand.fault("reset_before_reply")
            stand.classify("legal", page_range="1-2")
            page.open(stand)
            page.sign_in()
            page.show("")
            days = stand.api("GET", "/spend?group_by=day")
            latest = days["items"][-1]
            today = datetime.date.fromisoformat(latest["day"])
            here = datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date()
            check(abs((today - here).days) <= 1, f"the gateway's day is {today}, not {here}")
            same(page.value("#saved"), days["total"]["saved"], f"saved in {zone}")
            check(f"those of {zone} " in page.text("#asof"), page.text("#asof"))
            page.one("#days summary").click()
            row = page.rows("Spend and savings per day")[0]
            check(row["Day"][0] == f"{today.day} {today:%b}", f"today in {zone} is {row['Day']}")
            same(row["Charged"][1], latest["spent"], f"charged today in {zone}")
            same(row["Saved"][1], latest["saved"], f"saved today in {zone}")
            page.scroll()
            check(times(page, zone, "the overview") >= 4, "the overview writes no times")
            page.show("insights")
            # The first of the month: where clocks change in it, at another distance from UTC than today.
            check(times(page, zone, "insights") >= 2, "insights write no times")
    page.command("Emulation.setTimezoneOverride", timezoneId="America/Los_Angeles")
