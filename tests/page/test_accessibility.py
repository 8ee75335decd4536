"""Accessibility: languages, screen sizes, keyboard use, contrast and screen readers."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import CASH, SEEF, ticket
from playwright.sync_api import expect

SIZES = {"desk": (1440, 900), "tablet": (900, 1100), "phone": (320, 640)}


def at(name):
    width, height = SIZES[name]
    return {"viewport": {"width": width, "height": height}}


def fill(sandbox):
    """Fills every part of the page."""
    sandbox.control("POST", f"/services/{CASH}/call-next")
    sandbox.control("POST", "/faults", {"operation": "*", "kind": "hold", "when": {"nth": 9}})
    sandbox.control("POST", "/faults", {"operation": "bookTicket", "kind": "drop_after_commit", "when": {"nth": 1}})
    for path in ["/branches", "/tickets/k7m2p9x4q1", "/tickets/none"]:
        sandbox.send("GET", f"/external/v1{path}", Authorization=f"Bearer {sandbox.secret_key}")
    sandbox.send("GET", "/external/v1/branches")


def prepare(page):
    ticket(page, "Q015").click()
    page.locator("#requests [role=option]:visible").first.click()
    expect(page.locator("#detail")).to_be_visible()


def violations(page):
    results = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(found["id"], found["impact"], [node["html"][:120] for node in found["nodes"]]) for found in results]


@pytest.mark.parametrize(
    ("size", "scheme", "language"),
    [
        ("desk", "light", "en"),
        ("desk", "light", "ar"),
        ("desk", "dark", "en"),
        ("desk", "dark", "ar"),
        ("tablet", "light", "en"),
        ("phone", "light", "ar"),
        ("phone", "dark", "en"),
    ],
)
def test_axe_finds_nothing_on_the_staff_page(sandbox, visit, size, scheme, language):
    fill(sandbox)
    page = visit(f"{sandbox.page}?lang={language}", color_scheme=scheme, **at(size))
    assert violations(page) == []
    prepare(page)
    assert violations(page) == []
    page.click("#views [data-tab=upcoming]")
    page.click("#logs [data-tab=customers]")
    page.click("#reset")
    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_board(sandbox, visit, language, scheme):
    page = visit(f"{sandbox.page}board?branch={SEEF}&lang={language}", color_scheme=scheme)
    expect(page.locator("#nobody")).to_be_visible()
    assert violations(page) == []
    sandbox.control("POST", f"/services/{CASH}/call-next")
    sandbox.control("POST", f"/services/{CASH}/call-next")
    expect(page.locator("#called li")).to_have_count(2)
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished)).then(() => 0)")
    assert violations(page) == []


@pytest.mark.parametrize("path", ["", "board"])
def test_axe_finds_nothing_before_the_first_event(sandbox, visit, path):
    page = visit(sandbox.page + path)
    page.route("**/events*", lambda route: route.fulfill(content_type="text/event-stream", body=""))
    page.reload()
    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("path", ["", "board"])
def test_the_page_fits_on_a_phone(sandbox, visit, language, path):
    fill(sandbox)
    page = visit(f"{sandbox.page}{path}?lang={language}", has_touch=True, **at("phone"))
    if not path:
        prepare(page)
    else:
        expect(page.locator("#called li")).to_have_count(1)
    # The smallest width for reflow (WCAG 1.4.10).
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    # Large enough for a finger (WCAG 2.2, 2.5.8).
    small = page.evaluate("""[...document.querySelectorAll('button, a, select, input')].filter((it) => it.checkVisibility())
        .filter((it) => { const box = it.getBoundingClientRect(); return box.width && (box.width < 24 || box.height < 24) })
        .filter((it) => !it.classList.contains('skip')).map((it) => it.outerHTML)""")
    assert small == []


def test_arabic_reads_from_the_right(sandbox, visit):
    fill(sandbox)
    page = visit(f"{sandbox.page}?lang=ar")
    expect(page.locator("#queue-title")).to_have_text("سحب نقدي")
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    box = {name: page.locator(name).bounding_box()["x"] for name in [".services", "#queue", "#ticket"]}
    assert box[".services"] > box["#queue"] > box["#ticket"]
    # Ids, code and addresses are still left to right.
    for part in ["#requests", ".code pre", "#keys dd"]:
        assert page.locator(part).first.evaluate("it => getComputedStyle(it).direction") == "ltr", part
    # Every text is translated.
    texts = page.evaluate("""[...document.querySelectorAll('[data-t], [aria-label]')]
        .flatMap((it) => [it.dataset.t && it.textContent, it.getAttribute('aria-label')]).filter(Boolean)""")
    assert len(texts) > 60
    assert [text for text in texts if not re.search(r"[\u0600-\u06ff]", text)] == []
    page.click("#walk-ins")
    expect(page.locator("#toast")).to_have_text("انضم 10 زوّار")
    page.locator("#services button", has_text="إيداع نقدي").click()
    # The server's error texts, too.
    page.select_option("#fault-kind", "status")
    page.fill("#fault-value", "99")
    page.click("#fault-next")
    expect(page.locator("#toast")).to_have_text("هذه القيمة خارج النطاق.")
    page.click("#language")
    expect(page.locator("#queue-title")).to_have_text("Cash Deposit")
    assert page.evaluate("document.documentElement.dir") == "ltr"
    page.goto(sandbox.page)
    expect(page.locator("#language")).to_have_text("العربية")


def test_both_languages_have_the_same_texts(sandbox, visit):
    page = visit(sandbox.page)
    keys = page.evaluate("""import('/assets/translations.js').then(({ languages: { en, ar } }) => [en, ar].map((words) => [
        ...Object.keys(words), ...Object.keys(words.kind), ...Object.entries(words).flatMap(([key, text]) =>
            typeof text === 'string' ? [...text.matchAll(/\\{\\w+\\}/g)].map((hole) => key + hole) : [])].sort()))""")
    assert keys[0] == keys[1]


def tab_to(page, selector, most=80):
    """Moves the focus with the Tab key. Every focused element must have a visible outline."""
    for _ in range(most):
        page.keyboard.press("Tab")
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth) || 0")
        outlined = page.evaluate("document.activeElement === document.body || document.activeElement.matches(':focus-visible')")
        assert outlined and (width >= 2 or page.evaluate("document.activeElement === document.body")), page.evaluate(
            "document.activeElement.outerHTML"
        )
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def test_everything_works_by_keyboard(sandbox, counter):
    key = counter.keyboard.press
    key("Tab")
    expect(counter.locator(".skip")).to_be_focused()
    key("Enter")
    tab_to(counter, "#call-next")
    key("Enter")
    expect(counter.locator("#serving li")).to_contain_text("Q011")
    # The button keeps the focus, although everything around it is drawn again.
    expect(counter.locator("#call-next")).to_be_focused()
    tab_to(counter, "#serving .primary")
    key("Space")
    expect(counter.locator("#serving li")).to_have_count(0)
    # The button is gone; its panel has the focus.
    expect(counter.locator("#queue")).to_be_focused()
    tab_to(counter, "#tickets")
    key("ArrowDown")
    expect(counter.locator("#ticket-title")).to_have_text("Q012")
    key("End")
    expect(counter.locator("#ticket-title")).to_have_text("Q017")
    active = counter.locator("#tickets").get_attribute("aria-activedescendant")
    expect(counter.locator(f"#{active}")).to_contain_text("Q017")
    key("Enter")
    expect(counter.locator("#ticket-actions [data-action=call]")).to_be_focused()
    key("Enter")
    expect(counter.locator("#ticket-status")).to_have_text("serving")
    expect(counter.locator("#ticket-title")).to_be_focused()
    tab_to(counter, "#languages [aria-selected=true]")
    key("ArrowRight")
    expect(counter.locator("#code")).to_contain_text("use skiplino")
    key("End")
    expect(counter.locator("#code")).to_contain_text("#include <skiplino.h>")
    tab_to(counter, "#fault-operation")
    counter.keyboard.type("getTicket")
    tab_to(counter, "#fault-every")
    key("Enter")
    expect(counter.locator("#faults li")).to_contain_text("getTicket")
    tab_to(counter, "#faults button")
    key("Enter")
    expect(counter.locator("#faults li")).to_have_count(0)
    expect(counter.locator("#faults-card")).to_be_focused()
    sandbox.send("GET", "/external/v1/branches")
    expect(counter.locator("#requests [role=option]")).to_have_count(1)
    tab_to(counter, "#requests")
    key("ArrowDown")
    key("Enter")
    expect(counter.locator("#detail")).to_be_visible()
    tab_to(counter, "#detail-close")
    key("Enter")
    expect(counter.locator("#requests")).to_be_focused()
    tab_to(counter, "#reset")
    key("Enter")
    expect(counter.locator("#sure")).to_be_visible()
    key("Escape")
    expect(counter.locator("#sure")).to_be_hidden()
    expect(counter.locator("#reset")).to_be_focused()


def test_the_chosen_theme_is_kept(sandbox, visit):
    page = visit(sandbox.page, color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.click("#theme")
    expect(page.locator("#theme")).to_contain_text("Light")
    light = page.evaluate(colour)
    assert light != dark
    page.reload()
    assert page.evaluate(colour) == light
    page.click("#theme")
    assert page.evaluate(colour) == dark
