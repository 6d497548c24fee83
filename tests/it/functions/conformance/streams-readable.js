// ReadableStream, its readers and controllers, queuing strategies, tee and iteration
// (Streams 4 and 7).

const collect = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
};
// Lets everything run that only waits for promises.
const settle = async () => {
  for (let i = 0; i < 30; i += 1) await null;
};
const boom = Object.assign(new Error("boom"), { name: "Boom" });
const of = (...chunks) => new ReadableStream({
  start(controller) {
    chunks.forEach((chunk) => controller.enqueue(chunk));
    controller.close();
  },
});

// --- construction ---------------------------------------------------------------------------

test("the classes look as they should", () => {
  for (const Class of [
    ReadableStream, ReadableStreamDefaultReader, ReadableStreamDefaultController,
    ReadableByteStreamController, CountQueuingStrategy, ByteLengthQueuingStrategy,
  ]) {
    const { name } = Class;
    equal(Class.prototype[Symbol.toStringTag], name);
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    equal([property.writable, property.enumerable, property.configurable], [true, false, true]);
  }
  equal(ReadableStream.length, 0);
  equal(ReadableStream.prototype.pipeTo.length, 1);
  equal(ReadableStream.prototype.cancel.length, 0);
  assert(ReadableStream.prototype[Symbol.asyncIterator] === ReadableStream.prototype.values);
  assert(Object.keys(ReadableStream.prototype).includes("getReader"));
});

test("controllers cannot be made by scripts", () => {
  throws(TypeError, () => new ReadableStreamDefaultController());
  throws(TypeError, () => new ReadableByteStreamController());
});

test("constructors need new", () => {
  throws(TypeError, () => ReadableStream());
  throws(TypeError, () => CountQueuingStrategy({ highWaterMark: 1 }));
});

test("methods refuse other objects", async () => {
  const { prototype } = ReadableStream;
  throws(TypeError, () => prototype.getReader.call({}));
  throws(TypeError, () => prototype.tee.call({}));
  throws(TypeError, () => Object.getOwnPropertyDescriptor(prototype, "locked").get.call({}));
  await rejects(TypeError, prototype.cancel.call({}));
  await rejects(TypeError, prototype.pipeTo.call({}, new WritableStream()));
  throws(TypeError, () => new ReadableStreamDefaultReader({}));
  await rejects(TypeError, ReadableStreamDefaultReader.prototype.read.call(new ReadableStream()));
});

test("a source must be an object with functions", () => {
  throws(TypeError, () => new ReadableStream(null));
  throws(TypeError, () => new ReadableStream("text"));
  throws(TypeError, () => new ReadableStream({ pull: 1 }));
  throws(TypeError, () => new ReadableStream({ cancel: null }));
  throws(TypeError, () => new ReadableStream({ start: {} }));
  throws(TypeError, () => new ReadableStream({ type: "objects" }));
  throws(TypeError, () => new ReadableStream({ type: "" }));
});

test("a strategy must make sense", () => {
  throws(RangeError, () => new ReadableStream({}, { highWaterMark: -1 }));
  throws(RangeError, () => new ReadableStream({}, { highWaterMark: NaN }));
  throws(RangeError, () => new ReadableStream({}, { highWaterMark: "x" }));
  throws(TypeError, () => new ReadableStream({}, { size: 1 }));
  throws(TypeError, () => new ReadableStream({}, 1));
  assert(new ReadableStream({}, { highWaterMark: Infinity }) instanceof ReadableStream);
  assert(new ReadableStream({}, null) instanceof ReadableStream);
});

test("start gets the controller, at once, and its error comes out", () => {
  let given;
  const source = {
    start(controller) {
      given = [this, controller];
    },
  };
  new ReadableStream(source);
  assert(given[0] === source && given[1] instanceof ReadableStreamDefaultController);
  throws("Boom", () => new ReadableStream({ start() { throw boom; } }));
});

test("a start that fails later errors the stream", async () => {
  const reader = new ReadableStream({ start: () => Promise.reject(boom) }).getReader();
  await rejects("Boom", reader.read());
  await rejects("Boom", reader.closed);
});

// --- reading ----------------------------------------------------------------------------------

test("chunks come in order, then the end", async () => {
  const reader = of("a", "b").getReader();
  equal(await reader.read(), { value: "a", done: false });
  equal(await reader.read(), { value: "b", done: false });
  equal(await reader.read(), { value: undefined, done: true });
  equal(await reader.closed, undefined);
});

