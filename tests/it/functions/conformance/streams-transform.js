// TransformStream, TextEncoderStream and TextDecoderStream (Streams 6, Encoding 7).

const settle = async () => {
  for (let i = 0; i < 30; i += 1) await null;
};
const boom = Object.assign(new Error("boom"), { name: "Boom" });
const collect = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
};
const through = (chunks, transform) =>
  collect(ReadableStream.from(chunks).pipeThrough(transform));

test("the classes look as they should", () => {
  equal(TransformStream.prototype[Symbol.toStringTag], "TransformStream");
  equal(TransformStream.length, 0);
  throws(TypeError, () => new TransformStreamDefaultController());
  throws(TypeError, () => TransformStream());
  const getter = Object.getOwnPropertyDescriptor(TransformStream.prototype, "readable").get;
  throws(TypeError, () => getter.call({}));
  const stream = new TransformStream();
  assert(stream.readable instanceof ReadableStream && stream.readable === stream.readable);
  assert(stream.writable instanceof WritableStream && stream.writable === stream.writable);
});

test("without a transformer everything passes", async () => {
  equal(await through([1, "b", null], new TransformStream()), [1, "b", null]);
});

test("a transformer must make sense", () => {
  throws(TypeError, () => new TransformStream(null));
  throws(TypeError, () => new TransformStream({ transform: 1 }));
  throws(TypeError, () => new TransformStream({ flush: 1 }));
  throws(TypeError, () => new TransformStream({ cancel: 1 }));
  throws(RangeError, () => new TransformStream({ readableType: "bytes" }));
  throws(RangeError, () => new TransformStream({ writableType: "bytes" }));
  throws(RangeError, () => new TransformStream({}, { highWaterMark: -1 }));
  throws(RangeError, () => new TransformStream({}, undefined, { highWaterMark: -1 }));
  throws("Boom", () => new TransformStream({ start() { throw boom; } }));
});

test("transform may give none, one or many", async () => {
  const transformer = {
    transform(chunk, controller) {
      assert(this === transformer && controller instanceof TransformStreamDefaultController);
      for (let i = 0; i < chunk; i += 1) controller.enqueue(chunk);
    },
  };
  equal(await through([0, 1, 2], new TransformStream(transformer)), [1, 2, 2]);
});

test("start and flush may give chunks too", async () => {
  const stream = new TransformStream({
    start: (controller) => controller.enqueue("first"),
    flush: (controller) => controller.enqueue("last"),
  });
  equal(await through(["x"], stream), ["first", "x", "last"]);
});

test("transforms do not overlap", async () => {
  let running = 0;
  const stream = new TransformStream({
    async transform(chunk, controller) {
      running += 1;
      equal(running, 1);
      await settle();
      running -= 1;
      controller.enqueue(chunk);
    },
  });
  equal(await through([1, 2, 3], stream), [1, 2, 3]);
});

test("writes wait until somebody reads", async () => {
  const stream = new TransformStream();
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  let isWritten = false;
  const write = writer.write("a").then(() => { isWritten = true; });
  await settle();
  equal([isWritten, writer.desiredSize], [false, 0]);
  equal((await reader.read()).value, "a");
  await write;
});

test("the readable side's mark lets writes run ahead", async () => {
  const stream = new TransformStream({}, undefined, { highWaterMark: 2 });
  const writer = stream.writable.getWriter();
  await writer.write(1);
  await writer.write(2);
  let isWritten = false;
  writer.write(3).then(() => { isWritten = true; });
  await settle();
  equal(isWritten, false);
});

test("desiredSize is that of the readable side", async () => {
  let controller;
  new TransformStream(
    { start: (given) => { controller = given; } }, undefined, { highWaterMark: 5 },
  );
  equal(controller.desiredSize, 5);
  controller.enqueue(1);
  equal(controller.desiredSize, 4);
});

