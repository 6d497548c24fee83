// `crypto` and `crypto.subtle` (Web Cryptography API, sections 10 and 14).

const {
  fail, recordOf, newKey, readUsages, bytesOf, bufferOf, normalize, keyFor, checkUsable, readJwk,
} = fz.crypto;
const { parse, stringify } = JSON;

const FORMATS = ["raw", "spki", "pkcs8", "jwk"];

const readFormat = (value) => {
  const format = fz.dom(value);
  if (!FORMATS.includes(format)) throw new TypeError(`there is no format "${format}"`);
  return format;
};

// A secret or private key that may do nothing is a mistake (section 14.3.6).
const checkPurpose = (record) => {
  if (record.type !== "public" && record.usages.length === 0) {
    throw fail("SyntaxError", "the key has no usages");
  }
  return record;
};

const importKey = (format, data, { algorithm, params }, extractable, usages) =>
  newKey(checkPurpose(algorithm.importKey(format, data, params, extractable, usages)));

// Key data as a script gives it: bytes, or for "jwk" an object.
const readKeyData = (format, value) => {
  if (format !== "jwk") return bytesOf(value, "the key data");
  if (typeof value !== "object" || value === null || fz.bytesOf(value) !== null) {
    throw new TypeError('the key data of "jwk" must be an object');
  }
  return readJwk(value);
};

// The key itself: bytes, or for "jwk" an object.
const exportKey = (format, record) => {
  const { name } = record.algorithm;
  const algorithm = fz.crypto.algorithms[name];
  if (algorithm.exportKey === undefined) {
    throw fail("NotSupportedError", `a key for ${name} cannot be exported`);
  }
  if (!record.extractable) throw fail("InvalidAccessError", "the key is not extractable");
  return algorithm.exportKey(format, record);
};

// An unwrapped JSON Web Key (section 14.3.12).
const parseJwk = (bytes) => {
  let value;
  try {
    value = parse(host.decode("utf-8", bytes, false, false));
  } catch {
    throw fail("DataError", "the unwrapped key is not JSON");
  }
  if (typeof value !== "object" || value === null) {
    throw fail("DataError", "the unwrapped key is not a JSON Web Key");
  }
  return readJwk(value);
};

// Every method is asynchronous, so that all its errors become rejections; what scripts pass is
// read before the first wait.
class SubtleCrypto {
  constructor(token) {
    if (token !== fz.token) throw fz.illegal();
  }

