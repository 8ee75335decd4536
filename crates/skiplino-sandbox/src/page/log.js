// The log of requests, and the table of customers.

import { requests, state } from './state.js';
import { List } from './list.js';
import { $, format, h, keyed, number, put, t, tabs } from './ui.js';
import { control } from './control.js';

// The request whose details are shown.
let request = null;

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

export function showRequests() {
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

export function showCustomers() {
  const { rows } = state.customers;
  keyed($('customers'), rows, (one) => one._id, () => h('tr', {}, ...Array.from({ length: 5 }, () => h('td', {}, h('bdi')))), (row, one) => {
    const texts = [one.name, one.externalId, one.mobile, one.email, one._id];
    texts.forEach((text, at) => put(row.children[at].firstChild, text ?? ''));
  });
  showLogTabs();
}

export function showLogTabs() {
  const [first, second] = $('logs').children;
  put(first, t('requests'));
  put(second, `${t('customers')} ${number(state.customers.total)}`);
}

export const redrawRequests = () => log.redraw();

$('detail-close').addEventListener('click', () => { closeRequest(); $('requests').focus(); });
tabs($('logs'), (name) => {
  $('requests-panel').hidden = name !== 'requests';
  $('customers-panel').hidden = name !== 'customers';
})('requests');
