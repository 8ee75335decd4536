"""Tests the site of `scripts/docs` in a browser: every page, on desktop and phone, light and dark."""

import functools
import http.server
import pathlib
import re
import threading
import urllib.parse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SITE = pathlib.Path(__file__).parents[2] / "target/site"
PAGES = sorted(page.name for page in SITE.glob("*.html") if page.name not in ("404.html", "toc.html"))
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def at(site, visit):
    """Opens a page of the site. Requests to other servers fail the test."""
    requests = []

    def at(path, **settings):
        page = visit("about:blank", **settings)
        page.on("request", lambda request: requests.append(request.url))
        page.goto(urllib.parse.urljoin(site, path))
        page.wait_for_load_state("networkidle")
        return page

    yield at
    assert [url for url in requests if not url.startswith((site, "data:", "blob:"))] == []


def test_there_are_pages():
    assert len(PAGES) >= 14


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(at, name, scheme):
    page = at(name, viewport=PHONE, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    wide = page.evaluate("""() => [...document.querySelectorAll('main *')]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('pre, .table-wrapper'))
        .map((one) => one.outerHTML.slice(0, 100))""")
    assert wide == []
    page.set_viewport_size(DESK)
    # Without the frame around a page, which is mdBook's. Tables side by side have an unnamed
    # column.
    options = {"resultTypes": ["violations"], "rules": {"empty-table-header": {"enabled": False}}}
    found = Axe().run(page, context="main", options=options).response["violations"]
    assert [(one["id"], one["impact"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_has_a_target(at, site, name):
    page = at(name, viewport=DESK)
    links = page.eval_on_selector_all("main a[href]", "all => all.map((one) => one.href)")
    for link in links:
        path, _, _ = link.removeprefix(site).partition("#")
        assert not link.startswith(site) or (SITE / path).exists(), link


def test_a_page_works_from_the_file_system(visit):
    page = visit((SITE / "booking.html").as_uri(), viewport=DESK)
    expect(page.locator("[role=tab]").first).to_have_attribute("aria-selected", "true")


def test_tabs_work_by_keyboard_and_are_remembered(at):
    page = at("booking.html", viewport=DESK)
    tabs, code = page.get_by_role("tab"), page.locator("[role=tabpanel]:visible code")
    expect(tabs).to_have_text(["Rust", "Python", "Swift", "Kotlin", "C"])
    expect(code).to_contain_text("fn join(")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(code).to_contain_text("def join(")
    page.keyboard.press("End")
    expect(code).to_contain_text("static void join(")
    page.keyboard.press("ArrowRight")
    expect(code).to_contain_text("fn join(")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(code).to_contain_text("suspend fun join(")
    # The next page shows the same language.
    page.keyboard.press("Tab")
    page.click("nav[aria-label='Page navigation'] a[rel~=next] >> visible=true")
    expect(page.locator("[role=tabpanel]:visible code")).to_contain_text("suspend fun follow(")


def test_every_language_is_shown_without_scripts(at):
    page = at("booking.html", viewport=DESK, java_script_enabled=False)
    for text in ["fn join(", "def join(", "func join(", "suspend fun join(", "static void join("]:
        expect(page.locator("code", has_text=text).first).to_be_visible()


def test_all_code_is_shown(at):
    for name in PAGES:
        text = at(name, viewport=DESK).inner_text("main")
        assert "{{#" not in text and "ANCHOR" not in text, name


@pytest.mark.parametrize("language", ["c", "kotlin", "python", "rust", "swift"])
def test_a_reference_opens(at, language):
    page = at("reference.html", viewport=DESK)
    link = page.locator(f"main a[href*='reference/{language}/']").first
    link.click()
    # The reference, or a note that it was skipped.
    expect(page.locator("body")).to_contain_text(re.compile("skiplino|skipped", re.I))
    page.wait_for_load_state("networkidle")
    # Browsers warn about the way rustdoc preloads fonts.
    page.console_errors[:] = [one for one in page.console_errors if not one.startswith("A preload for")]
