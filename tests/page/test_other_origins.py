"""Attacks on a running sandbox by web pages of other origins."""

import http.server
import threading

import pytest
from conftest import ARGUMENTS, CASH, TIMEOUT_MS

ATTACK = """async (sandbox) => {
    const control = `${sandbox}_sandbox`;
    const results = {};
    const attempt = async (name, work) => { try { results[name] = await work(); } catch (error) { results[name] = error.name; } };
    const body = '{"count": 10}';
    const simple = { method: 'POST', mode: 'no-cors', body, headers: { 'Content-Type': 'text/plain' } };
    await attempt('simple', async () => (await fetch(`${control}/services/SERVICE/walk-ins`, simple)).type);
    await attempt('reset', async () => (await fetch(`${control}/reset`, { ...simple, body: '{"seed": 9}' })).type);
    await attempt('beacon', () => navigator.sendBeacon(`${control}/services/SERVICE/walk-ins`, body));
    await attempt('preflight', async () => (await fetch(`${control}/services/SERVICE`, { method: 'PUT', body: '{"open": false}',
        headers: { 'Content-Type': 'application/json' } })).status);
    await attempt('read', async () => (await fetch(`${control}/state`)).text());
    await attempt('events', () => new Promise((done) => {
        const source = new EventSource(`${control}/events`);
        source.onopen = () => done('opened');
        source.onerror = () => { source.close(); done('refused'); };
    }));
    await attempt('frame', () => new Promise((done) => {
        const frame = document.createElement('iframe');
        frame.onload = () => { try { done(frame.contentDocument ? 'blank' : 'hidden'); } catch { done('hidden'); } };
        frame.src = sandbox;
        document.body.append(frame);
    }));
    await attempt('form', () => new Promise((done) => {
        const frame = document.createElement('iframe');
        frame.name = 'target';
        document.body.append(frame);
        const form = document.createElement('form');
        Object.assign(form, { method: 'POST', action: `${control}/services/SERVICE/call-next`, target: 'target', enctype: 'text/plain' });
        document.body.append(form);
        frame.onload = () => done('answered');
        form.submit();
    }));
    return results;
}""".replace("SERVICE", CASH)


class OtherOrigin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = b"<!doctype html><title>elsewhere</title><body></body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture
def other_origin():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherOrigin)
    threading.Thread(target=server.serve_forever).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def lured(chromium):
    """A browser that resolves a foreign name to this machine, as after DNS rebinding."""
    rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    kind = chromium.browser_type
    browser = kind.launch(executable_path="/usr/bin/chromium", args=[*ARGUMENTS, rules], chromium_sandbox=False)
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    browser.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "evil.example"])
def test_another_origin_can_neither_change_nor_read_anything(sandbox, lured, other_origin, host):
    before = sandbox.control("GET", "/state")
    lured.goto(f"http://{host}:{other_origin}/")
    results = lured.evaluate(ATTACK, sandbox.page)
    # Requests without a preflight are sent, and the server refuses them; the browser blocks the
    # others.
    assert results["simple"] in ("opaque", "TypeError")
    assert results["beacon"] is True
    assert results["preflight"] == results["read"] == "TypeError"
    assert results["events"] == "refused"
    assert results["frame"] == "hidden"
    assert sandbox.control("GET", "/state") == before
    assert sandbox.control("GET", "/requests")["requests"] == []


def test_a_rebound_host_name_is_rejected(sandbox, lured):
    port = sandbox.address.rsplit(":")[-1]
    response = lured.goto(f"http://evil.example:{port}/")
    assert response.status == 403
    # For the browser this is the same origin as the sandbox.
    status = lured.evaluate("fetch('/_sandbox/reset', { method: 'POST', body: '{\"seed\": 9}' }).then((response) => response.status)")
    assert status == 403
    assert sandbox.control("GET", "/state")["seed"] == 1
    # A link to the page is allowed.
    lured.set_content(f"<a href='{sandbox.page}'>sandbox</a>")
    lured.click("a")
    lured.wait_for_url(sandbox.page)
    assert lured.title() == "Skiplino sandbox"
