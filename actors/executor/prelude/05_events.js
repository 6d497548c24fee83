// Event, EventTarget and the events that a server knows (DOM 2). There is no tree: an event's
// path is its target.

// What an event is made of; given out to this file alone.
let stateOf;

class Event {
  #state;

  static {
    stateOf = (event) => event.#state;
  }

  constructor(type, init = undefined) {
    fz.need(arguments.length, 1, "Event");
    const { bubbles, cancelable, composed } = fz.dictionary(init, "the options of an event");
    this.#state = {
      type: fz.dom(type),
      bubbles: Boolean(bubbles),
      cancelable: Boolean(cancelable),
      composed: Boolean(composed),
      target: null,
      currentTarget: null,
      isDispatched: false,
      isTrusted: false,
      isCanceled: false,
      isStopped: false,
      isStoppedNow: false,
      isPassive: false,
      time: host.now(),
    };
  }

  get type() {
    return this.#state.type;
  }
  get target() {
    return this.#state.target;
  }
  get srcElement() {
    return this.#state.target;
  }
  get currentTarget() {
    return this.#state.currentTarget;
  }
  get eventPhase() {
    return this.#state.isDispatched ? Event.AT_TARGET : Event.NONE;
  }
  get bubbles() {
    return this.#state.bubbles;
  }
  get cancelable() {
    return this.#state.cancelable;
  }
  get composed() {
    return this.#state.composed;
  }
  get defaultPrevented() {
    return this.#state.isCanceled;
  }
  get isTrusted() {
    return this.#state.isTrusted;
  }
  get timeStamp() {
    return this.#state.time;
  }

  get returnValue() {
    return !this.#state.isCanceled;
  }
  set returnValue(value) {
    if (!value) this.preventDefault();
  }

  get cancelBubble() {
    return this.#state.isStopped;
  }
  set cancelBubble(value) {
    if (value) this.#state.isStopped = true;
  }

  composedPath() {
    return this.#state.currentTarget === null ? [] : [this.#state.currentTarget];
  }

  stopPropagation() {
    this.#state.isStopped = true;
  }

  stopImmediatePropagation() {
    this.#state.isStopped = true;
    this.#state.isStoppedNow = true;
  }

  preventDefault() {
    const state = this.#state;
    if (state.cancelable && !state.isPassive) state.isCanceled = true;
  }

  initEvent(type, bubbles = false, cancelable = false) {
    fz.need(arguments.length, 1, "initEvent");
    const state = this.#state;
    if (state.isDispatched) return;
    state.isStopped = state.isStoppedNow = state.isCanceled = state.isTrusted = false;
    state.target = null;
    state.type = fz.dom(type);
    state.bubbles = Boolean(bubbles);
    state.cancelable = Boolean(cancelable);
  }
}

// DOM 2.7. A listener is { callback, capture, once, passive, isRemoved, unfollow }.
let listenersOf, handlersOf;

class EventTarget {
  #listeners = null;
  #handlers = null;