test("reads wait for chunks, in their order", async () => {
  let controller;
  const reader = new ReadableStream({ start: (given) => { controller = given; } }).getReader();
  const reads = Promise.all([reader.read(), reader.read(), reader.read()]);
  controller.enqueue(1);
  controller.enqueue(2);
  controller.close();
  equal((await reads).map(({ value }) => value), [1, 2, undefined]);
});

test("what was queued is read after close, but not after error", async () => {
  let controller;
  const start = (given) => { controller = given; };
  const closed = new ReadableStream({ start });
  controller.enqueue(1);
  controller.close();
  equal(await collect(closed), [1]);
  const errored = new ReadableStream({ start });
  controller.enqueue(1);
  controller.error(boom);
  await rejects("Boom", errored.getReader().read());
});

test("pull runs until the high-water mark", async () => {
  let pulls = 0;
  const pull = (controller) => {
    pulls += 1;
    controller.enqueue(pulls);
  };
  new ReadableStream({ pull }, { highWaterMark: 3 });
  await settle();
  equal(pulls, 3);
});

test("with a mark of zero, pull runs once for a read", async () => {
  let pulls = 0;
  const pull = (controller) => {
    pulls += 1;
    controller.enqueue(pulls);
  };
  const reader = new ReadableStream({ pull }, { highWaterMark: 0 }).getReader();
  await settle();
  equal(pulls, 0);
  equal((await reader.read()).value, 1);
  await settle();
  equal(pulls, 1);
});

test("pull is not called again before its promise settles", async () => {
  let pulls = 0;
  let resume;
  const pull = () => {
    pulls += 1;
    return new Promise((resolve) => { resume = resolve; });
  };
  const stream = new ReadableStream({ pull }, { highWaterMark: 2 });
  await settle();
  equal(pulls, 1);
  stream.getReader().read();
  resume();
  await settle();
  equal(pulls, 2);
});

test("a pull that fails errors the stream", async () => {
  for (const pull of [() => { throw boom; }, () => Promise.reject(boom)]) {
    const reader = new ReadableStream({ pull }).getReader();
    await rejects("Boom", reader.read());
    await rejects("Boom", reader.closed);
  }
});

test("pull waits for start", async () => {
  const events = [];
  let begin;
  new ReadableStream({
    start: () => new Promise((resolve) => { begin = resolve; }),
    pull: () => { events.push("pull"); },
  });
  await settle();
  equal(events, []);
  begin();
  await settle();
  equal(events, ["pull"]);
});

test("sizes count against the mark", () => {
  let controller;
  new ReadableStream(
    { start: (given) => { controller = given; } },
    { highWaterMark: 10, size: (chunk) => chunk.length },
  );
  equal(controller.desiredSize, 10);
  controller.enqueue("abc");
  equal(controller.desiredSize, 7);
  controller.enqueue("abcdefghij");
  equal(controller.desiredSize, -3);
  controller.close();
  equal(controller.desiredSize, -3);
  throws(TypeError, () => controller.enqueue("x"));
  throws(TypeError, () => controller.close());
});

test("desiredSize tells of the end", () => {
  let controller;
  const start = (given) => { controller = given; };
  new ReadableStream({ start });
  controller.close();
  equal(controller.desiredSize, 0);
  new ReadableStream({ start });
  controller.error(boom);
  equal(controller.desiredSize, null);
  controller.error("again");
  throws(TypeError, () => controller.enqueue(1));
});

test("a size that cannot be errors the stream", async () => {
  for (const size of [-1, NaN, Infinity, "many"]) {
    let controller;
    const start = (given) => { controller = given; };
    const stream = new ReadableStream({ start }, { size: () => size });
    throws(RangeError, () => controller.enqueue(1));
    await rejects(RangeError, stream.getReader().closed);
  }
});

test("a size function that throws errors the stream", async () => {
  let controller;
  const start = (given) => { controller = given; };
  const stream = new ReadableStream({ start }, { size: () => { throw boom; } });
  throws("Boom", () => controller.enqueue(1));
  await rejects("Boom", stream.getReader().read());
});

// --- locks and cancelling -----------------------------------------------------------------------

