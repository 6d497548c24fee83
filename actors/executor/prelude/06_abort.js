// AbortController and AbortSignal (DOM 3).

// Scripts may put something else in its place.
const { Event } = globalThis;

// Given out to this file alone: `abort` is the standard's "signal abort".
let abort, algorithmsOf, follow;

class AbortSignal extends EventTarget {
  #isAborted = false;
  #reason = undefined;
  // What else happens on an abort, before the event.
  #algorithms = null;
  // The signals that `any` made out of this one, and those that this one was made of.
  #dependents = null;
  #sources = null;

  static {
    algorithmsOf = (signal) => (signal.#algorithms ??= new Set());

    // DOM 3.2, "signal abort": all get their reason before any of them tells.
    abort = (signal, reason) => {
      if (signal.#isAborted) return;
      const all = [signal];
      for (const dependent of signal.#dependents ?? []) {
        if (!dependent.#isAborted) all.push(dependent);
      }
      for (const one of all) {
        one.#isAborted = true;
        one.#reason = reason;
      }
      for (const one of all) one.#tell();
    };

    // DOM 3.2, "create a dependent abort signal".
    follow = (signals) => {
      const result = new AbortSignal(fz.token);
      const aborted = signals.find((signal) => signal.#isAborted);
      if (aborted !== undefined) {
        result.#isAborted = true;
        result.#reason = aborted.#reason;
        return result;
      }
      result.#sources = new Set();
      for (const signal of signals) {
        for (const source of signal.#sources ?? [signal]) result.#sources.add(source);
      }
      for (const source of result.#sources) (source.#dependents ??= new Set()).add(result);
      return result;
    };

    fz.isAbortSignal = (value) =>
      typeof value === "object" && value !== null && #isAborted in value;
  }

  constructor() {
    if (arguments[0] !== fz.token) throw fz.illegal();
    super();
  }

  #tell() {
    const algorithms = this.#algorithms;
    this.#algorithms = null;
    for (const source of this.#sources ?? []) source.#dependents?.delete(this);
    this.#dependents = this.#sources = null;
    for (const algorithm of algorithms ?? []) algorithm(this.#reason);
    fz.fire(this, new Event("abort"));
  }

  get aborted() {
    return this.#isAborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#isAborted) throw this.#reason;
  }

  static abort(reason = undefined) {
    const signal = new AbortSignal(fz.token);
    signal.#isAborted = true;
    signal.#reason = reasonOf(reason);
    return signal;
  }

  static timeout(milliseconds) {
    fz.need(arguments.length, 1, "AbortSignal.timeout");
    const signal = new AbortSignal(fz.token);
    const delay = fz.enforceRange(milliseconds, "the time of AbortSignal.timeout");
    fz.sleep(delay, () => {
      abort(signal, new fz.DOMException("The operation timed out", "TimeoutError"));
    });
    return signal;
  }

  static any(signals) {
    fz.need(arguments.length, 1, "AbortSignal.any");
    const list = [...signals];
    if (!list.every(fz.isAbortSignal)) {
      throw new TypeError("AbortSignal.any needs a list of signals");
    }
    return follow(list);
  }
}
fz.handlerAttribute(AbortSignal.prototype, "abort");

const reasonOf = (reason) =>
  reason === undefined ? new fz.DOMException("The operation was aborted", "AbortError") : reason;

class AbortController {
  #signal = new AbortSignal(fz.token);

  get signal() {
    return this.#signal;
  }

  abort(reason = undefined) {
    abort(this.#signal, reasonOf(reason));
  }
}

// For the platform's own use. `onAbort` calls its function with the reason, at once when the
// signal is aborted already, and returns what takes the function back.
fz.newSignal = () => new AbortSignal(fz.token);
fz.abortSignal = (signal, reason) => abort(signal, reasonOf(reason));
fz.followSignals = follow;
fz.onAbort = (signal, algorithm) => {
  if (signal.aborted) {
    algorithm(signal.reason);
    return () => {};
  }
  const algorithms = algorithmsOf(signal);
  algorithms.add(algorithm);
  return () => algorithms.delete(algorithm);
};

fz.expose(AbortSignal, ["aborted", "reason"]);
fz.expose(AbortController, ["signal"]);
