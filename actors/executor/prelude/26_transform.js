// Transform streams: a writable side and a readable side with a function between (Streams 6).

const {
  Deferred, then, resolve, reject, apply, callForPromise, isObject, functionMember,
  readStrategy, highWaterMarkOf, sizeOf, countOne, createReadable, createWritable, objectOf,
  writableObjectOf, wrongThis,
} = fz.streams;

// The slots of a `TransformStream` and of its controller (Streams 6.2.2 and 6.3.2).
class Transform {
  backpressure = undefined;
  backpressureChange = undefined;
  algorithms = undefined;
  // Settles once the stream has ended, whichever side ended it.
  finish = undefined;

  // InitializeTransformStream; both sides wait for `start`.
  constructor(start, writableMark, writableSize, readableMark, readableSize) {
    this.writable = createWritable({
      start: () => start,
      write: (chunk) => this.sinkWrite(chunk),
      close: () => this.sinkClose(),
      abort: (reason) => this.sinkAbort(reason),
    }, writableMark, writableSize);
    this.readable = createReadable({
      start: () => start,
      pull: () => this.sourcePull(),
      cancel: (reason) => this.sourceCancel(reason),
    }, readableMark, readableSize);
    this.setBackpressure(true);
  }

  // TransformStreamSetBackpressure
  setBackpressure(backpressure) {
    if (this.backpressureChange !== undefined) this.backpressureChange.resolve(undefined);
    this.backpressureChange = new Deferred();
    this.backpressure = backpressure;
  }

  // TransformStreamError
  error(reason) {
    this.readable.controller.error(reason);
    this.errorWritable(reason);
  }

  // TransformStreamErrorWritableAndUnblockWrite
  errorWritable(reason) {
    this.algorithms = undefined;
    this.writable.controller.errorIfNeeded(reason);
    this.unblockWrite();
  }

  // TransformStreamUnblockWrite
  unblockWrite() {
    if (this.backpressure) this.setBackpressure(false);
  }

  // TransformStreamDefaultControllerEnqueue
  enqueue(chunk) {
    const { controller } = this.readable;
    if (!controller.isOpen) throw new TypeError("the readable side is closed or errored");
    try {
      controller.enqueue(chunk);
    } catch (error) {
      this.errorWritable(error);
      throw this.readable.storedError;
    }
    // ReadableStreamDefaultControllerHasBackpressure
    const backpressure = !controller.shouldPull;
    if (backpressure !== this.backpressure) this.setBackpressure(true);
  }

  // TransformStreamDefaultControllerTerminate
  terminate() {
    this.readable.controller.close();
    this.errorWritable(new TypeError("the transform stream was terminated"));
  }

  // TransformStreamDefaultControllerPerformTransform
  perform(chunk) {
    // A cancel() that is still under way has the last word.
    if (this.finish !== undefined) {
      return then(this.finish.promise, () => {
        throw this.writable.storedError;
      });
    }
    return then(this.algorithms.transform(chunk), undefined, (reason) => {
      this.error(reason);
      throw reason;
    });
  }

  // TransformStreamDefaultSinkWriteAlgorithm
  sinkWrite(chunk) {
    if (!this.backpressure) return this.perform(chunk);
    return then(this.backpressureChange.promise, () => {
      if (this.writable.state === "erroring") throw this.writable.storedError;
      return this.perform(chunk);
    });
  }

  // The three ends have this in common: one of them happens, once.
  end(name, reason, succeed, fail) {
    if (this.finish !== undefined) return this.finish.promise;
    this.finish = new Deferred();
    // They are gone when an error came first.
    const result = this.algorithms === undefined ? resolve() : this.algorithms[name](reason);
    this.algorithms = undefined;
    then(result, succeed, (error) => {
      fail(error);
      this.finish.reject(error);
    });
    return this.finish.promise;
  }

  // Ends well, unless the readable side has failed by then.
  finishReadable(act) {
    const { readable } = this;
    if (readable.state === "errored") {
      this.finish.reject(readable.storedError);
    } else {
      act(readable.controller);
      this.finish.resolve(undefined);
    }
  }

  // TransformStreamDefaultSinkAbortAlgorithm
  sinkAbort(reason) {
    const succeed = () => this.finishReadable((controller) => controller.error(reason));
    return this.end("cancel", reason, succeed, (error) => this.readable.controller.error(error));
  }

  // TransformStreamDefaultSinkCloseAlgorithm
  sinkClose() {
    const succeed = () => this.finishReadable((controller) => controller.close());
    return this.end("flush", undefined, succeed, (error) => this.readable.controller.error(error));
  }