test("a reader locks its stream", async () => {
  const stream = of(1);
  equal(stream.locked, false);
  const reader = stream.getReader();
  equal(stream.locked, true);
  throws(TypeError, () => stream.getReader());
  throws(TypeError, () => stream.tee());
  throws(TypeError, () => stream[Symbol.asyncIterator]());
  await rejects(TypeError, stream.cancel());
  reader.releaseLock();
  equal(stream.locked, false);
  equal((await stream.getReader().read()).value, 1);
});

test("a released reader does nothing", async () => {
  const stream = new ReadableStream();
  const reader = stream.getReader();
  const waiting = reader.read();
  const { closed } = reader;
  reader.releaseLock();
  reader.releaseLock();
  await rejects(TypeError, waiting);
  await rejects(TypeError, closed);
  await rejects(TypeError, reader.closed);
  await rejects(TypeError, reader.read());
  await rejects(TypeError, reader.cancel());
});

test("getReader knows its modes", () => {
  assert(of().getReader({ mode: undefined }) instanceof ReadableStreamDefaultReader);
  throws(TypeError, () => of().getReader({ mode: "byob" }));
  throws(TypeError, () => of().getReader({ mode: "default" }));
  throws(TypeError, () => of().getReader({ mode: null }));
});

test("cancel tells the source why, once", async () => {
  const reasons = [];
  const stream = new ReadableStream({ cancel: (reason) => { reasons.push(reason); } });
  const reader = stream.getReader();
  equal(await reader.cancel("done"), undefined);
  equal(await reader.read(), { value: undefined, done: true });
  await reader.closed;
  await reader.cancel("again");
  equal(reasons, ["done"]);
});

test("cancel drops what was queued and waits for the source", async () => {
  let finish;
  const stream = new ReadableStream({
    start: (controller) => { controller.enqueue(1); },
    cancel: () => new Promise((resolve) => { finish = resolve; }),
  });
  let isDone = false;
  const done = stream.cancel().then(() => { isDone = true; });
  await settle();
  equal(isDone, false);
  finish("ignored");
  await done;
  equal(await collect(stream), []);
});

test("cancel passes on the source's failure", async () => {
  await rejects("Boom", new ReadableStream({ cancel() { throw boom; } }).cancel());
  await rejects("Boom", new ReadableStream({ cancel: () => Promise.reject(boom) }).cancel());
  let controller;
  const errored = new ReadableStream({ start: (given) => { controller = given; } });
  controller.error(boom);
  await rejects("Boom", errored.cancel());
});

test("cancel ends waiting reads", async () => {
  const reader = new ReadableStream().getReader();
  const read = reader.read();
  reader.cancel();
  equal(await read, { value: undefined, done: true });
});

// --- byte streams -----------------------------------------------------------------------------

test("a byte stream gives Uint8Arrays, whatever went in", async () => {
  let byobRequest;
  const stream = new ReadableStream({
    type: "bytes",
    start(controller) {
      byobRequest = controller.byobRequest;
      assert(controller instanceof ReadableByteStreamController);
      equal(controller.desiredSize, 0);
      controller.enqueue(new Uint16Array([0x0101, 0x0202]));
      controller.enqueue(new DataView(new ArrayBuffer(4), 1, 2));
      controller.close();
    },
  });
  const chunks = await collect(stream);
  equal(byobRequest, null);
  equal(chunks, [new Uint8Array([1, 1, 2, 2]), new Uint8Array([0, 0])]);
});

test("a byte stream takes the memory of its chunks", () => {
  const chunk = new Uint8Array(4);
  new ReadableStream({ type: "bytes", start: (controller) => controller.enqueue(chunk) });
  equal(chunk.byteLength, 0);
});

test("a byte stream takes only bytes", () => {
  const start = (controller) => {
    throws(TypeError, () => controller.enqueue("text"));
    throws(TypeError, () => controller.enqueue(new ArrayBuffer(1)));
    throws(TypeError, () => controller.enqueue(new Uint8Array(0)));
    controller.close();
    throws(TypeError, () => controller.enqueue(new Uint8Array(1)));
  };
  new ReadableStream({ type: "bytes", start });
  const size = () => 1;
  throws(RangeError, () => new ReadableStream({ type: "bytes" }, { size }));
  throws(TypeError, () => new ReadableStream({ type: "bytes", autoAllocateChunkSize: 0 }));
});

