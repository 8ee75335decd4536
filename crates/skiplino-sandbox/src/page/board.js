// The board of a branch: the tickets being served, and the next ones.

import { follow, now, state, tickets } from './state.js';
import { $, choices, format, h, keyed, named, number, onLanguage, put, start, t } from './ui.js';

// One large number, and two rows of numbers below it.
const MOST_CALLED = 5;
let branch = new URLSearchParams(location.search).get('branch');
// The tickets of the first draw are not marked as new.
let isShown = false;

function choose(id) {
  branch = id;
  isShown = false;
  const url = new URL(location.href);
  url.searchParams.set('branch', id);
  history.replaceState(null, '', url);
  follow({ branch }, show);
}

function show(names) {
  if (names.has('live')) document.body.classList.toggle('lost', state.live === false);
  if (names.has('company') && !state.company.some((one) => one.active && one.id === branch)) {
    const first = state.company.find((one) => one.active);
    if (first) choose(first.id);
    return;
  }
  if (names.has('company')) showBranch();
  if (names.has('tickets') || names.has('company')) showTickets();
  isShown ||= names.has('tickets');
  showTime();
}

function showBranch() {
  const active = state.company.filter((one) => one.active);
  const here = active.find((one) => one.id === branch);
  choices($('branch'), active.map((one) => [one.id, named(one)]));
  $('branch').value = branch;
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
  $('nobody').hidden = serving.length > 0;
  $('called').hidden = !serving.length;
  // Only new numbers are highlighted and announced by screen readers.
  keyed($('called'), serving.slice(0, MOST_CALLED), (ticket) => ticket.id,
    (ticket) => h(isShown ? 'li.new' : 'li', {}, h('bdi.number', {}, ticket.number), h('span.for')),
    (row, ticket) => put(row.lastChild, named(byId.get(ticket.serviceId))));
  keyed($('next'), services, (service) => service.id, () => h('li', {}, h('h3'), h('p.numbers'), h('p.muted')), (row, service) => {
    const next = all.filter((ticket) => ticket.serviceId === service.id && ticket.place !== null).sort((a, b) => a.place - b.place);
    const [title, numbers, rest] = row.children;
    put(title, named(service));
    keyed(numbers, next.slice(0, 6), (ticket) => ticket.id, (ticket) => h('bdi', {}, ticket.number), () => {});
    put(rest, service.waiting ? t('waitingCount', { n: number(service.waiting) }) : t('nobodyWaits'));
  });
}

function showTime() {
  if (state.clock) put($('time'), format('short', now()));
}

start();
onLanguage(() => show(new Set(['company'])));
$('branch').addEventListener('change', (event) => choose(event.target.value));
setInterval(showTime, 1000);
follow({ branch: branch ?? '' }, show);
