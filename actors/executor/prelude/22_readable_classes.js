// The readable side as scripts see it: stream, reader, controllers, iteration (Streams 4.2-4.7).
// Readers that bring their own buffers ("byob") are absent: a byte stream reads like any other.

const {
  Readable, Reader, ReadableController, then, resolve, reject, handled, apply, callForPromise,
  isObject, functionMember, readStrategy, highWaterMarkOf, sizeOf,
  cancelStream, readNext, objectOf, wrongThis,
} = fz.streams;

// The state of each class's objects; undefined for any other value.
let streamOf, readerOf;

const locked = () => new TypeError("the stream is locked to a reader");

// An `UnderlyingSource` (Streams 4.2.3); its members are read in this order.
const readSource = (value) => {
  if (value === undefined) return { object: undefined, type: undefined };
  if (!isObject(value)) throw new TypeError("the underlying source must be an object");
  const what = "the underlying source";
  const size = value.autoAllocateChunkSize;
  const allocate = size === undefined ? undefined : fz.enforceRange(size, "autoAllocateChunkSize");
  const cancel = functionMember(value, "cancel", what);
  const pull = functionMember(value, "pull", what);
  const start = functionMember(value, "start", what);
  const type = value.type === undefined ? undefined : String(value.type);
  if (type !== undefined && type !== "bytes") throw new TypeError(`unknown type "${type}"`);
  if (type === "bytes" && allocate === 0) {
    throw new TypeError("autoAllocateChunkSize must not be zero");
  }
  return { object: value, cancel, pull, start, type };
};

// SetUpReadableStreamDefaultControllerFromUnderlyingSource, and its twin for byte streams.
const setUpFromSource = (stream, source, highWaterMark, size) => {
  const { object } = source;
  const algorithms = {
    pull: () => source.pull === undefined
      ? resolve(undefined) : callForPromise(source.pull, object, controllerObject),
    cancel: (reason) => source.cancel === undefined
      ? resolve(undefined) : callForPromise(source.cancel, object, reason),
  };
  const controller = new ReadableController(stream, algorithms, highWaterMark, size);
  controller.isBytes = source.type === "bytes";
  const Controller = controller.isBytes
    ? ReadableByteStreamController : ReadableStreamDefaultController;
  const controllerObject = new Controller(fz.token, controller);
  const { start } = source;
  controller.begin(start === undefined ? undefined : apply(start, object, [controllerObject]));
};

// Streams 4.2
class ReadableStream {
  #stream;

  static {
    streamOf = (value) => isObject(value) && #stream in value ? value.#stream : undefined;
  }

  constructor(underlyingSource = undefined, strategy = undefined) {
    if (underlyingSource === fz.token) {
      this.#stream = strategy;
      return;
    }
    const rules = readStrategy(strategy);
    const source = readSource(underlyingSource);
    const stream = new Readable();
    stream.object = this;
    this.#stream = stream;
    if (source.type === "bytes") {
      if (rules.size !== undefined) throw new RangeError("a byte stream takes no size()");
      setUpFromSource(stream, source, highWaterMarkOf(rules, 0), (chunk) => chunk.byteLength);
    } else {
      setUpFromSource(stream, source, highWaterMarkOf(rules, 1), sizeOf(rules));
    }
  }

  static from(asyncIterable) {
    return objectOf(fz.streams.streamFromIterable(asyncIterable));
  }

