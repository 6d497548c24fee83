// The request as handlers see it: a web `Request` for those of the fetch form, and one with the
// fields that handlers of the classic form read without waiting.

const BODY_BYTES_MAX = 1024 * 1024;
const TOO_LARGE = "fazt: body too large";

const NO_BODY = 0;
const WHOLE_BODY = 1;

// The path's parameters and the query as plain objects; of names that repeat, all values.
function queryOf(url) {
  const query = {};
  const mark = url.indexOf("?");
  if (mark < 0) return query;
  const end = url.indexOf("#", mark);
  const pairs = fz.parseForm(url.slice(mark + 1, end < 0 ? undefined : end));
  for (const [name, value] of pairs) {
    if (!Object.hasOwn(query, name)) {
      Object.defineProperty(query, name, {
        value, writable: true, enumerable: true, configurable: true,
      });
    } else if (Array.isArray(query[name])) query[name].push(value);
    else query[name] = [query[name], value];
  }
  return query;
}

function paramsOf(list) {
  const params = {};
  for (let at = 0; at < list.length; at += 2) params[list[at]] = list[at + 1];
  return params;
}

// A visitor's request on its way to a handler.
class Visit {
  constructor(call, method, url, path, params, ip, bodyKind) {
    this.call = call;
    this.method = method;
    this.url = url;
    this.path = path;
    this.params = params;
    this.ip = ip;
    this.bodyKind = bodyKind;
    this.bytes = undefined;
    this.controller = null;
    this.awaited = null;
    this.onAbort = null;
  }

  // All bytes of the body, which have come.
  body() {
    this.bytes ??= this.bodyKind === NO_BODY ? new Uint8Array(0) : host.callBytes(this.call);
    return this.bytes;
  }

  // Waits for the body of a client that sends it bit by bit.
  async gather() {
    const chunks = [];
    let length = 0;
    for (;;) {
      const chunk = await host.callRead(this.call);
      if (chunk === null) break;
      length += chunk.byteLength;
      if (length > BODY_BYTES_MAX) throw new TypeError(TOO_LARGE);
      chunks.push(chunk);
    }
    this.bytes = chunks.length === 0 ? new Uint8Array(0) : fz.concat(chunks);
    this.bodyKind = WHOLE_BODY;
  }

  abort(reason) {
    this.controller ??= new AbortController();
    this.controller.abort(reason);
    this.onAbort?.(reason);
  }

  parts() {
    return {
      method: this.method,
      url: this.url,
      headers: () => host.callHeaders(this.call),
      body: this.bodyKind === NO_BODY ? null : {
        bytes: this.bodyKind === WHOLE_BODY ? this.body() : null,
        read: () => host.callRead(this.call),
        cancel: () => {},
      },
      signal: () => {
        this.controller ??= new AbortController();
        return this.controller.signal;
      },
    };
  }
}

// Names that `Headers` has itself: a header line that is called so is read by `get`.
const ownNames = new Set(Object.getOwnPropertyNames(Headers.prototype));

class ClassicRequest extends Request {
  #visit;
  #headers;
  #query;
  #json;

  constructor(state, visit) {
    super(fz.token, state);
    this.#visit = visit;
  }
  get path() {
    return this.#visit.path;
  }
  get params() {
    const visit = this.#visit;
    if (Array.isArray(visit.params)) visit.params = paramsOf(visit.params);
    return visit.params;
  }
  get query() {
    this.#query ??= queryOf(this.#visit.url);
    return this.#query;
  }
  get ip() {
    return this.#visit.ip;
  }
  // Header lines as properties in lower case, and by the methods of `Headers`.
  get headers() {
    if (this.#headers === undefined) {
      const headers = super.headers;
      for (const [name, value] of headers) {
        if (!ownNames.has(name)) {
          Object.defineProperty(headers, name, { value, enumerable: true, configurable: true });
        }
      }
      this.#headers = headers;
    }
    return this.#headers;
  }
  get bytes() {
    return this.#visit.body();
  }
  // JSON when it is JSON, else text.
  get body() {
    this.#json ??= { value: this.#parse() };
    return this.#json.value;
  }
  #parse() {
    if (this.#visit.bodyKind === NO_BODY) return null;
    const text = fz.utf8(this.#visit.body());
    const type = super.headers.get("content-type") ?? "";
    if (!/^[^;]*[/+]json\s*(;|$)/i.test(type)) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
}

fz.Visit = Visit;
fz.webRequest = (visit) => {
  const request = fz.createRequest(visit.parts());
  request.params = paramsOf(visit.params);
  request.path = visit.path;
  request.ip = visit.ip;
  return request;
};
fz.classicRequest = (visit) => fz.createRequest(
  visit.parts(),
  (state) => new ClassicRequest(state, visit),
);
fz.queryOf = queryOf;
