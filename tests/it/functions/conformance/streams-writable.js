// WritableStream, its writer and controller (Streams 5).

const settle = async () => {
  for (let i = 0; i < 30; i += 1) await null;
};
const boom = Object.assign(new Error("boom"), { name: "Boom" });
// A promise that the test settles itself.
const gate = () => {
  let open, fail;
  const promise = new Promise((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
};

test("the classes look as they should", () => {
  for (const Class of [
    WritableStream, WritableStreamDefaultWriter, WritableStreamDefaultController,
  ]) {
    equal(Class.prototype[Symbol.toStringTag], Class.name);
    equal(Object.getOwnPropertyDescriptor(globalThis, Class.name).enumerable, false);
  }
  equal([WritableStream.length, WritableStreamDefaultWriter.length], [0, 1]);
  throws(TypeError, () => new WritableStreamDefaultController());
  throws(TypeError, () => WritableStream());
});

test("methods refuse other objects", async () => {
  throws(TypeError, () => WritableStream.prototype.getWriter.call({}));
  await rejects(TypeError, WritableStream.prototype.abort.call({}));
  await rejects(TypeError, WritableStream.prototype.close.call({}));
  await rejects(TypeError, WritableStreamDefaultWriter.prototype.write.call({}, 1));
  throws(TypeError, () => new WritableStreamDefaultWriter(new ReadableStream()));
});

test("a sink must be an object with functions, and has no type", () => {
  throws(TypeError, () => new WritableStream(null));
  throws(TypeError, () => new WritableStream({ write: 1 }));
  throws(TypeError, () => new WritableStream({ abort: {} }));
  throws(RangeError, () => new WritableStream({ type: "bytes" }));
  throws(RangeError, () => new WritableStream({ type: null }));
  throws(RangeError, () => new WritableStream({}, { highWaterMark: -1 }));
  throws("Boom", () => new WritableStream({ start() { throw boom; } }));
});

test("chunks arrive one after another, in order", async () => {
  const events = [];
  const first = gate();
  const sink = {
    write(chunk, controller) {
      assert(this === sink && controller instanceof WritableStreamDefaultController);
      events.push(`write ${chunk}`);
      return chunk === 1 ? first.promise : undefined;
    },
    close: () => { events.push("close"); },
  };
  const writer = new WritableStream(sink).getWriter();
  const done = Promise.all([writer.write(1), writer.write(2), writer.close()]);
  await settle();
  equal(events, ["write 1"]);
  first.open();
  equal(await done, [undefined, undefined, undefined]);
  equal(events, ["write 1", "write 2", "close"]);
  equal(await writer.closed, undefined);
});

test("nothing is written before start is done", async () => {
  const events = [];
  const begun = gate();
  const writer = new WritableStream({
    start: () => begun.promise,
    write: (chunk) => { events.push(chunk); },
  }).getWriter();
  const write = writer.write("a");
  await settle();
  equal(events, []);
  begun.open();
  await write;
  equal(events, ["a"]);
});

test("a start that fails errors the stream", async () => {
  const writer = new WritableStream({ start: () => Promise.reject(boom) }).getWriter();
  await rejects("Boom", writer.closed);
  await rejects("Boom", writer.ready);
  await rejects("Boom", writer.write(1));
});

test("ready and desiredSize follow the queue", async () => {
  const written = gate();
  const writer = new WritableStream(
    { write: () => written.promise }, { highWaterMark: 2 },
  ).getWriter();
  const { ready } = writer;
  equal(writer.desiredSize, 2);
  writer.write("a");
  equal(writer.desiredSize, 1);
  assert(writer.ready === ready);
  writer.write("b");
  equal(writer.desiredSize, 0);
  assert(writer.ready !== ready);
  let isReady = false;
  writer.ready.then(() => { isReady = true; });
  await settle();
  equal(isReady, false);
  written.open();
  await writer.ready;
  await settle();
  equal(writer.desiredSize, 2);
});

test("with a mark of zero a writer is never ready", async () => {
  const writer = new WritableStream({}, { highWaterMark: 0 }).getWriter();
  let isReady = false;
  writer.ready.then(() => { isReady = true; });
  await writer.write(1);
  await settle();
  equal([isReady, writer.desiredSize], [false, 0]);
});

test("sizes count", async () => {
  const strategy = new ByteLengthQueuingStrategy({ highWaterMark: 10 });
  const writer = new WritableStream({ write: () => gate().promise }, strategy).getWriter();
  writer.write(new Uint8Array(4));
  equal(writer.desiredSize, 6);
});

test("a size that fails errors the stream", async () => {
  const bad = [[() => { throw boom; }, "Boom"], [() => -1, RangeError], [() => NaN, RangeError]];
  for (const [size, error] of bad) {
    const writer = new WritableStream({}, { size }).getWriter();
    await rejects(error, writer.write(1));
    await rejects(error, writer.closed);
  }
});

test("a writer locks its stream", async () => {
  const stream = new WritableStream();
  const writer = stream.getWriter();
  equal(stream.locked, true);
  throws(TypeError, () => stream.getWriter());
  await rejects(TypeError, stream.close());
  await rejects(TypeError, stream.abort());
  writer.releaseLock();
  writer.releaseLock();
  equal(stream.locked, false);
  stream.getWriter();
});

test("a released writer does nothing", async () => {
  const writer = new WritableStream().getWriter();
  const { closed } = writer;
  writer.releaseLock();
  await rejects(TypeError, closed);
  await rejects(TypeError, writer.closed);
  await rejects(TypeError, writer.ready);
  await rejects(TypeError, writer.write(1));
  await rejects(TypeError, writer.close());
  await rejects(TypeError, writer.abort());
  throws(TypeError, () => writer.desiredSize);
});

test("what was written goes on after the writer is released", async () => {
  const events = [];
  const stream = new WritableStream({ write: (chunk) => { events.push(chunk); } });
  const writer = stream.getWriter();
  const write = writer.write(1);
  writer.releaseLock();
  await write;
  equal(events, [1]);
});

test("close waits for what was written", async () => {
  const events = [];
  const stream = new WritableStream({
    write: async (chunk) => {
      await null;
      events.push(chunk);
    },
    close: () => { events.push("close"); },
  });
  const writer = stream.getWriter();
  writer.write(1);
  writer.releaseLock();
  await stream.close();
  equal(events, [1, "close"]);
});

test("after close nothing more is taken", async () => {
  const stream = new WritableStream();
  const writer = stream.getWriter();
  const closing = writer.close();
  await rejects(TypeError, writer.write(1));
  await rejects(TypeError, writer.close());
  await closing;
  await rejects(TypeError, writer.write(1));
  await rejects(TypeError, writer.close());
  equal(writer.desiredSize, 0);
  equal(await writer.ready, undefined);
});

test("a write that fails errors the stream", async () => {
  for (const write of [() => { throw boom; }, () => Promise.reject(boom)]) {
    const writer = new WritableStream({ write }).getWriter();
    const second = [];
    const first = writer.write(1);
    second.push(writer.write(2), writer.close());
    await rejects("Boom", first);
    for (const promise of second) await rejects("Boom", promise);
    await rejects("Boom", writer.closed);
    await rejects("Boom", writer.ready);
    equal(writer.desiredSize, null);
  }
});

test("a close that fails errors the stream", async () => {
  const writer = new WritableStream({ close: () => Promise.reject(boom) }).getWriter();
  await rejects("Boom", writer.close());
  await rejects("Boom", writer.closed);
});

test("the controller errors the stream", async () => {
  let controller;
  const writer = new WritableStream({ start: (given) => { controller = given; } }).getWriter();
  controller.error(boom);
  controller.error("again");
  await rejects("Boom", writer.closed);
  await rejects("Boom", writer.write(1));
  await rejects(TypeError, writer.close());
});

test("an error waits for the write under way", async () => {
  const events = [];
  const write = gate();
  let controller;
  const stream = new WritableStream({
    start: (given) => { controller = given; },
    write: () => write.promise,
  });
  const writer = stream.getWriter();
  await settle();
  const written = writer.write(1);
  writer.closed.catch(() => { events.push("closed"); });
  controller.error(boom);
  await rejects("Boom", writer.ready);
  await settle();
  equal(events, []);
  write.open();
  equal(await written, undefined);
  await settle();
  equal(events, ["closed"]);
});

test("abort tells the sink why and drops what waits", async () => {
  const reasons = [];
  const events = [];
  const writer = new WritableStream({
    write: (chunk) => { events.push(chunk); },
    abort: (reason) => { reasons.push(reason); },
  }).getWriter();
  const write = writer.write(1);
  equal(await writer.abort(boom), undefined);
  await rejects("Boom", write);
  await rejects("Boom", writer.closed);
  equal([reasons, events], [[boom], []]);
});

test("abort waits for the write under way", async () => {
  const events = [];
  const write = gate();
  const writer = new WritableStream({
    write: () => write.promise,
    abort: () => { events.push("abort"); },
  }).getWriter();
  await settle();
  const written = writer.write(1);
  const aborted = writer.abort(boom);
  await settle();
  equal(events, []);
  write.open();
  await aborted;
  equal(await written, undefined);
  equal(events, ["abort"]);
});

test("a second abort gets the first one's answer", async () => {
  const reasons = [];
  const stream = new WritableStream({
    start: () => settle(),
    abort: (reason) => { reasons.push(reason); },
  });
  const first = stream.abort("first");
  const second = stream.abort("second");
  assert(first === second);
  await first;
  equal(reasons, ["first"]);
  equal(await stream.abort("third"), undefined);
});

test("a failing abort says so", async () => {
  const stream = new WritableStream({ abort: () => Promise.reject(boom) });
  await rejects("Boom", stream.abort(new RangeError("why")));
  await rejects(RangeError, stream.getWriter().closed);
});

test("abort of a closed stream does nothing", async () => {
  let isAborted = false;
  const stream = new WritableStream({ abort: () => { isAborted = true; } });
  await stream.close();
  equal(await stream.abort(), undefined);
  equal(isAborted, false);
});

test("abort during close waits for it, and loses", async () => {
  const close = gate();
  let isAborted = false;
  const writer = new WritableStream({
    close: () => close.promise,
    abort: () => { isAborted = true; },
  }).getWriter();
  await settle();
  const closed = writer.close();
  const aborted = writer.abort(boom);
  close.open();
  await Promise.all([closed, aborted, writer.closed]);
  equal(isAborted, false);
});

test("abort after an error does not reach the sink", async () => {
  let controller;
  let isAborted = false;
  const stream = new WritableStream({
    start: (given) => { controller = given; },
    abort: () => { isAborted = true; },
  });
  controller.error(boom);
  await rejects("Boom", stream.abort("why"));
  equal(isAborted, false);
});

test("the signal tells of an abort at once", async () => {
  const events = [];
  const write = gate();
  const stream = new WritableStream({
    start(controller) {
      assert(controller.signal instanceof AbortSignal);
      assert(controller.signal === controller.signal);
      controller.signal.addEventListener("abort", () => {
        events.push(controller.signal.reason);
        write.open();
      });
    },
    write: () => write.promise,
  });
  const writer = stream.getWriter();
  await settle();
  const written = writer.write(1);
  const aborted = writer.abort(boom);
  equal(events, [boom]);
  await Promise.all([written, aborted]);
});

test("a signal that is asked for late is aborted already", async () => {
  let signal;
  const stream = new WritableStream({
    start(controller) {
      this.controller = controller;
    },
    abort() {
      signal = this.controller.signal;
    },
  });
  await stream.abort(boom);
  equal(signal.aborted, true);
  assert(signal.reason === boom);
});

test("an error of the stream itself leaves the signal alone", async () => {
  let controller;
  const stream = new WritableStream({ start: (given) => { controller = given; } });
  controller.error(boom);
  await rejects("Boom", stream.getWriter().closed);
  equal(controller.signal.aborted, false);
});

test("close makes a waiting writer ready", async () => {
  const writer = new WritableStream({ write: () => gate().promise }).getWriter();
  writer.write(1);
  const { ready } = writer;
  writer.close();
  equal(await ready, undefined);
});

test("a writer of an errored stream is rejected from the start", async () => {
  const stream = new WritableStream({ start: (controller) => controller.error(boom) });
  await settle();
  const writer = stream.getWriter();
  await rejects("Boom", writer.ready);
  await rejects("Boom", writer.closed);
  equal(writer.desiredSize, null);
});

test("a writer of a closed stream finds it closed", async () => {
  const stream = new WritableStream();
  await stream.close();
  const writer = stream.getWriter();
  await writer.ready;
  await writer.closed;
  equal(writer.desiredSize, 0);
});

test("size may release the writer", async () => {
  let writer;
  const size = () => {
    writer.releaseLock();
    return 1;
  };
  writer = new WritableStream({}, { size }).getWriter();
  await rejects(TypeError, writer.write(1));
});
