// Event, EventTarget, AbortController and DOMException (WHATWG DOM, Web IDL).

test("an event", () => {
  const event = new Event("x", { bubbles: true, cancelable: true });
  equal([event.type, event.bubbles, event.cancelable, event.composed], ["x", true, true, false]);
  equal([event.target, event.currentTarget, event.eventPhase], [null, null, 0]);
  equal([event.defaultPrevented, event.isTrusted, event.returnValue], [false, false, true]);
  equal([Event.AT_TARGET, event.CAPTURING_PHASE], [2, 1]);
  assert(event.timeStamp >= 0);
  event.preventDefault();
  equal([event.defaultPrevented, event.returnValue], [true, false]);
  const fixed = new Event("x");
  fixed.preventDefault();
  equal(fixed.defaultPrevented, false);
  throws(TypeError, () => new Event());
  throws(TypeError, () => new Event("x", 1));
});

test("listeners are called in their order", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("x", () => seen.push(1));
  target.addEventListener("x", { handleEvent: () => seen.push(2) });
  target.addEventListener("x", () => seen.push(0), true);
  target.addEventListener("y", () => seen.push(9));
  equal(target.dispatchEvent(new Event("x")), true);
  equal(seen, [0, 1, 2]);
});

test("a listener sees its target", () => {
  const target = new EventTarget();
  let seen = null;
  target.addEventListener("x", function (event) {
    const phases = [event.eventPhase, event.composedPath().length];
    seen = [this === target, event.target === target, event.currentTarget === target, ...phases];
  });
  const event = new Event("x");
  target.dispatchEvent(event);
  equal(seen, [true, true, true, 2, 1]);
  equal([event.currentTarget, event.eventPhase, event.target === target], [null, 0, true]);
  equal(event.composedPath(), []);
});

test("the same listener counts once", () => {
  const target = new EventTarget();
  let count = 0;
  const listener = () => (count += 1);
  target.addEventListener("x", listener);
  target.addEventListener("x", listener, { once: true });
  target.addEventListener("x", listener, true);
  target.dispatchEvent(new Event("x"));
  equal(count, 2);
  target.removeEventListener("x", listener);
  target.dispatchEvent(new Event("x"));
  equal(count, 3);
  target.removeEventListener("x", listener, { capture: true });
  target.dispatchEvent(new Event("x"));
  equal(count, 3);
});

test("once, passive and signal", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  const seen = [];
  target.addEventListener("x", () => seen.push("once"), { once: true });
  target.addEventListener("x", () => seen.push("signal"), { signal: controller.signal });
  target.addEventListener("x", (event) => event.preventDefault(), { passive: true });
  target.addEventListener("x", () => seen.push("never"), { signal: AbortSignal.abort() });
  equal(target.dispatchEvent(new Event("x", { cancelable: true })), true);
  target.dispatchEvent(new Event("x"));
  controller.abort();
  target.dispatchEvent(new Event("x"));
  equal(seen, ["once", "signal", "signal"]);
  throws(TypeError, () => target.addEventListener("x", () => {}, { signal: null }));
});

test("what is no listener", () => {
  const target = new EventTarget();
  target.addEventListener("x", null);
  target.addEventListener("x", undefined);
  for (const wrong of [1, "x", true]) {
    throws(TypeError, () => target.addEventListener("x", wrong));
  }
  throws(TypeError, () => target.addEventListener("x"));
  throws(TypeError, () => target.dispatchEvent({ type: "x" }));
  throws(TypeError, () => target.dispatchEvent(null));
  target.dispatchEvent(new Event("x"));
});

test("preventDefault is told", () => {
  const target = new EventTarget();
  target.addEventListener("x", (event) => event.preventDefault());
  equal(target.dispatchEvent(new Event("x", { cancelable: true })), false);
  equal(target.dispatchEvent(new Event("x")), true);
});

test("stopping", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("x", (event) => {
    seen.push(1);
    event.stopPropagation();
  });
  target.addEventListener("x", (event) => {
    seen.push(2);
    event.stopImmediatePropagation();
  });
  target.addEventListener("x", () => seen.push(3));
  target.dispatchEvent(new Event("x"));
  equal(seen, [1, 2]);
});

test("listeners that change the list", () => {
  const target = new EventTarget();
  const seen = [];
  const last = () => seen.push("last");
  target.addEventListener("x", () => {
    seen.push("first");
    target.removeEventListener("x", last);
    target.addEventListener("x", () => seen.push("new"));
  }, { once: true });
  target.addEventListener("x", last);
  target.dispatchEvent(new Event("x"));
  equal(seen, ["first"]);
  target.dispatchEvent(new Event("x"));
  equal(seen, ["first", "new"]);
});

