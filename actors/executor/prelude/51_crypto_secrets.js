// Algorithms over one secret: digests, HMAC, AES-GCM, HKDF and PBKDF2 (Web Cryptography API,
// sections 28 to 33). Each operation gets its parameters read, and keys as records.

const {
  algorithms, fail, checkUsages, bytesOf, readInteger, required, readHash, blockBits,
  toBase64url, fromBase64url, checkJwk, checkJwkAlgorithm, jwkOf,
} = fz.crypto;

const UINT32_MAX = 0xffffffff;

// 32. SHA
for (const name of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
  algorithms[name] = { parameters: {}, digest: (_, data) => host.digest(name, data) };
}

// The bytes of a secret key in a format that all of them know.
const secretBytes = (format, data, read) => {
  if (format === "raw") return data.slice();
  if (format === "jwk") return read(data);
  throw fail("NotSupportedError", `a secret key has no format "${format}"`);
};

const exportSecret = (format, record, alg) => {
  if (format === "raw") return record.data.slice();
  if (format !== "jwk") {
    throw fail("NotSupportedError", `a secret key has no format "${format}"`);
  }
  return jwkOf(record, { kty: "oct", k: toBase64url(record.data), alg });
};

// --- 31. HMAC -----------------------------------------------------------------------------------

const HMAC_USAGES = ["sign", "verify"];

const readHmac = (object) => ({
  hash: readHash(required(object, "hash")),
  length: object.length === undefined
    ? undefined : readInteger(object.length, UINT32_MAX, "the length"),
});

// Bits beyond the length are none of the key's.
const cutBits = (bytes, length) => {
  const cut = bytes.slice(0, Math.ceil(length / 8));
  if (length % 8 !== 0) cut[cut.length - 1] &= 0xff00 >> (length % 8);
  return cut;
};

const hmacRecord = (data, hash, length, extractable, usages) => ({
  type: "secret",
  extractable,
  algorithm: { name: "HMAC", hash: { name: hash }, length },
  usages,
  data: cutBits(data, length),
});

const hmacAlg = (hash) => `HS${hash === "SHA-1" ? 1 : hash.slice(4)}`;

// Longer keys are hashed down to one block, so that a bound takes nothing away.
const HMAC_BITS_MAX = 65536 * 8;

algorithms.HMAC = {
  parameters: { generateKey: readHmac, importKey: readHmac, keyLength: readHmac },

  generateKey({ hash, length = blockBits(hash) }, extractable, usages) {
    checkUsages(usages, HMAC_USAGES, "HMAC");
    if (length === 0 || length > HMAC_BITS_MAX) {
      throw fail("OperationError", `a key for HMAC is made with 1 to ${HMAC_BITS_MAX} bits`);
    }
    const data = host.randomBytes(Math.ceil(length / 8));
    return hmacRecord(data, hash, length, extractable, usages);
  },

  importKey(format, keyData, { hash, length }, extractable, usages) {
    checkUsages(usages, HMAC_USAGES, "HMAC");
    const data = secretBytes(format, keyData, (jwk) => {
      checkJwk(jwk, "oct", "sig", usages, extractable);
      checkJwkAlgorithm(jwk, hmacAlg(hash));
      return fromBase64url(jwk.k, "k");
    });
    const bits = data.byteLength * 8;
    if (bits === 0) throw fail("DataError", "the key is empty");
    if (length !== undefined && (length > bits || length <= bits - 8)) {
      throw fail("DataError", `the key has ${bits} bits, and not ${length}`);
    }
    return hmacRecord(data, hash, length ?? bits, extractable, usages);
  },

  exportKey: (format, record) =>
    exportSecret(format, record, hmacAlg(record.algorithm.hash.name)),

  sign: (_, record, data) => host.hmacSign(record.algorithm.hash.name, record.data, data),

  verify: (_, record, signature, data) =>
    host.hmacVerify(record.algorithm.hash.name, record.data, signature, data),

  keyLength({ hash, length = blockBits(hash) }) {
    if (length === 0) throw new TypeError("a key for HMAC must not be empty");
    return length;
  },
};

// --- 29. AES-GCM --------------------------------------------------------------------------------

const AES_USAGES = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
const AES_BITS = [128, 192, 256];

