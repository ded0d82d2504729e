// What every view may look at, by name, and who wants to know when it changes.

/** A table of named values with listeners. */
export class Store {
  constructor() {
    this.values = new Map();
    this.listeners = new Map();
  }

  /** The value of a name; undefined as long as nobody set it. */
  get(name) {
    return this.values.get(name);
  }

  /** Sets a value and tells whoever listens. */
  set(name, value) {
    this.values.set(name, value);
    for (const listener of this.listeners.get(name) ?? []) listener(value);
  }

  /** Calls the listener now, if there is a value, and on each change, until the returned function is called. */
  watch(name, listener) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name).add(listener);
    if (this.values.has(name)) listener(this.values.get(name));
    return () => this.listeners.get(name).delete(listener);
  }
}
