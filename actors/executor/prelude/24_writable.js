// The states of writable streams and what happens to them (Streams 5.5). Scripts see them through
// the classes of the next file.

const {
  Deferred, Fifo, SizedQueue, then, resolve, reject, resolved, handled, nothing, countOne,
} = fz.streams;

const isFinal = (state) => state === "closed" || state === "errored";

// The slots of a `WritableStream` (Streams 5.2.2). Requests are deferred promises.
class Writable {
  state = "writable";
  storedError = undefined;
  writer = undefined;
  controller = undefined;
  backpressure = false;
  writeRequests = new Fifo();
  inFlightWrite = undefined;
  closeRequest = undefined;
  inFlightClose = undefined;
  // `{ deferred, reason, wasErroring }`
  pendingAbort = undefined;
  // The object that scripts see.
  object = undefined;

  // WritableStreamCloseQueuedOrInFlight
  get isClosing() {
    return this.closeRequest !== undefined || this.inFlightClose !== undefined;
  }

  // WritableStreamHasOperationMarkedInFlight
  get isBusy() {
    return this.inFlightWrite !== undefined || this.inFlightClose !== undefined;
  }

  // WritableStreamAddWriteRequest
  addWriteRequest() {
    const deferred = new Deferred();
    this.writeRequests.push(deferred);
    return deferred.promise;
  }

  // WritableStreamUpdateBackpressure
  updateBackpressure(backpressure) {
    const { writer } = this;
    if (writer !== undefined && backpressure !== this.backpressure) {
      if (backpressure) writer.ready = new Deferred();
      else writer.ready.resolve(undefined);
    }
    this.backpressure = backpressure;
  }

  // WritableStreamStartErroring
  startErroring(reason) {
    this.state = "erroring";
    this.storedError = reason;
    if (this.writer !== undefined) this.writer.rejectReady(reason);
    if (!this.isBusy && this.controller.started) this.finishErroring();
  }

  // WritableStreamFinishErroring
  finishErroring() {
    this.state = "errored";
    this.controller.queue.reset();
    for (const request of this.writeRequests.take()) request.reject(this.storedError);
    const { pendingAbort } = this;
    this.pendingAbort = undefined;
    if (pendingAbort === undefined) {
      this.rejectCloseAndClosed();
    } else if (pendingAbort.wasErroring) {
      pendingAbort.deferred.reject(this.storedError);
      this.rejectCloseAndClosed();
    } else {
      then(this.controller.abortSteps(pendingAbort.reason), () => {
        pendingAbort.deferred.resolve(undefined);
        this.rejectCloseAndClosed();
      }, (reason) => {
        pendingAbort.deferred.reject(reason);
        this.rejectCloseAndClosed();
      });
    }
  }

  // WritableStreamRejectCloseAndClosedPromiseIfNeeded
  rejectCloseAndClosed() {
    const { closeRequest, writer } = this;
    this.closeRequest = undefined;
    if (closeRequest !== undefined) closeRequest.reject(this.storedError);
    if (writer !== undefined) {
      writer.closed.reject(this.storedError);
      handled(writer.closed.promise);
    }
  }

  // WritableStreamDealWithRejection
  dealWithRejection(reason) {
    if (this.state === "writable") this.startErroring(reason);
    else this.finishErroring();
  }

  // WritableStreamFinishInFlightClose
  finishClose() {
    this.inFlightClose.resolve(undefined);
    this.inFlightClose = undefined;
    if (this.state === "erroring") {
      this.storedError = undefined;
      this.pendingAbort?.deferred.resolve(undefined);
      this.pendingAbort = undefined;
    }
    this.state = "closed";
    if (this.writer !== undefined) this.writer.closed.resolve(undefined);
  }

  // WritableStreamFinishInFlightCloseWithError
  failClose(reason) {
    this.inFlightClose.reject(reason);
    this.inFlightClose = undefined;
    this.pendingAbort?.deferred.reject(reason);
    this.pendingAbort = undefined;
    this.dealWithRejection(reason);
  }
}

