"""Pages from elsewhere, in the browser of somebody whose sandbox runs."""

import http.server
import threading

import pytest
from conftest import ARGUMENTS, CASH, PATIENCE

ATTACK = """async (sandbox) => {
    const control = `${sandbox}_sandbox`;
    const told = {};
    const attempt = async (name, work) => { try { told[name] = await work(); } catch (error) { told[name] = error.name; } };
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
    return told;
}""".replace("SERVICE", CASH)


class Elsewhere(http.server.BaseHTTPRequestHandler):
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
def elsewhere():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def lured(chromium):
    """A browser that finds a stranger's name on this machine, as after a DNS rebinding."""
    rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    kind = chromium.browser_type
    browser = kind.launch(executable_path="/usr/bin/chromium", args=[*ARGUMENTS, rules], chromium_sandbox=False)
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    browser.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "evil.example"])
def test_another_origin_changes_and_learns_nothing(sandbox, lured, elsewhere, host):
    before = sandbox.control("GET", "/state")
    lured.goto(f"http://{host}:{elsewhere}/")
    told = lured.evaluate(ATTACK, sandbox.page)
    # What a page may send without asking the server first is sent, and refused there; the rest the browser keeps back.
    assert told["simple"] in ("opaque", "TypeError")
    assert told["beacon"] is True
    assert told["preflight"] == told["read"] == "TypeError"
    assert told["events"] == "refused"
    assert told["frame"] == "hidden"
    assert sandbox.control("GET", "/state") == before
    assert sandbox.control("GET", "/requests")["requests"] == []


def test_a_name_made_to_lead_here_is_refused(sandbox, lured):
    port = sandbox.address.rsplit(":")[-1]
    answer = lured.goto(f"http://evil.example:{port}/")
    assert answer.status == 403
    # Of one origin with the sandbox, as far as the browser knows.
    told = lured.evaluate("fetch('/_sandbox/reset', { method: 'POST', body: '{\"seed\": 9}' }).then((answer) => answer.status)")
    assert told == 403
    assert sandbox.control("GET", "/state")["seed"] == 1
    # A link to the page is a link like any other.
    lured.set_content(f"<a href='{sandbox.page}'>sandbox</a>")
    lured.click("a")
    lured.wait_for_url(sandbox.page)
    assert lured.title() == "Skiplino sandbox"
