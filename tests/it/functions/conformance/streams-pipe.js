// pipeTo and pipeThrough (Streams 4.2.5 and 4.9.1).

const settle = async () => {
  for (let i = 0; i < 40; i += 1) await null;
};
const boom = Object.assign(new Error("boom"), { name: "Boom" });
const of = (...chunks) => new ReadableStream({
  start(controller) {
    chunks.forEach((chunk) => controller.enqueue(chunk));
    controller.close();
  },
});
// A source and a sink that write down what happens to them.
const source = (events, chunks = []) => {
  let controller;
  const readable = new ReadableStream({
    start(given) {
      controller = given;
      chunks.forEach((chunk) => given.enqueue(chunk));
    },
    cancel: (reason) => { events.push(["cancel", reason]); },
  });
  return { readable, controller };
};
const sink = (events, more = {}, strategy = undefined) => {
  let controller;
  const writable = new WritableStream({
    start(given) {
      controller = given;
    },
    write: (chunk) => { events.push(["write", chunk]); },
    close: () => { events.push(["close"]); },
    abort: (reason) => { events.push(["abort", reason]); },
    ...more,
  }, strategy);
  return { writable, controller };
};

test("a pipe moves everything and closes", async () => {
  const events = [];
  const readable = of("a", "b");
  const { writable } = sink(events);
  const piped = readable.pipeTo(writable);
  equal([readable.locked, writable.locked], [true, true]);
  equal(await piped, undefined);
  equal([readable.locked, writable.locked], [false, false]);
  equal(events, [["write", "a"], ["write", "b"], ["close"]]);
  await rejects(TypeError, writable.close());
});

test("a pipe refuses what cannot be piped", async () => {
  await rejects(TypeError, of().pipeTo());
  await rejects(TypeError, of().pipeTo({}));
  await rejects(TypeError, of().pipeTo(of()));
  await rejects(TypeError, of().pipeTo(new WritableStream(), { signal: {} }));
  await rejects(TypeError, of().pipeTo(new WritableStream(), { signal: null }));
  await rejects(TypeError, of().pipeTo(new WritableStream(), 1));
  const readable = of();
  readable.getReader();
  const writable = new WritableStream();
  await rejects(TypeError, readable.pipeTo(writable));
  equal(writable.locked, false);
  writable.getWriter();
  const free = of();
  await rejects(TypeError, free.pipeTo(writable));
  equal(free.locked, false);
});

test("an option that throws locks nothing", async () => {
  const readable = of();
  const writable = new WritableStream();
  const options = { get preventClose() { throw boom; } };
  await rejects("Boom", readable.pipeTo(writable, options));
  equal([readable.locked, writable.locked], [false, false]);
});

test("options are read in their order", async () => {
  const names = [];
  const options = new Proxy({}, {
    get(_, name) {
      names.push(name);
      return undefined;
    },
  });
  await of().pipeTo(new WritableStream(), options);
  equal(names, ["preventAbort", "preventCancel", "preventClose", "signal"]);
});

test("preventClose leaves the destination open", async () => {
  const events = [];
  const { writable } = sink(events);
  await of(1).pipeTo(writable, { preventClose: true });
  equal(events, [["write", 1]]);
  await of(2).pipeTo(writable);
  equal(events, [["write", 1], ["write", 2], ["close"]]);
});

test("an error of the source aborts the destination", async () => {
  const events = [];
  const { readable, controller } = source(events, [1]);
  const { writable } = sink(events);
  const piped = readable.pipeTo(writable);
  await settle();
  controller.error(boom);
  await rejects("Boom", piped);
  equal(events, [["write", 1], ["abort", boom]]);
});

test("preventAbort spares the destination", async () => {
  const events = [];
  const { readable, controller } = source(events);
  controller.error(boom);
  const { writable } = sink(events);
  await rejects("Boom", readable.pipeTo(writable, { preventAbort: true }));
  equal([events, writable.locked], [[], false]);
  await writable.close();
});

test("an abort that fails is what the pipe fails with", async () => {
  const { readable, controller } = source([]);
  controller.error("first");
  const { writable } = sink([], { abort: () => Promise.reject(boom) });
  await rejects("Boom", readable.pipeTo(writable));
});

