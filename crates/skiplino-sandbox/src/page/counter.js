// The staff page: draws the state and handles the buttons.

import { follow, now, state, tickets, touch } from './state.js';
import { showFaults, showOperations } from './faults.js';
import { List } from './list.js';
import { redrawRequests, showCustomers, showLogTabs, showRequests } from './log.js';
import { $, choices, format, h, icon, keyed, label, language, named, number, onLanguage, put, start, t, tabs } from './ui.js';
import { hosts, snippet } from './snippets.js';
import { control, copy, toast } from './control.js';

const ROW = 44;
const STATUS = { noShow: 'noShowStatus' };
// The actions of the staff, by the status of the ticket.
const ACTIONS = { waiting: ['call', 'serve', 'no-show', 'cancel'], upcoming: ['check-in', 'no-show', 'cancel'], serving: ['serve', 'no-show'] };

const url = `${location.origin}/external/v1`;
let service = null;
let view = 'waiting';
let ticket = null;
let host = 'curl';

async function act(one, action) {
  const done = await control('POST', `/tickets/${one.id}/${action}`);
  if (done) toast(t('isDone', { number: done.ticketNumber, status: statusName(done.status) }));
}

// Texts for the state.

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

// Draws the changed parts.

function show(names) {
  const has = (...some) => some.some((name) => names.has(name));
  if (has('live', 'hello')) showLive();
  if (has('hello')) { showKeys(); showOperations(); }
  if (has('clock')) showClock();
  if (has('company')) {
    if (!here() && state.company.length) { chooseBranch(state.company[0].id); return; }
    showCompany();
  }
  if (has('slots')) showSlots();
  if (has('tickets', 'company', 'view')) showTickets();
  if (has('tickets', 'company', 'ticket')) showTicket();
  if (has('hello', 'ticket', 'company')) showCode();
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
  choices($('branch'), state.company.map((one) => [one.id, one.active ? named(one) : `${named(one)} (${t('inactive')})`]));
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

function showServices(branch) {
  const rows = branch.services.flatMap((one, at, all) => (one.group.id === all[at - 1]?.group.id ? [one] : [one.group, one]));
  keyed($('services'), rows, (row) => row.id, (row) => {
    if (!row.group) return h('h3');
    return h('button.service', { type: 'button', onclick: () => choose(row.id) }, h('span'), h('span.count'));
  }, (element, row) => {
    if (!row.group) { put(element, named(row)); return; }
    element.setAttribute('aria-pressed', row.id === service);
    element.classList.toggle('inactive', !row.active || !branch.active);
    put(element.firstChild, named(row));
    put(element.lastChild, number(row.waiting));
    label(element, `${named(row)}: ${t('waitingCount', { n: row.waiting })}`);
  });
}

function showSlots() {
  const { slots } = state;
  $('slots-card').hidden = !slots;
  if (!slots) return;
  const first = slots.slots[0]?.time;
  put($('slots-title'), slots.today || !first ? t('slotsToday') : t('slotsOn', { day: format('dayName', first) }));
  $('no-slots').hidden = slots.slots.length > 0;
  keyed($('slots'), slots.slots, (slot) => `${service} ${slot.time}`, ({ time }) => {
    const fill = h('button.small', { type: 'button', onclick: () => fillSlot(time) });
    return h('li', {}, h('b'), h('span.dots', { 'aria-hidden': 'true' }), h('span.places'), fill);
  }, (row, { time, remaining }) => {
    const [at, dots, places, fill] = row.children;
    const of = slots.capacity;
    put(at, format('short', time));
    put(places, remaining > 0 ? t('places', { n: remaining }) : t('full'));
    dots.replaceChildren(...Array.from({ length: of <= 8 ? of : 0 }, (_, place) => h(place < of - remaining ? 'i.taken' : 'i')));
    put(fill, t('fill'));
    fill.disabled = remaining <= 0;
    label(fill, t('fillSlot', { time: at.textContent }));
  });
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
  keyed(list, serving, (one) => one.id, (one) => h('li', {},
    h('button.number', { type: 'button', onclick: () => select(one) }, one.number), h('span.who'),
    h('span.actions', {},
      h('button.primary', { type: 'button', onclick: () => act(one, 'serve') }),
      h('button', { type: 'button', onclick: () => act(one, 'no-show') }))),
  (row, one) => {
    const [, name, { children: [serve, noShow] }] = row.children;
    put(name, who(one));
    for (const [button, word] of [[serve, 'serve'], [noShow, 'noShow']]) {
      put(button, t(word));
      label(button, `${t(word)}: ${one.number}`);
    }
  });
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
  // Enter moves the focus to the buttons of the ticket.
  open: () => requestAnimationFrame(() => $('ticket-actions').querySelector('button:not([hidden])')?.focus()),
});

function waitText(one, ahead) {
  if (one.status === 'upcoming') return format('short', one.time);
  if (one.status !== 'waiting') return '';
  const minutes = ahead * (serviceHere()?.minutes ?? 0);
  return ahead ? `${t('ahead', { n: number(ahead) })} · ${t('minutes', { n: number(minutes) })}` : t('isNext');
}

function showTicket() {
  // If the ticket is no longer in view, show its last known state.
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
    // If the focused button is hidden, keep the focus on the ticket.
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

function showKeys() {
  if (!state.hello) return;
  const { publicKey, secretKey } = state.hello;
  keyed($('keys'), Object.entries({ baseUrl: url, publicKey, secretKey }), ([name]) => name, ([, value]) => {
    const button = h('button.icon', { type: 'button', onclick: () => copy(value, button) }, icon('copy'));
    return h('div', {}, h('dt'), h('dd', { dir: 'ltr' }, h('code', {}, value), button));
  }, (row, [name]) => {
    put(row.querySelector('dt'), t(name));
    label(row.querySelector('button'), t('copyOf', { what: t(name) }));
  });
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
    // Continue from the shown time instead of the machine's time.
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
onLanguage(() => {
  queue.redraw();
  redrawRequests();
  touch('live', 'hello', 'clock', 'company', 'slots', 'tickets', 'ticket', 'customers', 'faults', 'log');
});
// Show all labels before the first event of the server.
showLive();
showTickets();
showTicket();
showLogTabs();
setInterval(showTime, 1000);
service = new URLSearchParams(location.search).get('service');
follow({ service: service ?? '' }, show);
