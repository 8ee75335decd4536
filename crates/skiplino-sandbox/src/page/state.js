// The state from the server. Changes are drawn at most once a frame.

import { setZone } from './ui.js';

const MOST_REQUESTS = 500;

export const state = { clock: null, company: [], customers: { total: 0, rows: [] }, faults: [], hello: null, slots: null };
// By `seq`. A row is replaced when it changes, never altered.
export const tickets = new Map();
// The newest last.
export const requests = [];

const changed = new Set();
let show = () => {};
let source = null;

export function touch(...names) {
  if (!changed.size) requestAnimationFrame(frame);
  for (const name of names) changed.add(name);
}

function frame() {
  const names = new Set(changed);
  changed.clear();
  show(names);
}

// Requests arrive in order but end in any order, so search from the end.
function log({ rows, cleared }) {
  for (const row of rows) {
    let at = requests.length;
    while (at > 0 && requests[at - 1].seq > row.seq) at -= 1;
    const known = at > 0 && requests[at - 1].seq === row.seq;
    requests.splice(known ? at - 1 : at, known ? 1 : 0, row);
  }
  const old = requests.findLastIndex((row) => row.seq <= cleared) + 1;
  requests.splice(0, Math.max(old, requests.length - MOST_REQUESTS));
}

const take = {
  hello(hello) {
    // A new connection, perhaps to another server: forget the old state.
    tickets.clear();
    requests.length = 0;
    state.hello = hello;
    state.slots = null;
    setZone(hello.timeZone);
    touch('tickets', 'slots', 'log');
  },
  clock(clock) {
    state.clock = { ...clock, at: performance.now(), now: Date.parse(clock.now) };
  },
  tickets({ rows, gone }) {
    for (const seq of gone) tickets.delete(seq);
    for (const row of rows) tickets.set(row.seq, row);
  },
  log,
};

export function now() {
  const { clock } = state;
  if (!clock) return 0;
  const factor = { real: 1, frozen: 0, scaled: clock.factor }[clock.mode];
  return clock.now + (performance.now() - clock.at) * factor;
}

// Follows a service or a branch instead of the previous one. `onChange` gets the names of the changed parts.
export function follow(query, onChange) {
  show = onChange;
  source?.close();
  source = new EventSource(`/_sandbox/events?${new URLSearchParams(query)}`);
  source.onerror = () => { state.live = false; touch('live'); };
  source.onopen = () => { state.live = true; touch('live'); };
  for (const name of ['hello', 'clock', 'company', 'tickets', 'slots', 'customers', 'faults', 'log']) {
    source.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      if (take[name]) take[name](data);
      else state[name] = data;
      touch(name);
    });
  }
}

addEventListener('pagehide', () => source?.close());
// A page from the back/forward cache has no connection.
addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
