// How much can be had up to each price.

import { colour } from '../theme.js';

const BOTTOM = 20;
/** Levels of each side that may be shown. */
const LEVELS = 120;

function steps(levels) {
  let sum = 0;
  return levels.slice(0, LEVELS).map(([price, lots]) => [price, (sum += Number(lots))]);
}

/** The prices to show: as far to each side as most of the lots of the shorter side reach, so that one far order squeezes nothing. */
function range(book) {
  const middle = book.bids.length > 0 && book.asks.length > 0 ? (book.bids[0][0] + book.asks[0][0]) / 2 : (book.bids[0] ?? book.asks[0])[0];
  const reaches = [book.bids, book.asks].filter((levels) => levels.length > 0).map((levels) => {
    const shown = levels.slice(0, LEVELS);
    return Math.abs(shown[Math.floor((shown.length - 1) * 0.9)][0] - middle);
  });
  const reach = Math.max(1, Math.ceil(Math.min(...reaches) * 1.1));
  return [Math.max(1, Math.floor(middle - reach)), Math.ceil(middle + reach)];
}

/** Draws both sides of a book from their best prices outwards. */
export function drawDepth(context, width, height, book, scale) {
  if (book.bids.length === 0 && book.asks.length === 0) return;
  const [low, high] = range(book);
  const within = ([price]) => price >= low && price <= high;
  const bids = steps(book.bids).filter(within);
  const asks = steps(book.asks).filter(within);
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
