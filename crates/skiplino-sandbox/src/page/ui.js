// Language, theme, formats, and DOM helpers for all parts of the page.

import { languages } from './translations.js';

export const $ = (id) => document.getElementById(id);

// Creates an element from a tag with classes ('li.row'), its properties and its children.
export function h(tag, set = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(set)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

// Sets a text only if it differs, to avoid layout and screen reader announcements.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Rows must not move between the press and the release of a button: the click would miss its row.
// If the user is pressing an element of `list`, `draw` runs after the release, and the result is
// true.
const postponed = new Map();
export function postpone(list, draw) {
  const pressed = list.querySelector(':active') !== null;
  if (pressed) postponed.set(list, draw);
  else postponed.delete(list);
  return pressed;
}
function drawPostponed() {
  const draws = [...postponed.values()];
  postponed.clear();
  for (const draw of draws) draw();
}
for (const release of ['pointerup', 'pointercancel', 'keyup']) {
  addEventListener(release, () => { if (postponed.size) requestAnimationFrame(drawPostponed); });
}

// Updates the children of a list by key. Children that stay keep their element, and so the focus.
export function keyed(list, items, key, make, show) {
  if (postpone(list, () => keyed(list, items, key, make, show))) return;
  const wanted = new Set(items.map((item) => String(key(item))));
  const hadFocus = list.contains(document.activeElement);
  const known = new Map();
  for (const child of [...list.children]) {
    if (wanted.has(child.dataset.key)) known.set(child.dataset.key, child);
    else child.remove();
  }
  let place = list.firstChild;
  for (const item of items) {
    const name = String(key(item));
    let child = known.get(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    show(child, item);
    if (child === place) place = place.nextSibling;
    else list.insertBefore(child, place);
  }
  // If the row with the focus is gone, the focus moves to the next row, or to the list.
  if (hadFocus && !list.contains(document.activeElement)) (list.querySelector('button') ?? list.closest('section'))?.focus();
}

// The options of a choice, by value.
export function choices(select, options) {
  keyed(select, options, ([value]) => value, ([value]) => h('option', { value }), (option, [, text]) => put(option, text));
}

// A label for screen readers.
export function label(element, text) {
  if (element.getAttribute('aria-label') !== text) element.setAttribute('aria-label', text);
}

// Choices are stored if the browser allows it.
const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* The choice holds for this visit only. */ } };

const asked = new URLSearchParams(location.search);
const preferred = navigator.language.startsWith('ar') ? 'ar' : 'en';
export let language = [asked.get('lang'), kept('language'), preferred].find((name) => name in languages);
let words = languages[language];
let zone = 'UTC';
let formats = {};

export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
export const kindName = (kind) => words.kind[kind] ?? kind;
export const kinds = () => Object.keys(words.kind);
// The name of a branch, a group or a service, in the language of the page.
export const named = (thing) => thing.name[language];

function prepare() {
  // Latin digits in every language, as on the tickets.
  const locale = language === 'ar' ? 'ar-u-nu-latn' : 'en-GB';
  const format = (options) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
  const short = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  formats = {
    short: format(short),
    seconds: format({ ...short, second: '2-digit' }),
    day: format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }),
    dayName: format({ weekday: 'long', day: 'numeric', month: 'short' }),
  };
}
export const format = (name, at) => formats[name].format(at);
export const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
export function setZone(name) {
  if (zone !== name) { zone = name; prepare(); }
}

const whenTurned = [];
// Registers a function that draws its part again after the language changes.
export const onLanguage = (show) => { whenTurned.push(show); };

function translate() {
  prepare();
  document.documentElement.lang = language;
  document.documentElement.dir = language === 'ar' ? 'rtl' : 'ltr';
  for (const element of document.querySelectorAll('[data-t]')) put(element, t(element.dataset.t));
  for (const element of document.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel));
  const other = language === 'ar' ? 'en' : 'ar';
  const button = $('language');
  button.textContent = other === 'ar' ? 'العربية' : 'English';
  button.lang = other;
  document.title = t('title');
  showTheme();
}

const themes = ['themeAuto', 'themeLight', 'themeDark'];
let theme = themes.includes(kept('theme')) ? kept('theme') : themes[0];
function showTheme() {
  document.documentElement.dataset.theme = theme;
  put($('theme'), `◐ ${t(theme)}`);
  $('theme').setAttribute('aria-label', `${t('theme')}: ${t(theme)}`);
}

export function start() {
  $('language').addEventListener('click', () => {
    language = language === 'ar' ? 'en' : 'ar';
    words = languages[language];
    keep('language', language);
    translate();
    for (const show of whenTurned) show();
  });
  $('theme').addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    keep('theme', theme);
    showTheme();
  });
  translate();
}

// A tab list: one tab is selected, and arrow keys move between tabs.
export function tabs(list, choose) {
  const all = () => [...list.children];
  const select = (name) => {
    for (const tab of all()) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute('aria-selected', chosen);
      tab.tabIndex = chosen ? 0 : -1;
    }
    choose(name);
  };
  list.addEventListener('click', (event) => {
    const tab = event.target.closest('[role=tab]');
    if (tab) select(tab.dataset.tab);
  });
  list.addEventListener('keydown', (event) => {
    const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const back = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    const now = all().indexOf(document.activeElement);
    const last = all().length - 1;
    const to = { [forward]: now === last ? 0 : now + 1, [back]: now === 0 ? last : now - 1, Home: 0, End: last }[event.key];
    if (now < 0 || to === undefined) return;
    event.preventDefault();
    all()[to].focus();
    select(all()[to].dataset.tab);
  });
  return select;
}