// WritableStreamAbort
const abortStream = (stream, reason) => {
  if (isFinal(stream.state)) return resolve(undefined);
  stream.controller.abortSignal(reason);
  // Listeners of the signal may have ended the stream.
  if (isFinal(stream.state)) return resolve(undefined);
  if (stream.pendingAbort !== undefined) return stream.pendingAbort.deferred.promise;
  const wasErroring = stream.state === "erroring";
  const deferred = new Deferred();
  stream.pendingAbort = { deferred, reason: wasErroring ? undefined : reason, wasErroring };
  if (!wasErroring) stream.startErroring(reason);
  return deferred.promise;
};

// WritableStreamClose
const closeStream = (stream) => {
  if (isFinal(stream.state)) return reject(new TypeError(`the stream is ${stream.state}`));
  const deferred = new Deferred();
  stream.closeRequest = deferred;
  const { writer } = stream;
  if (writer !== undefined && stream.backpressure && stream.state === "writable") {
    writer.ready.resolve(undefined);
  }
  stream.controller.close();
  return deferred.promise;
};

// Stands in the queue behind the last chunk.
const CLOSE = Symbol("close");

// The slots of a `WritableStreamDefaultController` (Streams 5.4.2).
class WritableController {
  queue = new SizedQueue();
  started = false;
  madeSignal = undefined;
  aborted = undefined;

  constructor(stream, algorithms, highWaterMark, size) {
    this.stream = stream;
    this.algorithms = algorithms;
    this.highWaterMark = highWaterMark;
    this.size = size;
    stream.controller = this;
    stream.updateBackpressure(this.backpressure);
  }

  // The end of SetUpWritableStreamDefaultController
  begin(startResult) {
    then(resolved(startResult), () => {
      this.started = true;
      this.advance();
    }, (reason) => {
      this.started = true;
      this.stream.dealWithRejection(reason);
    });
  }

  // The signal is made when it is first asked for: most sinks never do.
  get signal() {
    if (this.madeSignal === undefined) {
      this.madeSignal = fz.newSignal();
      if (this.aborted !== undefined) fz.abortSignal(this.madeSignal, this.aborted.reason);
    }
    return this.madeSignal;
  }

  abortSignal(reason) {
    this.aborted ??= { reason };
    if (this.madeSignal !== undefined) fz.abortSignal(this.madeSignal, reason);
  }

  // WritableStreamDefaultControllerGetDesiredSize
  get desiredSize() {
    return this.highWaterMark - this.queue.total;
  }

  // WritableStreamDefaultControllerGetBackpressure
  get backpressure() {
    return this.desiredSize <= 0;
  }

  // WritableStreamDefaultControllerClearAlgorithms
  clearAlgorithms() {
    this.algorithms = undefined;
    this.size = undefined;
  }

  // [[AbortSteps]] (Streams 5.4.4)
  abortSteps(reason) {
    const result = this.algorithms.abort(reason);
    this.clearAlgorithms();
    return result;
  }

  // WritableStreamDefaultControllerGetChunkSize
  sizeOf(chunk) {
    const { size } = this;
    if (size === undefined) return 1;
    try {
      return size(chunk);
    } catch (error) {
      this.errorIfNeeded(error);
      return 1;
    }
  }

  // WritableStreamDefaultControllerWrite
  write(chunk, size) {
    try {
      this.queue.enqueue(chunk, size);
    } catch (error) {
      this.errorIfNeeded(error);
      return;
    }
    const { stream } = this;
    if (!stream.isClosing && stream.state === "writable") {
      stream.updateBackpressure(this.backpressure);
    }
    this.advance();
  }

  // WritableStreamDefaultControllerClose
  close() {
    this.queue.enqueue(CLOSE, 0);
    this.advance();
  }

  // WritableStreamDefaultControllerError
  error(reason) {
    this.clearAlgorithms();
    this.stream.startErroring(reason);
  }

  // WritableStreamDefaultControllerErrorIfNeeded
  errorIfNeeded(reason) {
    if (this.stream.state === "writable") this.error(reason);
  }

  // WritableStreamDefaultControllerAdvanceQueueIfNeeded
  advance() {
    const { stream, queue } = this;
    if (!this.started || stream.inFlightWrite !== undefined) return;
    if (stream.state === "erroring") stream.finishErroring();
    else if (queue.isEmpty) return;
    else if (queue.peek() === CLOSE) this.processClose();
    else this.processWrite(queue.peek());
  }

