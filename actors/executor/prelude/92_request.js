// The request as handlers see it: a web `Request` for those of the fetch form, and one with the
// fields that handlers of the classic form read without waiting.

const BODY_BYTES_MAX = 1024 * 1024;
const TOO_LARGE = "fazt: body too large";

const NO_BODY = 0;
const WHOLE_BODY = 1;
// Bits of the kind that the host gives to a call.
const BODY_KIND = 3;
const IS_HEAD = 4;

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

// What is left to be read of a visitor's body (see 42_body).
class VisitorBody {
  constructor(visit) {
    this.visit = visit;
  }
  get bytes() {
    return this.visit.isWhole() ? this.visit.bytes() : null;
  }
  text() {
    return this.visit.isWhole() ? this.visit.text() : null;
  }
  read() {
    return host.callRead(this.visit.call);
  }
  cancel() {}
}

// A visitor's request on its way to a handler, which is also the state of its Request (see
// 44_request). Most handlers ask for little of it, so nothing is parsed, copied or asked of the
// host before they do.
class Visit {
  // `line` is the method, the URL and the path, each but the last with a line's end. The address
  // is a number where it is of IPv4.
  constructor(call, kind, line, params, address) {
    this.call = call;
    this.bodyKind = kind & BODY_KIND;
    this.isHead = (kind & IS_HEAD) !== 0;
    this.line = line;
    this.parts = null;
    this.list = params;
    this.address = address;
    this.content = null;
    this.controller = null;
    this.awaited = null;
    this.onAbort = null;
    this.place = -1;
    // What a handler has asked for.
    this.query = null;
    this.lines = null;
    this.parsed = null;
    this.incoming = null;
    // What it is as the state of a Request.
    this.headers = null;
    this.signal = null;
    this.source = null;
    this.options = fz.requestDefaults;
    this.isImmutable = true;
  }

  get method() {
    return this.#part(0);
  }
  get url() {
    return this.#part(1);
  }
  get path() {
    return this.#part(2);
  }
  #part(place) {
    if (this.parts === null) {
      const { line } = this;
      const first = line.indexOf("\n");
      const second = line.indexOf("\n", first + 1);
      this.parts = [line.slice(0, first), line.slice(first + 1, second), line.slice(second + 1)];
    }
    return this.parts[place];
  }
  get params() {
    if (this.list === null || Array.isArray(this.list)) this.list = paramsOf(this.list ?? []);
    return this.list;
  }
  get ip() {
    const { address } = this;
    if (typeof address === "string") return address;
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }

  flat() {
    return host.callHeaders(this.call);
  }
  makeSignal() {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }
  get body() {
    if (this.bodyKind === NO_BODY) return null;
    this.incoming ??= fz.newBody(null, new VisitorBody(this), null);
    return this.incoming;
  }

  isWhole() {
    return this.bodyKind === WHOLE_BODY;
  }
  // All bytes of the body, which have come.
  bytes() {
    this.content ??= this.bodyKind === NO_BODY ? new Uint8Array(0) : host.callBytes(this.call);
    return this.content;
  }
  text() {
    if (this.bodyKind === NO_BODY) return "";
    return this.content === null ? host.callText(this.call) : fz.utf8(this.content);
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
    this.content = chunks.length === 0 ? new Uint8Array(0) : fz.concat(chunks);
    this.bodyKind = WHOLE_BODY;
  }

  abort(reason) {
    this.controller ??= new AbortController();
    this.controller.abort(reason);
    this.onAbort?.(reason);
  }
}

// Names that `Headers` has itself: a header line that is called so is read by `get`.
const ownNames = new Set(Object.getOwnPropertyNames(Headers.prototype));

const visitOf = (request) => fz.requestState(request);

// The Request of a visitor, with what the path said.
class VisitorRequest extends Request {}

// The same with the fields of the classic form.
class ClassicRequest extends VisitorRequest {
  // Header lines as properties in lower case, and by the methods of `Headers`.
  get headers() {
    const visit = visitOf(this);
    if (visit.lines === null) {
      const headers = super.headers;
      for (const [name, value] of headers) {
        if (!ownNames.has(name)) {
          Object.defineProperty(headers, name, { value, enumerable: true, configurable: true });
        }
      }
      visit.lines = headers;
    }
    return visit.lines;
  }
  // JSON when it is JSON, else text.
  get body() {
    const visit = visitOf(this);
    visit.parsed ??= { value: parsedBody(visit, super.headers) };
    return visit.parsed.value;
  }
}

function parsedBody(visit, headers) {
  if (visit.bodyKind === NO_BODY) return null;
  const text = visit.text();
  const type = headers.get("content-type") ?? "";
  if (!/^[^;]*[/+]json\s*(;|$)/i.test(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// A field that is made when it is asked for, and that a router may put something else in place of.
function field(constructor, name, make) {
  Object.defineProperty(constructor.prototype, name, {
    get() {
      return make(visitOf(this));
    },
    set(value) {
      Object.defineProperty(this, name, {
        value, writable: true, enumerable: true, configurable: true,
      });
    },
    enumerable: true,
    configurable: true,
  });
}

for (const name of ["path", "params", "ip"]) field(VisitorRequest, name, (visit) => visit[name]);
field(ClassicRequest, "query", (visit) => (visit.query ??= queryOf(visit.url)));
field(ClassicRequest, "bytes", (visit) => visit.bytes());

// Scripts that ask an object what it is are told what the standard says.
for (const constructor of [VisitorRequest, ClassicRequest]) {
  Object.defineProperty(constructor.prototype, "constructor", { value: Request });
}

fz.Visit = Visit;
fz.webRequest = (visit) => new VisitorRequest(fz.token, visit);
fz.classicRequest = (visit) => new ClassicRequest(fz.token, visit);