test("a transform that fails errors both sides", async () => {
  for (const transform of [() => { throw boom; }, () => Promise.reject(boom)]) {
    const stream = new TransformStream({ transform });
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const write = writer.write(1);
    await rejects("Boom", reader.read());
    await rejects("Boom", write);
    await rejects("Boom", writer.closed);
    await rejects("Boom", reader.closed);
  }
});

test("a flush that fails errors both sides", async () => {
  const stream = new TransformStream({ flush: () => Promise.reject(boom) });
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  await Promise.all([
    rejects("Boom", writer.close()), rejects("Boom", reader.read()), rejects("Boom", reader.closed),
  ]);
});

test("the controller errors both sides", async () => {
  let controller;
  const stream = new TransformStream({ start: (given) => { controller = given; } });
  controller.error(boom);
  await rejects("Boom", stream.readable.getReader().read());
  await rejects("Boom", stream.writable.getWriter().closed);
  throws(TypeError, () => controller.enqueue(1));
  equal(controller.desiredSize, null);
});

test("terminate closes one side and errors the other", async () => {
  const stream = new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      controller.terminate();
    },
  });
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  writer.write("a").catch(() => {});
  equal((await reader.read()).value, "a");
  equal((await reader.read()).done, true);
  await rejects(TypeError, writer.closed);
});

test("aborting the writable side errors the readable one", async () => {
  const reasons = [];
  const stream = new TransformStream({ cancel: (reason) => { reasons.push(reason); } });
  const reader = stream.readable.getReader();
  await stream.writable.abort(boom);
  await rejects("Boom", reader.read());
  equal(reasons, [boom]);
});

test("cancelling the readable side errors the writable one", async () => {
  const reasons = [];
  const stream = new TransformStream({ cancel: (reason) => { reasons.push(reason); } });
  const writer = stream.writable.getWriter();
  equal(await stream.readable.cancel(boom), undefined);
  await rejects("Boom", writer.closed);
  equal(reasons, [boom]);
});

test("a cancel that fails says so on both sides", async () => {
  const stream = new TransformStream({ cancel: () => Promise.reject(boom) });
  const writer = stream.writable.getWriter();
  await rejects("Boom", stream.readable.cancel("why"));
  await rejects("Boom", writer.closed);
  const other = new TransformStream({ cancel() { throw boom; } });
  await rejects("Boom", other.writable.abort("why"));
  await rejects("Boom", other.readable.getReader().closed);
});

test("cancel and flush do not both run", async () => {
  const events = [];
  const stream = new TransformStream({
    cancel: () => { events.push("cancel"); },
    flush: () => { events.push("flush"); },
  });
  const cancelled = stream.readable.cancel("why");
  await stream.writable.close().catch(() => {});
  await cancelled.catch(() => {});
  equal(events.length, 1);
});

test("closing waits for flush, not for readers", async () => {
  const events = [];
  const stream = new TransformStream({ flush: () => { events.push("flush"); } });
  const writer = stream.writable.getWriter();
  await writer.close();
  equal(events, ["flush"]);
  equal((await stream.readable.getReader().read()).done, true);
});

test("a size function of the readable side may fail", async () => {
  const stream = new TransformStream({}, undefined, { size() { throw boom; }, highWaterMark: 1 });
  const writer = stream.writable.getWriter();
  await rejects("Boom", writer.write(1));
  await rejects("Boom", stream.readable.getReader().read());
});

test("a slow start holds everything back", async () => {
  const events = [];
  let begin;
  const stream = new TransformStream({
    start: () => new Promise((resolve) => { begin = resolve; }),
    transform: (chunk, controller) => {
      events.push(chunk);
      controller.enqueue(chunk);
    },
  });
  const read = stream.readable.getReader().read();
  stream.writable.getWriter().write(1);
  await settle();
  equal(events, []);
  begin();
  equal((await read).value, 1);
});

// --- text -----------------------------------------------------------------------------------