test("an error of the destination cancels the source", async () => {
  const events = [];
  const { readable } = source(events);
  const { writable, controller } = sink(events);
  const piped = readable.pipeTo(writable);
  await settle();
  controller.error(boom);
  await rejects("Boom", piped);
  equal(events, [["cancel", boom]]);
  equal(readable.locked, false);
});

test("a write that fails cancels the source", async () => {
  const events = [];
  const { readable } = source(events, [1, 2]);
  const { writable } = sink(events, { write: () => Promise.reject(boom) });
  await rejects("Boom", readable.pipeTo(writable));
  equal(events, [["cancel", boom]]);
});

test("preventCancel spares the source", async () => {
  const events = [];
  const { readable, controller } = source(events);
  const { writable, controller: end } = sink(events);
  end.error(boom);
  await rejects("Boom", readable.pipeTo(writable, { preventCancel: true }));
  equal([events, readable.locked], [[], false]);
  controller.enqueue("left");
  equal((await readable.getReader().read()).value, "left");
});

test("a closed destination cancels the source", async () => {
  const events = [];
  const { readable } = source(events);
  const { writable } = sink([]);
  await writable.close();
  await rejects(TypeError, readable.pipeTo(writable));
  equal([events.length, events[0][0], events[0][1] instanceof TypeError], [1, "cancel", true]);
});

test("a closed destination with preventCancel", async () => {
  const events = [];
  const { readable } = source(events);
  const { writable } = sink([]);
  const closing = writable.close();
  await rejects(TypeError, readable.pipeTo(writable, { preventCancel: true }));
  await closing;
  equal(events, []);
});

test("a close that fails is what the pipe fails with", async () => {
  const { writable } = sink([], { close: () => Promise.reject(boom) });
  await rejects("Boom", of(1).pipeTo(writable));
});

test("a pipe asks for no more than the destination takes", async () => {
  let pulls = 0;
  const readable = new ReadableStream({
    pull(controller) {
      pulls += 1;
      controller.enqueue(pulls);
    },
  }, { highWaterMark: 0 });
  let resume;
  const { writable } = sink([], {
    write: () => new Promise((resolve) => { resume = resolve; }),
  }, { highWaterMark: 2 });
  readable.pipeTo(writable).catch(() => {});
  await settle();
  equal(pulls, 2);
  resume();
  await settle();
  equal(pulls, 3);
});

test("a destination that wants nothing gets nothing", async () => {
  const events = [];
  const { readable } = source(events, [1]);
  const { writable } = sink(events, {}, { highWaterMark: 0 });
  readable.pipeTo(writable);
  await settle();
  equal(events, []);
});

test("closing waits for writes under way", async () => {
  const events = [];
  let resume;
  const { writable } = sink(events, {
    write: () => new Promise((resolve) => { resume = resolve; }),
  });
  let isDone = false;
  const piped = of(1).pipeTo(writable, { preventClose: true }).then(() => { isDone = true; });
  await settle();
  equal(isDone, false);
  resume();
  await piped;
});

test("an error of the source waits for writes under way", async () => {
  const events = [];
  let resume;
  const { readable, controller } = source(events, [1, 2]);
  const { writable } = sink(events, {
    write(chunk) {
      events.push(["write", chunk]);
      return new Promise((resolve) => { resume = resolve; });
    },
  }, { highWaterMark: 4 });
  const piped = readable.pipeTo(writable);
  await settle();
  controller.error(boom);
  await settle();
  equal(events, [["write", 1]]);
  resume();
  await settle();
  equal(events, [["write", 1], ["write", 2]]);
  resume();
  await rejects("Boom", piped);
  equal(events.at(-1), ["abort", boom]);
});

// --- signals ----------------------------------------------------------------------------------

test("a signal stops a pipe and both ends", async () => {
  const events = [];
  const { readable } = source(events);
  const { writable } = sink(events);
  const controller = new AbortController();
  const piped = readable.pipeTo(writable, { signal: controller.signal });
  await settle();
  controller.abort(boom);
  await rejects("Boom", piped);
  equal(events, [["abort", boom], ["cancel", boom]]);
  equal([readable.locked, writable.locked], [false, false]);
});

test("a signal without a reason gives an AbortError", async () => {
  const controller = new AbortController();
  const piped = source([]).readable.pipeTo(new WritableStream(), { signal: controller.signal });
  controller.abort();
  await rejects("AbortError", piped);
});

