"""A browser on the dashboard: what it shows, what it asked for, and what its policy refused."""

import base64
import contextlib
import json
import pathlib
import time

from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from stand import TOKENS, Failure

# Where deploy/test put it.
AXE = ".build-tools/axe/lib/python*/site-packages/axe_playwright_python/axe.min.js"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Counts what the policy refuses, and lets tests set the clock forward.
PRELUDE = """
performance.setResourceTimingBufferSize(100000)
window.refused = []
addEventListener('securitypolicyviolation', (event) => refused.push(event.violatedDirective + ' ' + event.blockedURI))
const realNow = Date.now
window.setForward = (milliseconds) => { Date.now = () => realNow() + milliseconds }
window.saved = []
const make = URL.createObjectURL
URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text)); return make.call(URL, blob) }
"""


class Button:
    """What can be clicked, also when the view is drawn anew just then."""

    def __init__(self, page, find, what):
        self.page, self.find, self.what = page, find, what

    def click(self):
        def pressed():
            found = self.find()
            if found:
                # Out from under the head of the page, which stays in sight.
                self.page.run("arguments[0].scrollIntoView({block: 'center'})", found)
                found.click()
            return bool(found)
        self.page.until(pressed, f"{self.what} can be clicked")


class Page:
    """Chromium without a window. Use it in one `with`."""

    def __init__(self, time_zone="America/Los_Angeles"):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--disable-background-networking", "--hide-scrollbars", "--force-device-scale-factor=1"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService("/usr/bin/chromedriver")
        # Where the dashboards are that it was sent to.
        self.homes = set()
        self.driver = webdriver.Chrome(options=options, service=service)
        self.command("Emulation.setTimezoneOverride", timezoneId=time_zone)
        self.command("Page.addScriptToEvaluateOnNewDocument", source=PRELUDE)
        self.command("Browser.setDownloadBehavior", behavior="deny")
        self.resize(1280, 800)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def resize(self, width, height, scheme="light"):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=width < 500)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    # Waiting

    def until(self, condition, what, seconds=15):
        """Waits until `condition()` holds; a drawing meanwhile, or a row that is not there yet, is no failure."""
        def holds(_):
            with contextlib.suppress(StaleElementReferenceException, ElementClickInterceptedException, LookupError):
                return condition()
            return False

        try:
            return WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(holds)
        except Exception as error:
            told = "\n".join(self.text(part) for part in ("#alerts", "dialog", "main"))[:800]
            raise Failure(f"{what}: not within {seconds} s; the page says: {told}") from error

    # Reading

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def on_screen(self, selector):
        """Those elements that are in sight."""
        return self.run("""
            return [...document.querySelectorAll(arguments[0])].filter((element) => {
              const { top, bottom } = element.getBoundingClientRect()
              return top < innerHeight && bottom > 0
            })
            """, selector)

    def one(self, selector):
        return self.until(lambda: self.all(selector)[:1], f"{selector} is there")[0]

    def text(self, selector="body"):
        return "\n".join(element.text for element in self.all(selector))

    def value(self, selector):
        """The API's digits of the number in an element."""
        return self.one(f"{selector} data").get_attribute("value")

    def rows(self, title):
        """The rows of a table as `{heading: (text, digits or time)}`."""
        # As a text: the driver takes an object with a member that is called Window for one.
        return json.loads(self.run(
            """
            const heading = [...document.querySelectorAll('main section h2, main section h3')]
              .find((element) => element.textContent.startsWith(arguments[0]) &&
                element.closest('section').querySelector('table'))
            if (!heading) return '[]'
            const table = heading.closest('section').querySelector('table')
            const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent)
            const told = (cell) => cell.querySelector('data')?.getAttribute('value') ??
              cell.querySelector('time')?.getAttribute('datetime') ?? null
            return JSON.stringify([...table.tBodies[0].rows].map((row) => Object.fromEntries(
              [...row.cells].map((cell, index) => [names[index], [cell.textContent, told(cell)]]))))
            """,
            title,
        ))

    # Doing

    def open(self, stand):
        self.homes.add(stand.admin)
        self.driver.get(stand.admin + "/")
        self.one("#token")

    def sign_in(self, role="admin", keeps=False, token=None):
        self.one("#token").send_keys(token or TOKENS[role])
        if keeps:
            self.one("#keeps").click()
        self.one("#token").send_keys(Keys.ENTER)
        if token is None:
            self.one("main .view")

    def show(self, view):
        """Goes to a view and waits until it is drawn; answers the requests of the API that it took."""
        self.until(lambda: not self.on_screen(".waiting"), "what is in sight is read")
        before = self.asked()
        # The overview stays, and its first glance is drawn anew.
        self.run("(document.querySelector('main .tiles') ?? document.querySelector('main').firstElementChild)"
                 "?.setAttribute('data-old', '')")
        if self.run("return location.hash") == f"#/{view}":
            self.button("Refresh").click()
        else:
            self.run("location.hash = arguments[0]", f"#/{view}")
        self.until(lambda: self.all("main > *") and not self.all("main [data-old], main[aria-busy]"),
                   f"view {view} is drawn")
        self.until(lambda: not self.on_screen(".waiting"), "what is in sight is read")
        return self.asked()[len(before):]

    def asked(self):
        return self.run("return performance.getEntriesByType('resource').map((entry) => entry.name)"
                        ".filter((name) => name.includes('/admin/v1/'))")

    def button(self, text, within="body"):
        """A button by its text, to be clicked."""
        def find():
            found = [element for element in self.all(f"{within} button")
                     if element.text == text and element.is_displayed()]
            return found[0] if found else None
        return Button(self, find, f"button {text}")

    def buttons(self):
        return [element.text for element in self.all("main button") if element.is_displayed()]

    def fill(self, **fields):
        """Fills in the dialog and confirms it."""
        for name, text in fields.items():
            field = self.one(f"dialog [name={name}]")
            if field.tag_name == "select":
                self.run("arguments[0].value = arguments[1]", field, text)
            else:
                field.clear()
                field.send_keys(text)
        self.one("dialog button[type=submit]").click()

    def confirm(self):
        """Confirms the dialog that asks."""
        self.one("dialog button[type=submit]").click()
        self.closed()

    def press(self, path):
        """Presses what an XPath names."""
        Button(self, lambda: (self.driver.find_elements(By.XPATH, path) or [None])[0], path).click()

    def put(self, selector, value):
        """Chooses an option, as somebody would who is told of it."""
        self.run("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))",
                 self.one(selector), value)

    def scroll(self):
        """To the end of the view, part by part, until all of it is read."""
        def read():
            waiting = self.all(".section .waiting")
            if waiting:
                self.run("arguments[0].scrollIntoView()", waiting[0])
            return not waiting
        self.until(read, "all parts are read")
        self.run("scrollTo(0, 0)")

    def told(self, text):
        self.until(lambda: text in self.text("#messages"), f"the page says {text}")

    def closed(self):
        self.until(lambda: not self.all("dialog"), "the dialog is closed")

    # Judging

    def serious(self):
        """What axe finds that keeps people out."""
        if not self.run("return 'axe' in window"):
            self.run(next(ROOT.glob(AXE)).read_text())
        found = self.driver.execute_async_script(
            "axe.run(document, {resultTypes: ['violations']}).then(arguments[arguments.length - 1])")
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"]
                if rule["impact"] in ("serious", "critical") for node in rule["nodes"]]

    def refusals(self):
        return self.run("return refused")

    def addresses(self):
        """Every address that the browser was sent to since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path, height):
        clip = {"x": 0, "y": 0, "width": self.run("return innerWidth"), "height": height, "scale": 1}
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def settle(self, seconds):
        """For what must not happen, which nothing tells."""
        time.sleep(seconds)