const bytes = (...list) => new Uint8Array(list);

test("TextEncoderStream makes bytes", async () => {
  const stream = new TextEncoderStream();
  equal([stream.encoding, stream[Symbol.toStringTag]], ["utf-8", "TextEncoderStream"]);
  equal(await through(["é", "", "a"], stream), [bytes(0xc3, 0xa9), bytes(0x61)]);
});

test("TextEncoderStream joins surrogates across chunks", async () => {
  const smile = bytes(0xf0, 0x9f, 0x98, 0x80);
  equal(await through(["\ud83d", "\ude00"], new TextEncoderStream()), [smile]);
  equal(await through(["\ud83d", "", "\ude00"], new TextEncoderStream()), [smile]);
});

test("TextEncoderStream replaces lone surrogates", async () => {
  const lost = bytes(0xef, 0xbf, 0xbd);
  equal(await through(["\ud83d"], new TextEncoderStream()), [lost]);
  equal(await through(["\ude00"], new TextEncoderStream()), [lost]);
  const two = bytes(0xef, 0xbf, 0xbd, 0x61);
  equal(await through(["\ud83d", "a"], new TextEncoderStream()), [two]);
});

test("TextEncoderStream makes strings of everything but symbols", async () => {
  equal(await through([12, null], new TextEncoderStream()), [
    bytes(0x31, 0x32), bytes(0x6e, 0x75, 0x6c, 0x6c),
  ]);
  await rejects(TypeError, through([Symbol("x")], new TextEncoderStream()));
});

test("TextDecoderStream joins characters across chunks", async () => {
  const chunks = [bytes(0xf0, 0x9f), bytes(0x98), bytes(0x80, 0x61)];
  equal((await through(chunks, new TextDecoderStream())).join(""), "\u{1f600}a");
});

test("TextDecoderStream takes buffers and views", async () => {
  const chunks = [bytes(0x61).buffer, new DataView(bytes(0x62, 0x63).buffer, 1)];
  equal((await through(chunks, new TextDecoderStream())).join(""), "ac");
  await rejects(TypeError, through(["text"], new TextDecoderStream()));
  await rejects(TypeError, through([undefined], new TextDecoderStream()));
});

test("TextDecoderStream has the options of a decoder", async () => {
  const stream = new TextDecoderStream("latin1", { fatal: true, ignoreBOM: true });
  equal([stream.encoding, stream.fatal, stream.ignoreBOM], ["windows-1252", true, true]);
  equal(await through([bytes(0xe9)], stream), ["é"]);
  throws(RangeError, () => new TextDecoderStream("no-such-encoding"));
});

test("TextDecoderStream replaces or refuses what is broken", async () => {
  equal((await through([bytes(0x61, 0xff)], new TextDecoderStream())).join(""), "a\ufffd");
  equal((await through([bytes(0xf0, 0x9f)], new TextDecoderStream())).join(""), "\ufffd");
  const fatal = () => new TextDecoderStream("utf-8", { fatal: true });
  await rejects(TypeError, through([bytes(0xff)], fatal()));
  await rejects(TypeError, through([bytes(0xf0, 0x9f)], fatal()));
});

test("TextDecoderStream drops a byte order mark, unless told not to", async () => {
  const chunks = [bytes(0xef), bytes(0xbb, 0xbf, 0x61)];
  equal((await through(chunks, new TextDecoderStream())).join(""), "a");
  const keeping = new TextDecoderStream("utf-8", { ignoreBOM: true });
  equal((await through(chunks, keeping)).join(""), "\ufeffa");
});

test("text streams undo each other", async () => {
  const text = ["Grüße, ", "Welt \u{1f30d}", "\u{1f30e}!"];
  const stream = ReadableStream.from(text)
    .pipeThrough(new TextEncoderStream()).pipeThrough(new TextDecoderStream());
  equal((await collect(stream)).join(""), text.join(""));
});
