// TextEncoder and TextDecoder (Encoding 7), atob and btoa (HTML 8.3).

class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(input = "") {
    return host.utf8Encode(fz.usv(input));
  }

  // Encoding 7.4.1, "encodeInto": whole characters only, as many as fit.
  encodeInto(source, destination) {
    fz.need(arguments.length, 2, "encodeInto");
    const text = fz.usv(source);
    if (!(destination instanceof Uint8Array)) {
      throw new TypeError("the destination of encodeInto must be a Uint8Array");
    }
    const room = destination.byteLength;
    let read = 0;
    let written = 0;
    while (read < text.length) {
      const point = text.codePointAt(read);
      const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      if (written + size > room) break;
      writePoint(destination, written, point, size);
      written += size;
      read += size === 4 ? 2 : 1;
    }
    return { read, written };
  }
}

const LEADS = [0, 0, 0xc0, 0xe0, 0xf0];
function writePoint(bytes, at, point, size) {
  for (let place = size - 1; place > 0; place -= 1) {
    bytes[at + place] = 0x80 | (point & 0x3f);
    point >>= 6;
  }
  bytes[at] = LEADS[size] | point;
}

// How many bytes at the end are the beginning of a character that may yet be completed. A
// sequence that can no longer become one is left to the decoder, which replaces it.
function openBytesOfUtf8(bytes) {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back += 1) {
    const lead = bytes[length - back];
    if (lead >= 0x80 && lead <= 0xbf) continue;
    const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || size <= back) return 0;
    if (back === 1) return 1;
    const second = bytes[length - back + 1];
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    return second >= least && second <= most ? back : 0;
  }
  return 0;
}

// The same for pairs of bytes, and pairs of those.
function openBytesOfUtf16(bytes, isBigEndian) {
  const odd = bytes.length % 2;
  const high = bytes.length - odd - (isBigEndian ? 2 : 1);
  const isSurrogate = high >= 0 && bytes[high] >= 0xd8 && bytes[high] <= 0xdb;
  return odd + (isSurrogate ? 2 : 0);
}

const OPEN_BYTES = {
  "utf-8": openBytesOfUtf8,
  "utf-16le": (bytes) => openBytesOfUtf16(bytes, false),
  "utf-16be": (bytes) => openBytesOfUtf16(bytes, true),
};

const EMPTY = new Uint8Array(0);

// Closes the host's decoders that a script has lost. Made on first use: an engine need not be
// able to keep a registry in its snapshot.
let registry;
const forgetLater = (decoder, handle) => {
  registry ??= new FinalizationRegistry((lost) => host.decoderClose(lost));
  registry.register(decoder, handle, decoder);
};

class TextDecoder {
  #encoding;
  #isFatal;
  #keepsBom;
  // Between chunks: bytes that wait for more, and whether the text's beginning has been seen;
  // or the host's decoder, for an encoding that is not cut here.
  #open = EMPTY;
  #isBegun = false;
  #handle = undefined;

  constructor(label = "utf-8", options = undefined) {
    const name = fz.dom(label);
    this.#encoding = name === "utf-8" ? name : host.encodingLabel(name);
    if (this.#encoding === null) throw new RangeError(`there is no encoding "${name}"`);
    const { fatal, ignoreBOM } = fz.dictionary(options, "the options of TextDecoder");
    this.#isFatal = Boolean(fatal);
    this.#keepsBom = Boolean(ignoreBOM);
  }

  get encoding() {
    return this.#encoding;
  }
  get fatal() {
    return this.#isFatal;
  }
  get ignoreBOM() {
    return this.#keepsBom;
  }

  decode(input = undefined, options = undefined) {
    const bytes = input === undefined ? EMPTY : fz.bytesOf(input);
    if (bytes === null) {
      throw new TypeError("the input of decode must be an ArrayBuffer or a view of one");
    }
    const isLast = !fz.dictionary(options, "the options of decode").stream;
    if (isLast && !this.#isBegun && this.#handle === undefined && this.#open.length === 0) {
      return host.decode(this.#encoding, bytes, this.#isFatal, this.#keepsBom);
    }
    const openBytes = OPEN_BYTES[this.#encoding];
    return openBytes === undefined
      ? this.#decodeByHandle(bytes, isLast)
      : this.#decodeCut(bytes, isLast, openBytes);
  }

  #decodeCut(bytes, isLast, openBytes) {
    const whole = this.#open.length === 0 ? bytes : fz.concat([this.#open, bytes]);
    const end = whole.length - (isLast ? 0 : openBytes(whole));
    const keepsBom = this.#keepsBom || this.#isBegun;
    this.#open = isLast ? EMPTY : whole.slice(end);
    this.#isBegun = !isLast && (this.#isBegun || end > 0);
    try {
      return host.decode(this.#encoding, whole.subarray(0, end), this.#isFatal, keepsBom);
    } catch (error) {
      this.#open = EMPTY;
      this.#isBegun = false;
      throw error;
    }
  }

  #decodeByHandle(bytes, isLast) {
    if (this.#handle === undefined) {
      this.#handle = host.decoderOpen(this.#encoding, this.#isFatal, this.#keepsBom);
      forgetLater(this, this.#handle);
    }
    const handle = this.#handle;
    let isOpen = false;
    try {
      const text = host.decoderDecode(handle, bytes, isLast);
      isOpen = !isLast;
      return text;
    } finally {
      if (!isOpen) {
        this.#handle = undefined;
        registry.unregister(this);
      }
    }
  }
}

fz.shape(TextEncoder, ["encoding"]);
fz.shape(TextDecoder, ["encoding", "fatal", "ignoreBOM"]);
fz.define("TextEncoder", TextEncoder);
fz.define("TextDecoder", TextDecoder);

fz.utf8 = (bytes) => host.decode("utf-8", bytes, false, false);

// Characters below U+0100 and bytes, one for one.
const PIECE = 8192;
fz.latin1 = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + PIECE));
  }
  return text;
};

const invalid = (message) => new fz.DOMException(message, "InvalidCharacterError");

fz.define("btoa", function btoa(data) {
  fz.need(arguments.length, 1, "btoa");
  const text = fz.dom(data);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0xff) throw invalid("btoa takes characters up to U+00FF only");
    bytes[at] = unit;
  }
  return host.base64Encode(bytes);
});

fz.define("atob", function atob(data) {
  fz.need(arguments.length, 1, "atob");
  const bytes = host.base64Decode(fz.dom(data));
  if (bytes === null) throw invalid("the text is not base64");
  return fz.latin1(bytes);
});
