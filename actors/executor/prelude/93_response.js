// From what a handler returned to what is sent: a status, a flat list of header lines or the
// content type alone, and a body that is null, a string, bytes or a stream.

const JSON_TYPE = "application/json";
const HTML_TYPE = "text/html; charset=utf-8";
const TEXT_TYPE = "text/plain; charset=utf-8";
const BYTES_TYPE = "application/octet-stream";

function textType(text) {
  const start = text.trimStart();
  if (start.startsWith("<")) return HTML_TYPE;
  if (start.startsWith("{") || start.startsWith("[")) {
    try {
      JSON.parse(text);
      return JSON_TYPE;
    } catch {
      return TEXT_TYPE;
    }
  }
  return TEXT_TYPE;
}

// A body and the type that it has by itself.
function bodyOf(value) {
  if (value === null || value === undefined) return [null, null];
  if (typeof value === "string") return [value, textType(value)];
  if (typeof value === "object") {
    const bytes = fz.bytesOf(value);
    if (bytes !== null) return [bytes, BYTES_TYPE];
    if (fz.isReadableStream(value)) return [value, BYTES_TYPE];
    if (fz.isBlob(value)) return [fz.blobBytes(value), value.type || BYTES_TYPE];
  }
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(`a handler cannot answer with a ${typeof value}`);
  }
  return [text, JSON_TYPE];
}

function checkStatus(status) {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`the status of a response is a whole number from 200 to 599, not ${status}`);
  }
  return status;
}

// Header lines of `{ headers }`; a list of values makes a line of each.
function headersOf(init) {
  if (init === null || init === undefined) return [];
  if (fz.isHeaders(init) || typeof init[Symbol.iterator] === "function") {
    return fz.flatHeaders(init);
  }
  const pairs = [];
  for (const [name, value] of Object.entries(init)) {
    if (value === null || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) pairs.push([name, item]);
  }
  return fz.flatHeaders(pairs);
}

function withType(headers, type) {
  if (type === null) return headers;
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at].toLowerCase() === "content-type") return headers;
  }
  headers.push("content-type", type);
  return headers;
}

fz.answerOf = (value) => {
  if (value === null || value === undefined) return { status: 204, headers: [], body: null };
  if (typeof value === "object") {
    if (fz.isResponse(value)) return fz.responseParts(value);
    if (typeof value.status === "number") {
      const status = checkStatus(value.status);
      const headers = headersOf(value.headers);
      const [body, type] = bodyOf(value.body);
      if (fz.hasNullBody(status)) return { status, headers, body: null };
      return { status, headers: withType(headers, type), body };
    }
  }
  const [body, type] = bodyOf(value);
  return { status: 200, headers: type, body };
};
