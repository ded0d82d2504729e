// Prometheus text, as far as this page reads it.

/** Figures by name: `{ value }`, or `{ buckets, sum, count }` of a histogram. Figures with labels of their own are left out. */
export function readMetrics(text) {
  const figures = {};
  const of = (name) => (figures[name] ??= {});
  for (const line of text.split('\n')) {
    const match = /^([a-z0-9_]+?)(_bucket|_sum|_count)?(?:\{(.*)\})? ([0-9.e+-]+)$/.exec(line);
    if (!match) continue;
    const [, name, part, labels, written] = match;
    const value = Number(written);
    const bound = part === '_bucket' ? /^le="([^"]+)"$/.exec(labels ?? '')?.[1] : undefined;
    if (bound !== undefined) (of(name).buckets ??= []).push([bound === '+Inf' ? Infinity : Number(bound), value]);
    else if (labels === undefined && part === '_sum') of(name).sum = value;
    else if (labels === undefined && part === '_count') of(name).count = value;
    else if (labels === undefined && part === undefined) of(name).value = value;
  }
  return figures;
}

/** The bound below which a share of a histogram's measurements lie, in its own unit; null if beyond its last bound. */
export function quantile({ buckets = [], count = 0 }, share) {
  const bound = buckets.find(([, below]) => below >= count * share)?.[0];
  return bound === undefined || bound === Infinity ? null : bound;
}
