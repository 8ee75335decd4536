// Requests to the control API, and short messages about their results.

import { $, language, t } from './ui.js';

export async function control(method, path, body) {
  try {
    const response = await fetch(`/_sandbox${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', 'X-Locale': language },
      body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
    });
    const data = await response.json();
    if (response.ok) return data;
    toast(typeof data.error === 'string' ? data.error : Object.values(data.error ?? {}).join(' ') || data.message, true);
  } catch (error) {
    toast(t('failed', { why: error.message }), true);
  }
  return null;
}

let hiding = 0;
export function toast(text, isError = false) {
  clearTimeout(hiding);
  const box = $('toast');
  box.textContent = text;
  box.className = `toast shown${isError ? ' error' : ''}`;
  hiding = setTimeout(() => { box.className = 'toast'; box.textContent = ''; }, 6000);
}

export async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Only loopback pages or pages with TLS may use the clipboard API.
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus();
  }
  toast(t('copied'));
}
