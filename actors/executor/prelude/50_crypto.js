// Keys and parameters of the Web Cryptography API (W3C). The files after this one add the
// algorithms to `fz.crypto.algorithms` by their names; the last one offers them to scripts.
//
// Absent, and refused with a NotSupportedError: RSA, ECDH, X25519, AES-CBC, AES-CTR, AES-KW, and
// curves other than P-256.

const fail = (name, message) => fz.makeError(name, message);

// --- keys (section 13) ------------------------------------------------------------------------

// What a `CryptoKey` stands for: `type`, `extractable`, `algorithm` (with its `name`), `usages`,
// and the key itself in `data`, which no script ever sees. A pair's private half has `publicData`.
let recordOf;

class CryptoKey {
  #record;
  // Made once each, as section 13.4 wants; what a script does to them changes nothing.
  #algorithm = undefined;
  #usages = undefined;

  static {
    recordOf = (value, what) => {
      if (typeof value !== "object" || value === null || !(#record in value)) {
        throw new TypeError(`${what} must be a CryptoKey`);
      }
      return value.#record;
    };
    fz.cloneable(
      (value) => #record in value,
      (value) => new CryptoKey(fz.token, value.#record),
    );
  }

  constructor(token, record) {
    if (token !== fz.token) throw fz.illegal();
    this.#record = record;
  }

  get type() {
    return this.#record.type;
  }

  get extractable() {
    return this.#record.extractable;
  }

  get algorithm() {
    return (this.#algorithm ??= fz.clone(this.#record.algorithm));
  }

  get usages() {
    return (this.#usages ??= [...this.#record.usages]);
  }
}

Object.defineProperty(CryptoKey, "length", { value: 0, configurable: true });

const newKey = (record) => new CryptoKey(fz.token, record);

// --- what scripts pass --------------------------------------------------------------------------

const USAGES = [
  "encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey",
];

// A sequence of usages, each of them once and in the order of the standard.
const readUsages = (value) => {
  if (typeof value !== "object" || value === null) {
    throw new TypeError("the usages must be a list");
  }
  const given = [...value].map(fz.dom);
  const unknown = given.find((usage) => !USAGES.includes(usage));
  if (unknown !== undefined) throw new TypeError(`there is no usage "${unknown}"`);
  return USAGES.filter((usage) => given.includes(usage));
};

// Fails if a key of this kind cannot be used like that.
const checkUsages = (usages, allowed, what) => {
  const wrong = usages.find((usage) => !allowed.includes(usage));
  if (wrong !== undefined) throw fail("SyntaxError", `${what} has no usage "${wrong}"`);
};

const bytesOf = (value, what) => {
  const bytes = fz.bytesOf(value);
  if (bytes === null) throw new TypeError(`${what} must be an ArrayBuffer or a view of one`);
  return bytes;
};

// The buffer of bytes that the host gave, and nothing around them.
const bufferOf = (bytes) =>
  bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

// [EnforceRange] of an unsigned integer.
const readInteger = (value, greatest, what) => {
  const number = fz.enforceRange(value, what);
  if (number > greatest) throw new TypeError(`${what} must be at most ${greatest}`);
  return number;
};

// A member that must be there.
const required = (object, name) => {
  const value = object[name];
  if (value === undefined) throw new TypeError(`the algorithm needs "${name}"`);
  return value;
};

// --- algorithms (section 18.4.4) ----------------------------------------------------------------

const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

// Bits of the block of a hash, which are also the default length of a key for HMAC.
const blockBits = (hash) => (hash === "SHA-1" || hash === "SHA-256" ? 512 : 1024);

// By name: what each algorithm can do, and the parameters that it takes for it.
const algorithms = {};

const toObject = (value) => {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject ? value : { name: fz.dom(value) };
};

const nameOf = (object) => fz.dom(required(object, "name"));

const notSupported = (name, operation) =>
  fail("NotSupportedError", `the algorithm "${name}" is not supported for ${operation}`);

// The name of a hash.
const readHash = (value) => {
  const name = nameOf(toObject(value));
  const upper = name.toUpperCase();
  if (!HASHES.includes(upper)) throw notSupported(name, "digest");
  return upper;
};

// "Normalize an algorithm": the algorithm, and its parameters read and checked. An operation of
// another name may stand in, as encrypting does for wrapping.
const normalize = (operation, value, fallback = operation) => {
  const object = toObject(value);
  const name = nameOf(object);
  const key = Object.keys(algorithms).find((known) => known.toUpperCase() === name.toUpperCase());
  const algorithm = algorithms[key];
  const chosen = [operation, fallback].find((each) => algorithm?.[each] !== undefined);
  if (chosen === undefined) throw notSupported(name, operation);
  const read = algorithm.parameters[chosen];
  return { algorithm, name: key, params: read === undefined ? {} : read(object) };
};

// The key behind an argument, if it is one of this algorithm and may be used like that.
const keyFor = (normalized, value, usage, what = "the key") => {
  const record = recordOf(value, what);
  if (record.algorithm.name !== normalized.name) {
    throw fail("InvalidAccessError", `${what} is one of ${record.algorithm.name}`);
  }
  checkUsable(record, usage);
  return record;
};

const checkUsable = (record, usage) => {
  if (!record.usages.includes(usage)) {
    throw fail("InvalidAccessError", `the key's usages do not include "${usage}"`);
  }
};

// --- JSON Web Keys (RFC 7517, section 15) -------------------------------------------------------

const BASE64URL = /^[A-Za-z0-9_-]*$/;

const toBase64url = (bytes) =>
  host.base64Encode(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// The bytes of a member (RFC 7518 section 2), of that many if a length is given.
const fromBase64url = (text, member, length = undefined) => {
  if (text === undefined) throw fail("DataError", `the JSON Web Key has no "${member}"`);
  const isText = BASE64URL.test(text);
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = isText ? host.base64Decode(base64) : null;
  if (bytes === null) throw fail("DataError", `"${member}" is not base64url`);
  if (length !== undefined && bytes.byteLength !== length) {
    throw fail("DataError", `"${member}" must have ${length} bytes`);
  }
  return bytes;
};

const TEXT_MEMBERS = ["alg", "crv", "d", "k", "kty", "use", "x", "y"];

// A `JsonWebKey` as a plain object of the members that are looked at.
const readJwk = (value) => {
  const jwk = {};
  for (const member of TEXT_MEMBERS) {
    if (value[member] !== undefined) jwk[member] = fz.dom(value[member]);
  }
  if (value.ext !== undefined) jwk.ext = Boolean(value.ext);
  if (value.key_ops !== undefined) jwk.key_ops = [...value.key_ops].map(fz.dom);
  return jwk;
};

// What all kinds of keys have in common; `use` is "sig" or "enc".
const checkJwk = (jwk, kty, use, usages, extractable) => {
  if (jwk.kty !== kty) throw fail("DataError", `"kty" must be "${kty}"`);
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) {
    throw fail("DataError", `"use" must be "${use}"`);
  }
  const { key_ops: operations } = jwk;
  if (operations !== undefined) {
    if (new Set(operations).size !== operations.length) {
      throw fail("DataError", '"key_ops" names an operation twice');
    }
    const missing = usages.find((usage) => !operations.includes(usage));
    if (missing !== undefined) throw fail("DataError", `"key_ops" lacks "${missing}"`);
  }
  if (jwk.ext === false && extractable) {
    throw fail("DataError", '"ext" is false, so the key cannot be extractable');
  }
};

const checkJwkAlgorithm = (jwk, ...names) => {
  if (jwk.alg !== undefined && !names.includes(jwk.alg)) {
    throw fail("DataError", `"alg" must be "${names[0]}"`);
  }
};

// A key as JSON Web Key, with the members that are its own.
const jwkOf = (record, members) => ({
  ...members, key_ops: [...record.usages], ext: record.extractable,
});

fz.expose(CryptoKey, ["type", "extractable", "algorithm", "usages"]);

fz.crypto = {
  algorithms, fail, recordOf, newKey, readUsages, checkUsages, bytesOf, bufferOf, readInteger,
  required, readHash, blockBits, normalize, keyFor, checkUsable,
  toBase64url, fromBase64url, readJwk, checkJwk, checkJwkAlgorithm, jwkOf,
};
