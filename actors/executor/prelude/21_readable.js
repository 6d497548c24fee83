// The states of readable streams and what happens to them (Streams 4.9). Scripts see them through
// the classes of the next file; the prelude works on them directly.

const {
  Deferred, Fifo, SizedQueue, then, resolve, reject, resolved, handled, nothing, countOne,
} = fz.streams;

// The slots of a `ReadableStream` (Streams 4.2.2).
class Readable {
  state = "readable";
  reader = undefined;
  storedError = undefined;
  disturbed = false;
  controller = undefined;
  // The object that scripts see.
  object = undefined;
  // What `fz.streamFromPull` was given, until somebody reads.
  source = undefined;
}

// The slots of a `ReadableStreamDefaultReader` (Streams 4.4.2). A read request is an object with
// `chunk(value)`, `close()` and `error(reason)`, of which one is called.
class Reader {
  requests = new Fifo();

  // SetUpReadableStreamDefaultReader, ReadableStreamReaderGenericInitialize
  constructor(stream) {
    if (stream.reader !== undefined) throw new TypeError("the stream is locked to another reader");
    this.stream = stream;
    stream.reader = this;
    if (stream.state === "readable") this.closed = new Deferred();
    else if (stream.state === "closed") this.closed = Deferred.resolved(undefined);
    else this.closed = Deferred.rejected(stream.storedError);
  }

  // ReadableStreamDefaultReaderRead
  read(request) {
    const stream = this.stream;
    stream.disturbed = true;
    if (stream.state === "closed") request.close();
    else if (stream.state === "errored") request.error(stream.storedError);
    else stream.controller.pullSteps(request);
  }

  // ReadableStreamReaderGenericCancel
  cancel(reason) {
    return cancelStream(this.stream, reason);
  }

  // ReadableStreamDefaultReaderRelease
  release() {
    const error = new TypeError("the reader was released");
    if (this.stream.state === "readable") {
      this.closed.reject(error);
      handled(this.closed.promise);
    } else {
      this.closed = Deferred.rejected(error);
    }
    this.stream.reader = undefined;
    this.stream = undefined;
    for (const request of this.requests.take()) request.error(error);
  }
}

// ReadableStreamCancel
const cancelStream = (stream, reason) => {
  stream.disturbed = true;
  if (stream.state === "closed") return resolve(undefined);
  if (stream.state === "errored") return reject(stream.storedError);
  closeStream(stream);
  return then(stream.controller.cancelSteps(reason), nothing);
};

// ReadableStreamClose
const closeStream = (stream) => {
  stream.state = "closed";
  const reader = stream.reader;
  if (reader === undefined) return;
  reader.closed.resolve(undefined);
  for (const request of reader.requests.take()) request.close();
};

// ReadableStreamError
const errorStream = (stream, reason) => {
  stream.state = "errored";
  stream.storedError = reason;
  const reader = stream.reader;
  if (reader === undefined) return;
  reader.closed.reject(reason);
  handled(reader.closed.promise);
  for (const request of reader.requests.take()) request.error(reason);
};

// The slots of a controller (Streams 4.6.2). That of a byte stream differs only in what scripts
// may enqueue and in how it is measured, since nobody brings buffers of his own here.
class ReadableController {
  isBytes = false;
  queue = new SizedQueue();
  started = false;
  closeRequested = false;
  pullAgain = false;
  pulling = false;

  constructor(stream, algorithms, highWaterMark, size) {
    this.stream = stream;
    this.pullAlgorithm = algorithms.pull;
    this.cancelAlgorithm = algorithms.cancel;
    this.highWaterMark = highWaterMark;
    this.size = size;
    stream.controller = this;
  }

  // The end of SetUpReadableStreamDefaultController; `startResult` is what start() gave.
  begin(startResult) {
    then(resolved(startResult), () => {
      this.started = true;
      this.pullIfNeeded();
    }, (reason) => this.error(reason));
  }

  // ReadableStreamDefaultControllerGetDesiredSize
  get desiredSize() {
    const state = this.stream.state;
    if (state === "errored") return null;
    if (state === "closed") return 0;
    return this.highWaterMark - this.queue.total;
  }

