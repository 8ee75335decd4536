// The list and the form of faults.

import { state } from './state.js';
import { $, choices, h, keyed, kindName, kinds, label, put, t } from './ui.js';
import { control, toast } from './control.js';

// The field of each kind of fault, and its initial value.
const VALUES = { delay: ['ms', 3000], slow_body: ['ms', 200], status: ['status', 500], rate_limit: ['retryAfter', 5], redirect: ['location', '/elsewhere'] };

export function showOperations() {
  if (!state.hello) return;
  const isFirst = !$('fault-operation').value;
  choices($('fault-operation'), [['*', t('anyOperation')], ...state.hello.operations.map((id) => [id, id])]);
  choices($('fault-kind'), kinds().map((kind) => [kind, kindName(kind)]));
  if (isFirst) $('fault-operation').value = 'bookTicket';
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

export function showFaults() {
  const { faults } = state;
  $('no-faults').hidden = faults.length > 0;
  $('faults-off').hidden = faults.length < 2;
  keyed($('faults'), faults, (fault) => fault.id, ({ id, kind }) => {
    const button = (method, path) => h('button.small', { type: 'button', onclick: () => control(method, `/faults/${id}${path}`) });
    const release = kind === 'hold' ? [button('POST', '/release')] : [];
    return h('li', {}, h('span.what', {}, h('b'), h('span.muted', {}, h('bdi'), h('span'))), ...release, button('DELETE', ''));
  }, (row, fault) => {
    const [name, { children: [operation, about] }] = row.firstChild.children;
    put(name, kindName(fault.kind));
    put(operation, operationName(fault));
    put(about, ` · ${rule(fault)} · ${t('fired', { n: fault.fired })}`);
    row.classList.toggle('spent', Boolean(fault.when?.nth && fault.fired));
    put(row.lastChild, t('off'));
    label(row.lastChild, t('offFault', { what: `${operationName(fault)}: ${kindName(fault.kind)}` }));
    if (fault.kind === 'hold') put(row.children[1], t('release'));
  });
}

$('fault-kind').addEventListener('change', beginValue);
$('fault-next').addEventListener('click', () => setFault({ when: { nth: 1 } }));
$('fault-every').addEventListener('click', () => setFault({}));
$('faults-off').addEventListener('click', () => control('DELETE', '/faults'));
