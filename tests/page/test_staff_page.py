"""The staff page and the board: queues, appointments, faults, the clock and the request log."""

import re

import pytest
from conftest import CASH, DEPOSIT, NOW, SEEF, Sandbox, ticket
from playwright.sync_api import expect


def test_a_ticket_booked_and_watched_by_the_app_is_called_and_served_on_the_page(sandbox, counter):
    booked = sandbox.book(customerExternalId="crm-7741")
    number = booked["ticketNumber"]
    expect(ticket(counter, number)).to_contain_text("Layla Hassan")
    expect(ticket(counter, number)).to_contain_text("7 ahead · 21 min")
    expect(counter.locator("#requests [role=option]").first).to_contain_text(re.compile("201.*POST.*/tickets/book.*bookTicket"))

    watch = sandbox.command("ticket", "watch", booked["id"], "--every", "0.02")
    assert "7 people ahead" in watch.stdout.readline()
    ticket(counter, number).click()
    expect(counter.locator("#ticket-title")).to_have_text(number)
    expect(counter.locator("#code")).to_contain_text(booked["id"])
    counter.click("#ticket-actions [data-action=call]")
    assert watch.stdout.readline() == f"{number}  serving\n"
    expect(counter.locator("#ticket-status")).to_have_text("serving")
    served = counter.locator("#serving li", has_text=number)
    served.get_by_role("button", name="Serve").click()
    assert watch.stdout.readline() == f"{number}  served\n"
    assert watch.wait(20) == 0
    expect(served).to_have_count(0)
    counter.click("#views [data-tab=ended]")
    expect(ticket(counter, number)).to_contain_text("served")


def test_a_lost_response_is_recovered_and_shown(sandbox, counter):
    counter.select_option("#fault-operation", "bookTicket")
    counter.select_option("#fault-kind", "drop_after_commit")
    counter.click("#fault-next")
    fault = counter.locator("#faults li")
    expect(fault).to_contain_text("bookTicket · Next call · hit 0")
    app = sandbox.command("book", "--service", CASH, "--group", "7c1f9a3b2d", "--customer", "ext:crm-7742")
    stdout, stderr = app.communicate(timeout=30)
    assert app.returncode == 0
    assert "the response was lost" in stderr
    number = stdout.split()[0]
    expect(ticket(counter, number)).to_have_count(1)
    expect(counter.locator("#views [data-tab=waiting]")).to_have_text("Waiting 8")
    lost = counter.locator("#requests [role=option]", has_text="drop_after_commit")
    expect(lost).to_contain_text("no response")
    expect(fault).to_contain_text("over · hit 1")
    lost.click()
    expect(counter.locator("#detail-text")).to_contain_text('"committed": true')
    fault.get_by_role("button", name="Off").click()
    expect(counter.locator("#no-faults")).to_be_visible()


def test_every_fault_can_be_set_from_the_page(sandbox, counter):
    kinds = [option.get_attribute("value") for option in counter.locator("#fault-kind option").all()]
    assert len(kinds) == 21
    for count, kind in enumerate(kinds, 1):
        counter.select_option("#fault-operation", "*")
        counter.select_option("#fault-kind", kind)
        counter.click("#fault-every")
        expect(counter.locator("#faults li")).to_have_count(count)
    set_now = sandbox.control("GET", "/faults")
    assert [fault["kind"] for fault in set_now] == kinds
    assert all("when" not in fault and fault["operation"] == "*" for fault in set_now)
    counter.click("#faults-off")
    expect(counter.locator("#faults li")).to_have_count(0)
    # An invalid value shows the server's error text.
    counter.select_option("#fault-kind", "status")
    counter.fill("#fault-value", "99")
    counter.click("#fault-next")
    expect(counter.locator("#toast")).to_have_text("This value is out of range.")


def test_a_held_request_is_seen_and_released(sandbox, counter):
    counter.select_option("#fault-operation", "listBranches")
    counter.select_option("#fault-kind", "hold")
    counter.click("#fault-next")
    expect(counter.locator("#faults li")).to_have_count(1)
    app = sandbox.command("branches")
    held = counter.locator("#requests [role=option]", has_text="listBranches")
    expect(held).to_contain_text("open")
    counter.get_by_role("button", name="Release", exact=True).click()
    assert app.wait(20) == 0
    app.communicate()
    expect(held).to_contain_text("200")