  // ReadableStreamDefaultControllerCanCloseOrEnqueue
  get isOpen() {
    return !this.closeRequested && this.stream.state === "readable";
  }

  // ReadableStreamDefaultControllerShouldCallPull
  get shouldPull() {
    if (!this.isOpen || !this.started) return false;
    return this.hasWaitingRead || this.desiredSize > 0;
  }

  get hasWaitingRead() {
    const reader = this.stream.reader;
    return reader !== undefined && reader.requests.length > 0;
  }

  // ReadableStreamDefaultControllerCallPullIfNeeded
  pullIfNeeded() {
    if (!this.shouldPull) return;
    if (this.pulling) {
      this.pullAgain = true;
      return;
    }
    this.pulling = true;
    const { pullAlgorithm } = this;
    then(pullAlgorithm(), () => {
      this.pulling = false;
      if (this.pullAgain) {
        this.pullAgain = false;
        this.pullIfNeeded();
      }
    }, (reason) => this.error(reason));
  }

  // ReadableStreamDefaultControllerClearAlgorithms: lets go of what they hold.
  clearAlgorithms() {
    this.pullAlgorithm = undefined;
    this.cancelAlgorithm = undefined;
    this.size = undefined;
  }

  // ReadableStreamDefaultControllerClose
  close() {
    if (!this.isOpen) return;
    this.closeRequested = true;
    if (this.queue.isEmpty) {
      this.clearAlgorithms();
      closeStream(this.stream);
    }
  }

  // ReadableStreamDefaultControllerEnqueue
  enqueue(chunk) {
    if (!this.isOpen) return;
    if (this.hasWaitingRead) {
      this.stream.reader.requests.shift().chunk(chunk);
    } else {
      try {
        const { size } = this;
        this.queue.enqueue(chunk, size(chunk));
      } catch (error) {
        this.error(error);
        throw error;
      }
    }
    this.pullIfNeeded();
  }

  // ReadableStreamDefaultControllerError
  error(reason) {
    if (this.stream.state !== "readable") return;
    this.queue.reset();
    this.clearAlgorithms();
    errorStream(this.stream, reason);
  }

  // [[CancelSteps]] (Streams 4.6.4)
  cancelSteps(reason) {
    this.queue.reset();
    const { cancelAlgorithm } = this;
    const result = cancelAlgorithm(reason);
    this.clearAlgorithms();
    return result;
  }

  // [[PullSteps]] (Streams 4.6.4)
  pullSteps(request) {
    if (this.queue.isEmpty) {
      this.stream.reader.requests.push(request);
      this.pullIfNeeded();
      return;
    }
    const chunk = this.queue.dequeue();
    if (this.closeRequested && this.queue.isEmpty) {
      this.clearAlgorithms();
      closeStream(this.stream);
    } else {
      this.pullIfNeeded();
    }
    request.chunk(chunk);
  }
}

const resolvedNothing = () => resolve(undefined);

// CreateReadableStream: a stream over functions of the prelude, of which any may be absent.
const createReadable = (algorithms, highWaterMark, size = countOne) => {
  const stream = new Readable();
  const { start = nothing, pull = resolvedNothing, cancel = resolvedNothing } = algorithms;
  const controller = new ReadableController(stream, { pull, cancel }, highWaterMark, size);
  controller.begin(start(controller));
  return stream;
};

// A request that settles a promise as `read()` does (Streams 4.4.3).
class PromiseRequest {
  constructor(settle, fail) {
    this.settle = settle;
    this.error = fail;
  }

  chunk(value) {
    this.settle({ value, done: false });
  }

  close() {
    this.settle({ value: undefined, done: true });
  }
}

// The next chunk of a reader as a promise of `{ value, done }`.
const readNext = (reader) =>
  new Promise((settle, fail) => reader.read(new PromiseRequest(settle, fail)));

// The object of a stream that the prelude made.
const objectOf = (stream) => {
  stream.object ??= new fz.streams.ReadableStream(fz.token, stream);
  return stream.object;
};

Object.assign(fz.streams, {
  Readable, Reader, ReadableController, cancelStream, createReadable, readNext, objectOf,
});
