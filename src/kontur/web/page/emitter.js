// A value that tells those who listen when something changed.

export class Emitter {
  constructor() {
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.listeners = new Map();
  }

  /** @param {string} name @param {(value: any) => void} listener */
  on(name, listener) {
    let all = this.listeners.get(name);
    if (!all) this.listeners.set(name, (all = new Set()));
    all.add(listener);
  }

  /** @param {string} name @param {any} [value] */
  emit(name, value) {
    for (const listener of this.listeners.get(name) ?? []) listener(value);
  }
}
