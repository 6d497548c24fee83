// Bodies (Fetch 2.2.4, 5.2, 5.3). A body is one of
//   source    a string or bytes that nobody changes,
//   incoming  { bytes, text(), read(), cancel() }: what the host has already, as bytes or as text,
//             or, where those are null, brings piece by piece,
//   stream    a ReadableStream: given by the script, or made when the script asks for it.
// A stream is made as late as possible: most bodies never need one.

// Scripts may put something else in their places.
const { FormData, TransformStream } = globalThis;

const BODY_BYTES_MAX = 256 * 1024 * 1024;
const EMPTY = new Uint8Array(0);

fz.newBody = (source, incoming, stream) => ({ source, incoming, stream, isUsed: false });

const TEXT_TYPE = "text/plain;charset=UTF-8";
const FORM_TYPE = "application/x-www-form-urlencoded;charset=UTF-8";

// Fetch 5.2, "extract": the body of a value that is neither null nor undefined, and its type.
fz.extractBody = (value) => {
  if (typeof value === "string") return { body: fz.newBody(value, null, null), type: TEXT_TYPE };
  if (typeof value !== "object") return fz.extractBody(fz.dom(value));
  const ofSource = (source, type) => ({ body: fz.newBody(source, null, null), type });
  const bytes = fz.bytesOf(value);
  if (bytes !== null) return ofSource(bytes.slice(), null);
  if (fz.isBlob(value)) return ofSource(fz.blobBytes(value), value.type === "" ? null : value.type);
  if (fz.isSearchParams(value)) return ofSource(value.toString(), FORM_TYPE);
  if (fz.isFormData(value)) {
    const { bytes: form, boundary } = fz.encodeMultipart(value);
    return ofSource(form, `multipart/form-data; boundary=${boundary}`);
  }
  if (fz.isReadableStream(value)) {
    if (fz.isDisturbed(value) || fz.isLocked(value)) {
      throw new TypeError("the stream is read already, or somebody else is about to read it");
    }
    return { body: fz.newBody(null, null, value), type: null };
  }
  return fz.extractBody(fz.dom(value));
};

fz.isBodyUsed = (body) =>
  body !== null && (body.isUsed || (body.stream !== null && fz.isDisturbed(body.stream)));

// Fetch 5.3, "unusable".
fz.isUnusable = (body) =>
  fz.isBodyUsed(body) || (body !== null && body.stream !== null && fz.isLocked(body.stream));

fz.checkUsable = (body) => {
  if (fz.isUnusable(body)) throw new TypeError("the body is used already");
};

const sourceBytes = ({ source }) =>
  typeof source === "string" ? host.utf8Encode(source) : source;

// One piece, then the end.
const once = (bytes) => {
  let rest = bytes;
  return {
    pull: async () => {
      const chunk = rest === null || rest.byteLength === 0 ? null : rest;
      rest = null;
      return chunk;
    },
    cancel: () => {},
  };
};

// The body as a stream, made now if there is none.
fz.bodyStream = (body) => {
  if (body.stream !== null) return body.stream;
  const { incoming } = body;
  if (body.isUsed) {
    // Read without a stream, so this one is at its end.
    body.stream = fz.streamFromPull(once(null));
    body.stream.cancel();
  } else if (incoming === null) {
    body.stream = fz.streamFromPull(once(sourceBytes(body).slice()));
  } else if (incoming.bytes !== null) {
    body.stream = fz.streamFromPull(once(incoming.bytes));
  } else {
    const cancel = (reason) => incoming.cancel(reason);
    body.stream = fz.streamFromPull({ pull: () => incoming.read(), cancel });
  }
  return body.stream;
};

// Fetch 2.2.4, "clone": both have the same content from here on.
fz.cloneBody = (body) => {
  if (body === null) return null;
  if (body.stream === null && body.incoming === null) return { ...body };
  if (body.stream === null && body.incoming.bytes !== null) {
    body.source = body.incoming.bytes;
    body.incoming = null;
    return { ...body };
  }
  const [mine, other] = fz.teeForClone(fz.bodyStream(body));
  body.stream = mine;
  return fz.newBody(null, null, other);
};

// Takes the content out of a body, which is used from here on.
fz.moveBody = (body) => {
  fz.checkUsable(body);
  const { source, incoming, stream } = body;
  // A script may hold this stream, and has to find it locked.
  const moved = stream === null ? null : stream.pipeThrough(new TransformStream());
  body.isUsed = true;
  return fz.newBody(source, incoming, moved);
};