// --- strategies -----------------------------------------------------------------------------

test("CountQueuingStrategy counts one", () => {
  const strategy = new CountQueuingStrategy({ highWaterMark: 4 });
  equal([strategy.highWaterMark, strategy.size(), strategy.size.length], [4, 1, 0]);
  assert(strategy.size === new CountQueuingStrategy({ highWaterMark: 1 }).size);
  equal(strategy.size.name, "size");
  throws(TypeError, () => new strategy.size());
});

test("ByteLengthQueuingStrategy measures bytes", () => {
  const strategy = new ByteLengthQueuingStrategy({ highWaterMark: "7" });
  equal([strategy.highWaterMark, strategy.size(new Uint8Array(3))], [7, 3]);
  equal(strategy.size.length, 1);
  equal(strategy.size({}), undefined);
  throws(TypeError, () => strategy.size());
});

test("a strategy needs its mark, and judges nothing", () => {
  throws(TypeError, () => new CountQueuingStrategy());
  throws(TypeError, () => new CountQueuingStrategy({}));
  throws(TypeError, () => new ByteLengthQueuingStrategy(1));
  equal(new CountQueuingStrategy({ highWaterMark: -5 }).highWaterMark, -5);
  const strategy = new CountQueuingStrategy({ highWaterMark: NaN });
  throws(RangeError, () => new ReadableStream({}, strategy));
});

// --- tee ----------------------------------------------------------------------------------------

test("tee gives both branches everything", async () => {
  const stream = of(1, 2, 3);
  const [first, second] = stream.tee();
  equal(stream.locked, true);
  equal(await collect(first), [1, 2, 3]);
  equal(await collect(second), [1, 2, 3]);
});

test("tee shares its chunks", async () => {
  const chunk = { a: 1 };
  const [first, second] = of(chunk).tee();
  assert((await first.getReader().read()).value === chunk);
  assert((await second.getReader().read()).value === chunk);
});

test("tee of a byte stream copies its chunks", async () => {
  const start = (controller) => {
    controller.enqueue(new Uint8Array([1, 2]));
    controller.close();
  };
  const [first, second] = new ReadableStream({ type: "bytes", start }).tee();
  const [mine] = await collect(first);
  mine[0] = 9;
  equal(await collect(second), [new Uint8Array([1, 2])]);
});

test("tee cancels its stream once both branches are cancelled", async () => {
  const reasons = [];
  const stream = new ReadableStream({ cancel: (reason) => { reasons.push(reason); } });
  const [first, second] = stream.tee();
  const cancelled = first.cancel("one");
  await settle();
  equal(reasons, []);
  await Promise.all([cancelled, second.cancel("two")]);
  equal(reasons, [["one", "two"]]);
});

test("after one branch is cancelled the other goes on", async () => {
  const [first, second] = of(1, 2).tee();
  first.cancel();
  equal(await collect(second), [1, 2]);
});

test("tee passes on errors", async () => {
  let controller;
  const stream = new ReadableStream({ start: (given) => { controller = given; } });
  const branches = stream.tee().map((branch) => branch.getReader());
  const reads = branches.map((reader) => reader.read());
  controller.error(boom);
  for (const read of reads) await rejects("Boom", read);
  for (const reader of branches) await rejects("Boom", reader.closed);
});

test("tee pulls no more than its faster branch asks for", async () => {
  let pulls = 0;
  const pull = (controller) => {
    pulls += 1;
    controller.enqueue(pulls);
  };
  const stream = new ReadableStream({ pull }, { highWaterMark: 0 });
  const [first] = stream.tee();
  await settle();
  equal(pulls, 1);
  const reader = first.getReader();
  await reader.read();
  await reader.read();
  await settle();
  equal(pulls, 3);
});

// --- iteration --------------------------------------------------------------------------------

test("a loop reads to the end and releases the stream", async () => {
  const stream = of(1, 2);
  equal(await collect(stream), [1, 2]);
  equal(stream.locked, false);
});

test("leaving a loop cancels the stream", async () => {
  const reasons = [];
  const source = {
    pull: (controller) => controller.enqueue(1),
    cancel: (reason) => { reasons.push(reason); },
  };
  const stream = new ReadableStream(source);
  for await (const chunk of stream) {
    equal(chunk, 1);
    break;
  }
  equal(reasons, [undefined]);
  equal(stream.locked, false);
});

