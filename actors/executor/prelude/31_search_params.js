// URLSearchParams (URL standard 6.2) and application/x-www-form-urlencoded (URL 5).

// URL 5.1 with the percent-decoding of URL 1.3. Well-formed text takes the engine's own way,
// which agrees with the standard wherever it does not throw.
function decode(text) {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return host.decode("utf-8", percentDecode(host.utf8Encode(spaced)), false, true);
  }
}

const PERCENT = 0x25;
const hexOf = (byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1 : value;
};

function percentDecode(bytes) {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = bytes[at];
    if (byte === PERCENT && at + 2 < bytes.length) {
      const high = hexOf(bytes[at + 1]);
      const low = hexOf(bytes[at + 2]);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    out[length] = byte;
    length += 1;
  }
  return out.subarray(0, length);
}

fz.parseForm = (text) => {
  const pairs = [];
  for (const piece of text.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = equals < 0 ? piece : piece.slice(0, equals);
    pairs.push([decode(name), equals < 0 ? "" : decode(piece.slice(equals + 1))]);
  }
  return pairs;
};

// URL 5.2: what encodeURIComponent leaves is more than what a form leaves.
const ESCAPES = { "!": "%21", "'": "%27", "(": "%28", ")": "%29", "~": "%7E", "%20": "+" };
const encode = (text) => {
  if (/^[\w.*-]*$/.test(text)) return text;
  return encodeURIComponent(text).replace(/[!'()~]|%20/g, (found) => ESCAPES[found]);
};
const serialize = (pairs) => pairs.map((pair) => `${encode(pair[0])}=${encode(pair[1])}`).join("&");

// URL 6.2, "sort": by UTF-16 units, and stable.
const byName = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

let pairsOf;

class URLSearchParams {
  #pairs = [];
  // Tells the URL that this belongs to.
  #onChange = null;

  static {
    pairsOf = (params) => params.#pairs;
    fz.setParams = (params, query) => {
      params.#pairs = fz.parseForm(query.startsWith("?") ? query.slice(1) : query);
    };
    fz.linkedParams = (query, onChange) => {
      const params = new URLSearchParams(query);
      params.#onChange = onChange;
      return params;
    };
    fz.isSearchParams = (value) =>
      typeof value === "object" && value !== null && #pairs in value;
  }

  constructor(init = "") {
    const isObject = (typeof init === "object" && init !== null) || typeof init === "function";
    if (!isObject) {
      fz.setParams(this, fz.usv(init));
      return;
    }
    // In a record, names that become the same by losing lone surrogates are one name.
    const isRecord = (init[Symbol.iterator] ?? null) === null;
    fz.eachPair(init, "URLSearchParams", (name, value) => {
      const pair = [fz.usv(name), fz.usv(value)];
      const same = isRecord ? this.#pairs.find((other) => other[0] === pair[0]) : undefined;
      if (same === undefined) this.#pairs.push(pair);
      else same[1] = pair[1];
    });
  }

  #change(pairs) {
    this.#pairs = pairs;
    this.#onChange?.(serialize(pairs));
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    fz.need(arguments.length, 2, "append");
    this.#pairs.push([fz.usv(name), fz.usv(value)]);
    this.#change(this.#pairs);
  }

  delete(name, value = undefined) {
    fz.need(arguments.length, 1, "delete");
    const isMatch = matcher(name, value);
    this.#change(this.#pairs.filter((pair) => !isMatch(pair)));
  }

  get(name) {
    fz.need(arguments.length, 1, "get");
    const wanted = fz.usv(name);
    const pair = this.#pairs.find((other) => other[0] === wanted);
    return pair === undefined ? null : pair[1];
  }

  getAll(name) {
    fz.need(arguments.length, 1, "getAll");
    const wanted = fz.usv(name);
    return this.#pairs.filter((pair) => pair[0] === wanted).map((pair) => pair[1]);
  }

  has(name, value = undefined) {
    fz.need(arguments.length, 1, "has");
    return this.#pairs.some(matcher(name, value));
  }

  set(name, value) {
    fz.need(arguments.length, 2, "set");
    const [wanted, text] = [fz.usv(name), fz.usv(value)];
    const first = this.#pairs.findIndex((pair) => pair[0] === wanted);
    if (first < 0) {
      this.#pairs.push([wanted, text]);
      this.#change(this.#pairs);
      return;
    }
    this.#pairs[first] = [wanted, text];
    this.#change(this.#pairs.filter((pair, at) => at <= first || pair[0] !== wanted));
  }

  sort() {
    this.#change(this.#pairs.sort(byName));
  }

  toString() {
    return serialize(this.#pairs);
  }
}

function matcher(name, value) {
  const wanted = fz.usv(name);
  if (value === undefined) return (pair) => pair[0] === wanted;
  const text = fz.usv(value);
  return (pair) => pair[0] === wanted && pair[1] === text;
}

fz.iterable(URLSearchParams, (params) => pairsOf(params));
// Equal names are several entries, so a Map of them is keyed by their numbers' pairs.
fz.expose(URLSearchParams, (params) => {
  const shown = new Map();
  for (const name of new Set(pairsOf(params).map((pair) => pair[0]))) {
    const values = params.getAll(name);
    shown.set(name, values.length === 1 ? values[0] : values);
  }
  return shown;
});
