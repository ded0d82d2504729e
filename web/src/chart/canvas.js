// A canvas that keeps the size of its place, the sharpness of the screen and the colours of the theme.

import { eachFrame, h } from '../dom.js';

/** A chart: `draw(context, width, height)` is called when asked for, and when size or theme change. */
export function chart(label, draw) {
  const canvas = h('canvas', { role: 'img', 'aria-label': label });
  const element = h('div', { class: 'chart' }, canvas);
  const redraw = eachFrame(() => {
    const { clientWidth: width, clientHeight: height } = element;
    if (width === 0 || height === 0) return;
    const scale = devicePixelRatio || 1;
    const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
    const context = canvas.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = '11px ui-monospace, SFMono-Regular, Menlo, monospace';
    draw(context, width, height);
  });
  const observer = new ResizeObserver(redraw);
  observer.observe(element);
  addEventListener('themechange', redraw);
  const stop = () => {
    observer.disconnect();
    removeEventListener('themechange', redraw);
  };
  return { element, canvas, redraw, stop };
}