def test_a_queue_is_filled_called_and_served(sandbox, counter):
    counter.locator("#services button", has_text="Cash Deposit").click()
    expect(counter.locator("#queue-title")).to_have_text("Cash Deposit")
    expect(counter.locator("#no-tickets")).to_contain_text("Nobody is waiting")
    expect(counter.locator("#call-next")).to_be_disabled()
    expect(counter.locator("#slots-card")).to_be_hidden()
    counter.click("#walk-ins")
    expect(counter.locator("#views [data-tab=waiting]")).to_have_text("Waiting 10")
    counter.click("#call-next")
    counter.click("#call-next")
    expect(counter.locator("#serving li")).to_have_count(2)
    counter.locator("#serving li", has_text="Q002").get_by_role("button", name="No-show").click()
    expect(counter.locator("#serving li")).to_have_count(1)
    ticket(counter, "Q005").click()
    counter.click("#ticket-actions [data-action=cancel]")
    expect(counter.locator("#ticket-status")).to_have_text("cancelled")
    states = {row["ticketNumber"]: row["status"] for row in sandbox.control("GET", f"/tickets?serviceId={DEPOSIT}")}
    assert (states["Q001"], states["Q002"], states["Q005"]) == ("serving", "noShow", "cancelled")


def test_an_appointment_takes_a_place_and_is_checked_in(sandbox, counter):
    first = counter.locator("#slots li").first
    expect(first).to_contain_text("10:30")
    expect(first).to_contain_text("3 left")
    time = "2026-06-23T07:30:00.000Z"
    booked = sandbox.book(time=time, customerExternalId="crm-7741")
    expect(first).to_contain_text("2 left")
    first.get_by_role("button").click()
    expect(first).to_contain_text("Full")
    assert sandbox.api("GET", f"/services/{CASH}/slots")[0]["time"] != time
    counter.click("#views [data-tab=upcoming]")
    ticket(counter, booked["ticketNumber"]).click()
    counter.click("#ticket-actions [data-action=check-in]")
    expect(counter.locator("#ticket-status")).to_have_text("waiting")
    assert sandbox.api("GET", f"/tickets/{booked['id']}")["queueSize"] == 7


def test_the_clock_is_frozen_advanced_and_running(sandbox, counter):
    expect(counter.locator("#time")).to_have_text("10:10:00")
    expect(counter.locator("#modes [data-mode=frozen]")).to_have_attribute("aria-pressed", "true")
    counter.click("#steps [data-seconds='900']")
    expect(counter.locator("#time")).to_have_text("10:25:00")
    counter.click("#modes [data-mode=scaled]")
    # A minute each second: the page advances the clock without events.
    expect(counter.locator("#time")).to_have_text(re.compile(r"10:2[6-9]|10:[3-5]\d"))
    assert sandbox.control("GET", "/clock")["factor"] == 60
    counter.click("#modes [data-mode=real]")
    expect(counter.locator("#modes [data-mode=real]")).to_have_attribute("aria-pressed", "true")
    assert sandbox.control("GET", "/clock")["now"].startswith("2026-06-23T07:")
    counter.click("#modes [data-mode=frozen]")
    expect(counter.locator("#modes [data-mode=frozen]")).to_have_attribute("aria-pressed", "true")


def test_branches_open_and_close(sandbox, counter):
    counter.click("#branch-open")
    expect(counter.locator("#branch-is")).to_have_text("Closed")
    assert sandbox.api("GET", "/branches")[0]["branchStatus"] == {"isBranchOpen": False}
    counter.click("#branch-open")
    expect(counter.locator("#branch-is")).to_have_text("Open")
    counter.click("#service-open")
    expect(counter.locator("#queue-about")).to_contain_text("Closed")
    counter.select_option("#branch", label="Manama Souq Branch")
    expect(counter.locator("#services button")).to_have_count(1)
    expect(counter.locator("#board")).to_have_attribute("href", "/board?branch=3d90c1e7a4")
    # Closed after hours, when only the clock advances.
    expect(counter.locator("#branch-is")).to_have_text("Open")
    sandbox.control("POST", "/clock/advance", {"seconds": 6 * 3600})
    expect(counter.locator("#branch-is")).to_have_text("Closed")


def test_a_reset_asks_for_confirmation_and_restores_the_start(sandbox, counter):
    sandbox.book()
    counter.click("#call-next")
    expect(counter.locator("#serving li")).to_have_count(1)
    counter.click("#reset")
    counter.click("#sure-no")
    expect(counter.locator("#serving li")).to_have_count(1)
    counter.click("#reset")
    counter.click("#sure-yes")
    expect(counter.locator("#serving li")).to_have_count(0)
    expect(counter.locator("#views [data-tab=waiting]")).to_have_text("Waiting 7")
    expect(counter.locator("#requests [role=option]:visible")).to_have_count(0)


def test_new_customers_are_shown(sandbox, counter):
    counter.click("#logs [data-tab=customers]")
    expect(counter.locator("#customers tr")).to_have_count(3)
    sandbox.api("POST", "/customers/create", {"externalId": "new-1", "name": "مريم سالم"})
    expect(counter.locator("#customers tr").first).to_contain_text("مريم سالم")
    expect(counter.locator("#logs [data-tab=customers]")).to_have_text("Customers 4")


