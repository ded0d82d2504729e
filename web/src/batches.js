// The last batches, how far each has come, and when this page saw it get there.

import * as api from './api.js';

const KEPT = 24;
/** How far a batch comes, in order. */
export const STAGES = ['built', 'published', 'committed', 'proven', 'final'];

/** What a tip says of how far batches have come. */
export const stagesOf = (tip) => STAGES.map((stage) => tip[stage]).join('/');

/** Follows the tip of a store; `changed` hears when a batch is new or came further. */
export class Batches {
  constructor(store, changed) {
    this.known = new Map();
    this.seen = new Map();
    this.changed = changed;
    this.asking = false;
    // What the stages were when batches were asked for last: commands alone change nothing here.
    this.asked = '';
    this.costs = new Map();
    this.leave = store.watch('tip', (tip) => this.follow(tip));
  }

  /** The batches, last first. */
  list() {
    return [...this.known.values()].sort((left, right) => Number(BigInt(right.number) - BigInt(left.number)));
  }

  async follow(tip) {
    this.latest = tip;
    const stages = stagesOf(tip);
    if (this.asking || tip.built === null || stages === this.asked) return;
    this.asking = true;
    const last = Number(tip.built);
    const wanted = [];
    for (let number = last; number >= Math.max(1, last - KEPT + 1); number -= 1) {
      const known = this.known.get(number);
      if (known?.stage !== 'final' || this.lacksCost(number, known)) wanted.push(number);
    }
    try {
      this.asked = stages;
      const found = await api.many('ashlar_getBatchByNumber', wanted);
      for (const batch of found) if (batch) this.take(batch);
      for (const number of this.known.keys()) if (number <= last - KEPT) { this.known.delete(number); this.costs.delete(number); }
    } catch {
      this.asked = '';
      // The next tip asks again, and the state of the line says that the node is away.
    } finally {
      this.asking = false;
    }
    this.changed();
    // What was told meanwhile is told once.
    if (this.asked === stages && stagesOf(this.latest) !== stages) this.follow(this.latest);
  }

  /** Whether a final batch is to be asked for once more: what its last transaction cost may be known a moment after the rest, or never. */
  lacksCost(number, { finalize }) {
    const tries = this.costs.get(number) ?? 0;
    if (finalize?.cost || tries >= 2) return false;
    this.costs.set(number, tries + 1);
    return true;
  }

  take(batch) {
    const number = Number(batch.number);
    const before = this.known.get(number);
    const stage = STAGES.indexOf(batch.stage);
    // What was already so when the page came has no moment that this page could name.
    if (before) {
      const times = this.seen.get(number) ?? {};
      for (let at = STAGES.indexOf(before.stage) + 1; at <= stage; at += 1) times[STAGES[at]] ??= Date.now();
      this.seen.set(number, times);
    }
    this.known.set(number, batch);
  }

  /** Milliseconds from a batch's last command until this page saw it at a stage, to about a second. */
  after(batch, stage) {
    const moment = this.seen.get(Number(batch.number))?.[stage];
    return moment === undefined ? null : Math.max(0, moment - batch.last_time);
  }
}

/** Whether a batch has come as far as a stage. */
export function reached(batch, stage) {
  return STAGES.indexOf(batch.stage) >= STAGES.indexOf(stage);
}
