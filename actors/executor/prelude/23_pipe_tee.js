// What reads one stream and feeds others: pipes, tees, streams over iterators (Streams 4.2.5,
// 4.9.1), and what the rest of the prelude uses instead of the classes.

const {
  Deferred, Reader, then, resolve, handled, nothing, apply, isObject, cancelStream, createReadable,
} = fz.streams;

// `StreamPipeOptions` (Streams 4.2.1), read in this order.
const readPipeOptions = (value) => {
  const options = fz.dictionary(value, "the options");
  const preventAbort = Boolean(options.preventAbort);
  const preventCancel = Boolean(options.preventCancel);
  const preventClose = Boolean(options.preventClose);
  const { signal } = options;
  if (signal !== undefined && !fz.isAbortSignal(signal)) {
    throw new TypeError("the signal must be an AbortSignal");
  }
  return { preventAbort, preventCancel, preventClose, signal };
};

// ReadableStreamPipeTo (Streams 4.9.1): one object for each pipe that runs.
class Pipe {
  shuttingDown = false;
  lastWrite = resolve(undefined);
  result = new Deferred();
  stopListening = nothing;

  constructor(source, destination, rules) {
    this.source = source;
    this.destination = destination;
    this.rules = rules;
    this.reader = new Reader(source);
    this.writer = new fz.streams.Writer(destination);
    source.disturbed = true;
  }

  run() {
    const { signal } = this.rules;
    if (signal !== undefined) {
      this.stopListening = fz.onAbort(signal, (reason) => this.abortBoth(reason));
      if (this.shuttingDown) return this.result.promise;
    }
    this.watchErrors();
    this.watchCloses();
    this.step();
    return this.result.promise;
  }

  // The signal's algorithm: the actions happen together.
  abortBoth(reason) {
    const { source, destination, rules } = this;
    this.shutDown(() => {
      const actions = [];
      if (!rules.preventAbort && destination.state === "writable") {
        actions.push(fz.streams.abortStream(destination, reason));
      }
      if (!rules.preventCancel && source.state === "readable") {
        actions.push(cancelStream(source, reason));
      }
      return allOf(actions);
    }, { reason });
  }

  // Errors go forward to the destination and backward to the source.
  watchErrors() {
    const { source, destination, rules } = this;
    const forward = () => {
      const reason = source.storedError;
      const action = () => fz.streams.abortStream(destination, reason);
      this.shutDown(rules.preventAbort ? undefined : action, { reason });
    };
    const backward = () => {
      const reason = destination.storedError;
      const action = () => cancelStream(source, reason);
      this.shutDown(rules.preventCancel ? undefined : action, { reason });
    };
    if (source.state === "errored") forward();
    else then(this.reader.closed.promise, undefined, forward);
    if (destination.state === "errored") backward();
    else then(this.writer.closed.promise, undefined, backward);
  }

  // So do closes; a destination that is closed already takes nothing any more.
  watchCloses() {
    const { source, destination, rules, writer } = this;
    const forward = () => {
      const action = () => writer.closeWithErrorPropagation();
      this.shutDown(rules.preventClose ? undefined : action, undefined);
    };
    if (source.state === "closed") forward();
    else then(this.reader.closed.promise, forward, nothing);
    if (destination.isClosing || destination.state === "closed") {
      const reason = new TypeError("the destination is closed");
      const action = () => cancelStream(source, reason);
      this.shutDown(rules.preventCancel ? undefined : action, { reason });
    }
  }

  // Reads one chunk whenever the destination has room for it.
  step() {
    if (this.shuttingDown) return;
    then(this.writer.ready.promise, () => {
      if (this.shuttingDown || this.destination.state !== "writable") return;
      this.reader.read({
        chunk: (chunk) => {
          this.lastWrite = handled(this.writer.write(chunk));
          then(resolve(undefined), () => this.step());
        },
        // The closed promise of the reader tells of both.
        close: nothing,
        error: nothing,
      });
    }, nothing);
  }

  // Resolves once every write that began has ended, well or not.
  writesEnd() {
    const write = this.lastWrite;
    const again = () => (write === this.lastWrite ? undefined : this.writesEnd());
    return then(write, again, again);
  }

  // "Shutdown with an action", and without one. `error` is `{ reason }` or undefined.
  shutDown(action, error) {
    if (this.shuttingDown) return;
    this.shuttingDown = true;
    const { destination } = this;
    const act = () => {
      if (action === undefined) this.finalize(error);
      else then(action(), () => this.finalize(error), (reason) => this.finalize({ reason }));
    };
    if (destination.state === "writable" && !destination.isClosing) then(this.writesEnd(), act);
    else act();
  }

  finalize(error) {
    this.writer.release();
    this.reader.release();
    this.stopListening();
    if (error === undefined) this.result.resolve(undefined);
    else this.result.reject(error.reason);
  }
}

