// Request (Fetch 5.4).

const DEFAULTS = Object.freeze({
  mode: "cors",
  credentials: "same-origin",
  cache: "default",
  redirect: "follow",
  referrer: "about:client",
  referrerPolicy: "",
  integrity: "",
  keepalive: false,
  destination: "",
  duplex: "half",
  isReloadNavigation: false,
  isHistoryNavigation: false,
});
const CHOICES = {
  mode: ["cors", "no-cors", "same-origin"],
  credentials: ["omit", "same-origin", "include"],
  cache: ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"],
  redirect: ["follow", "error", "manual"],
  referrerPolicy: [
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
  ],
};
const FORBIDDEN_METHODS = ["CONNECT", "TRACE", "TRACK"];
const NORMALIZED_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

// Fetch 2.2.1.
function methodOf(value) {
  const method = fz.byteString(value, "the method");
  const upper = method.toUpperCase();
  if (!TOKEN.test(method)) throw new TypeError(`"${method.slice(0, 100)}" is no method`);
  if (FORBIDDEN_METHODS.includes(upper)) throw new TypeError(`the method ${upper} is not allowed`);
  return NORMALIZED_METHODS.includes(upper) ? upper : method;
}

function optionsOf(base, init) {
  let options = base;
  const change = (name, value) => {
    if (options === base) options = { ...base };
    options[name] = value;
  };
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (init[name] === undefined) continue;
    const value = fz.dom(init[name]);
    if (!choices.includes(value)) {
      throw new TypeError(`"${value.slice(0, 100)}" is no ${name} of a request`);
    }
    change(name, value);
  }
  if (init.referrer !== undefined) change("referrer", referrerOf(fz.usv(init.referrer)));
  if (init.integrity !== undefined) change("integrity", fz.dom(init.integrity));
  if (init.keepalive !== undefined) change("keepalive", Boolean(init.keepalive));
  return options;
}

function referrerOf(text) {
  if (text === "") return "no-referrer";
  const address = fz.parseAddress(text);
  if (address === null) throw new TypeError("the referrer is no URL");
  return address.href;
}

function addressOf(input) {
  const text = fz.usv(input);
  const address = fz.parseAddress(text);
  if (address === null) throw new TypeError(`Invalid URL: "${text.slice(0, 200)}"`);
  if (address.hasUser) {
    throw new TypeError("a request's URL cannot name a user: send an Authorization header");
  }
  return address.href;
}

// Where an abort comes from: the signal of `init`, else that of the request it is made of.
function sourceSignal(init, earlier) {
  const { signal } = init;
  if (signal === undefined) return earlier === null ? null : signalOf(earlier);
  if (signal !== null && !fz.isAbortSignal(signal)) {
    throw new TypeError("the signal of a request must be an AbortSignal");
  }
  return signal;
}

function signalOf(state) {
  state.signal ??= state.makeSignal();
  return state.signal;
}

const makeSignal = (source) => () => source === null ? fz.newSignal() : fz.followSignals([source]);

let stateOf;

class Request {
  // { method, url, headers, flat(), body, signal, makeSignal(), source, options, isImmutable }.
  // `headers` and `signal` are null until somebody asks for them, and made by the functions.
  #state;

  static {
    stateOf = (request) => request.#state;
    fz.isRequest = (value) => typeof value === "object" && value !== null && #state in value;
  }

  constructor(input, init = undefined) {
    if (input === fz.token) {
      this.#state = init;
      return;
    }
    fz.need(arguments.length, 1, "Request");
    const given = fz.dictionary(init, "the options of a request");
    const earlier = fz.isRequest(input) ? input.#state : null;
    const url = earlier === null ? addressOf(input) : earlier.url;
    const options = optionsOf(earlier === null ? DEFAULTS : earlier.options, given);
    const inherited = earlier === null ? "GET" : earlier.method;
    const method = given.method === undefined ? inherited : methodOf(given.method);
    if (given.duplex !== undefined && fz.dom(given.duplex) !== "half") {
      throw new TypeError(`the option duplex must be "half"`);
    }
    const source = sourceSignal(given, earlier);
    const list = headersOf(given, earlier);
    this.#state = {
      method,
      url,
      headers: null,
      flat: () => list,
      body: bodyOf(given, earlier, method, list),
      signal: null,
      makeSignal: makeSignal(source),
      source,
      options,
      isImmutable: false,
    };
  }

  get method() {
    return this.#state.method;
  }
  get url() {
    return this.#state.url;
  }
  get headers() {
    const state = this.#state;
    state.headers ??= fz.headersFromFlat(state.flat(), state.isImmutable);
    return state.headers;
  }
  get destination() {
    return this.#state.options.destination;
  }
  get referrer() {
    const { referrer } = this.#state.options;
    return referrer === "no-referrer" ? "" : referrer;
  }
  get referrerPolicy() {
    return this.#state.options.referrerPolicy;
  }
  get mode() {
    return this.#state.options.mode;
  }
  get credentials() {
    return this.#state.options.credentials;
  }
  get cache() {
    return this.#state.options.cache;
  }
  get redirect() {
    return this.#state.options.redirect;
  }
  get integrity() {
    return this.#state.options.integrity;
  }
  get keepalive() {
    return this.#state.options.keepalive;
  }
  get isReloadNavigation() {
    return this.#state.options.isReloadNavigation;
  }
  get isHistoryNavigation() {
    return this.#state.options.isHistoryNavigation;
  }
  get signal() {
    return signalOf(this.#state);
  }
  get duplex() {
    return this.#state.options.duplex;
  }

  clone() {
    const state = this.#state;
    fz.checkUsable(state.body);
    const source = signalOf(state);
    const list = [...fz.headersFlat(this.headers)];
    return new Request(fz.token, {
      method: state.method,
      url: state.url,
      headers: null,
      flat: () => list,
      body: fz.cloneBody(state.body),
      signal: null,
      makeSignal: makeSignal(source),
      source,
      options: state.options,
      isImmutable: state.isImmutable,
    });
  }
}

function headersOf(init, earlier) {
  if (init.headers !== undefined) return fz.flatHeaders(init.headers);
  if (earlier === null) return [];
  earlier.headers ??= fz.headersFromFlat(earlier.flat(), earlier.isImmutable);
  return [...fz.headersFlat(earlier.headers)];
}

// Fetch 5.4, steps 34 to 43 of the constructor; adds the body's type to the headers.
function bodyOf(init, earlier, method, list) {
  const isGiven = init.body !== undefined && init.body !== null;
  const inherited = init.body === undefined && earlier !== null ? earlier.body : null;
  if ((isGiven || inherited !== null) && (method === "GET" || method === "HEAD")) {
    throw new TypeError(`a request with the method ${method} cannot have a body`);
  }
  if (!isGiven) return inherited === null ? null : fz.moveBody(inherited);
  const { body, type } = fz.extractBody(init.body);
  if (type !== null && fz.lookUpHeader(list, "content-type") === null) {
    list.push("content-type", type);
  }
  return body;
}

fz.includeBody(
  Request,
  (request) => stateOf(request).body,
  (request) => request.headers.get("content-type"),
);
fz.expose(Request, ["method", "url", "headers", "redirect", "bodyUsed"]);

// What fetch needs of a request that it has made itself.
fz.requestState = (request) => stateOf(request);
fz.requestDefaults = DEFAULTS;
