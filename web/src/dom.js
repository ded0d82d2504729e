// Elements, in one line each.

/** An element: attributes by name, `on…` for listeners, and children that are elements or texts. */
export function h(tag, attributes = {}, ...children) {
  const svg = tag === 'svg' || tag === 'path' || tag === 'circle';
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Writes a text where it differs: an element that stays the same costs no layout. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets a class by a condition. */
export function mark(element, name, on) {
  if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}

/** A function that runs the given one at the next frame, once, however often it was called. */
export function eachFrame(run) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      run();
    });
  };
}

/** A panel with a heading. */
export function panel(title, attributes, ...children) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  return h('section', { ...attributes, class: `panel ${attributes.class ?? ''}`, 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}

/** What is shown where there is nothing yet. */
export function empty(text) {
  return h('p', { class: 'empty' }, text);
}

/** A table with a caption for those who cannot see its place. */
export function table(caption, heads, rows) {
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {},
      h('caption', { class: 'hidden' }, caption),
      h('thead', {}, h('tr', {}, heads.map((head) => h('th', { scope: 'col', class: head.startsWith('>') ? 'right' : null }, head.replace('>', ''))))),
      h('tbody', {}, rows)));
}

/** A row of cells. */
export function row(...cells) {
  return h('tr', {}, cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell : h('td', {}, cell))));
}

/** A cell whose text stands to the right. */
export function right(...children) {
  return h('td', { class: 'right num' }, ...children);
}

/** A long hexadecimal text: its ends to see, all of it to copy. */
export function hex(text, shown) {
  return h('code', { title: text }, shown ?? text);
}
