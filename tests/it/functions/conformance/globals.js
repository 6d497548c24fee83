// The WinterTC minimum common API (ECMA-429): what is there, and what is absent, and why.

const INTERFACES = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "ByteLengthQueuingStrategy",
  "CountQueuingStrategy",
  "Crypto",
  "CryptoKey",
  "CustomEvent",
  "DOMException",
  "ErrorEvent",
  "Event",
  "EventTarget",
  "File",
  "FormData",
  "Headers",
  "MessageChannel",
  "MessageEvent",
  "MessagePort",
  "PromiseRejectionEvent",
  "ReadableByteStreamController",
  "ReadableStream",
  "ReadableStreamDefaultController",
  "ReadableStreamDefaultReader",
  "Request",
  "Response",
  "SubtleCrypto",
  "TextDecoder",
  "TextDecoderStream",
  "TextEncoder",
  "TextEncoderStream",
  "TransformStream",
  "TransformStreamDefaultController",
  "URL",
  "URLSearchParams",
  "WritableStream",
  "WritableStreamDefaultController",
  "WritableStreamDefaultWriter",
];

const FUNCTIONS = [
  "addEventListener",
  "atob",
  "btoa",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "dispatchEvent",
  "fetch",
  "queueMicrotask",
  "removeEventListener",
  "reportError",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
];

const OBJECTS = ["console", "crypto", "navigator", "performance", "self", "WebAssembly"];

const HANDLERS = ["onerror", "onrejectionhandled", "onunhandledrejection"];

const ABSENT = {
  ReadableStreamBYOBReader: "readers that bring their own buffer are not offered yet",
  ReadableStreamBYOBRequest: "readers that bring their own buffer are not offered yet",
  CompressionStream: "not offered yet: answers are compressed by the node",
  DecompressionStream: "not offered yet: answers to fetch arrive decompressed",
  URLPattern: "not offered yet: routes are files, and routers bring their own patterns",
  SharedArrayBuffer: "calls of one app may share a thread, and no two share memory",
  Deno: "the engine's own names are no part of what is promised",
  window: "there is no page",
  document: "there is no page",
  localStorage: "fazt.app.kv keeps what an app wants kept",
  XMLHttpRequest: "fetch is there",
  importScripts: "modules are imported",
};

for (const name of INTERFACES) {
  test(`the interface ${name}`, () => {
    const Interface = globalThis[name];
    equal([typeof Interface, Interface.name], ["function", name]);
    equal(Interface.prototype[Symbol.toStringTag], name);
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    equal([property.writable, property.enumerable, property.configurable], [true, false, true]);
    throws(TypeError, () => Interface());
  });
}

test("interfaces without a constructor", () => {
  const names = ["AbortSignal", "Crypto", "CryptoKey", "SubtleCrypto", "Performance", "Navigator"];
  for (const name of [...names, "MessagePort", "PerformanceEntry"]) {
    throws(TypeError, () => new globalThis[name]());
  }
});

test("members are enumerable and belong to their interface", () => {
  for (const [name, member] of [["URL", "href"], ["Headers", "get"], ["Response", "text"]]) {
    const property = Object.getOwnPropertyDescriptor(globalThis[name].prototype, member);
    equal([property.enumerable, property.configurable], [true, true]);
    const call = property.get ?? property.value;
    throws(TypeError, () => {
      const result = call.call({}, "a");
      // A promise says it by its rejection.
      if (result instanceof Promise) {
        result.catch(() => {});
        throw new TypeError("rejected");
      }
    });
  }
});

for (const name of FUNCTIONS) {
  test(`the function ${name}`, () => {
    equal(typeof globalThis[name], "function");
    equal(globalThis[name].name, name);
    equal(Object.getOwnPropertyDescriptor(globalThis, name).enumerable, false);
  });
}

for (const name of OBJECTS) {
  test(`the object ${name}`, () => equal(typeof globalThis[name], "object"));
}

for (const name of HANDLERS) {
  test(`the handler ${name}`, () => {
    equal(globalThis[name], null);
    const handler = () => {};
    globalThis[name] = handler;
    assert(globalThis[name] === handler);
    globalThis[name] = null;
    equal(globalThis[name], null);
  });
}

