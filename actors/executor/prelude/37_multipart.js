// multipart/form-data (RFC 7578, HTML 4.10.21.8), written and read.

// Scripts may put something else in its place.
const { FormData } = globalThis;

const PARTS_MAX = 10000;
const PART_HEAD_MAX = 16384;

const CR = 13;
const LF = 10;
const DASH = 45;

// HTML 4.10.21.8: in names and file names the characters that would end them are encoded.
const escapeName = (name) => name.replace(/[\r\n"]/g, (c) => ESCAPES[c]);
const ESCAPES = { "\r": "%0D", "\n": "%0A", '"': "%22" };
const lineEnds = (text) => text.replace(/\r\n?|\n/g, "\r\n");

// The body of a form, and the boundary that its type names.
fz.encodeMultipart = (form) => {
  const boundary = `----fazt${host.randomUuid().replaceAll("-", "")}`;
  const chunks = [];
  for (const [name, value] of fz.formEntries(form)) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="`;
    const start = `${head}${escapeName(lineEnds(name))}"`;
    if (typeof value === "string") {
      chunks.push(host.utf8Encode(`${start}\r\n\r\n${lineEnds(value)}\r\n`));
    } else {
      const type = value.type === "" ? "application/octet-stream" : value.type;
      const file = `; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`;
      chunks.push(host.utf8Encode(start + file), fz.blobBytes(value), host.utf8Encode("\r\n"));
    }
  }
  chunks.push(host.utf8Encode(`--${boundary}--\r\n`));
  return { bytes: fz.concat(chunks), boundary };
};

const wrong = (why) => new TypeError(`the body is no form: ${why}`);

// Where `needle` begins in `bytes` at or after `from`; -1 when nowhere.
function find(bytes, needle, from) {
  const last = bytes.length - needle.length;
  for (let at = bytes.indexOf(needle[0], from); at >= 0 && at <= last; ) {
    let length = 1;
    while (length < needle.length && bytes[at + length] === needle[length]) length += 1;
    if (length === needle.length) return at;
    at = bytes.indexOf(needle[0], at + 1);
  }
  return -1;
}

// Behind a boundary: "--" ends the form, blanks and a line's end begin a part. Answers where
// the part begins, or -1 at the end.
function behindBoundary(bytes, at) {
  if (bytes[at] === DASH && bytes[at + 1] === DASH) return -1;
  while (bytes[at] === 32 || bytes[at] === 9) at += 1;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) throw wrong("a boundary is followed by other text");
  return at + 2;
}

const HEAD_END = Uint8Array.of(CR, LF, CR, LF);

// The value of a parameter in quotes or without; percent-encodings of `escapeName` are undone.
function parameter(disposition, key) {
  const pattern = `;\\s*${key}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s"]+))`;
  const found = new RegExp(pattern, "i").exec(disposition);
  if (found === null) return undefined;
  const text = found[1] === undefined ? found[2] : found[1].replace(/\\(["\\])/g, "$1");
  return text.replace(/%(0[AaDd]|22)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function parseHead(text) {
  const head = { name: undefined, filename: undefined, type: undefined };
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) throw wrong("a part has a line without a colon in its head");
    const value = line.slice(colon + 1).trim();
    const field = line.slice(0, colon).trim().toLowerCase();
    if (field === "content-type") head.type = value;
    if (field !== "content-disposition") continue;
    if (!/^form-data\s*(;|$)/i.test(value)) throw wrong("a part is not form-data");
    head.name = parameter(value, "name");
    head.filename = parameter(value, "filename");
  }
  if (head.name === undefined) throw wrong("a part has no name");
  return head;
}

// One part: its head and where its body lies. Answers where the next boundary has ended.
function parsePart(bytes, start, delimiter, form) {
  // A head without a line is an empty line.
  const headEnd = find(bytes.subarray(0, start + PART_HEAD_MAX), HEAD_END, start);
  if (headEnd < 0) throw wrong("the head of a part does not end");
  const head = parseHead(fz.utf8(bytes.subarray(start, headEnd)));
  const bodyStart = headEnd + HEAD_END.length;
  // An empty body may share its line's end with the head.
  const end = find(bytes, delimiter, bodyStart - 2);
  if (end < 0) throw wrong("it ends within a part");
  const body = bytes.subarray(bodyStart, Math.max(end, bodyStart));
  if (head.filename === undefined) {
    form.append(head.name, fz.utf8(body));
  } else {
    const file = fz.newFile(body.slice(), head.type ?? "text/plain", head.filename, Date.now());
    form.append(head.name, file);
  }
  return end + delimiter.length;
}

// Fetch 5.2, "multipart/form-data parser". `boundary` is the one that the type names.
fz.parseMultipart = (bytes, boundary) => {
  if (boundary === null || boundary === "" || boundary.length > 70) {
    throw wrong("its type names no boundary");
  }
  const form = new FormData();
  const delimiter = host.utf8Encode(`\r\n--${boundary}`);
  const first = delimiter.subarray(2);
  // What stands before the first boundary does not count (RFC 2046 section 5.1.1).
  const isAtStart = find(bytes.subarray(0, first.length), first, 0) === 0;
  const found = isAtStart ? 0 : find(bytes, delimiter, 0);
  if (found < 0) throw wrong("its boundary does not occur");
  let at = behindBoundary(bytes, found + (isAtStart ? first.length : delimiter.length));
  for (let parts = 0; at >= 0; parts += 1) {
    if (parts >= PARTS_MAX) throw wrong(`it has more than ${PARTS_MAX} parts`);
    at = behindBoundary(bytes, parsePart(bytes, at, delimiter, form));
  }
  return form;
};

// MIME sniffing 4.4, as much as a body's type needs: its essence and its parameters.
fz.parseType = (text) => {
  const [essence, ...rest] = splitParameters(text);
  const type = { essence: essence.trim().toLowerCase(), parameters: new Map() };
  if (!/^[!#$%&'*+\-.^_`|~\w]+\/[!#$%&'*+\-.^_`|~\w]+$/.test(type.essence)) return null;
  for (const part of rest) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    const value = part.slice(equals + 1).trim();
    const isQuoted = value.startsWith('"');
    const plain = isQuoted ? value.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1") : value;
    if (name !== "" && !type.parameters.has(name)) type.parameters.set(name, plain);
  }
  return type;
};

// At semicolons that are not within quotes.
function splitParameters(text) {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|[^;])+/g) ?? [""];
}