  #check(given, least, method) {
    fz.need(given, least, `crypto.subtle.${method}`);
  }

  async encrypt(algorithm, key, data) {
    this.#check(arguments.length, 3, "encrypt");
    const bytes = bytesOf(data, "the data");
    const normalized = normalize("encrypt", algorithm);
    const record = keyFor(normalized, key, "encrypt");
    return bufferOf(normalized.algorithm.encrypt(normalized.params, record, bytes));
  }

  async decrypt(algorithm, key, data) {
    this.#check(arguments.length, 3, "decrypt");
    const bytes = bytesOf(data, "the data");
    const normalized = normalize("decrypt", algorithm);
    const record = keyFor(normalized, key, "decrypt");
    return bufferOf(normalized.algorithm.decrypt(normalized.params, record, bytes));
  }

  async sign(algorithm, key, data) {
    this.#check(arguments.length, 3, "sign");
    const bytes = bytesOf(data, "the data");
    const normalized = normalize("sign", algorithm);
    const record = keyFor(normalized, key, "sign");
    return bufferOf(normalized.algorithm.sign(normalized.params, record, bytes));
  }

  async verify(algorithm, key, signature, data) {
    this.#check(arguments.length, 4, "verify");
    const signed = bytesOf(signature, "the signature");
    const bytes = bytesOf(data, "the data");
    const normalized = normalize("verify", algorithm);
    const record = keyFor(normalized, key, "verify");
    return normalized.algorithm.verify(normalized.params, record, signed, bytes);
  }

  async digest(algorithm, data) {
    this.#check(arguments.length, 2, "digest");
    const bytes = bytesOf(data, "the data");
    const normalized = normalize("digest", algorithm);
    return bufferOf(normalized.algorithm.digest(normalized.params, bytes));
  }

  async generateKey(algorithm, extractable, keyUsages) {
    this.#check(arguments.length, 3, "generateKey");
    const usages = readUsages(keyUsages);
    const { algorithm: chosen, params } = normalize("generateKey", algorithm);
    const made = chosen.generateKey(params, Boolean(extractable), usages);
    if (made.type !== undefined) return newKey(checkPurpose(made));
    const { privateKey, publicKey } = made;
    return { publicKey: newKey(publicKey), privateKey: newKey(checkPurpose(privateKey)) };
  }

  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    this.#check(arguments.length, 5, "deriveKey");
    const usages = readUsages(keyUsages);
    const normalized = normalize("deriveBits", algorithm);
    const target = normalize("importKey", derivedKeyType);
    const sized = normalize("keyLength", derivedKeyType);
    const record = keyFor(normalized, baseKey, "deriveKey", "the base key");
    const length = sized.algorithm.keyLength(sized.params);
    const secret = await normalized.algorithm.deriveBits(normalized.params, record, length);
    return importKey("raw", secret, target, Boolean(extractable), usages);
  }

  async deriveBits(algorithm, baseKey, length = null) {
    this.#check(arguments.length, 2, "deriveBits");
    const bits = length === null ? null : Number(length) >>> 0;
    const normalized = normalize("deriveBits", algorithm);
    const record = keyFor(normalized, baseKey, "deriveBits", "the base key");
    return bufferOf(await normalized.algorithm.deriveBits(normalized.params, record, bits));
  }

  async importKey(format, keyData, algorithm, extractable, keyUsages) {
    this.#check(arguments.length, 5, "importKey");
    const form = readFormat(format);
    const data = readKeyData(form, keyData);
    const usages = readUsages(keyUsages);
    const normalized = normalize("importKey", algorithm);
    return importKey(form, data, normalized, Boolean(extractable), usages);
  }

  async exportKey(format, key) {
    this.#check(arguments.length, 2, "exportKey");
    const form = readFormat(format);
    const exported = exportKey(form, recordOf(key, "the key"));
    return form === "jwk" ? exported : bufferOf(exported);
  }

  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    this.#check(arguments.length, 4, "wrapKey");
    const form = readFormat(format);
    const record = recordOf(key, "the key");
    const normalized = normalize("wrapKey", wrapAlgorithm, "encrypt");
    const wrapping = keyFor(normalized, wrappingKey, "wrapKey", "the wrapping key");
    const exported = exportKey(form, record);
    const bytes = form === "jwk" ? host.utf8Encode(stringify(exported)) : exported;
    return bufferOf(normalized.algorithm.encrypt(normalized.params, wrapping, bytes));
  }

  async unwrapKey(
    format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable,
    keyUsages,
  ) {
    this.#check(arguments.length, 7, "unwrapKey");
    const form = readFormat(format);
    const wrapped = bytesOf(wrappedKey, "the wrapped key");
    const usages = readUsages(keyUsages);
    const normalized = normalize("unwrapKey", unwrapAlgorithm, "decrypt");
    const target = normalize("importKey", unwrappedKeyAlgorithm);
    const unwrapping = keyFor(normalized, unwrappingKey, "unwrapKey", "the unwrapping key");
    const bytes = normalized.algorithm.decrypt(normalized.params, unwrapping, wrapped);
    const data = form === "jwk" ? parseJwk(bytes) : bytes;
    return importKey(form, data, target, Boolean(extractable), usages);
  }
}

// --- section 10 ---------------------------------------------------------------------------------

const subtle = new SubtleCrypto(fz.token);

const INTEGERS = new Set([
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array",
  "Uint32Array", "BigInt64Array", "BigUint64Array",
]);
const { get: kindOfArray } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag,
);
const RANDOM_BYTES_MAX = 65536;

class Crypto {
  #subtle;

  constructor(token) {
    if (token !== fz.token) throw fz.illegal();
    this.#subtle = subtle;
  }

  get subtle() {
    return this.#subtle;
  }

  getRandomValues(array) {
    if (!(#subtle in this)) throw new TypeError("Illegal invocation");
    fz.need(arguments.length, 1, "crypto.getRandomValues");
    if (!ArrayBuffer.isView(array)) {
      throw new TypeError("crypto.getRandomValues needs a typed array");
    }
    if (!INTEGERS.has(Reflect.apply(kindOfArray, array, []))) {
      throw fail("TypeMismatchError", "crypto.getRandomValues needs an array of integers");
    }
    if (array.byteLength > RANDOM_BYTES_MAX) {
      throw fail("QuotaExceededError", `at most ${RANDOM_BYTES_MAX} bytes can be drawn at once`);
    }
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    bytes.set(host.randomBytes(bytes.byteLength));
    return array;
  }

  randomUUID() {
    if (!(#subtle in this)) throw new TypeError("Illegal invocation");
    return host.randomUuid();
  }
}

for (const constructor of [SubtleCrypto, Crypto]) {
  Object.defineProperty(constructor, "length", { value: 0, configurable: true });
}
fz.expose(SubtleCrypto);
fz.expose(Crypto);
fz.define("crypto", new Crypto(fz.token));
