// MessageEvent, MessageChannel and MessagePort (HTML 9.4). Both ports live in one isolate.

// Messages that wait until their port is started.
const MESSAGES_MAX = 1000;

const { setImmediate, structuredClone } = globalThis;

class MessageEvent extends Event {
  #init;

  constructor(type, init = undefined) {
    super(...arguments);
    const { data, origin, lastEventId, source, ports } = fz.dictionary(init, "the options");
    this.#init = {
      data: data === undefined ? null : data,
      origin: origin === undefined ? "" : fz.usv(origin),
      lastEventId: lastEventId === undefined ? "" : fz.dom(lastEventId),
      source: source ?? null,
      ports: Object.freeze(ports === undefined ? [] : [...ports]),
    };
  }

  get data() {
    return this.#init.data;
  }
  get origin() {
    return this.#init.origin;
  }
  get lastEventId() {
    return this.#init.lastEventId;
  }
  get source() {
    return this.#init.source;
  }
  get ports() {
    return this.#init.ports;
  }
}

let entangle;

class MessagePort extends EventTarget {
  #other = null;
  #waiting = [];
  #isStarted = false;

  static {
    entangle = (one, other) => {
      one.#other = other;
      other.#other = one;
    };
  }

  constructor() {
    if (arguments[0] !== fz.token) throw fz.illegal();
    super();
  }

  postMessage(message, options = undefined) {
    fz.need(arguments.length, 1, "postMessage");
    const init = Array.isArray(options) ? { transfer: options } : options;
    const data = structuredClone(message, init);
    const other = this.#other;
    if (other === null) return;
    if (other.#waiting.length >= MESSAGES_MAX) {
      throw new RangeError(`more than ${MESSAGES_MAX} messages wait for their port`);
    }
    other.#waiting.push(data);
    if (other.#isStarted) other.#deliverSoon();
  }

  // Each message is a task of its own.
  #deliverSoon() {
    setImmediate(() => {
      if (this.#waiting.length === 0) return;
      fz.fire(this, new MessageEvent("message", { data: this.#waiting.shift() }));
    });
  }

  start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (let count = this.#waiting.length; count > 0; count -= 1) this.#deliverSoon();
  }

  close() {
    const other = this.#other;
    if (other === null) return;
    this.#other = other.#other = null;
    this.#waiting = [];
  }
}

fz.handlerAttribute(MessagePort.prototype, "message");
fz.handlerAttribute(MessagePort.prototype, "messageerror");
// HTML 9.4.4: whoever sets this handler need not start the port.
const { get, set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
Object.defineProperty(MessagePort.prototype, "onmessage", {
  get,
  set(handler) {
    set.call(this, handler);
    this.start();
  },
  configurable: true,
});

class MessageChannel {
  #port1 = new MessagePort(fz.token);
  #port2 = new MessagePort(fz.token);

  constructor() {
    entangle(this.#port1, this.#port2);
  }

  get port1() {
    return this.#port1;
  }
  get port2() {
    return this.#port2;
  }
}

fz.expose(MessageEvent, ["data"]);
fz.expose(MessagePort);
fz.expose(MessageChannel);