test("a listener that throws stops nobody", () => {
  const target = new EventTarget();
  const seen = [];
  const errors = [];
  const report = (event) => {
    errors.push(event.error.message);
    event.preventDefault();
  };
  addEventListener("error", report);
  target.addEventListener("x", () => {
    throw new Error("thrown");
  });
  target.addEventListener("x", { handleEvent: 1 });
  target.addEventListener("x", () => seen.push(1));
  target.dispatchEvent(new Event("x"));
  removeEventListener("error", report);
  equal([seen, errors.length, errors[0]], [[1], 2, "thrown"]);
});

test("an event is dispatched once at a time", () => {
  const target = new EventTarget();
  const event = new Event("x");
  let name = null;
  target.addEventListener("x", () => {
    try {
      target.dispatchEvent(event);
    } catch (error) {
      name = error.name;
    }
  });
  target.dispatchEvent(event);
  target.dispatchEvent(event);
  equal(name, "InvalidStateError");
});

test("CustomEvent, ErrorEvent and subclasses", () => {
  const detail = {};
  assert(new CustomEvent("x", { detail }).detail === detail);
  equal(new CustomEvent("x").detail, null);
  const event = new ErrorEvent("error", { message: "m", error: detail, lineno: 3 });
  equal([event.message, event.lineno, event.error === detail], ["m", 3, true]);
  class Own extends EventTarget {}
  let count = 0;
  const own = new Own();
  own.addEventListener("x", () => (count += 1));
  own.dispatchEvent(new CustomEvent("x"));
  equal(count, 1);
});

test("reportError tells the global object", () => {
  const seen = [];
  globalThis.onerror = (event) => {
    seen.push(event.error, event.type);
    return false;
  };
  reportError("reason");
  globalThis.onerror = null;
  equal(seen, ["reason", "error"]);
  throws(TypeError, () => reportError());
});

test("an AbortController", () => {
  const { signal } = new AbortController();
  equal([signal.aborted, signal.reason, signal.onabort], [false, undefined, null]);
  signal.throwIfAborted();
  const controller = new AbortController();
  const seen = [];
  controller.signal.onabort = (event) => seen.push("on", event.type, event.isTrusted);
  controller.signal.addEventListener("abort", () => seen.push("listener"));
  controller.abort();
  controller.abort("again");
  equal(seen, ["on", "abort", true, "listener"]);
  equal(controller.signal.reason.name, "AbortError");
  throws("AbortError", () => controller.signal.throwIfAborted());
});

test("the reason of an abort", () => {
  const controller = new AbortController();
  controller.abort(null);
  equal([controller.signal.aborted, controller.signal.reason], [true, null]);
  throws("RangeError", () => AbortSignal.abort(new RangeError("why")).throwIfAborted());
  equal(AbortSignal.abort().reason.code, 20);
  throws(TypeError, () => new AbortSignal());
});

test("a handler keeps its place", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const seen = [];
  signal.onabort = () => seen.push("old");
  signal.addEventListener("abort", () => seen.push("listener"));
  const handler = () => seen.push("new");
  signal.onabort = handler;
  assert(signal.onabort === handler);
  controller.abort();
  equal(seen, ["new", "listener"]);
  signal.onabort = "text";
  equal(signal.onabort, null);
});

test("AbortSignal.timeout", async () => {
  const signal = AbortSignal.timeout(5);
  equal(signal.aborted, false);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  equal([signal.aborted, signal.reason.name], [true, "TimeoutError"]);
  for (const wrong of [-1, NaN, Infinity, 2 ** 53, "x"]) {
    throws(TypeError, () => AbortSignal.timeout(wrong));
  }
});

test("AbortSignal.any", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const any = AbortSignal.any([first.signal, second.signal]);
  const nested = AbortSignal.any([any]);
  const seen = [];
  second.signal.addEventListener("abort", () => seen.push(`source ${nested.aborted}`));
  any.addEventListener("abort", () => seen.push("any"));
  nested.addEventListener("abort", () => seen.push("nested"));
  second.abort("b");
  first.abort("a");
  equal(seen, ["source true", "any", "nested"]);
  equal([any.reason, nested.reason], ["b", "b"]);
  equal(AbortSignal.any([]).aborted, false);
  equal(AbortSignal.any([AbortSignal.abort("c"), first.signal]).reason, "c");
  throws(TypeError, () => AbortSignal.any([{}]));
  throws(TypeError, () => AbortSignal.any());
});

test("DOMException", () => {
  const error = new DOMException("text", "AbortError");
  equal([error.name, error.message, error.code], ["AbortError", "text", 20]);
  assert(error instanceof DOMException && error instanceof Error);
  equal(String(error), "AbortError: text");
  equal(Object.prototype.toString.call(error), "[object DOMException]");
  const plain = new DOMException();
  equal([plain.name, plain.message, plain.code], ["Error", "", 0]);
  equal(new DOMException("", "Own").code, 0);
  equal([DOMException.ABORT_ERR, error.DATA_CLONE_ERR], [20, 25]);
  assert(typeof error.stack === "string");
  equal(Object.keys(error), []);
});