def test_keys_and_code_are_copied(sandbox, visit):
    page = visit(sandbox.page, permissions=["clipboard-read", "clipboard-write"])
    read = "navigator.clipboard.readText()"
    for name, value in [("Base URL", sandbox.base), ("Secret key", "sk_sandbox_secret"), ("Public key", "pk_sandbox_public")]:
        page.get_by_role("button", name=f"Copy: {name}").click()
        expect(page.locator("#toast")).to_have_text("Copied")
        assert page.evaluate(read) == value
    page.click("#languages [data-tab=python]")
    page.click("#copy-code")
    expect(page.locator("#code")).to_contain_text("import skiplino")
    page.evaluate(
        f"""async (code) => {{ while (await {read} !== code) await new Promise(requestAnimationFrame) }}""", page.inner_text("#code")
    )


def test_the_board_shows_called_tickets(sandbox, visit):
    board = visit(f"{sandbox.page}board?branch={SEEF}")
    expect(board.locator("#nobody")).to_be_visible()
    expect(board.locator("#next li").first).to_contain_text("Q011")
    for number in ["Q011", "Q012"]:
        sandbox.control("POST", f"/services/{CASH}/call-next")
        expect(board.locator("#called li").first).to_contain_text(number)
        sandbox.control("POST", "/clock/advance", {"seconds": 60})
    expect(board.locator("#called li")).to_have_count(2)
    expect(board.locator("#time")).to_have_text("10:12")
    board.select_option("#branch", label="Manama Souq Branch")
    expect(board.locator("#name")).to_have_text("Manama Souq Branch")
    expect(board.locator("#called li")).to_have_count(0)


def test_a_click_works_while_its_list_changes(sandbox, counter):
    """Between mouse down and mouse up, staff elsewhere call a ticket, which comes first in its list."""
    sandbox.control("POST", "/faults", {"operation": "*", "kind": "delay", "ms": 0})
    counter.click("#call-next")
    buttons = [counter.locator("#serving .primary"), counter.locator("#faults button"), counter.locator("#slots button").first]
    for waiting, button in zip([5, 4, 3], buttons, strict=True):
        box = button.bounding_box()
        counter.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        counter.mouse.down()
        booked = sandbox.book(time="2026-06-23T07:30:00.000Z", customerExternalId="crm-7741")
        expect(counter.locator("#requests [aria-posinset='1']")).to_contain_text("201")
        sandbox.api("POST", f"/tickets/{booked['id']}/cancel")
        expect(counter.locator("#requests [aria-posinset='1']")).to_contain_text("cancel")
        sandbox.control("POST", f"/services/{CASH}/call-next")
        expect(counter.locator("#views [data-tab=waiting]")).to_have_text(f"Waiting {waiting}")
        counter.mouse.up()
    expect(counter.locator("#slots li").first).to_contain_text("Full")
    expect(counter.locator("#faults li")).to_have_count(0)
    expect(counter.locator("#serving li")).to_have_count(3)


def test_a_request_can_be_selected_while_others_arrive(sandbox, counter):
    sandbox.api("GET", "/branches")
    chosen = counter.locator("#requests [role=option]", has_text="/branches")
    box = chosen.bounding_box()
    counter.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    counter.mouse.down()
    sandbox.book()
    expect(counter.locator("#views [data-tab=waiting]")).to_have_text("Waiting 8")
    counter.mouse.up()
    expect(counter.locator("#requests [aria-posinset='1']")).to_contain_text("/tickets/book")
    expect(counter.locator("#detail-text")).to_contain_text("Branches fetched")


def test_an_idle_page_sends_no_requests(sandbox, counter):
    requests = []
    counter.on("request", lambda request: requests.append(request.url))
    for _ in range(12):
        sandbox.control("POST", "/clock/advance", {"seconds": 60})
        sandbox.book()
    expect(counter.locator("#time")).to_have_text("10:22:00")
    expect(counter.locator("#views [data-tab=waiting]")).to_have_text("Waiting 19")
    assert requests == []


@pytest.mark.parametrize("path", ["", "board"])
def test_a_page_reconnects_to_its_server(visit, path):
    sandbox = Sandbox("--now", NOW, "--freeze")
    port = sandbox.address.rsplit(":")[-1]
    page = visit(sandbox.page + path)
    try:
        sandbox.control("POST", f"/services/{CASH}/call-next")
        called = page.locator("#called li" if path else "#serving li")
        expect(called).to_have_count(1)
        sandbox.close()
        if path:
            expect(page.locator("body")).to_have_class(re.compile("lost"))
        else:
            expect(page.locator("#live")).to_have_text("The sandbox is not running")
    finally:
        sandbox = Sandbox("--now", NOW, "--freeze", "--port", port)
    try:
        expect(called).to_have_count(0)
        page.console_errors[:] = [text for text in page.console_errors if "ERR_CONNECTION_REFUSED" not in text and "ERR_INCOMPLETE" not in text]
    finally:
        sandbox.close()