  static {
    listenersOf = (target) => (target.#listeners ??= new Map());
    handlersOf = (target) => (target.#handlers ??= new Map());
  }

  addEventListener(type, callback, options = undefined) {
    fz.need(arguments.length, 2, "addEventListener");
    const byType = listenersOf(this);
    const listener = { callback, isRemoved: false, ...flatten(options) };
    type = fz.dom(type);
    if (!isListener(callback) || listener.signal?.aborted) return;
    const list = byType.get(type);
    const isSame = (other) => other.callback === callback && other.capture === listener.capture;
    if (list === undefined) {
      byType.set(type, [listener]);
    } else if (list.some(isSame)) {
      return;
    } else {
      list.push(listener);
    }
    if (listener.signal !== undefined) {
      listener.unfollow = fz.onAbort(listener.signal, () => remove(byType, type, listener));
    }
  }

  removeEventListener(type, callback, options = undefined) {
    fz.need(arguments.length, 2, "removeEventListener");
    const byType = listenersOf(this);
    isListener(callback);
    type = fz.dom(type);
    const isCapture = typeof options === "boolean" ? options : Boolean(options?.capture);
    const list = byType.get(type) ?? [];
    const isSame = (other) => other.callback === callback && other.capture === isCapture;
    const place = list.findIndex(isSame);
    if (place >= 0) remove(byType, type, list[place]);
  }

  dispatchEvent(event) {
    fz.need(arguments.length, 1, "dispatchEvent");
    listenersOf(this);
    if (!(event instanceof Event)) throw new TypeError("dispatchEvent needs an Event");
    const state = stateOf(event);
    if (state.isDispatched) {
      throw new fz.DOMException("The event is being dispatched already", "InvalidStateError");
    }
    state.isTrusted = false;
    return dispatch(this, event, state);
  }
}

// DOM 2.7, "flatten more".
function flatten(options) {
  if (options === undefined || options === null || typeof options === "boolean") {
    return { capture: options === true, once: false, passive: false, signal: undefined };
  }
  const { capture, once, passive, signal } = fz.dictionary(options, "the options of a listener");
  if (signal !== undefined && !fz.isAbortSignal(signal)) {
    throw new TypeError("the option signal must be an AbortSignal");
  }
  return {
    capture: Boolean(capture),
    once: Boolean(once),
    passive: Boolean(passive),
    signal,
  };
}

function isListener(callback) {
  if (callback === null || callback === undefined) return false;
  if (typeof callback === "function" || typeof callback === "object") return true;
  throw new TypeError("an event listener must be a function or an object");
}

function remove(byType, type, listener) {
  listener.isRemoved = true;
  listener.unfollow?.();
  const others = (byType.get(type) ?? []).filter((other) => other !== listener);
  if (others.length === 0) byType.delete(type);
  else byType.set(type, others);
}

// DOM 2.9. Both phases of a path of one come here: listeners that capture go first.
function dispatch(target, event, state) {
  state.isDispatched = true;
  state.target = state.currentTarget = target;
  const byType = listenersOf(target);
  const listeners = byType.get(state.type) ?? [];
  for (const isCapture of [true, false]) {
    if (state.isStopped) break;
    invoke(listeners.filter((listener) => listener.capture === isCapture), byType, event, state);
  }
  state.isDispatched = state.isStopped = state.isStoppedNow = false;
  state.currentTarget = null;
  return !state.isCanceled;
}

// DOM 2.9, "inner invoke".
function invoke(listeners, byType, event, state) {
  for (const listener of listeners) {
    if (state.isStoppedNow) return;
    if (listener.isRemoved) continue;
    if (listener.once) remove(byType, state.type, listener);
    state.isPassive = listener.passive;
    try {
      const { callback } = listener;
      if (typeof callback === "function") {
        callback.call(state.currentTarget, event);
      } else {
        fz.callback(callback.handleEvent, "handleEvent of an event listener").call(callback, event);
      }
    } catch (error) {
      fz.report(error);
    }
    state.isPassive = false;
  }
}

// An event of the platform's own.
fz.fire = (target, event) => {
  const state = stateOf(event);
  state.isTrusted = true;
  return dispatch(target, event, state);
};

// HTML 8.1.8.1: `onNAME`. The handler keeps the place of the first one that was set.
fz.handlerAttribute = (prototype, type) => {
  const getHandler = (target) => handlersOf(target).get(type)?.value ?? null;
  const setHandler = (target, value) => {
    const handlers = handlersOf(target);
    const isSet = typeof value === "function" || (typeof value === "object" && value !== null);
    const handler = handlers.get(type);
    if (!isSet) {
      if (handler !== undefined) target.removeEventListener(type, handler.listener);
      handlers.delete(type);
    } else if (handler !== undefined) {
      handler.value = value;
    } else {
      const entry = { value, listener: (event) => callHandler(entry.value, event) };
      handlers.set(type, entry);
      target.addEventListener(type, entry.listener);
    }
  };
  Object.defineProperty(prototype, `on${type}`, {
    get() {
      return getHandler(this);
    },
    set(value) {
      setHandler(this, value);
    },
    enumerable: true,
    configurable: true,
  });
};

function callHandler(handler, event) {
  if (typeof handler !== "function") return;
  const result = handler.call(stateOf(event).currentTarget, event);
  if (result === false) event.preventDefault();
}

// DOM 2.4.
class CustomEvent extends Event {
  #detail;

  constructor(type, init = undefined) {
    super(...arguments);
    this.#detail = fz.dictionary(init, "the options of an event").detail ?? null;
  }

  get detail() {
    return this.#detail;
  }
}

const SHOWN = ["type", "target", "defaultPrevented", "cancelable", "timeStamp"];
fz.expose(Event, SHOWN);
fz.constants(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });
fz.expose(EventTarget);
fz.expose(CustomEvent, ["detail", ...SHOWN]);
