// Scripts as the original ran them: the file is the handler. It answers by `respond(…)` or its last
// value, or, as the `main.js` of a whole site, through `res`.

function respondWith(state) {
  return (...args) => {
    const [first, second] = args;
    if (args.length === 0) state.value = { status: 200, body: null };
    else if (args.length === 1) {
      state.value = typeof first === "number" ? { status: first, body: null }
        : { status: 200, body: first };
    } else state.value = { status: first, body: second };
    return state.value;
  };
}

// The original's `request`: of each name the first value, and a body that is parsed where it is
// JSON.
function requestOf(visit) {
  const request = fz.classicRequest(visit);
  const query = {};
  for (const [name, value] of Object.entries(request.query)) {
    query[name] = Array.isArray(value) ? value[0] : value;
  }
  return { method: request.method, path: visit.path, query, headers: { ...request.headers },
    body: request.body, ip: visit.ip };
}

const canonical = (name) => name.replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());

// The original's `req` of a whole-site script: the raw query, and headers as they were spelled.
function siteRequestOf(visit) {
  const request = fz.classicRequest(visit);
  const headers = {};
  for (const [name, value] of request.headers) {
    if (name !== "host") headers[canonical(name)] = value;
  }
  const mark = visit.url.indexOf("?");
  return {
    method: visit.method,
    path: visit.path,
    query: mark < 0 ? "" : visit.url.slice(mark + 1),
    headers,
    body: visit.text(),
  };
}

// The original's `res`. `send` adds to what was sent; the first `json` or `send` fixes the head.
class SiteResponse {
  #status = 200;
  #headers = new Headers();
  #text = "";
  #isSent = false;

  status(code) {
    if (!this.#isSent) this.#status = code;
  }
  header(name, value) {
    if (!this.#isSent) this.#headers.set(name, value);
  }
  send(value) {
    this.#begin("text/html; charset=utf-8");
    this.#text += String(value);
  }
  json(value) {
    this.#begin("application/json");
    this.#text += JSON.stringify(value) ?? "null";
  }
  #begin(type) {
    if (!this.#isSent && !this.#headers.has("content-type")) {
      this.#headers.set("content-type", type);
    }
    this.#isSent = true;
  }
  static answer(response) {
    const { length } = response.#text;
    return {
      isUsed: response.#isSent || response.#status !== 200,
      value: { status: response.#status, headers: response.#headers,
        body: length === 0 ? null : response.#text },
    };
  }
}
const answerOf = SiteResponse.answer;
delete SiteResponse.answer;

const later = (what) => () => {
  throw new Error(`${what} is not there yet in this version of fazt`);
};
const db = { get: later("db"), set: later("db"), delete: later("db") };
const socket = { broadcast: later("socket"), clients: () => 0 };

fz.runLegacy = (visit, { body, require, file }) => {
  const state = { value: undefined };
  const response = new SiteResponse();
  const module = { exports: {} };
  const last = body.call(
    undefined, module.exports, require, module, `/${file}`, "/api",
    requestOf(visit), respondWith(state), siteRequestOf(visit), response, db, socket,
  );
  const sent = answerOf(response);
  if (sent.isUsed) return sent.value;
  return state.value ?? (file === "main.js" ? sent.value : last);
};
