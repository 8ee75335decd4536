// The big screen of a branch: who is being served, who comes next.

import { follow, now, state, tickets } from './feed.js';
import { $, format, h, named, onLanguage, put, start, t } from './look.js';

const MOST_CALLED = 8;
let branch = new URLSearchParams(location.search).get('branch');
const known = new Map();

function choose(id) {
  branch = id;
  const url = new URL(location.href);
  url.searchParams.set('branch', id);
  history.replaceState(null, '', url);
  follow({ branch }, show);
}

function show(names) {
  if (names.has('live')) document.body.classList.toggle('lost', state.live === false);
  if (names.has('company')) showBranch();
  if (names.has('tickets') || names.has('company')) showTickets();
  showTime();
}

function showBranch() {
  const active = state.company.filter((one) => one.active);
  const select = $('branch');
  const options = active.map((one) => h('option', { value: one.id, textContent: named(one) }));
  select.replaceChildren(...options);
  const here = active.find((one) => one.id === branch);
  if (!here && active.length) { choose(active[0].id); return; }
  if (!here) return;
  select.value = branch;
  put($('name'), named(here));
  put($('state'), t(here.isOpen ? 'isOpen' : 'isClosed'));
  $('state').classList.toggle('closed', !here.isOpen);
}

function showTickets() {
  const here = state.company.find((one) => one.id === branch);
  if (!here) return;
  const services = here.services.filter((service) => service.active);
  const byId = new Map(services.map((service) => [service.id, service]));
  const all = [...tickets.values()].filter((ticket) => byId.has(ticket.serviceId));
  const serving = all.filter((ticket) => ticket.status === 'serving').sort((a, b) => b.statusAt - a.statusAt || b.seq - a.seq);
  showCalled(serving.slice(0, MOST_CALLED), byId);
  $('nobody').hidden = serving.length > 0;
  $('called').hidden = !serving.length;
  $('next').replaceChildren(...services.map((service) => {
    const next = all.filter((ticket) => ticket.serviceId === service.id && ticket.place !== null).sort((a, b) => a.place - b.place);
    const numbers = next.slice(0, 6).map((ticket) => h('bdi', { textContent: ticket.number }));
    const rest = service.waiting ? t('waitingCount', { n: service.waiting }) : t('nobodyWaits');
    return h('li', {}, h('h3', {}, named(service)), h('p.numbers', {}, ...numbers), h('p.muted', {}, rest));
  }));
}

// Those who stay keep their element, so that only a new number is read aloud and shines up.
let isShown = false;
function showCalled(serving, byId) {
  for (const [seq, element] of known) {
    if (serving.some((ticket) => ticket.seq === seq)) continue;
    element.remove();
    known.delete(seq);
  }
  serving.forEach((ticket, at) => {
    let element = known.get(ticket.seq);
    if (!element) {
      element = h(isShown ? 'li.new' : 'li', {}, h('bdi.number', { textContent: ticket.number }), h('span.for'));
      known.set(ticket.seq, element);
    }
    put(element.lastChild, named(byId.get(ticket.serviceId)));
    if ($('called').children[at] !== element) $('called').insertBefore(element, $('called').children[at] ?? null);
  });
  // Those who were there at the start are not new.
  isShown = state.live === true;
}

function showTime() {
  if (state.clock) put($('time'), format('short', now()));
}

start();
onLanguage(() => show(new Set(['company'])));
$('branch').addEventListener('change', (event) => choose(event.target.value));
setInterval(showTime, 1000);
follow({ branch: branch ?? '' }, show);