test("an aborted signal stops a pipe before it begins", async () => {
  const events = [];
  const { readable } = source(events, [1]);
  const { writable } = sink(events);
  await rejects("Boom", readable.pipeTo(writable, { signal: AbortSignal.abort(boom) }));
  equal(events, [["abort", boom], ["cancel", boom]]);
});

test("a signal respects preventAbort and preventCancel", async () => {
  for (const [options, expected] of [
    [{ preventAbort: true }, [["cancel", boom]]],
    [{ preventCancel: true }, [["abort", boom]]],
    [{ preventAbort: true, preventCancel: true }, []],
  ]) {
    const events = [];
    const { readable } = source(events);
    const { writable } = sink(events);
    const signal = AbortSignal.abort(boom);
    await rejects("Boom", readable.pipeTo(writable, { ...options, signal }));
    equal(events, expected);
  }
});

test("a signal waits for the write under way", async () => {
  const events = [];
  let resume;
  const { readable } = source(events, [1, 2]);
  const { writable } = sink(events, {
    write(chunk) {
      events.push(["write", chunk]);
      return new Promise((resolve) => { resume = resolve; });
    },
  });
  const controller = new AbortController();
  const piped = readable.pipeTo(writable, { signal: controller.signal });
  await settle();
  controller.abort(boom);
  await settle();
  equal(events, [["write", 1]]);
  resume();
  await rejects("Boom", piped);
  equal(events.slice(1), [["abort", boom], ["cancel", boom]]);
});

test("a signal after the end changes nothing", async () => {
  const events = [];
  const { writable } = sink(events);
  const controller = new AbortController();
  await of(1).pipeTo(writable, { preventClose: true, signal: controller.signal });
  controller.abort(boom);
  await settle();
  equal(events, [["write", 1]]);
  await writable.close();
});

// --- pipeThrough ------------------------------------------------------------------------------

test("pipeThrough gives the readable side", async () => {
  const { readable, writable } = new TransformStream();
  const result = of(1, 2).pipeThrough({ readable, writable });
  assert(result === readable);
  const reader = result.getReader();
  equal([(await reader.read()).value, (await reader.read()).value], [1, 2]);
});

test("pipeThrough refuses what it cannot use", () => {
  const { readable, writable } = new TransformStream();
  throws(TypeError, () => of().pipeThrough());
  throws(TypeError, () => of().pipeThrough({ readable }));
  throws(TypeError, () => of().pipeThrough({ writable }));
  throws(TypeError, () => of().pipeThrough({ readable: {}, writable }));
  throws(TypeError, () => of().pipeThrough({ readable, writable: {} }));
  throws(TypeError, () => of().pipeThrough({ readable, writable }, { signal: 1 }));
  const locked = of();
  locked.getReader();
  throws(TypeError, () => locked.pipeThrough({ readable, writable }));
  writable.getWriter();
  throws(TypeError, () => of().pipeThrough({ readable, writable }));
});

test("pipeThrough leaves no rejection behind", async () => {
  const { readable, controller } = source([]);
  const result = readable.pipeThrough(new TransformStream());
  controller.error(boom);
  await rejects("Boom", result.getReader().read());
});

test("a chain of pipes passes on back-pressure, errors and cancelling", async () => {
  const events = [];
  let pulls = 0;
  const readable = new ReadableStream({
    pull(controller) {
      pulls += 1;
      controller.enqueue(pulls);
    },
    cancel: (reason) => { events.push(reason); },
  }, { highWaterMark: 0 });
  const double = new TransformStream({
    transform: (chunk, controller) => controller.enqueue(chunk * 2),
  });
  const reader = readable.pipeThrough(new TransformStream()).pipeThrough(double).getReader();
  equal((await reader.read()).value, 2);
  equal((await reader.read()).value, 4);
  await settle();
  assert(pulls <= 6, `${pulls} pulls for two reads`);
  await reader.cancel("enough");
  await settle();
  equal(events, ["enough"]);
});

test("many chunks pass", async () => {
  let count = 0;
  const readable = new ReadableStream({
    pull(controller) {
      count += 1;
      if (count > 20000) controller.close();
      else controller.enqueue(count);
    },
  });
  let sum = 0;
  await readable.pipeThrough(new TransformStream()).pipeTo(new WritableStream({
    write: (chunk) => { sum += chunk; },
  }));
  equal(sum, 200010000);
});
