// Algorithms over pairs of keys: ECDSA over P-256 and Ed25519 (Web Cryptography API, sections 23
// and 25). The formats of both are the same but for names, so one function makes the two.

const {
  algorithms, fail, checkUsages, required, readHash,
  toBase64url, fromBase64url, checkJwk, checkJwkAlgorithm, jwkOf,
} = fz.crypto;

const equalBytes = (a, b) =>
  a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);

// `kind` says what differs:
//   name, algorithm        of the keys
//   check(params)          whether the parameters name a curve that there is
//   generate()             a private key
//   publicOf(data)         the public key of a private one
//   publicFromRaw(bytes)   a public key, checked
//   privateFromPkcs8, privateToPkcs8, publicFromSpki, publicToSpki
//   kty, crv, algs         of a JSON Web Key
//   publicFromJwk(jwk), publicMembers(data)
const pairAlgorithm = (kind) => {
  const { name } = kind;
  const publicRecord = (data, extractable, usages) =>
    ({ type: "public", extractable, algorithm: kind.algorithm, usages, data });
  const privateRecord = (data, extractable, usages) => ({
    type: "private", extractable, algorithm: kind.algorithm, usages, data,
    publicData: kind.publicOf(data),
  });
  const expect = (record, type) => {
    if (record.type !== type) throw fail("InvalidAccessError", `the key is not a ${type} one`);
  };

  const importJwk = (jwk, extractable, usages) => {
    const isPrivate = jwk.d !== undefined;
    checkUsages(usages, isPrivate ? ["sign"] : ["verify"], name);
    checkJwk(jwk, kind.kty, "sig", usages, extractable);
    if (jwk.crv !== kind.crv) throw fail("DataError", `"crv" must be "${kind.crv}"`);
    checkJwkAlgorithm(jwk, ...kind.algs);
    const publicData = kind.publicFromJwk(jwk);
    if (!isPrivate) return publicRecord(publicData, extractable, usages);
    const record = privateRecord(fromBase64url(jwk.d, "d", 32), extractable, usages);
    if (!equalBytes(record.publicData, publicData)) {
      throw fail("DataError", "the private and the public key do not belong together");
    }
    return record;
  };

  const exportJwk = (record) => {
    const isPrivate = record.type === "private";
    const members = { kty: kind.kty, crv: kind.crv, alg: kind.exportedAlg };
    Object.assign(members, kind.publicMembers(isPrivate ? record.publicData : record.data));
    if (isPrivate) members.d = toBase64url(record.data);
    return jwkOf(record, members);
  };

  return {
    generateKey(params, extractable, usages) {
      checkUsages(usages, ["sign", "verify"], name);
      kind.check(params);
      const data = kind.generate();
      const own = (usage) => usages.filter((given) => given === usage);
      const privateKey = privateRecord(data, extractable, own("sign"));
      return { privateKey, publicKey: publicRecord(privateKey.publicData, true, own("verify")) };
    },

    importKey(format, data, params, extractable, usages) {
      kind.check(params);
      if (format === "jwk") return importJwk(data, extractable, usages);
      if (format === "pkcs8") {
        checkUsages(usages, ["sign"], name);
        return privateRecord(kind.privateFromPkcs8(data), extractable, usages);
      }
      checkUsages(usages, ["verify"], name);
      const read = format === "spki" ? kind.publicFromSpki : kind.publicFromRaw;
      return publicRecord(read(data), extractable, usages);
    },

    exportKey(format, record) {
      if (format === "jwk") return exportJwk(record);
      expect(record, format === "pkcs8" ? "private" : "public");
      if (format === "pkcs8") return kind.privateToPkcs8(record.data);
      return format === "spki" ? kind.publicToSpki(record.data) : record.data.slice();
    },

    sign(params, record, data) {
      expect(record, "private");
      return kind.sign(params, record.data, data);
    },

    verify(params, record, signature, data) {
      expect(record, "public");
      return kind.verify(params, record.data, signature, data);
    },
  };
};

// --- 23. ECDSA --------------------------------------------------------------------------------

const readCurve = (object) => ({ namedCurve: fz.dom(required(object, "namedCurve")) });
const readEcdsa = (object) => ({ hash: readHash(required(object, "hash")) });

// The first byte of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED = 4;

algorithms.ECDSA = {
  parameters: {
    generateKey: readCurve, importKey: readCurve, sign: readEcdsa, verify: readEcdsa,
  },
  ...pairAlgorithm({
    name: "ECDSA",
    algorithm: { name: "ECDSA", namedCurve: "P-256" },
    check({ namedCurve }) {
      if (namedCurve !== "P-256") {
        throw fail("NotSupportedError", `the curve "${namedCurve}" is not supported: use P-256`);
      }
    },
    generate: () => host.ecdsaGenerate(),
    publicOf: (data) => host.ecdsaPublicFromPrivate(data),
    publicFromRaw: (bytes) => host.ecdsaPublicFromRaw(bytes),
    privateFromPkcs8: (der) => host.ecdsaPrivateFromPkcs8(der),
    privateToPkcs8: (data) => host.ecdsaPrivateToPkcs8(data),
    publicFromSpki: (der) => host.ecdsaPublicFromSpki(der),
    publicToSpki: (data) => host.ecdsaPublicToSpki(data),
    kty: "EC",
    crv: "P-256",
    algs: ["ES256"],
    exportedAlg: undefined,
    publicFromJwk: (jwk) => {
      const x = fromBase64url(jwk.x, "x", 32);
      const y = fromBase64url(jwk.y, "y", 32);
      return host.ecdsaPublicFromRaw(fz.concat([new Uint8Array([UNCOMPRESSED]), x, y]));
    },
    publicMembers: (data) => ({
      x: toBase64url(data.slice(1, 33)), y: toBase64url(data.slice(33)),
    }),
    sign: ({ hash }, key, data) => host.ecdsaSign(hash, key, data),
    verify: ({ hash }, key, signature, data) => host.ecdsaVerify(hash, key, signature, data),
  }),
};

// --- 25. Ed25519 ------------------------------------------------------------------------------

algorithms.Ed25519 = {
  parameters: {},
  ...pairAlgorithm({
    name: "Ed25519",
    algorithm: { name: "Ed25519" },
    check: () => {},
    generate: () => host.ed25519Generate(),
    publicOf: (data) => host.ed25519PublicFromPrivate(data),
    publicFromRaw: (bytes) => {
      if (bytes.byteLength !== 32) throw fail("DataError", "a public key has 32 bytes");
      return bytes.slice();
    },
    privateFromPkcs8: (der) => host.ed25519PrivateFromPkcs8(der),
    privateToPkcs8: (data) => host.ed25519PrivateToPkcs8(data),
    publicFromSpki: (der) => host.ed25519PublicFromSpki(der),
    publicToSpki: (data) => host.ed25519PublicToSpki(data),
    kty: "OKP",
    crv: "Ed25519",
    algs: ["Ed25519", "EdDSA"],
    exportedAlg: "Ed25519",
    publicFromJwk: (jwk) => fromBase64url(jwk.x, "x", 32),
    publicMembers: (data) => ({ x: toBase64url(data) }),
    sign: (_, key, data) => host.ed25519Sign(key, data),
    verify: (_, key, signature, data) => host.ed25519Verify(key, signature, data),
  }),
};
