// Blob and File (File API 3 and 4). A blob's bytes are never changed, so slices share them.

const CHUNK = 65536;

let bytesOf;

class Blob {
  #bytes;
  #type;

  static {
    bytesOf = (blob) => blob.#bytes;
    fz.isBlob = (value) => typeof value === "object" && value !== null && #bytes in value;
  }

  constructor(parts = undefined, options = undefined) {
    if (parts === fz.token) {
      [this.#bytes, this.#type] = options;
      return;
    }
    const chunks = parts === undefined ? [] : [...sequence(parts)];
    const { endings = "transparent", type = "" } = fz.dictionary(options, "the options of Blob");
    const ending = fz.dom(endings);
    if (ending !== "transparent" && ending !== "native") {
      throw new TypeError(`the option endings must be "transparent" or "native"`);
    }
    // File API 3.1: what cannot be a type is none.
    const text = fz.dom(type);
    this.#type = /^[\x20-\x7E]*$/.test(text) ? text.toLowerCase() : "";
    const bytes = chunks.map((part) => bytesOfPart(part, ending === "native"));
    // A single part is copied all the same: its owner may change it.
    this.#bytes = bytes.length === 1 ? bytes[0].slice() : fz.concat(bytes);
  }

  get size() {
    return this.#bytes.byteLength;
  }

  get type() {
    return this.#type;
  }

  // File API 3.3.1.
  slice(start = undefined, end = undefined, type = "") {
    const size = this.#bytes.byteLength;
    const place = (value, otherwise) => {
      if (value === undefined) return otherwise;
      const number = clampLong(value);
      return number < 0 ? Math.max(size + number, 0) : Math.min(number, size);
    };
    const from = place(start, 0);
    const to = Math.max(place(end, size), from);
    const text = fz.dom(type);
    const kind = /^[\x20-\x7E]*$/.test(text) ? text.toLowerCase() : "";
    return new Blob(fz.token, [this.#bytes.subarray(from, to), kind]);
  }

  // File API 3.3.2.
  stream() {
    const bytes = this.#bytes;
    let at = 0;
    const pull = async () => {
      if (at >= bytes.byteLength) return null;
      const chunk = bytes.slice(at, at + CHUNK);
      at += chunk.byteLength;
      return chunk;
    };
    return fz.streamFromPull({ pull, cancel: () => {} });
  }

  async text() {
    return fz.utf8(this.#bytes);
  }

  async arrayBuffer() {
    return this.#bytes.slice().buffer;
  }

  async bytes() {
    return this.#bytes.slice();
  }
}

// Web IDL 3.2.4.9, [Clamp] long long.
function clampLong(value) {
  const number = Math.trunc(Number(value));
  if (Number.isNaN(number)) return 0;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(number, Number.MAX_SAFE_INTEGER));
}

function sequence(parts) {
  const isObject = (typeof parts === "object" && parts !== null) || typeof parts === "function";
  if (!isObject || typeof parts[Symbol.iterator] !== "function") {
    throw new TypeError("the parts of a Blob must be a list");
  }
  return parts;
}

// File API 3.1.1, "process blob parts".
function bytesOfPart(part, isNative) {
  if (fz.isBlob(part)) return bytesOf(part);
  const bytes = fz.bytesOf(part);
  if (bytes !== null) return bytes;
  const text = fz.usv(part);
  return host.utf8Encode(isNative ? text.replace(/\r\n?/g, "\n") : text);
}

let detailsOf;

class File extends Blob {
  #details;

  static {
    detailsOf = (file) => file.#details;
    fz.isFile = (value) => typeof value === "object" && value !== null && #details in value;
  }

  constructor(parts, name, options = undefined) {
    fz.need(arguments.length, 2, "File");
    if (parts === fz.token) {
      super(fz.token, name);
      this.#details = options;
      return;
    }
    super(parts, options);
    const { lastModified } = fz.dictionary(options, "the options of File");
    const time = lastModified === undefined ? Date.now() : Math.trunc(Number(lastModified));
    this.#details = { name: fz.usv(name), lastModified: Number.isNaN(time) ? 0 : time + 0 };
  }

  get name() {
    return this.#details.name;
  }

  get lastModified() {
    return this.#details.lastModified;
  }
}

fz.expose(Blob, ["size", "type"]);
fz.expose(File, ["name", "size", "type", "lastModified"]);

// The bytes of a blob, which nobody may change.
fz.blobBytes = (blob) => bytesOf(blob);
fz.newBlob = (bytes, type) => new Blob(fz.token, [bytes, type]);
fz.newFile = (bytes, type, name, lastModified) =>
  new File(fz.token, [bytes, type], { name, lastModified });

fz.cloneable(
  (value) => fz.isBlob(value),
  (value) => {
    if (!fz.isFile(value)) return fz.newBlob(bytesOf(value), value.type);
    const { name, lastModified } = detailsOf(value);
    return fz.newFile(bytesOf(value), value.type, name, lastModified);
  },
);