for (const [name, reason] of Object.entries(ABSENT)) {
  test(`${name} is absent: ${reason}`, () => equal(name in globalThis, false));
}

test("what the prelude works with is nobody else's", () => {
  for (const name of ["host", "fz"]) equal(name in globalThis, false);
  throws("ReferenceError", () => host);
  throws("ReferenceError", () => fz);
});

test("self is the global object", () => assert(self === globalThis));

test("a global can be replaced", () => {
  const before = globalThis.fetch;
  globalThis.fetch = 1;
  equal(fetch, 1);
  globalThis.fetch = before;
});

test("navigator", () => {
  equal(navigator.userAgent.split("/")[0], "fazt");
  equal(String(navigator), "[object Navigator]");
});

test("performance", async () => {
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const end = performance.now();
  assert(end - start >= 4 && end - start < 5000, `${end - start} ms`);
  assert(Math.abs(performance.timeOrigin + end - Date.now()) < 5000);
  equal(performance.toJSON().timeOrigin, performance.timeOrigin);
});

test("marks and measures", () => {
  performance.clearMarks();
  performance.clearMeasures();
  const mark = performance.mark("a", { startTime: 5, detail: { x: [1] } });
  equal([mark.name, mark.entryType, mark.startTime, mark.duration], ["a", "mark", 5, 0]);
  equal(mark.detail, { x: [1] });
  performance.mark("b", { startTime: 8 });
  equal(performance.measure("m", "a", "b").duration, 3);
  equal(performance.measure("n", { start: 1, duration: 6 }).startTime, 1);
  equal(performance.measure("o", { end: "b", duration: 6 }).startTime, 2);
  equal(performance.measure("p", { start: "a", end: 9 }).duration, 4);
  equal(performance.getEntriesByType("measure").map((entry) => entry.name), ["n", "o", "m", "p"]);
  equal(performance.getEntriesByName("a").length, 1);
  throws("SyntaxError", () => performance.measure("q", "none"));
  throws(TypeError, () => performance.measure("q", { start: 1, end: 2, duration: 3 }));
  throws(TypeError, () => performance.mark("q", { startTime: -1 }));
  performance.clearMarks("a");
  equal(performance.getEntriesByType("mark").map((entry) => entry.name), ["b"]);
  performance.clearMarks();
  performance.clearMeasures();
  equal(performance.getEntries(), []);
});

test("entries are bounded", () => {
  for (let count = 0; count < 3000; count += 1) performance.mark(`m${count}`);
  const entries = performance.getEntries();
  equal([entries.length, entries.at(-1).name], [1000, "m2999"]);
  performance.clearMarks();
});

test("a message channel", async () => {
  const { port1, port2 } = new MessageChannel();
  const received = [];
  const isDone = new Promise((resolve) => {
    port2.onmessage = ({ data, target }) => {
      received.push(data);
      equal(target === port2, true);
      if (received.length === 2) resolve();
    };
  });
  const value = { a: [1] };
  port1.postMessage(value);
  value.a = 2;
  port1.postMessage("b");
  equal(received, []);
  await isDone;
  equal(received, [{ a: [1] }, "b"]);
  throws("DataCloneError", () => port1.postMessage(() => {}));
  throws(TypeError, () => port1.postMessage());
  port2.close();
  port1.postMessage("lost");
});

test("a port with addEventListener waits for start", async () => {
  const { port1, port2 } = new MessageChannel();
  const received = [];
  port2.addEventListener("message", ({ data }) => received.push(data));
  port1.postMessage(1);
  port1.postMessage(2);
  await new Promise((resolve) => setTimeout(resolve, 5));
  equal(received, []);
  port2.start();
  await new Promise((resolve) => setTimeout(resolve, 5));
  equal(received, [1, 2]);
  port1.close();
});

test("WebAssembly runs", async () => {
  // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
  const module = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100,
    100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11,
  ]);
  const { instance } = await WebAssembly.instantiate(module);
  equal(instance.exports.add(2, 3), 5);
});
