// Response (Fetch 5.5).

const NULL_BODY_STATUSES = [101, 103, 204, 205, 304];
const REDIRECT_STATUSES = [301, 302, 303, 307, 308];
// RFC 9112 section 4: the reason phrase.
const REASON = /^[\t\x20-\x7E\x80-\xFF]*$/;
const TEXT = Object.freeze(["content-type", "text/plain;charset=UTF-8"]);
const JSON_TYPE = Object.freeze(["content-type", "application/json"]);
const NONE = Object.freeze([]);

let stateOf;

// A state is { status, statusText, flat, headers, body, type, url, isRedirected, isImmutable }.
// `flat` are the headers until somebody asks for the object; it is never changed.
const newState = (status, statusText, flat, body) => ({
  status,
  statusText,
  flat,
  headers: null,
  body,
  type: "default",
  url: "",
  isRedirected: false,
  isImmutable: false,
});

// Fetch 5.5, "initialize a response". `type` is the body's, or null.
function initialize(init, body, type) {
  const given = fz.dictionary(init, "the options of a response");
  const status = given.status === undefined ? 200 : Number(given.status) & 0xffff;
  if (status < 200 || status > 599) {
    throw new RangeError(`the status of a response must be from 200 to 599, not ${status}`);
  }
  const text = given.statusText === undefined ? "" : fz.byteString(given.statusText, "statusText");
  if (!REASON.test(text)) throw new TypeError("statusText has a character that it cannot have");
  const list = given.headers === undefined ? [] : fz.flatHeaders(given.headers);
  if (body !== null) {
    if (NULL_BODY_STATUSES.includes(status)) {
      throw new TypeError(`a response with the status ${status} cannot have a body`);
    }
    if (type !== null && fz.lookUpHeader(list, "content-type") === null) {
      list.push("content-type", type);
    }
  }
  return newState(status, text, list, body);
}

const flatOf = ({ headers, flat }) => (headers === null ? flat : fz.headersFlat(headers));

class Response {
  #state;

  static {
    stateOf = (response) => response.#state;
    fz.isResponse = (value) => typeof value === "object" && value !== null && #state in value;
  }

  constructor(body = null, init = undefined) {
    if (body === fz.token) {
      this.#state = init;
    } else if (typeof body === "string" && init === undefined) {
      this.#state = newState(200, "", TEXT, fz.newBody(body, null, null));
    } else if (body === null || body === undefined) {
      this.#state = initialize(init, null, null);
    } else {
      const extracted = fz.extractBody(body);
      this.#state = initialize(init, extracted.body, extracted.type);
    }
  }

  static error() {
    const state = newState(0, "", NONE, null);
    state.type = "error";
    state.isImmutable = true;
    return new Response(fz.token, state);
  }

  static redirect(url, status = 302) {
    fz.need(arguments.length, 1, "Response.redirect");
    const address = fz.parseAddress(fz.usv(url));
    if (address === null) throw new TypeError(`Invalid URL: "${fz.usv(url).slice(0, 200)}"`);
    const code = Number(status) & 0xffff;
    if (!REDIRECT_STATUSES.includes(code)) {
      throw new RangeError(`${code} is no status of a redirect: take 301, 302, 303, 307 or 308`);
    }
    const state = newState(code, "", ["location", address.href], null);
    state.isImmutable = true;
    return new Response(fz.token, state);
  }

  static json(data, init = undefined) {
    fz.need(arguments.length, 1, "Response.json");
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError("the value cannot be written as JSON");
    const body = fz.newBody(text, null, null);
    if (init === undefined) return new Response(fz.token, newState(200, "", JSON_TYPE, body));
    return new Response(fz.token, initialize(init, body, "application/json"));
  }

  get type() {
    return this.#state.type;
  }
  get url() {
    const { url } = this.#state;
    const fragment = url.indexOf("#");
    return fragment < 0 ? url : url.slice(0, fragment);
  }
  get redirected() {
    return this.#state.isRedirected;
  }
  get status() {
    return this.#state.status;
  }
  get ok() {
    const { status } = this.#state;
    return status >= 200 && status <= 299;
  }
  get statusText() {
    return this.#state.statusText;
  }
  get headers() {
    const state = this.#state;
    state.headers ??= fz.headersFromFlat([...state.flat], state.isImmutable);
    return state.headers;
  }

  clone() {
    const state = this.#state;
    fz.checkUsable(state.body);
    const flat = [...flatOf(state)];
    const body = fz.cloneBody(state.body);
    return new Response(fz.token, { ...state, flat, headers: null, body });
  }
}

fz.includeBody(
  Response,
  (response) => stateOf(response).body,
  (response) => fz.lookUpHeader(flatOf(stateOf(response)), "content-type"),
);
fz.expose(Response, ["status", "statusText", "headers", "url", "redirected", "bodyUsed"]);

// The answer to a fetch: headers that cannot be changed, as Fetch 5.6 wants them.
fz.createResponse = ({ status, statusText, flat, body, url, isRedirected }) => {
  const state = newState(status, statusText, flat, body);
  state.type = "basic";
  state.url = url;
  state.isRedirected = isRedirected;
  state.isImmutable = true;
  return new Response(fz.token, state);
};
fz.hasNullBody = (status) => NULL_BODY_STATUSES.includes(status);

// What is sent to the visitor. The body is used from here on. The list of headers is to read,
// not to change.
fz.responseParts = (response) => {
  const state = stateOf(response);
  const { status, statusText, body } = state;
  if (status === 0) throw new TypeError("Response.error() cannot be sent to a visitor");
  const headers = flatOf(state);
  if (body === null) return { status, statusText, headers, body: null };
  fz.checkUsable(body);
  if (body.stream === null && body.incoming === null) {
    body.isUsed = true;
    return { status, statusText, headers, body: body.source };
  }
  const stream = fz.bodyStream(body);
  body.isUsed = true;
  return { status, statusText, headers, body: stream };
};