test("with preventCancel leaving a loop only releases it", async () => {
  let isCancelled = false;
  const source = {
    pull: (controller) => controller.enqueue(1),
    cancel: () => { isCancelled = true; },
  };
  const stream = new ReadableStream(source);
  for await (const chunk of stream.values({ preventCancel: true })) {
    equal(chunk, 1);
    break;
  }
  equal([isCancelled, stream.locked], [false, false]);
  equal((await stream.getReader().read()).value, 1);
});

test("a loop throws the stream's error", async () => {
  const pull = () => { throw boom; };
  await rejects("Boom", collect(new ReadableStream({ pull })));
});

test("steps of an iterator run one after another", async () => {
  const iterator = of(1, 2)[Symbol.asyncIterator]();
  const steps = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
  equal(await Promise.all(steps), [
    { value: 1, done: false }, { value: 2, done: false },
    { value: undefined, done: true }, { value: undefined, done: true },
  ]);
});

test("return ends an iterator", async () => {
  const iterator = of(1, 2).values();
  equal(await iterator.return("x"), { value: "x", done: true });
  equal(await iterator.next(), { value: undefined, done: true });
  equal(await iterator.return("y"), { value: "y", done: true });
});

test("iterators look as they should", async () => {
  const iterator = of().values();
  const prototype = Object.getPrototypeOf(iterator);
  equal(Object.keys(prototype), ["next", "return"]);
  equal([prototype.next.length, prototype.return.length], [0, 1]);
  const generator = Object.getPrototypeOf(async function* () {}).prototype;
  assert(Object.getPrototypeOf(prototype) === Object.getPrototypeOf(generator));
  await rejects(TypeError, prototype.next.call({}));
  await rejects(TypeError, prototype.return.call({}));
});

// --- from -------------------------------------------------------------------------------------

test("from takes everything that can be iterated", async () => {
  async function* generate() {
    yield 1;
    yield 2;
  }
  equal(await collect(ReadableStream.from(["a", "b"])), ["a", "b"]);
  equal(await collect(ReadableStream.from("hi")), ["h", "i"]);
  equal(await collect(ReadableStream.from(new Set([1, 2]))), [1, 2]);
  equal(await collect(ReadableStream.from(generate())), [1, 2]);
  equal(await collect(ReadableStream.from([Promise.resolve(1), 2])), [1, 2]);
  equal(await collect(ReadableStream.from(of(1, 2))), [1, 2]);
});

test("from refuses the rest", () => {
  for (const value of [undefined, null, 1, {}, { [Symbol.iterator]: 1 }, Symbol("x")]) {
    throws(TypeError, () => ReadableStream.from(value));
  }
  throws(TypeError, () => ReadableStream.from({ [Symbol.iterator]: () => 1 }));
  throws("Boom", () => ReadableStream.from({ [Symbol.asyncIterator]() { throw boom; } }));
});

test("from steps only when it is read", async () => {
  let steps = 0;
  const iterable = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        steps += 1;
        return { value: steps, done: false };
      },
    }),
  };
  const reader = ReadableStream.from(iterable).getReader();
  await settle();
  equal(steps, 0);
  equal((await reader.read()).value, 1);
  equal(steps, 1);
});

test("from passes on failures of its iterator", async () => {
  const failing = (next) => ReadableStream.from({ [Symbol.asyncIterator]: () => ({ next }) });
  await rejects("Boom", collect(failing(() => { throw boom; })));
  await rejects("Boom", collect(failing(() => Promise.reject(boom))));
  await rejects(TypeError, collect(failing(() => 1)));
  await rejects("Boom", collect(ReadableStream.from([Promise.reject(boom)])));
});

test("cancelling what from made returns its iterator", async () => {
  const reasons = [];
  const iterator = {
    next: () => ({ value: 1, done: false }),
    return: (reason) => {
      reasons.push(reason);
      return {};
    },
  };
  const make = () => ReadableStream.from({ [Symbol.asyncIterator]: () => iterator });
  equal(await make().cancel("why"), undefined);
  equal(reasons, ["why"]);
  iterator.return = () => 1;
  await rejects(TypeError, make().cancel());
  iterator.return = undefined;
  equal(await make().cancel(), undefined);
  iterator.return = 1;
  await rejects(TypeError, make().cancel());
});