  get locked() {
    if (!(#stream in this)) throw wrongThis("ReadableStream");
    return this.#stream.reader !== undefined;
  }

  cancel(reason = undefined) {
    const stream = streamOf(this);
    if (stream === undefined) return reject(wrongThis("ReadableStream"));
    return stream.reader === undefined ? cancelStream(stream, reason) : reject(locked());
  }

  getReader(options = undefined) {
    if (!(#stream in this)) throw wrongThis("ReadableStream");
    const { mode } = fz.dictionary(options, "the options");
    if (mode === undefined) return new ReadableStreamDefaultReader(this);
    if (String(mode) !== "byob") throw new TypeError(`unknown mode "${mode}"`);
    throw new TypeError('readers of mode "byob" are absent here: use getReader()');
  }

  pipeThrough(transform, options = {}) {
    if (!(#stream in this)) throw wrongThis("ReadableStream");
    if (!isObject(transform)) throw new TypeError("pipeThrough() needs { readable, writable }");
    const { readable } = transform;
    if (streamOf(readable) === undefined) throw wrongThis("ReadableStream: readable");
    const destination = fz.streams.writableOf(transform.writable);
    if (destination === undefined) throw wrongThis("WritableStream: writable");
    const rules = fz.streams.readPipeOptions(options);
    if (this.#stream.reader !== undefined) throw locked();
    if (destination.writer !== undefined) throw new TypeError("the writable stream is locked");
    handled(fz.streams.pipe(this.#stream, destination, rules));
    return readable;
  }

  pipeTo(destination, options = {}) {
    const stream = streamOf(this);
    if (stream === undefined) return reject(wrongThis("ReadableStream"));
    const writable = fz.streams.writableOf(destination);
    if (writable === undefined) return reject(wrongThis("WritableStream: destination"));
    let rules;
    try {
      rules = fz.streams.readPipeOptions(options);
    } catch (error) {
      return reject(error);
    }
    if (stream.reader !== undefined) return reject(locked());
    if (writable.writer !== undefined) {
      return reject(new TypeError("the writable stream is locked"));
    }
    return fz.streams.pipe(stream, writable, rules);
  }

  tee() {
    if (!(#stream in this)) throw wrongThis("ReadableStream");
    return fz.streams.tee(this.#stream, false).map(objectOf);
  }

  values(options = {}) {
    if (!(#stream in this)) throw wrongThis("ReadableStream");
    const preventCancel = Boolean(fz.dictionary(options, "the options").preventCancel);
    return iteratorOf(new Reader(this.#stream), preventCancel);
  }
}

// Streams 4.4
class ReadableStreamDefaultReader {
  #reader;

  static {
    readerOf = (value) => isObject(value) && #reader in value ? value.#reader : undefined;
  }

  constructor(stream) {
    const record = streamOf(stream);
    if (record === undefined) throw wrongThis("ReadableStream: stream");
    this.#reader = new Reader(record);
  }

  get closed() {
    const reader = readerOf(this);
    return reader === undefined
      ? reject(wrongThis("ReadableStreamDefaultReader")) : reader.closed.promise;
  }

  cancel(reason = undefined) {
    const reader = readerOf(this);
    if (reader === undefined) return reject(wrongThis("ReadableStreamDefaultReader"));
    if (reader.stream === undefined) return reject(new TypeError("the reader was released"));
    return reader.cancel(reason);
  }

  read() {
    const reader = readerOf(this);
    if (reader === undefined) return reject(wrongThis("ReadableStreamDefaultReader"));
    if (reader.stream === undefined) return reject(new TypeError("the reader was released"));
    return readNext(reader);
  }

  releaseLock() {
    if (!(#reader in this)) throw wrongThis("ReadableStreamDefaultReader");
    if (this.#reader.stream !== undefined) this.#reader.release();
  }
}

const cannotEnqueue = (controller) => new TypeError(
  controller.closeRequested ? "the stream was closed" : `the stream is ${controller.stream.state}`,
);

// Streams 4.6
class ReadableStreamDefaultController {
  #controller;

  constructor(token, controller) {
    if (token !== fz.token) throw fz.illegal();
    this.#controller = controller;
  }

  get desiredSize() {
    if (!(#controller in this)) throw wrongThis("ReadableStreamDefaultController");
    return this.#controller.desiredSize;
  }

  close() {
    if (!(#controller in this)) throw wrongThis("ReadableStreamDefaultController");
    if (!this.#controller.isOpen) throw cannotEnqueue(this.#controller);
    this.#controller.close();
  }

  enqueue(chunk = undefined) {
    if (!(#controller in this)) throw wrongThis("ReadableStreamDefaultController");
    if (!this.#controller.isOpen) throw cannotEnqueue(this.#controller);
    this.#controller.enqueue(chunk);
  }

  error(reason = undefined) {
    if (!(#controller in this)) throw wrongThis("ReadableStreamDefaultController");
    this.#controller.error(reason);
  }
}

// Takes the memory of a view away from whoever made it (Streams 8.3, TransferArrayBuffer).
const transferred = (view) => {
  const { buffer, byteOffset, byteLength } = view;
  const own = typeof buffer.transfer === "function"
    ? buffer.transfer() : structuredClone(buffer, { transfer: [buffer] });
  return new Uint8Array(own, byteOffset, byteLength);
};

// Streams 4.7, without requests for a reader's own buffer.
class ReadableByteStreamController {
  #controller;

  constructor(token, controller) {
    if (token !== fz.token) throw fz.illegal();
    this.#controller = controller;
  }

  get byobRequest() {
    if (!(#controller in this)) throw wrongThis("ReadableByteStreamController");
    return null;
  }

  get desiredSize() {
    if (!(#controller in this)) throw wrongThis("ReadableByteStreamController");
    return this.#controller.desiredSize;
  }

  close() {
    if (!(#controller in this)) throw wrongThis("ReadableByteStreamController");
    if (!this.#controller.isOpen) throw cannotEnqueue(this.#controller);
    this.#controller.close();
  }

  enqueue(chunk) {
    if (!(#controller in this)) throw wrongThis("ReadableByteStreamController");
    if (!ArrayBuffer.isView(chunk)) throw new TypeError("a byte stream takes views of bytes");
    if (chunk.byteLength === 0) throw new TypeError("the chunk has no bytes");
    if (!this.#controller.isOpen) throw cannotEnqueue(this.#controller);
    this.#controller.enqueue(transferred(chunk));
  }

  error(reason = undefined) {
    if (!(#controller in this)) throw wrongThis("ReadableByteStreamController");
    this.#controller.error(reason);
  }
}

// --- asynchronous iteration (Streams 4.2.5, WebIDL 3.7.10) ----------------------------------

const AsyncIteratorPrototype =
  Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

// The state of each iterator: its reader, and the promise of the step that is under way.
const iterators = new WeakMap();

const iteratorOf = (reader, preventCancel) => {
  const iterator = Object.create(iteratorPrototype);
  iterators.set(iterator, { reader, preventCancel, ongoing: undefined, isFinished: false });
  return iterator;
};

// Steps run one after another, whatever the one before came to.
const afterOngoing = (state, step) => {
  state.ongoing = state.ongoing === undefined ? step() : then(state.ongoing, step, step);
  return state.ongoing;
};

const nextOf = (state) => new Promise((settle, fail) => {
  const finish = () => {
    state.ongoing = undefined;
    state.isFinished = true;
    state.reader.release();
  };
  state.reader.read({
    chunk: (value) => {
      state.ongoing = undefined;
      settle({ value, done: false });
    },
    close: () => {
      finish();
      settle({ value: undefined, done: true });
    },
    error: (reason) => {
      finish();
      fail(reason);
    },
  });
});

const returnOf = (state, value) => {
  const { reader, preventCancel } = state;
  state.isFinished = true;
  const result = preventCancel ? resolve(undefined) : reader.cancel(value);
  reader.release();
  return result;
};

const iteratorPrototype = Object.create(AsyncIteratorPrototype, {
  next: {
    value: { next() {
      const state = iterators.get(this);
      if (state === undefined) return reject(wrongThis("ReadableStream AsyncIterator"));
      return afterOngoing(state, () =>
        state.isFinished ? resolve({ value: undefined, done: true }) : nextOf(state));
    } }.next,
    writable: true, enumerable: true, configurable: true,
  },
  return: {
    value: { return(value) {
      const state = iterators.get(this);
      if (state === undefined) return reject(wrongThis("ReadableStream AsyncIterator"));
      const done = afterOngoing(state, () =>
        state.isFinished ? resolve(undefined) : returnOf(state, value));
      return then(done, () => ({ value, done: true }));
    } }.return,
    writable: true, enumerable: true, configurable: true,
  },
  [Symbol.toStringTag]: { value: "ReadableStream AsyncIterator", configurable: true },
});

Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  value: ReadableStream.prototype.values, writable: true, configurable: true,
});
fz.expose(ReadableStream, ["locked"]);
fz.expose(ReadableStreamDefaultReader);
fz.expose(ReadableStreamDefaultController, ["desiredSize"]);
fz.expose(ReadableByteStreamController, ["desiredSize"]);

Object.assign(fz.streams, { ReadableStream, streamOf });