  // WritableStreamDefaultControllerProcessClose
  processClose() {
    const { stream } = this;
    stream.inFlightClose = stream.closeRequest;
    stream.closeRequest = undefined;
    this.queue.dequeue();
    const result = this.algorithms.close();
    this.clearAlgorithms();
    then(result, () => stream.finishClose(), (reason) => stream.failClose(reason));
  }

  // WritableStreamDefaultControllerProcessWrite
  processWrite(chunk) {
    const { stream } = this;
    stream.inFlightWrite = stream.writeRequests.shift();
    then(this.algorithms.write(chunk), () => {
      stream.inFlightWrite.resolve(undefined);
      stream.inFlightWrite = undefined;
      this.queue.dequeue();
      if (!stream.isClosing && stream.state === "writable") {
        stream.updateBackpressure(this.backpressure);
      }
      this.advance();
    }, (reason) => {
      if (stream.state === "writable") this.clearAlgorithms();
      stream.inFlightWrite.reject(reason);
      stream.inFlightWrite = undefined;
      stream.dealWithRejection(reason);
    });
  }
}

// The slots of a `WritableStreamDefaultWriter` (Streams 5.3.2).
class Writer {
  // SetUpWritableStreamDefaultWriter
  constructor(stream) {
    if (stream.writer !== undefined) throw new TypeError("the stream is locked to another writer");
    this.stream = stream;
    stream.writer = this;
    const { state, storedError } = stream;
    const isWaiting = state === "writable" && !stream.isClosing && stream.backpressure;
    if (isWaiting) this.ready = new Deferred();
    else if (state === "writable" || state === "closed") this.ready = Deferred.resolved(undefined);
    else this.ready = Deferred.rejected(storedError);
    if (state === "closed") this.closed = Deferred.resolved(undefined);
    else if (state === "errored") this.closed = Deferred.rejected(storedError);
    else this.closed = new Deferred();
  }

  // WritableStreamDefaultWriterEnsureReadyPromiseRejected
  rejectReady(reason) {
    if (this.ready.pending) this.ready.reject(reason);
    else this.ready = Deferred.rejected(reason);
    handled(this.ready.promise);
  }

  // WritableStreamDefaultWriterGetDesiredSize
  get desiredSize() {
    const { state } = this.stream;
    if (state === "errored" || state === "erroring") return null;
    return state === "closed" ? 0 : this.stream.controller.desiredSize;
  }

  // WritableStreamDefaultWriterWrite
  write(chunk) {
    const { stream } = this;
    const size = stream.controller.sizeOf(chunk);
    // The size function of a script may have changed everything.
    if (stream !== this.stream) return reject(new TypeError("the writer was released"));
    const { state } = stream;
    if (state === "errored") return reject(stream.storedError);
    if (stream.isClosing || state === "closed") {
      return reject(new TypeError("the stream is closed or closing"));
    }
    if (state === "erroring") return reject(stream.storedError);
    const promise = stream.addWriteRequest();
    stream.controller.write(chunk, size);
    return promise;
  }

  // WritableStreamDefaultWriterCloseWithErrorPropagation
  closeWithErrorPropagation() {
    const { stream } = this;
    if (stream.isClosing || stream.state === "closed") return resolve(undefined);
    return stream.state === "errored" ? reject(stream.storedError) : closeStream(stream);
  }

  // WritableStreamDefaultWriterRelease
  release() {
    const error = new TypeError("the writer was released");
    this.rejectReady(error);
    if (this.closed.pending) this.closed.reject(error);
    else this.closed = Deferred.rejected(error);
    handled(this.closed.promise);
    this.stream.writer = undefined;
    this.stream = undefined;
  }
}

const resolvedNothing = () => resolve(undefined);

// CreateWritableStream: a stream over functions of the prelude, of which any may be absent.
const createWritable = (algorithms, highWaterMark, size = countOne) => {
  const stream = new Writable();
  const {
    start = nothing, write = resolvedNothing, close = resolvedNothing, abort = resolvedNothing,
  } = algorithms;
  const all = { write, close, abort };
  const controller = new WritableController(stream, all, highWaterMark, size);
  controller.begin(start(controller));
  return stream;
};

Object.assign(fz.streams, {
  Writable, WritableController, Writer, abortStream, closeWritable: closeStream, createWritable,
});
