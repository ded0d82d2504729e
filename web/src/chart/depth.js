// How much can be had up to each price.

import { colour } from '../theme.js';

const BOTTOM = 20;
/** Share of the middle price that is shown to each side at least; thin far levels would squeeze the rest. */
const LEVELS = 60;

function steps(levels) {
  let sum = 0;
  return levels.slice(0, LEVELS).map(([price, lots]) => [price, (sum += Number(lots))]);
}

/** Draws both sides of a book from their best prices outwards. */
export function drawDepth(context, width, height, book, scale) {
  const bids = steps(book.bids);
  const asks = steps(book.asks);
  if (bids.length === 0 && asks.length === 0) return;
  const low = (bids.at(-1) ?? asks[0])[0];
  const high = (asks.at(-1) ?? bids[0])[0];
  const most = Math.max(bids.at(-1)?.[1] ?? 0, asks.at(-1)?.[1] ?? 0);
  const floor = height - BOTTOM;
  const x = (price) => ((price - low) / Math.max(1, high - low)) * width;
  const y = (lots) => floor - (lots / most) * (floor - 14);
  for (const [side, name] of [[bids, 'buy'], [asks, 'sell']]) {
    if (side.length > 0) area(context, side, { x, y, floor, edge: name === 'buy' ? 0 : width, fill: colour(name) });
  }
  context.fillStyle = colour('muted');
  context.textBaseline = 'middle';
  const texts = [[low, 'left', 4], [high, 'right', width - 4]];
  if (bids.length > 0 && asks.length > 0) texts.push([Math.round((bids[0][0] + asks[0][0]) / 2), 'center', x((bids[0][0] + asks[0][0]) / 2)]);
  for (const [price, align, at] of texts) {
    context.textAlign = align;
    context.fillText(scale.price(price), at, height - BOTTOM / 2);
  }
  context.textAlign = 'left';
  context.fillText(scale.size(most), 4, 8);
}

function area(context, side, { x, y, floor, edge, fill }) {
  context.beginPath();
  context.moveTo(x(side[0][0]), floor);
  let before = floor;
  for (const [price, lots] of side) {
    context.lineTo(x(price), before);
    before = y(lots);
    context.lineTo(x(price), before);
  }
  context.lineTo(edge, before);
  context.lineTo(edge, floor);
  context.fillStyle = fill;
  context.globalAlpha = 0.22;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = fill;
  context.lineWidth = 1.5;
  context.stroke();
}