const readAesLength = (object) => ({
  length: readInteger(required(object, "length"), 0xffff, "the length"),
});

const checkAesLength = (length, name) => {
  if (!AES_BITS.includes(length)) {
    throw fail(name, `a key for AES has 128, 192 or 256 bits, and not ${length}`);
  }
};

const readGcm = (object) => ({
  additionalData: object.additionalData === undefined
    ? new Uint8Array(0) : bytesOf(object.additionalData, "additionalData"),
  iv: bytesOf(required(object, "iv"), "iv"),
  tagLength: object.tagLength === undefined
    ? 128 : readInteger(object.tagLength, 255, "the tagLength"),
});

const aesRecord = (data, extractable, usages) => ({
  type: "secret",
  extractable,
  algorithm: { name: "AES-GCM", length: data.byteLength * 8 },
  usages,
  data,
});

const gcmAlg = (bytes) => `A${bytes.byteLength * 8}GCM`;

algorithms["AES-GCM"] = {
  parameters: {
    generateKey: readAesLength, keyLength: readAesLength, encrypt: readGcm, decrypt: readGcm,
  },

  generateKey({ length }, extractable, usages) {
    checkUsages(usages, AES_USAGES, "AES-GCM");
    checkAesLength(length, "OperationError");
    return aesRecord(host.randomBytes(length / 8), extractable, usages);
  },

  importKey(format, keyData, _, extractable, usages) {
    checkUsages(usages, AES_USAGES, "AES-GCM");
    const data = secretBytes(format, keyData, (jwk) => {
      checkJwk(jwk, "oct", "enc", usages, extractable);
      const bytes = fromBase64url(jwk.k, "k");
      checkJwkAlgorithm(jwk, gcmAlg(bytes));
      return bytes;
    });
    checkAesLength(data.byteLength * 8, "DataError");
    return aesRecord(data, extractable, usages);
  },

  exportKey: (format, record) => exportSecret(format, record, gcmAlg(record.data)),

  encrypt: ({ iv, additionalData, tagLength }, record, data) =>
    host.aesGcmEncrypt(record.data, iv, additionalData, tagLength, data),

  decrypt: ({ iv, additionalData, tagLength }, record, data) =>
    host.aesGcmDecrypt(record.data, iv, additionalData, tagLength, data),

  keyLength({ length }) {
    checkAesLength(length, "OperationError");
    return length;
  },
};

// --- 32. HKDF and 33. PBKDF2 --------------------------------------------------------------------

// Secrets that other keys are made from: they come in, and never go out again.
const importBase = (name) => (format, data, _, extractable, usages) => {
  if (format !== "raw") throw fail("NotSupportedError", `${name} has no format "${format}"`);
  checkUsages(usages, ["deriveKey", "deriveBits"], name);
  if (extractable) throw fail("SyntaxError", `a key for ${name} cannot be extractable`);
  return { type: "secret", extractable, algorithm: { name }, usages, data: data.slice() };
};

const bytesToDerive = (length) => {
  if (length === null || length % 8 !== 0) {
    throw fail("OperationError", "the length must be given, and be a multiple of eight bits");
  }
  return length / 8;
};

algorithms.HKDF = {
  parameters: {
    deriveBits: (object) => ({
      hash: readHash(required(object, "hash")),
      info: bytesOf(required(object, "info"), "info"),
      salt: bytesOf(required(object, "salt"), "salt"),
    }),
  },
  importKey: importBase("HKDF"),
  deriveBits: ({ hash, salt, info }, record, length) =>
    host.hkdf(hash, record.data, salt, info, bytesToDerive(length)),
  // A key of unknown length: none can be derived.
  keyLength: () => null,
};

algorithms.PBKDF2 = {
  parameters: {
    deriveBits: (object) => ({
      hash: readHash(required(object, "hash")),
      iterations: readInteger(required(object, "iterations"), UINT32_MAX, "iterations"),
      salt: bytesOf(required(object, "salt"), "salt"),
    }),
  },
  importKey: importBase("PBKDF2"),
  deriveBits: ({ hash, salt, iterations }, record, length) =>
    host.pbkdf2(hash, record.data, salt, iterations, bytesToDerive(length)),
  keyLength: () => null,
};
