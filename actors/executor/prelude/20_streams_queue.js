// What all streams share: promises that settle later, queues, strategies and what scripts pass.

// Internal promises must not run a script's own `then`, so the original is kept.
const then = Function.prototype.call.bind(Promise.prototype.then);
const resolve = Promise.resolve.bind(Promise);
const reject = Promise.reject.bind(Promise);
const apply = Reflect.apply;
const nothing = () => {};

// A promise resolved with a value (WebIDL 3.2.24): never the value itself, even if that is one.
const resolved = (value) => new Promise((settle) => settle(value));

// Says that a rejection of this promise is dealt with elsewhere.
const handled = (promise) => {
  then(promise, undefined, nothing);
  return promise;
};

// A promise with its two ends; `pending` tells whether one of them was used.
class Deferred {
  constructor() {
    this.pending = true;
    this.promise = new Promise((settle, fail) => {
      this.settle = settle;
      this.fail = fail;
    });
  }

  static resolved(value) {
    const deferred = new Deferred();
    deferred.resolve(value);
    return deferred;
  }

  // Rejected, and marked as handled.
  static rejected(reason) {
    const deferred = new Deferred();
    deferred.reject(reason);
    handled(deferred.promise);
    return deferred;
  }

  resolve(value) {
    this.pending = false;
    this.settle(value);
  }

  reject(reason) {
    this.pending = false;
    this.fail(reason);
  }
}

// First in, first out, without the cost of `Array.prototype.shift` in long lists.
class Fifo {
  items = [];
  head = 0;

  get length() {
    return this.items.length - this.head;
  }

  push(item) {
    this.items[this.items.length] = item;
  }

  peek() {
    return this.items[this.head];
  }

  shift() {
    const item = this.items[this.head];
    this.items[this.head] = undefined;
    this.head += 1;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head >= 1024 && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  // Empties the list and gives what was in it.
  take() {
    const items = this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return items;
  }
}

// A queue of values with sizes (Streams 8.1).
class SizedQueue {
  entries = new Fifo();
  total = 0;

  get isEmpty() {
    return this.entries.length === 0;
  }

  // EnqueueValueWithSize
  enqueue(value, size) {
    if (!(size >= 0) || size === Infinity) {
      throw new RangeError("the size of a chunk must be a finite number that is not negative");
    }
    this.entries.push({ value, size });
    this.total += size;
  }

  // DequeueValue; rounding may have left the sum below zero.
  dequeue() {
    const entry = this.entries.shift();
    this.total = Math.max(0, this.total - entry.size);
    return entry.value;
  }

  // PeekQueueValue
  peek() {
    return this.entries.peek().value;
  }

  // ResetQueue
  reset() {
    this.entries = new Fifo();
    this.total = 0;
  }
}

// Calls a function of a script that may answer with a promise (WebIDL 3.2.24 and 3.12).
const callForPromise = (callback, self, ...values) => {
  try {
    return resolved(apply(callback, self, values));
  } catch (error) {
    return reject(error);
  }
};

// --- what scripts give ----------------------------------------------------------------------

const isObject = (value) =>
  (typeof value === "object" && value !== null) || typeof value === "function";

// A member that is a function, if it is there.
const functionMember = (object, name, what) => {
  const member = object[name];
  if (member !== undefined && typeof member !== "function") {
    throw new TypeError(`${what}.${name} must be a function`);
  }
  return member;
};

// A queuing strategy as a script gives it; its members are read in this order.
const readStrategy = (value) => {
  const object = fz.dictionary(value, "the queuing strategy");
  const given = object.highWaterMark;
  const highWaterMark = given === undefined ? undefined : Number(given);
  return { highWaterMark, size: functionMember(object, "size", "the queuing strategy") };
};

// ExtractHighWaterMark (Streams 7.4)
const highWaterMarkOf = (strategy, fallback) => {
  const mark = strategy.highWaterMark;
  if (mark === undefined) return fallback;
  if (!(mark >= 0)) throw new RangeError("highWaterMark must be a number that is not negative");
  return mark;
};

const countOne = () => 1;

// ExtractSizeAlgorithm (Streams 7.4)
const sizeOf = (strategy) => {
  const size = strategy.size;
  return size === undefined ? countOne : (chunk) => Number(apply(size, undefined, [chunk]));
};

// --- classes --------------------------------------------------------------------------------

const wrongThis = (name) => new TypeError(`this is no ${name}`);

// `required QueuingStrategyInit init` (Streams 7.1)
const readMark = (init) => {
  if (!isObject(init)) throw new TypeError("a queuing strategy needs { highWaterMark }");
  if (init.highWaterMark === undefined) throw new TypeError("highWaterMark is missing");
  return Number(init.highWaterMark);
};

// Methods are no constructors, which these functions must not be either; each exists once.
const { size: byteLengthSize } = { size(chunk) { return chunk.byteLength; } };
const { size: countSize } = { size() { return 1; } };

// Streams 7.2
class ByteLengthQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    this.#highWaterMark = readMark(init);
  }

  get highWaterMark() {
    if (!(#highWaterMark in this)) throw wrongThis("ByteLengthQueuingStrategy");
    return this.#highWaterMark;
  }

  get size() {
    if (!(#highWaterMark in this)) throw wrongThis("ByteLengthQueuingStrategy");
    return byteLengthSize;
  }
}

// Streams 7.3
class CountQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    this.#highWaterMark = readMark(init);
  }

  get highWaterMark() {
    if (!(#highWaterMark in this)) throw wrongThis("CountQueuingStrategy");
    return this.#highWaterMark;
  }

  get size() {
    if (!(#highWaterMark in this)) throw wrongThis("CountQueuingStrategy");
    return countSize;
  }
}

fz.expose(ByteLengthQueuingStrategy, ["highWaterMark"]);
fz.expose(CountQueuingStrategy, ["highWaterMark"]);

fz.streams = {
  Deferred, Fifo, SizedQueue,
  then, resolve, reject, resolved, handled, nothing, apply, callForPromise,
  isObject, functionMember, readStrategy, highWaterMarkOf, sizeOf, countOne, wrongThis,
};