  // TransformStreamDefaultSourceCancelAlgorithm
  sourceCancel(reason) {
    const { writable } = this;
    const stop = (error) => {
      writable.controller.errorIfNeeded(error);
      this.unblockWrite();
    };
    const succeed = () => {
      if (writable.state === "errored") {
        this.finish.reject(writable.storedError);
      } else {
        stop(reason);
        this.finish.resolve(undefined);
      }
    };
    return this.end("cancel", reason, succeed, stop);
  }

  // TransformStreamDefaultSourcePullAlgorithm
  sourcePull() {
    this.setBackpressure(false);
    return this.backpressureChange.promise;
  }
}

// A `Transformer` (Streams 6.2.3); its members are read in this order.
const readTransformer = (value) => {
  if (value === undefined) return {};
  if (!isObject(value)) throw new TypeError("the transformer must be an object");
  const what = "the transformer";
  const cancel = functionMember(value, "cancel", what);
  const flush = functionMember(value, "flush", what);
  const readableType = value.readableType;
  const start = functionMember(value, "start", what);
  const transform = functionMember(value, "transform", what);
  const writableType = value.writableType;
  if (readableType !== undefined || writableType !== undefined) {
    throw new RangeError("the sides of a transform stream have no types");
  }
  return { object: value, cancel, flush, start, transform };
};

// SetUpTransformStreamDefaultControllerFromTransformer
const algorithmsOf = (transform, transformer, controller) => {
  const { object } = transformer;
  const pass = (chunk) => {
    try {
      transform.enqueue(chunk);
      return resolve(undefined);
    } catch (error) {
      return reject(error);
    }
  };
  const call = (method, ...values) =>
    method === undefined ? resolve(undefined) : callForPromise(method, object, ...values);
  return {
    transform: transformer.transform === undefined
      ? pass : (chunk) => call(transformer.transform, chunk, controller),
    flush: () => call(transformer.flush, controller),
    cancel: (reason) => call(transformer.cancel, reason),
  };
};

// Streams 6.2
class TransformStream {
  #transform;

  constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
    const writableRules = readStrategy(writableStrategy);
    const readableRules = readStrategy(readableStrategy);
    const given = readTransformer(transformer);
    const readableMark = highWaterMarkOf(readableRules, 0);
    const readableSize = sizeOf(readableRules);
    const writableMark = highWaterMarkOf(writableRules, 1);
    const writableSize = sizeOf(writableRules);
    const start = new Deferred();
    const transform =
      new Transform(start.promise, writableMark, writableSize, readableMark, readableSize);
    const controller = new TransformStreamDefaultController(fz.token, transform);
    transform.algorithms = algorithmsOf(transform, given, controller);
    this.#transform = transform;
    start.resolve(
      given.start === undefined ? undefined : apply(given.start, given.object, [controller]),
    );
  }

  get readable() {
    if (!(#transform in this)) throw wrongThis("TransformStream");
    return objectOf(this.#transform.readable);
  }

  get writable() {
    if (!(#transform in this)) throw wrongThis("TransformStream");
    return writableObjectOf(this.#transform.writable);
  }
}

// Streams 6.3
class TransformStreamDefaultController {
  #transform;

  constructor(token, transform) {
    if (token !== fz.token) throw fz.illegal();
    this.#transform = transform;
  }

  get desiredSize() {
    if (!(#transform in this)) throw wrongThis("TransformStreamDefaultController");
    return this.#transform.readable.controller.desiredSize;
  }

  enqueue(chunk = undefined) {
    if (!(#transform in this)) throw wrongThis("TransformStreamDefaultController");
    this.#transform.enqueue(chunk);
  }

  error(reason = undefined) {
    if (!(#transform in this)) throw wrongThis("TransformStreamDefaultController");
    this.#transform.error(reason);
  }

  terminate() {
    if (!(#transform in this)) throw wrongThis("TransformStreamDefaultController");
    this.#transform.terminate();
  }
}

fz.expose(TransformStream);
fz.expose(TransformStreamDefaultController, ["desiredSize"]);

// Set up a transform stream (Streams 9.3.1) over functions of the prelude: each gets the
// transform, calls its `enqueue`, and may throw.
fz.streams.createTransform = ({ transform, flush, cancel }) => {
  const stream = new Transform(resolve(undefined), 1, countOne, 0, countOne);
  const guarded = (callback) => (value) => {
    try {
      callback?.(value, stream);
      return resolve(undefined);
    } catch (error) {
      return reject(error);
    }
  };
  stream.algorithms = {
    transform: guarded(transform), flush: guarded(flush), cancel: guarded(cancel),
  };
  return {
    readable: objectOf(stream.readable), writable: writableObjectOf(stream.writable),
  };
};
