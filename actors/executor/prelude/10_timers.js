// Timers (HTML 8.6) and microtasks (HTML 8.7). Each timer is one `sleep` of the host, so that
// its callback runs in the call that set it. It ends with that call: a deadline that nobody
// clears, as in a race with what it guards, would else stay behind in the isolate each time.

const TIMERS_MAX = 10000;
const INTERVAL_MS_MIN = 1;

// Live timers by their numbers: { sleep, owned }, the number of the host's sleep, and the timers
// of the same call, or null for one that no call waits for.
const timers = new Map();
const ownedBy = new Map();
let lastTimer = 0;

function ownedNow() {
  const call = host.currentCall();
  if (call === null) return null;
  let owned = ownedBy.get(call);
  if (owned === undefined) {
    owned = new Set();
    ownedBy.set(call, owned);
  }
  return owned;
}

function forget(timer) {
  timers.get(timer)?.owned?.delete(timer);
  timers.delete(timer);
}

fz.endTimers = (call) => {
  const owned = ownedBy.get(call);
  if (owned === undefined) return;
  ownedBy.delete(call);
  for (const timer of owned) clear(timer);
};

const run = (callback, args) => {
  try {
    Reflect.apply(callback, globalThis, args);
  } catch (error) {
    fz.report(error);
  }
};

function arm(timer, delay, callback, args, repeats) {
  const ring = (error) => {
    if (error || !repeats) forget(timer);
    if (error) return;
    run(callback, args);
    if (repeats && timers.has(timer)) arm(timer, delay, callback, args, repeats);
  };
  try {
    timers.get(timer).sleep = fz.start("sleep", [delay], ring);
  } catch (error) {
    // The host has too much under way.
    forget(timer);
    throw error;
  }
}

function set(what, callback, delay, args, repeats) {
  if (typeof callback !== "function") {
    throw new TypeError(`${what} needs a function: text is not run as code`);
  }
  // Web IDL's `long`: what is no number is 0, and so is what wraps below it.
  const least = repeats ? INTERVAL_MS_MIN : 0;
  return begin(Math.max(least, Number(delay) | 0), callback, args, repeats);
}

function begin(delay, callback, args, repeats) {
  if (timers.size >= TIMERS_MAX) {
    throw new RangeError(`more than ${TIMERS_MAX} timers at once`);
  }
  lastTimer += 1;
  const timer = lastTimer;
  const owned = ownedNow();
  timers.set(timer, { sleep: undefined, owned });
  owned?.add(timer);
  arm(timer, delay, callback, args, repeats);
  return timer;
}

fz.sleep = (delay, callback) => begin(delay, callback, [], false);

function clear(timer) {
  const number = typeof timer === "number" ? timer : Number(timer);
  const entry = timers.get(number);
  if (entry === undefined) return;
  forget(number);
  fz.cancel(entry.sleep);
}

const functions = {
  setTimeout(callback, delay = 0, ...args) {
    fz.need(arguments.length, 1, "setTimeout");
    return set("setTimeout", callback, delay, args, false);
  },
  setInterval(callback, delay = 0, ...args) {
    fz.need(arguments.length, 1, "setInterval");
    return set("setInterval", callback, delay, args, true);
  },
  setImmediate(callback, ...args) {
    fz.need(arguments.length, 1, "setImmediate");
    return set("setImmediate", callback, 0, args, false);
  },
  clearTimeout(timer = undefined) {
    clear(timer);
  },
  clearInterval(timer = undefined) {
    clear(timer);
  },
  clearImmediate(timer = undefined) {
    clear(timer);
  },
  queueMicrotask(callback) {
    fz.need(arguments.length, 1, "queueMicrotask");
    fz.callback(callback, "the argument of queueMicrotask");
    settled.then(() => run(callback, []));
  },
};
const settled = Promise.resolve();

for (const [name, value] of Object.entries(functions)) fz.define(name, value);
