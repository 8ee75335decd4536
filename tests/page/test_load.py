"""The page keeps up with 200 requests a second while 2,000 people wait, and draws only visible rows."""

import http.client
import threading
import time

from conftest import CASH, ticket
from playwright.sync_api import expect

RATE, SECONDS = 200, 10

COUNT_ADDED = """() => {
    window.added = 0;
    const size = (node) => 1 + (node.querySelectorAll?.('*').length ?? 0);
    const count = (changes) => { for (const { addedNodes } of changes) for (const node of addedNodes) window.added += size(node); };
    new MutationObserver(count).observe(document, { childList: true, subtree: true });
}"""


class App(threading.Thread):
    """Sends evenly spaced requests."""

    def __init__(self, sandbox):
        super().__init__()
        self.sandbox, self.sent = sandbox, 0

    def run(self):
        connection = http.client.HTTPConnection(self.sandbox.address, timeout=20)
        headers = {"Authorization": f"Bearer {self.sandbox.secret_key}"}
        begun = time.monotonic()
        for number in range(RATE * SECONDS):
            pause = begun + number / RATE - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            path = ["/branches", "/tickets/k7m2p9x4q1", f"/services/{CASH}/slots", "/tickets/none"][number % 4]
            connection.request("GET", f"/external/v1{path}", headers=headers)
            connection.getresponse().read()
            self.sent += 1
        connection.close()


def test_the_page_stays_usable(sandbox, visit):
    sandbox.control("POST", f"/services/{CASH}/walk-ins", {"count": 2000})
    page = visit(sandbox.page)
    expect(page.locator("#views [data-tab=waiting]")).to_have_text("Waiting 2,007")
    page.evaluate(COUNT_ADDED)
    app = App(sandbox)
    app.start()
    # Meanwhile staff scroll, select, call and cancel.
    while app.is_alive():
        page.click("#call-next")
        page.locator("#serving .primary").first.click()
        page.locator("#tickets").focus()
        for key in ["End", "PageUp", "ArrowUp", "Home", "PageDown"]:
            page.keyboard.press(key)
        page.click("#ticket-actions [data-action=no-show]")
        page.locator("#requests").hover()
        page.mouse.wheel(0, 300)
    app.join()
    assert app.sent == RATE * SECONDS
    # The work for a request does not grow with the queue: it draws a few rows of some six elements.
    assert page.evaluate("window.added") < 20 * app.sent
    # The log keeps its scroll position, and the newest request is at the top. No request is
    # missing, and the document has not grown with the queue or the log.
    assert page.evaluate("document.querySelector('#requests').scrollTop") > 0
    page.locator("#requests").focus()
    page.keyboard.press("Home")
    expect(page.locator("#requests [aria-posinset='1']")).to_contain_text("/tickets/none")
    assert page.evaluate("document.querySelectorAll('*').length") < 1500
    booked = sandbox.book()
    page.locator("#tickets").focus()
    page.keyboard.press("End")
    expect(ticket(page, booked["ticketNumber"])).to_be_visible()
