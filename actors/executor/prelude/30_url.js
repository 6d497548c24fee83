// URL (URL standard 6.1). The host parses; here is the address as one string, and the places
// where its parts begin and end.

// The order of the places in what the host answers.
const HREF = 0;
const AFTER_SCHEME = 1;
const BEFORE_USERNAME = 2;
const AFTER_USERNAME = 3;
const BEFORE_HOST = 4;
const AFTER_HOST = 5;
const BEFORE_PORT = 6;
const AFTER_PORT = 7;
const BEFORE_PATH = 8;
const AFTER_PATH = 9;
const AFTER_QUERY = 10;

const withHost = (protocol) => /^(https?|wss?|ftp):$/.test(protocol);

// A `?` or `#` with nothing behind it reads as nothing.
const orNothing = (text) => (text.length === 1 ? "" : text);

const parse = (input, base) =>
  host.urlParse(fz.usv(input), base === undefined ? null : fz.usv(base));

class URL {
  #parts;
  #searchParams = null;

  constructor(url, base = undefined) {
    fz.need(arguments.length, 1, "URL");
    if (url === fz.token) {
      this.#parts = base;
      return;
    }
    this.#parts = parse(url, base);
    if (this.#parts === null) {
      const shown = fz.usv(url).slice(0, 200);
      const how = base === undefined ? "" : ` on the base "${fz.usv(base).slice(0, 200)}"`;
      throw new TypeError(`Invalid URL: "${shown}"${how}`);
    }
  }

  static parse(url, base = undefined) {
    fz.need(arguments.length, 1, "URL.parse");
    const parts = parse(url, base);
    return parts === null ? null : new URL(fz.token, parts);
  }

  static canParse(url, base = undefined) {
    fz.need(arguments.length, 1, "URL.canParse");
    return parse(url, base) !== null;
  }

  #slice(from, to) {
    return this.#parts[HREF].slice(this.#parts[from], to === undefined ? to : this.#parts[to]);
  }

  #set(part, value) {
    this.#parts = host.urlSet(this.#parts[HREF], part, fz.usv(value));
  }

  #updateParams() {
    if (this.#searchParams !== null) fz.setParams(this.#searchParams, this.search);
  }

  get href() {
    return this.#parts[HREF];
  }
  set href(value) {
    const parts = parse(value, undefined);
    if (parts === null) throw new TypeError(`Invalid URL: "${fz.usv(value).slice(0, 200)}"`);
    this.#parts = parts;
    this.#updateParams();
  }

  // URL 4.7.
  get origin() {
    const { protocol } = this;
    if (withHost(protocol)) return `${protocol}//${this.host}`;
    if (protocol !== "blob:") return "null";
    const inner = URL.parse(this.pathname);
    return inner !== null && /^https?:$/.test(inner.protocol) ? inner.origin : "null";
  }

  get protocol() {
    return this.#parts[HREF].slice(0, this.#parts[AFTER_SCHEME] + 1);
  }
  set protocol(value) {
    this.#set("protocol", value);
  }

  get username() {
    return this.#slice(BEFORE_USERNAME, AFTER_USERNAME);
  }
  set username(value) {
    this.#set("username", value);
  }

  get password() {
    const between = this.#slice(AFTER_USERNAME, BEFORE_HOST);
    return between.startsWith(":") ? between.slice(1, -1) : "";
  }
  set password(value) {
    this.#set("password", value);
  }

  get host() {
    return this.#slice(BEFORE_HOST, AFTER_PORT);
  }
  set host(value) {
    this.#set("host", value);
  }

  get hostname() {
    return this.#slice(BEFORE_HOST, AFTER_HOST);
  }
  set hostname(value) {
    this.#set("hostname", value);
  }

  get port() {
    return this.#slice(BEFORE_PORT, AFTER_PORT);
  }
  set port(value) {
    this.#set("port", value);
  }

  get pathname() {
    return this.#slice(BEFORE_PATH, AFTER_PATH);
  }
  set pathname(value) {
    this.#set("pathname", value);
  }

  get search() {
    return orNothing(this.#slice(AFTER_PATH, AFTER_QUERY));
  }
  set search(value) {
    this.#set("search", value);
    this.#updateParams();
  }

  get searchParams() {
    this.#searchParams ??= fz.linkedParams(this.search, (query) => this.#set("search", query));
    return this.#searchParams;
  }

  get hash() {
    return orNothing(this.#slice(AFTER_QUERY));
  }
  set hash(value) {
    this.#set("hash", value);
  }

  toString() {
    return this.#parts[HREF];
  }

  toJSON() {
    return this.#parts[HREF];
  }
}

fz.expose(URL, [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "searchParams",
  "hash",
]);

// The address in its normal form, and whether it names a user; null for what is no URL.
fz.parseAddress = (input) => {
  const parts = host.urlParse(input, null);
  if (parts === null) return null;
  return { href: parts[HREF], hasUser: parts[BEFORE_HOST] > parts[BEFORE_USERNAME] };
};