// A body as { read, cancel }: for those who write it to the host.
fz.bodyReader = (body) => {
  body.isUsed = true;
  if (body.stream === null && body.incoming !== null) {
    const { incoming } = body;
    if (incoming.bytes === null) {
      return { read: () => incoming.read(), cancel: (reason) => incoming.cancel(reason) };
    }
    return { read: once(incoming.bytes).pull, cancel: () => {} };
  }
  const stream = fz.bodyStream(body);
  const source = fz.takePull(stream);
  if (source !== null) return { read: source.pull, cancel: source.cancel };
  const { next, cancel } = fz.readStream(stream);
  const read = async () => {
    const chunk = await next();
    if (chunk === null || chunk instanceof Uint8Array) return chunk;
    throw new TypeError("the stream of a body must give Uint8Array pieces");
  };
  return { read, cancel };
};

async function readIncoming(incoming) {
  if (incoming.bytes !== null) return incoming.bytes;
  const chunks = [];
  let length = 0;
  for (let chunk = await incoming.read(); chunk !== null; chunk = await incoming.read()) {
    length += chunk.byteLength;
    if (length > BODY_BYTES_MAX) {
      incoming.cancel();
      throw new RangeError(`the body is longer than ${BODY_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 0 ? EMPTY : fz.concat(chunks);
}

// Fetch 5.3, "consume body": all bytes, or the string that they were made of.
async function consume(body) {
  if (body === null) return EMPTY;
  fz.checkUsable(body);
  if (body.stream !== null) return fz.readAll(body.stream, BODY_BYTES_MAX);
  body.isUsed = true;
  return body.incoming === null ? body.source : readIncoming(body.incoming);
}

const toText = (content) => {
  if (typeof content !== "string") return fz.utf8(content);
  // What decoding its bytes would give: without a byte order mark.
  const text = content.toWellFormed();
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
};

// The same where all of it is there as text and nobody asked for the bytes; else null.
function wholeText(body) {
  if (body === null || body.stream !== null || body.incoming === null) return null;
  fz.checkUsable(body);
  const text = body.incoming.text();
  if (text !== null) body.isUsed = true;
  return text;
}

// Bytes that the script may change: a copy, unless nobody else has them.
const toBytes = (content, body) => {
  if (typeof content === "string") return host.utf8Encode(content);
  const isWhole = content.byteLength === content.buffer.byteLength;
  const isHosts = body !== null && body.incoming !== null && body.stream === null;
  const isOwn = isHosts && isWhole && content !== EMPTY;
  return isOwn ? content : content.slice();
};

function toForm(content, typeText) {
  const type = typeText === null ? null : fz.parseType(typeText);
  if (type?.essence === "multipart/form-data") {
    const bytes = typeof content === "string" ? host.utf8Encode(content) : content;
    return fz.parseMultipart(bytes, type.parameters.get("boundary") ?? null);
  }
  if (type?.essence === "application/x-www-form-urlencoded") {
    const form = new FormData();
    for (const [name, value] of fz.parseForm(toText(content))) form.append(name, value);
    return form;
  }
  throw new TypeError(`the body is no form: its type is ${JSON.stringify(typeText)}`);
}

// The members of Body, for Request and Response alike. `part` answers the body of an object,
// `typeOf` its content type or null.
fz.includeBody = (constructor, part, typeOf) => {
  const members = {
    async arrayBuffer() {
      const body = part(this);
      return toBytes(await consume(body), body).buffer;
    },
    async blob() {
      const body = part(this);
      const content = await consume(body);
      const type = typeOf(this) ?? "";
      const kind = fz.parseType(type) === null ? "" : type.toLowerCase();
      return fz.newBlob(toBytes(content, body), kind);
    },
    async bytes() {
      const body = part(this);
      return toBytes(await consume(body), body);
    },
    async formData() {
      return toForm(await consume(part(this)), typeOf(this));
    },
    async json() {
      const body = part(this);
      return JSON.parse(wholeText(body) ?? toText(await consume(body)));
    },
    async text() {
      const body = part(this);
      return wholeText(body) ?? toText(await consume(body));
    },
  };
  for (const [name, value] of Object.entries(members)) {
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(constructor.prototype, name, property);
  }
  const getters = {
    body() {
      const body = part(this);
      return body === null ? null : fz.bodyStream(body);
    },
    bodyUsed() {
      return fz.isBodyUsed(part(this));
    },
  };
  for (const [name, get] of Object.entries(getters)) {
    const property = { get, enumerable: true, configurable: true };
    Object.defineProperty(constructor.prototype, name, property);
  }
};