// Waits for all, and fails with the first that fails (WebIDL "get a promise to wait for all").
const allOf = (promises) => new Promise((settle, fail) => {
  let left = promises.length;
  if (left === 0) then(resolve(undefined), settle);
  for (const promise of promises) {
    then(promise, () => {
      left -= 1;
      if (left === 0) settle(undefined);
    }, fail);
  }
});

const pipe = (source, destination, rules) => new Pipe(source, destination, rules).run();

// A copy of a chunk that shares nothing with it.
const copyOf = (chunk) =>
  chunk instanceof Uint8Array ? chunk.slice() : fz.clone(chunk);

// ReadableStreamDefaultTee and its twin for byte streams (Streams 4.9.1): gives two streams. With
// `cloneForSecond`, and always for bytes, the second gets copies. A chunk that one of them pulls
// goes to both, so the slower one queues what the faster one took.
const tee = (stream, cloneForSecond) => {
  const reader = new Reader(stream);
  const cancelled = new Deferred();
  const canceled = [false, false];
  const reasons = [undefined, undefined];
  const branches = [];
  const { isBytes } = stream.controller;
  const isCloning = cloneForSecond || isBytes;
  let isReading = false;
  let readAgain = false;

  const fail = (reason) => {
    for (const branch of branches) branch.controller.error(reason);
  };
  const forward = (chunk) => {
    readAgain = false;
    let second = chunk;
    if (isCloning && !canceled[1]) {
      try {
        second = copyOf(chunk);
      } catch (error) {
        fail(error);
        cancelled.resolve(cancelStream(stream, error));
        return;
      }
    }
    if (!canceled[0]) branches[0].controller.enqueue(chunk);
    if (!canceled[1]) branches[1].controller.enqueue(second);
    isReading = false;
    if (readAgain) pull();
  };
  const pull = () => {
    if (isReading) {
      readAgain = true;
      return resolve(undefined);
    }
    isReading = true;
    reader.read({
      // A microtask later, so that an error of the stream comes before the chunk.
      chunk: (chunk) => then(resolve(undefined), () => forward(chunk)),
      close: () => {
        isReading = false;
        branches.forEach((branch, i) => canceled[i] || branch.controller.close());
        if (!canceled[0] || !canceled[1]) cancelled.resolve(undefined);
      },
      error: () => {
        isReading = false;
      },
    });
    return resolve(undefined);
  };
  const cancel = (i) => (reason) => {
    canceled[i] = true;
    reasons[i] = reason;
    if (canceled[1 - i]) cancelled.resolve(cancelStream(stream, [...reasons]));
    return cancelled.promise;
  };

  for (const i of [0, 1]) {
    const branch = createReadable({ pull, cancel: cancel(i) }, isBytes ? 0 : 1);
    branch.controller.isBytes = isBytes;
    branches.push(branch);
  }
  then(reader.closed.promise, undefined, (reason) => {
    fail(reason);
    if (!canceled[0] || !canceled[1]) cancelled.resolve(undefined);
  });
  return branches;
};

// GetIterator(object, async) of ECMAScript 7.4.3, with its iterator over a synchronous one.
const asyncIteratorOf = (iterable) => {
  if (iterable === undefined || iterable === null) {
    throw new TypeError(`${iterable} is not iterable`);
  }
  const asyncMethod = iterable[Symbol.asyncIterator];
  const isAsync = asyncMethod !== undefined && asyncMethod !== null;
  const method = isAsync ? asyncMethod : iterable[Symbol.iterator];
  if (typeof method !== "function") throw new TypeError("the value is not iterable");
  const iterator = apply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError("the iterator is not an object");
  return { iterator, next: iterator.next, isAsync };
};

// ReadableStreamFromIterable (Streams 4.9.1)
const streamFromIterable = (iterable) => {
  const { iterator, next, isAsync } = asyncIteratorOf(iterable);
  // The result of a step, with the value awaited where the iterator is synchronous.
  const take = async (call) => {
    const result = isAsync ? await call() : call();
    if (!isObject(result)) throw new TypeError("the iterator's result is not an object");
    const done = Boolean(result.done);
    const { value } = isAsync && done ? {} : result;
    return { done, value: isAsync ? value : await value };
  };
  const pull = async () => {
    const { done, value } = await take(() => apply(next, iterator, []));
    if (done) stream.controller.close();
    else stream.controller.enqueue(value);
  };
  const cancel = async (reason) => {
    const method = iterator.return;
    if (method === undefined || method === null) return;
    await take(() => apply(method, iterator, [reason]));
  };
  const stream = createReadable({ pull, cancel }, 0);
  return stream;
};

Object.assign(fz.streams, { readPipeOptions, pipe, tee, streamFromIterable });
