// Prices over time, with the lots traded below.

import { clock } from '../format.js';
import { colour } from '../theme.js';

const STEP = 9;
const RIGHT = 74;
const BOTTOM = 20;

/** Draws candles, oldest first, as many of the last as there is room for. */
export function drawCandles(context, width, height, candles, scale) {
  const shown = candles.slice(-Math.max(1, Math.floor((width - RIGHT) / STEP)));
  if (shown.length === 0) return;
  const high = Math.max(...shown.map((candle) => Number(candle.high)));
  const low = Math.min(...shown.map((candle) => Number(candle.low)));
  const lots = Math.max(...shown.map((candle) => Number(candle.lots)));
  const room = height - BOTTOM - 8;
  const volume = room * 0.18;
  const margin = Math.max((high - low) * 0.06, 1);
  const y = (price) => 8 + ((high + margin - price) / (high - low + 2 * margin)) * (room - volume);
  const last = y(Number(shown.at(-1).close));
  grid(context, width, { low, high, y, last }, scale);
  const left = width - RIGHT - shown.length * STEP;
  shown.forEach((candle, at) => {
    const [open, close] = [Number(candle.open), Number(candle.close)];
    const middle = left + at * STEP + STEP / 2;
    context.fillStyle = colour(close >= open ? 'buy' : 'sell');
    context.globalAlpha = 0.35;
    const bar = (Number(candle.lots) / lots) * volume;
    context.fillRect(middle - 3, height - BOTTOM - bar, 6, bar);
    context.globalAlpha = 1;
    context.fillRect(middle - 0.5, y(Number(candle.high)), 1, Math.max(1, y(Number(candle.low)) - y(Number(candle.high))));
    context.fillRect(middle - 3, y(Math.max(open, close)), 6, Math.max(1, Math.abs(y(open) - y(close))));
  });
  times(context, shown, left, height, width);
  tag(context, width, last, scale.price(shown.at(-1).close));
}

function grid(context, width, { low, high, y, last }, scale) {
  context.strokeStyle = colour('line');
  context.fillStyle = colour('muted');
  context.textBaseline = 'middle';
  context.lineWidth = 1;
  const step = Math.max(1, Math.round((high - low) / 4));
  for (let price = low; price <= high; price += step) {
    const at = Math.round(y(price)) + 0.5;
    context.beginPath();
    context.moveTo(0, at);
    context.lineTo(width - RIGHT, at);
    context.stroke();
    if (Math.abs(at - last) > 15) context.fillText(scale.price(price), width - RIGHT + 6, at);
  }
}

function times(context, shown, left, height, width) {
  context.fillStyle = colour('muted');
  const every = Math.max(1, Math.ceil(84 / STEP));
  for (let at = shown.length - 1; at >= 0; at -= every) {
    const x = left + at * STEP - 20;
    if (x >= 0 && x < width - RIGHT - 40) context.fillText(clock(shown[at].start).slice(0, 8), x, height - BOTTOM / 2);
  }
}

function tag(context, width, y, text) {
  context.fillStyle = colour('accent');
  context.fillRect(width - RIGHT + 2, y - 9, RIGHT - 2, 18);
  context.fillStyle = colour('on-accent');
  context.fillText(text, width - RIGHT + 6, y);
}
