// The counter: what the state looks like, and what the buttons do.

import { follow, now, requests, state, tickets, touch } from './feed.js';
import { List } from './list.js';
import { $, format, h, icon, kindName, kinds, language, named, number, onLanguage, put, start, t, tabs } from './look.js';
import { hosts, snippet } from './snippets.js';

const ROW = 44;
const STATUS = { noShow: 'noShowStatus' };
// What a fault of that kind is given, and how the field for it begins.
const VALUES = { delay: ['ms', 3000], slow_body: ['ms', 200], status: ['status', 500], rate_limit: ['retryAfter', 5], redirect: ['location', '/elsewhere'] };
// Staff, by the state of the ticket.
const ACTIONS = { waiting: ['call', 'serve', 'no-show', 'cancel'], upcoming: ['check-in', 'no-show', 'cancel'], serving: ['serve', 'no-show'] };

const url = `${location.origin}/external/v1`;
let service = null;
let view = 'waiting';
let ticket = null;
let host = 'curl';
let request = null;

// The control API.

async function control(method, path, body) {
  try {
    const answer = await fetch(`/_sandbox${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', 'X-Locale': language },
      body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
    });
    const data = await answer.json();
    if (answer.ok) return data;
    toast(typeof data.error === 'string' ? data.error : Object.values(data.error ?? {}).join(' ') || data.message, true);
  } catch (error) {
    toast(t('failed', { why: error.message }), true);
  }
  return null;
}

let hiding = 0;
function toast(text, isError = false) {
  clearTimeout(hiding);
  const box = $('toast');
  box.textContent = text;
  box.className = `toast shown${isError ? ' error' : ''}`;
  hiding = setTimeout(() => { box.className = 'toast'; box.textContent = ''; }, 6000);
}

async function act(one, action) {
  const done = await control('POST', `/tickets/${one.id}/${action}`);
  if (done) toast(t('isDone', { number: done.ticketNumber, status: statusName(done.status) }));
}

// The state in words.

const statusName = (status) => t(STATUS[status] ?? status);
const who = (one) => one.customerName ?? t(one.customerId ? 'unnamed' : 'anonymous');
const branchOf = (id) => state.company.find((branch) => branch.services.some((one) => one.id === id));
const here = () => branchOf(service);
const serviceHere = () => here()?.services.find((one) => one.id === service);

function choose(id) {
  service = id;
  ticket = null;
  const at = new URL(location.href);
  at.searchParams.set('service', id);
  history.replaceState(null, '', at);
  follow({ service }, show);
  touch('company', 'tickets', 'ticket');
}

function chooseBranch(id) {
  const branch = state.company.find((one) => one.id === id);
  choose((branch.services.find((one) => one.active) ?? branch.services[0]).id);
}

// Shows what changed.

function show(names) {
  const has = (...some) => some.some((name) => names.has(name));
  if (has('live', 'hello')) showLive();
  if (has('clock')) showClock();
  if (has('company')) {
    if (!here() && state.company.length) { chooseBranch(state.company[0].id); return; }
    showCompany();
  }
  if (has('slots', 'company')) showSlots();
  if (has('tickets', 'company', 'view')) showTickets();
  if (has('tickets', 'company', 'ticket')) showTicket();
  if (has('hello', 'ticket', 'company')) showCode();
  if (has('hello')) { showKeys(); showOperations(); }
  if (has('log')) showRequests();
  if (has('customers')) showCustomers();
  if (has('faults')) showFaults();
}

function showLive() {
  const is = { true: 'live', false: 'lost' }[state.live] ?? 'connecting';
  put($('live'), t(is));
  $('live').dataset.is = is;
}

function showClock() {
  for (const button of $('modes').children) button.setAttribute('aria-pressed', button.dataset.mode === state.clock.mode);
  showTime();
}

function showTime() {
  if (!state.clock) return;
  const at = now();
  put($('time'), format('seconds', at));
  put($('date'), format('day', at));
}

function showCompany() {
  const branch = here();
  if (!branch) return;
  $('branch').replaceChildren(...state.company.map((one) => {
    const name = one.active ? named(one) : `${named(one)} (${t('inactive')})`;
    return h('option', { value: one.id, textContent: name });
  }));
  $('branch').value = branch.id;
  $('board').href = `/board?branch=${branch.id}`;
  put($('branch-is'), t(branch.isOpen ? 'isOpen' : 'isClosed'));
  $('branch-is').dataset.status = branch.isOpen ? 'serving' : 'noShow';
  put($('branch-open'), t(branch.isOpen ? 'closeBranch' : 'openBranch'));
  showServices(branch);
  const one = serviceHere();
  const isOpen = branch.isOpen && one.open && one.active && branch.active;
  put($('queue-title'), named(one));
  const kind = t(one.appointments ? 'byAppointment' : 'walkInsOnly');
  const openness = t(!one.active || !branch.active ? 'inactive' : isOpen ? 'isOpen' : 'isClosed');
  put($('queue-about'), `${openness} · ${t('minutesEach', { n: one.minutes })} · ${kind}`);
  put($('service-open'), t(one.open ? 'closeService' : 'openService'));
  $('call-next').disabled = !one.waiting;
}

// The buttons stay what they are while counts change, so that the one in focus keeps it.
function showServices(branch) {
  const list = $('services');
  const key = `${branch.id} ${language}`;
  if (list.dataset.of !== key) {
    list.dataset.of = key;
    list.replaceChildren();
    let group = null;
    for (const one of branch.services) {
      if (one.group.id !== group) list.append(h('h3', {}, named(one.group)));
      group = one.group.id;
      const button = h('button.service', { type: 'button', onclick: () => choose(one.id) }, h('span', {}, named(one)), h('span.count'));
      button.dataset.id = one.id;
      list.append(button);
    }
  }
  for (const one of branch.services) {
    const button = list.querySelector(`[data-id="${one.id}"]`);
    button.setAttribute('aria-pressed', one.id === service);
    button.classList.toggle('inactive', !one.active || !branch.active);
    put(button.lastChild, number(one.waiting));
    button.setAttribute('aria-label', `${named(one)}: ${t('waitingCount', { n: one.waiting })}`);
  }
}

function showSlots() {
  const { slots } = state;
  $('slots-card').hidden = !slots;
  if (!slots) return;
  const first = slots.slots[0]?.time;
  put($('slots-title'), slots.today || !first ? t('slotsToday') : t('slotsOn', { day: format('dayName', first) }));
  $('no-slots').hidden = slots.slots.length > 0;
  const focused = document.activeElement?.dataset?.time;
  $('slots').replaceChildren(...slots.slots.map(({ time, remaining }) => {
    const at = format('short', time);
    const of = slots.capacity;
    const places = remaining > 0 ? t('places', { n: remaining, of }) : t('full');
    const dots = of <= 8 ? Array.from({ length: of }, (_, place) => h(place < of - remaining ? 'i.taken' : 'i')) : [];
    const fill = h('button.small', { type: 'button', disabled: remaining <= 0, onclick: () => fillSlot(time) }, t('fill'));
    fill.setAttribute('aria-label', t('fillSlot', { time: at }));
    fill.dataset.time = time;
    return h('li', {}, h('b', {}, at), h('span.dots', { title: places, 'aria-hidden': 'true' }, ...dots), h('span.places', {}, places), fill);
  }));
  if (focused) $('slots').querySelector(`[data-time="${focused}"]`)?.focus();
}

const fillSlot = (time) => control('POST', `/services/${service}/fill-slot`, { time: new Date(time).toISOString() });

const order = {
  waiting: (a, b) => a.place - b.place,
  upcoming: (a, b) => a.time - b.time || a.seq - b.seq,
  ended: (a, b) => b.statusAt - a.statusAt || b.seq - a.seq,
  serving: (a, b) => b.statusAt - a.statusAt || b.seq - a.seq,
};

function showTickets() {
  const by = { waiting: [], upcoming: [], serving: [], ended: [] };
  for (const one of tickets.values()) {
    if (one.serviceId === service) (by[one.status] ?? by.ended).push(one);
  }
  for (const [name, some] of Object.entries(by)) some.sort(order[name]);
  showServing(by.serving);
  const total = serviceHere()?.waiting ?? by.waiting.length;
  const counts = { waiting: total, upcoming: by.upcoming.length };
  for (const tab of $('views').children) {
    const name = tab.dataset.tab;
    const label = t(`view${name[0].toUpperCase()}${name.slice(1)}`);
    put(tab, name in counts ? `${label} ${number(counts[name])}` : label);
  }
  queue.chosen = ticket?.seq ?? null;
  queue.show(by[view]);
  const hidden = view === 'waiting' ? total - by.waiting.length : 0;
  const note = by[view].length ? hidden > 0 && t('more', { n: number(hidden) }) : t({ waiting: 'noneWaiting', upcoming: 'noneUpcoming', ended: 'noneEnded' }[view]);
  $('no-tickets').hidden = !note;
  put($('no-tickets'), note || '');
}

function showServing(serving) {
  const list = $('serving');
  $('nobody').hidden = serving.length > 0;
  list.hidden = !serving.length;
  const focused = document.activeElement?.dataset?.does;
  list.replaceChildren(...serving.map((one) => {
    const button = (action, name, kind) => {
      const made = h(`button.${kind}`, { type: 'button', onclick: () => act(one, action) }, t(name));
      made.setAttribute('aria-label', `${t(name)}: ${one.number}`);
      made.dataset.does = `${action} ${one.id}`;
      return made;
    };
    const open = h('button.number', { type: 'button', onclick: () => select(one) }, one.number);
    open.dataset.does = `open ${one.id}`;
    return h('li', {}, open, h('span.who', {}, who(one)), h('span.actions', {}, button('serve', 'serve', 'primary'), button('no-show', 'noShow', 'quiet')));
  }));
  if (focused) list.querySelector(`[data-does="${focused}"]`)?.focus();
}

function select(one) {
  ticket = one;
  touch('ticket', 'view');
}

const queue = new List($('tickets'), {
  height: ROW,
  row: () => h('div.row', {}, h('bdi.number'), h('span.who'), h('span.since'), h('span.wait'), h('span.badge')),
  fill(row, one, at) {
    const [num, name, since, wait, badge] = row.children;
    put(num, one.number);
    put(name, who(one));
    put(since, one.status === 'upcoming' ? format('day', one.time) : t('since', { time: format('short', one.status === 'waiting' ? one.bookedAt : one.statusAt) }));
    put(wait, waitText(one, at));
    put(badge, statusName(one.status));
    badge.dataset.status = one.status;
  },
  choose: select,
  // From the keyboard, on to what can be done with it.
  open: () => requestAnimationFrame(() => $('ticket-actions').querySelector('button:not([hidden])')?.focus()),
});

function waitText(one, ahead) {
  if (one.status === 'upcoming') return format('short', one.time);
  if (one.status !== 'waiting') return '';
  const minutes = ahead * (serviceHere()?.minutes ?? 0);
  return ahead ? `${t('ahead', { n: number(ahead) })} · ${t('minutes', { n: number(minutes) })}` : t('isNext');
}

function showTicket() {
  // A row that has left the window is shown as it was last seen.
  if (ticket) ticket = [...tickets.values()].find((one) => one.id === ticket.id) ?? ticket;
  const one = ticket;
  $('ticket-close').hidden = !one;
  $('ticket-status').hidden = !one;
  put($('ticket-title'), one ? one.number : t('newTicket'));
  put($('code-title'), t(one ? 'codeWatch' : 'codeBook'));
  if (!one) {
    put($('ticket-about'), t('bookAbout'));
    $('ticket-actions').hidden = true;
    return;
  }
  put($('ticket-status'), statusName(one.status));
  $('ticket-status').dataset.status = one.status;
  const index = queue.items.indexOf(one);
  const parts = [who(one), one.time && format('day', one.time), waitText(one, Math.max(0, index)), one.id];
  put($('ticket-about'), parts.filter(Boolean).join(' · '));
  showActions(one);
}

function showActions({ status }) {
  const buttons = [...$('ticket-actions').children];
  for (const button of buttons) {
    const hide = !ACTIONS[status]?.includes(button.dataset.action);
    // Whoever has just pressed a button that goes stays where the ticket is.
    if (hide && button === document.activeElement) $('ticket-title').focus();
    button.hidden = hide;
  }
  $('ticket-actions').hidden = buttons.every((button) => button.hidden);
}

function showCode() {
  const one = serviceHere();
  if (!state.hello || !one) return;
  const it = { url, key: state.hello.publicKey, service: one.id, group: one.group.id, ticket: ticket?.id };
  put($('code'), snippet(host, it));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Only pages of this machine or with TLS may use the clipboard as such.
    const area = h('textarea', { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus();
  }
  toast(t('copied'));
}

function showKeys() {
  if (!state.hello) return;
  const { publicKey, secretKey } = state.hello;
  $('keys').replaceChildren(...Object.entries({ baseUrl: url, publicKey, secretKey }).map(([name, value]) => {
    const button = h('button.icon', { type: 'button' }, icon('copy'));
    button.addEventListener('click', () => copy(value, button));
    button.setAttribute('aria-label', t('copyOf', { what: t(name) }));
    return h('div', {}, h('dt', {}, t(name)), h('dd', { dir: 'ltr' }, h('code', {}, value), button));
  }));
}

// The log.

const log = new List($('requests'), {
  height: 32,
  opensOnClick: true,
  growsOnTop: true,
  row: () => h('div.row', {}, h('span.at'), h('span.status'), h('span.method'), h('span.path'), h('span.operation'), h('span.fault')),
  fill(row, one) {
    const [at, status, method, path, operation, fault] = row.children;
    put(at, format('seconds', one.at));
    put(status, one.status ? String(one.status) : t(one.ended ? 'noAnswer' : 'pending'));
    status.dataset.kind = one.status ? String(one.status)[0] : one.ended ? 'none' : 'open';
    put(method, one.method);
    put(path, one.path.replace('/external/v1', ''));
    put(operation, one.operation ?? '');
    put(fault, one.fault ?? '');
  },
  open: showRequest,
});

function showRequests() {
  log.show(requests.toReversed());
  $('no-requests').hidden = requests.length > 0;
  if (request && !requests.some((one) => one.seq === request.seq)) closeRequest();
  const current = request && requests.find((one) => one.seq === request.seq);
  if (current && current.ended !== request.ended) showRequest(current);
}

async function showRequest(one) {
  request = one;
  const found = await control('GET', `/requests?after=${one.seq - 1}&limit=1`);
  const entry = found?.requests.find((some) => some.seq === one.seq);
  if (!entry || request?.seq !== one.seq) return;
  put($('detail-title'), `${entry.method} ${entry.path.replace('/external/v1', '')}`);
  const { status, fault, committed, headers, body, answer } = entry;
  put($('detail-text'), JSON.stringify({ status, fault, committed, headers, body, answer }, null, 2));
  $('detail').hidden = false;
  log.later();
}

function closeRequest() {
  request = null;
  $('detail').hidden = true;
  log.later();
}

function showCustomers() {
  const { rows } = state.customers;
  $('customers').replaceChildren(...rows.map((one) => h('tr', {},
    h('td', {}, h('bdi', {}, one.name ?? '')), ...[one.externalId, one.mobile, one.email, one._id].map((text) => h('td', {}, h('bdi', {}, text ?? ''))))));
  showLogTabs();
}

function showLogTabs() {
  const [first, second] = $('logs').children;
  put(first, t('requests'));
  put(second, `${t('customers')} ${number(state.customers.total)}`);
}

// Faults.

function showOperations() {
  if (!state.hello) return;
  const options = state.hello.operations.map((id) => h('option', { value: id, textContent: id }));
  const chosen = $('fault-operation').value || 'bookTicket';
  $('fault-operation').replaceChildren(h('option', { value: '*', textContent: t('anyOperation') }), ...options);
  $('fault-operation').value = chosen;
  const kind = $('fault-kind').value;
  $('fault-kind').replaceChildren(...kinds().map((value) => h('option', { value, textContent: kindName(value) })));
  if (kind) $('fault-kind').value = kind;
  showValue();
}

function showValue() {
  const [name] = VALUES[$('fault-kind').value] ?? [];
  $('fault-value-label').hidden = !name;
  if (name) put($('fault-value-name'), t(name));
}

function beginValue() {
  showValue();
  $('fault-value').value = VALUES[$('fault-kind').value]?.[1] ?? '';
}

async function setFault(when) {
  const fault = { operation: $('fault-operation').value, kind: $('fault-kind').value, ...when };
  const [name] = VALUES[fault.kind] ?? [];
  const given = $('fault-value').value.trim();
  if (name) fault[name] = name === 'location' ? given : Number(given);
  if (await control('POST', '/faults', fault)) toast(`${operationName(fault)}: ${kindName(fault.kind)}`);
}

const operationName = (fault) => (fault.operation === '*' ? t('anyOperation') : fault.operation);

function rule({ when, fired }) {
  if (!when) return t('everyCall');
  if (when.nth === undefined) return t('setElsewhere');
  return fired ? t('spent') : t('nextCall');
}

function showFaults() {
  const { faults } = state;
  $('no-faults').hidden = faults.length > 0;
  $('faults-off').hidden = faults.length < 2;
  const focused = document.activeElement?.dataset?.fault;
  $('faults').replaceChildren(...faults.map((fault) => {
    const what = `${operationName(fault)}: ${kindName(fault.kind)}`;
    const button = (name, method, path) => {
      const made = h('button.small', { type: 'button', onclick: () => control(method, path) }, t(name));
      made.dataset.fault = `${name} ${fault.id}`;
      return made;
    };
    const off = button('off', 'DELETE', `/faults/${fault.id}`);
    off.setAttribute('aria-label', t('offFault', { what }));
    const buttons = fault.kind === 'hold' ? [button('release', 'POST', `/faults/${fault.id}/release`), off] : [off];
    const about = `${rule(fault)} · ${t('fired', { n: fault.fired })}`;
    return h(fault.when?.nth && fault.fired ? 'li.spent' : 'li', {}, h('span.what', {}, h('b', {}, kindName(fault.kind)), h('span.muted', {}, h('bdi', {}, operationName(fault)), ` · ${about}`)), ...buttons);
  }));
  if (focused) $('faults').querySelector(`[data-fault="${focused}"]`)?.focus();
}

// The buttons.

function listen() {
  const on = (id, does) => $(id).addEventListener('click', does);
  $('branch').addEventListener('change', (event) => chooseBranch(event.target.value));
  on('branch-open', () => control('PUT', `/branches/${here().id}`, { open: !here().isOpen }));
  on('service-open', () => control('PUT', `/services/${service}`, { open: !serviceHere().open }));
  on('call-next', async () => {
    const called = await control('POST', `/services/${service}/call-next`);
    if (called) toast(t('isDone', { number: called.ticketNumber, status: statusName(called.status) }));
  });
  on('walk-ins', async () => {
    if (await control('POST', `/services/${service}/walk-ins`, { count: 10 })) toast(t('added'));
  });
  $('modes').addEventListener('click', (event) => {
    const { mode } = event.target.dataset;
    if (!mode) return;
    // From the time that it shows, not back to the machine's.
    const from = { now: new Date(Math.round(now())).toISOString() };
    control('PUT', '/clock', mode === 'scaled' ? { mode, factor: 60 } : { mode, ...(mode === 'real' ? from : {}) });
  });
  $('steps').addEventListener('click', (event) => {
    const { seconds } = event.target.dataset;
    if (seconds) control('POST', '/clock/advance', { seconds: Number(seconds) });
  });
  $('ticket-actions').addEventListener('click', (event) => {
    const { action } = event.target.dataset;
    if (action && ticket) act(ticket, action);
  });
  on('ticket-close', () => { ticket = null; touch('ticket', 'view'); $('tickets').focus(); });
  on('copy-code', () => copy($('code').textContent, $('copy-code')));
  on('detail-close', () => { closeRequest(); $('requests').focus(); });
  $('fault-kind').addEventListener('change', beginValue);
  on('fault-next', () => setFault({ when: { nth: 1 } }));
  on('fault-every', () => setFault({}));
  on('faults-off', () => control('DELETE', '/faults'));
  on('reset', () => $('sure').showModal());
  on('sure-no', () => $('sure').close());
  on('sure-yes', async () => {
    $('sure').close();
    ticket = null;
    if (await control('POST', '/reset')) toast(t('wasReset'));
    touch('ticket', 'view');
  });
}

start();
listen();
for (const [name, title] of Object.entries(hosts)) {
  $('languages').append(h('button', { type: 'button', role: 'tab', 'data-tab': name, 'aria-controls': 'code-panel', lang: 'en' }, title));
}
tabs($('views'), (name) => { view = name; $('tickets').scrollTop = 0; touch('view'); })('waiting');
tabs($('languages'), (name) => { host = name; touch('ticket'); })('curl');
tabs($('logs'), (name) => {
  $('requests-panel').hidden = name !== 'requests';
  $('customers-panel').hidden = name !== 'customers';
})('requests');
onLanguage(() => {
  queue.redraw();
  log.redraw();
  $('services').dataset.of = '';
  touch('live', 'hello', 'clock', 'company', 'slots', 'tickets', 'ticket', 'customers', 'faults', 'log');
});
// Nothing is without a name until the server has told the rest.
showLive();
showTickets();
showTicket();
showLogTabs();
setInterval(showTime, 1000);
service = new URLSearchParams(location.search).get('service');
follow({ service: service ?? '' }, show);
