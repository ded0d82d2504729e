// Light or dark: the system's choice until a person makes another.

import { h } from './dom.js';

const NAME = 'ashlar/theme';

const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
const isDark = () => (document.documentElement.dataset.theme ?? (systemIsDark() ? 'dark' : 'light')) === 'dark';

/** The button that changes it. Charts hear `themechange` on the window. */
export function themeButton() {
  const kept = localStorage.getItem(NAME);
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
  const button = h('button', { id: 'theme', type: 'button', class: 'quiet', onclick: change });
  label();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', label);
  return button;

  function label() {
    button.textContent = isDark() ? '☀' : '☾';
    button.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours');
    button.title = button.getAttribute('aria-label');
    dispatchEvent(new Event('themechange'));
  }

  function change() {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(NAME, theme);
    label();
  }
}

/** The value of a colour of the style sheet. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
