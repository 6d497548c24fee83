// The writable side as scripts see it: stream, writer, controller (Streams 5.2-5.4).

const {
  Writable, WritableController, Writer, resolve, reject, apply, callForPromise,
  isObject, functionMember, readStrategy, highWaterMarkOf, sizeOf,
  abortStream, closeWritable, wrongThis,
} = fz.streams;

// The state of each class's objects; undefined for any other value.
let writableOf, writerOf;

// An `UnderlyingSink` (Streams 5.2.3); its members are read in this order.
const readSink = (value) => {
  if (value === undefined) return {};
  if (!isObject(value)) throw new TypeError("the underlying sink must be an object");
  const what = "the underlying sink";
  const abort = functionMember(value, "abort", what);
  const close = functionMember(value, "close", what);
  const start = functionMember(value, "start", what);
  const type = value.type;
  const write = functionMember(value, "write", what);
  if (type !== undefined) throw new RangeError("a sink has no type");
  return { object: value, abort, close, start, write };
};

// SetUpWritableStreamDefaultControllerFromUnderlyingSink
const setUpFromSink = (stream, sink, highWaterMark, size) => {
  const { object } = sink;
  const call = (method, ...values) =>
    method === undefined ? resolve(undefined) : callForPromise(method, object, ...values);
  const algorithms = {
    write: (chunk) => call(sink.write, chunk, controllerObject),
    close: () => call(sink.close),
    abort: (reason) => call(sink.abort, reason),
  };
  const controller = new WritableController(stream, algorithms, highWaterMark, size);
  const controllerObject = new WritableStreamDefaultController(fz.token, controller);
  const { start } = sink;
  controller.begin(start === undefined ? undefined : apply(start, object, [controllerObject]));
};

const closing = () => new TypeError("the stream is closed or closing");
const released = () => new TypeError("the writer was released");

// Streams 5.2
class WritableStream {
  #stream;

  static {
    writableOf = (value) => isObject(value) && #stream in value ? value.#stream : undefined;
  }

  constructor(underlyingSink = undefined, strategy = undefined) {
    if (underlyingSink === fz.token) {
      this.#stream = strategy;
      return;
    }
    const rules = readStrategy(strategy);
    const sink = readSink(underlyingSink);
    const stream = new Writable();
    stream.object = this;
    this.#stream = stream;
    const size = sizeOf(rules);
    setUpFromSink(stream, sink, highWaterMarkOf(rules, 1), size);
  }

  get locked() {
    if (!(#stream in this)) throw wrongThis("WritableStream");
    return this.#stream.writer !== undefined;
  }

  abort(reason = undefined) {
    const stream = writableOf(this);
    if (stream === undefined) return reject(wrongThis("WritableStream"));
    if (stream.writer !== undefined) return reject(new TypeError("the stream is locked"));
    return abortStream(stream, reason);
  }

  close() {
    const stream = writableOf(this);
    if (stream === undefined) return reject(wrongThis("WritableStream"));
    if (stream.writer !== undefined) return reject(new TypeError("the stream is locked"));
    return stream.isClosing ? reject(closing()) : closeWritable(stream);
  }

  getWriter() {
    if (!(#stream in this)) throw wrongThis("WritableStream");
    return new WritableStreamDefaultWriter(this);
  }
}

// Streams 5.3
class WritableStreamDefaultWriter {
  #writer;

  static {
    writerOf = (value) => isObject(value) && #writer in value ? value.#writer : undefined;
  }

  constructor(stream) {
    const record = writableOf(stream);
    if (record === undefined) throw wrongThis("WritableStream: stream");
    this.#writer = new Writer(record);
  }

  get closed() {
    const writer = writerOf(this);
    return writer === undefined
      ? reject(wrongThis("WritableStreamDefaultWriter")) : writer.closed.promise;
  }

  get desiredSize() {
    if (!(#writer in this)) throw wrongThis("WritableStreamDefaultWriter");
    if (this.#writer.stream === undefined) throw released();
    return this.#writer.desiredSize;
  }

  get ready() {
    const writer = writerOf(this);
    return writer === undefined
      ? reject(wrongThis("WritableStreamDefaultWriter")) : writer.ready.promise;
  }

  abort(reason = undefined) {
    const writer = writerOf(this);
    if (writer === undefined) return reject(wrongThis("WritableStreamDefaultWriter"));
    return writer.stream === undefined ? reject(released()) : abortStream(writer.stream, reason);
  }

  close() {
    const writer = writerOf(this);
    if (writer === undefined) return reject(wrongThis("WritableStreamDefaultWriter"));
    if (writer.stream === undefined) return reject(released());
    return writer.stream.isClosing ? reject(closing()) : closeWritable(writer.stream);
  }

  releaseLock() {
    if (!(#writer in this)) throw wrongThis("WritableStreamDefaultWriter");
    if (this.#writer.stream !== undefined) this.#writer.release();
  }

  write(chunk = undefined) {
    const writer = writerOf(this);
    if (writer === undefined) return reject(wrongThis("WritableStreamDefaultWriter"));
    return writer.stream === undefined ? reject(released()) : writer.write(chunk);
  }
}

// Streams 5.4
class WritableStreamDefaultController {
  #controller;

  constructor(token, controller) {
    if (token !== fz.token) throw fz.illegal();
    this.#controller = controller;
  }

  get signal() {
    if (!(#controller in this)) throw wrongThis("WritableStreamDefaultController");
    return this.#controller.signal;
  }

  error(reason = undefined) {
    if (!(#controller in this)) throw wrongThis("WritableStreamDefaultController");
    this.#controller.errorIfNeeded(reason);
  }
}

fz.expose(WritableStream, ["locked"]);
fz.expose(WritableStreamDefaultWriter);
fz.expose(WritableStreamDefaultController);

// The object of a stream that the prelude made.
const writableObjectOf = (stream) => {
  stream.object ??= new WritableStream(fz.token, stream);
  return stream.object;
};

Object.assign(fz.streams, { WritableStream, writableOf, writableObjectOf });
