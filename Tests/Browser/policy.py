"""What the policy of the page forbids, tried from within the page as a script that got in would try it."""

from checking import check
from selenium.common.exceptions import JavascriptException

# The directive that has to refuse it, and what is tried.
ATTEMPTS = (
    ("script-src-elem", "import('data:text/javascript,window.ran = 1').catch(() => {})"),
    ("style-src-elem", "const made = document.createElement('style'); made.append('* { color: red }'); "
                       "document.body.append(made)"),
    ("style-src-attr", "document.body.setAttribute('style', 'color: red')"),
    ("img-src", "new Image().src = elsewhere + '/img'"),
    ("connect-src", "fetch(elsewhere + '/connect').catch(() => {})"),
    ("frame-src", "const made = document.createElement('iframe'); made.src = elsewhere + '/frame'; "
                  "document.body.append(made)"),
    ("form-action", "const made = document.createElement('form'); made.action = location.origin + '/form'; "
                    "document.body.append(made); made.submit()"),
    ("base-uri", "const made = document.createElement('base'); made.href = elsewhere; document.head.append(made)"),
    ("require-trusted-types-for", "document.body.innerHTML += '<b></b>'"),
)


def policy(stand, page):
    """The browser refuses what a script that got in would do: scripts, styles, other origins, forms, markup."""
    for directive, attempt in ATTEMPTS:
        page.run("window.refused.length = 0")
        try:
            page.run("const elsewhere = arguments[0]; " + attempt, stand.vendor)
        except JavascriptException as error:
            check("TrustedHTML" in str(error), f"{directive}: {error}")
        page.until(lambda directive=directive: any(told.startswith(directive) for told in page.refusals()),
                   f"{directive} refuses", seconds=3)
    check(page.run("return window.ran ?? null") is None, "an inline script ran")
    # The attempts asked for other origins, and left the page as it should not be.
    page.addresses()
    page.driver.get_log("browser")
    page.open(stand)
    page.sign_in()
