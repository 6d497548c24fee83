// Headers (Fetch 5.1). A header list is flat: names in lower case, each followed by its value,
// in the order in which they were added.

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const UNUSUAL = /[^\x20-\x7E]/;
const BLANKS_AROUND = /^[\t\n\r ]+|[\t\n\r ]+$/g;
const FORBIDDEN_IN_VALUE = /[\0\n\r]/;

// Names that were checked, as they were written and in lower case. Scripts have few of them, and
// use them in every call.
const KNOWN_NAMES_MAX = 500;
const known = new Map();

// Fetch 2.2.2: names are tokens, compared in lower case.
function nameOf(value) {
  const lower = known.get(value);
  return lower === undefined ? newName(value) : lower;
}

function newName(value) {
  const name = typeof value === "string" ? value : fz.byteString(value, "a header's name");
  if (!NAME.test(name)) throw new TypeError(`"${shorten(name)}" is no name of a header`);
  const lower = name.toLowerCase();
  if (known.size < KNOWN_NAMES_MAX && name.length < 100) known.set(name, lower);
  return lower;
}

const isPlain = (text) =>
  text.charCodeAt(0) > 32 && text.charCodeAt(text.length - 1) > 32 && !UNUSUAL.test(text);

// Fetch 2.2.2, "normalize" and "header value".
function valueOf(value, name) {
  if (typeof value === "string" && isPlain(value)) return value;
  const text = fz.byteString(value, `the value of the header ${name}`);
  const plain = text.replace(BLANKS_AROUND, "");
  if (FORBIDDEN_IN_VALUE.test(plain)) {
    throw new TypeError(`the value of the header ${name} has a line's end or a NUL in it`);
  }
  return plain;
}

const shorten = (text) => JSON.stringify(text.slice(0, 100)).slice(1, -1);

function lookUp(list, name) {
  let found = null;
  for (let at = 0; at < list.length; at += 2) {
    if (list[at] === name) found = found === null ? list[at + 1] : `${found}, ${list[at + 1]}`;
  }
  return found;
}

function without(list, name) {
  const rest = [];
  for (let at = 0; at < list.length; at += 2) {
    if (list[at] !== name) rest.push(list[at], list[at + 1]);
  }
  return rest;
}

let listOf;

class Headers {
  #list = [];
  #isImmutable = false;
  // What an iteration sees, until the list changes.
  #sorted = null;

  static {
    listOf = (headers) => headers.#list;
    fz.isHeaders = (value) => typeof value === "object" && value !== null && #list in value;
    fz.headersFromFlat = (list, isImmutable) => {
      const headers = new Headers();
      headers.#list = list;
      headers.#isImmutable = isImmutable;
      return headers;
    };
    // Fetch 5.1, "sort and combine": cookies stay apart, since they contain commas.
    fz.sortedHeaders = (headers) => {
      if (headers.#sorted !== null) return headers.#sorted;
      const list = headers.#list;
      const pairs = [];
      for (const name of [...new Set(list.filter((_, at) => at % 2 === 0))].sort()) {
        if (name === "set-cookie") {
          for (const cookie of headers.getSetCookie()) pairs.push([name, cookie]);
        } else {
          pairs.push([name, lookUp(list, name)]);
        }
      }
      headers.#sorted = pairs;
      return pairs;
    };
  }

  constructor(init = undefined) {
    if (init !== undefined) this.#list = fz.flatHeaders(init);
  }

  #change(list) {
    this.#list = list;
    this.#sorted = null;
  }

  #check() {
    if (this.#isImmutable) throw new TypeError("these headers cannot be changed: copy them first");
  }

  append(name, value) {
    fz.need(arguments.length, 2, "append");
    const lower = nameOf(name);
    const text = valueOf(value, lower);
    this.#check();
    this.#list.push(lower, text);
    this.#sorted = null;
  }

  delete(name) {
    fz.need(arguments.length, 1, "delete");
    const lower = nameOf(name);
    this.#check();
    this.#change(without(this.#list, lower));
  }

  get(name) {
    fz.need(arguments.length, 1, "get");
    return lookUp(this.#list, nameOf(name));
  }

  getSetCookie() {
    const list = this.#list;
    return list.filter((_, at) => at % 2 === 1 && list[at - 1] === "set-cookie");
  }

  has(name) {
    fz.need(arguments.length, 1, "has");
    const lower = nameOf(name);
    return this.#list.some((item, at) => at % 2 === 0 && item === lower);
  }

  set(name, value) {
    fz.need(arguments.length, 2, "set");
    const lower = nameOf(name);
    const text = valueOf(value, lower);
    this.#check();
    const list = this.#list;
    const first = list.findIndex((item, at) => at % 2 === 0 && item === lower);
    if (first < 0) {
      this.#change([...list, lower, text]);
      return;
    }
    const rest = without(list.slice(first + 2), lower);
    this.#change([...list.slice(0, first), lower, text, ...rest]);
  }
}

fz.iterable(Headers, (headers) => fz.sortedHeaders(headers));
fz.expose(Headers, (headers) => {
  const shown = {};
  for (const [name, value] of fz.sortedHeaders(headers)) {
    const isCookie = name === "set-cookie";
    shown[name] = isCookie ? headers.getSetCookie() : value;
  }
  return shown;
});

// The list of any `HeadersInit`, always a new one.
fz.flatHeaders = (init) => {
  if (fz.isHeaders(init)) return [...listOf(init)];
  if ((typeof init !== "object" && typeof init !== "function") || init === null) {
    throw new TypeError("headers must be an object, a list of pairs or Headers");
  }
  const list = [];
  fz.eachPair(init, "headers", (name, value) => {
    const lower = nameOf(name);
    list.push(lower, valueOf(value, lower));
  });
  return list;
};

// The list itself: to read, not to change.
fz.headersFlat = (headers) => listOf(headers);
fz.lookUpHeader = lookUp;
