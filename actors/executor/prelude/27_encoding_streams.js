// Text to bytes and back, chunk by chunk (Encoding 7.4-7.6).

const { createTransform, wrongThis } = fz.streams;
const { TextDecoder } = globalThis;

const isHighSurrogate = (unit) => unit >= 0xd800 && unit <= 0xdbff;

// Encoding 7.5; a pair of surrogates may come in two chunks.
class TextEncoderStream {
  #sides;

  constructor() {
    let pending = "";
    this.#sides = createTransform({
      transform: (chunk, stream) => {
        let text = `${pending}${chunk}`;
        pending = "";
        if (text !== "" && isHighSurrogate(text.charCodeAt(text.length - 1))) {
          pending = text[text.length - 1];
          text = text.slice(0, -1);
        }
        if (text !== "") stream.enqueue(host.utf8Encode(text));
      },
      flush: (_, stream) => {
        if (pending !== "") stream.enqueue(new Uint8Array([0xef, 0xbf, 0xbd]));
      },
    });
  }

  get encoding() {
    if (!(#sides in this)) throw wrongThis("TextEncoderStream");
    return "utf-8";
  }

  get readable() {
    if (!(#sides in this)) throw wrongThis("TextEncoderStream");
    return this.#sides.readable;
  }

  get writable() {
    if (!(#sides in this)) throw wrongThis("TextEncoderStream");
    return this.#sides.writable;
  }
}

// Encoding 7.6
class TextDecoderStream {
  #sides;
  #decoder;

  constructor(label = "utf-8", options = undefined) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    this.#sides = createTransform({
      transform: (chunk, stream) => {
        // Without an argument a decoder would take this for the end of its text.
        const bytes = fz.bytesOf(chunk);
        if (bytes === null) throw new TypeError("a chunk must be a buffer or a view of one");
        const text = decoder.decode(bytes, { stream: true });
        if (text !== "") stream.enqueue(text);
      },
      flush: (_, stream) => {
        const text = decoder.decode();
        if (text !== "") stream.enqueue(text);
      },
      // What was half read is dropped, and with it the state that the host keeps for it.
      cancel: () => {
        try {
          decoder.decode();
        } catch {
          // Half a character is no fault of a stream that nobody reads to its end.
        }
      },
    });
  }

  get encoding() {
    if (!(#sides in this)) throw wrongThis("TextDecoderStream");
    return this.#decoder.encoding;
  }

  get fatal() {
    if (!(#sides in this)) throw wrongThis("TextDecoderStream");
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    if (!(#sides in this)) throw wrongThis("TextDecoderStream");
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    if (!(#sides in this)) throw wrongThis("TextDecoderStream");
    return this.#sides.readable;
  }

  get writable() {
    if (!(#sides in this)) throw wrongThis("TextDecoderStream");
    return this.#sides.writable;
  }
}

fz.expose(TextEncoderStream, ["encoding"]);
fz.expose(TextDecoderStream, ["encoding", "fatal", "ignoreBOM"]);
