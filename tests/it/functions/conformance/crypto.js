// crypto and crypto.subtle (Web Cryptography API).

const { subtle } = crypto;
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (data) =>
  [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => new Uint8Array((text.match(/../g) ?? []).map((two) => parseInt(two, 16)));
const raw = (data, algorithm, usages, extractable = true) =>
  subtle.importKey("raw", data, algorithm, extractable, usages);

const HMAC = { name: "HMAC", hash: "SHA-256" };
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };
const hmacKey = (usages = ["sign", "verify"]) => raw(utf8("Jefe"), HMAC, usages);
const aesKey = (usages = ["encrypt", "decrypt"], bits = 128) =>
  raw(new Uint8Array(bits / 8), "AES-GCM", usages);

// --- random numbers -----------------------------------------------------------------------------

test("getRandomValues fills and returns its array", () => {
  const array = new Uint8Array(64);
  assert(crypto.getRandomValues(array) === array);
  assert(array.some((byte) => byte !== 0));
});

test("getRandomValues fills only the view", () => {
  const buffer = new ArrayBuffer(96);
  crypto.getRandomValues(new Uint16Array(buffer, 32, 16));
  const all = new Uint8Array(buffer);
  assert(all.subarray(0, 32).every((byte) => byte === 0));
  assert(all.subarray(32, 64).some((byte) => byte !== 0));
  assert(all.subarray(64).every((byte) => byte === 0));
});

for (const Kind of [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array,
]) {
  test(`getRandomValues takes ${Kind.name}`, () => {
    equal(crypto.getRandomValues(new Kind(0)).length, 0);
    assert(crypto.getRandomValues(new Kind(32)).some((value) => value != 0));
  });
}

test("getRandomValues refuses what is no array of integers", () => {
  throws("TypeMismatchError", () => crypto.getRandomValues(new Float32Array(1)));
  throws("TypeMismatchError", () => crypto.getRandomValues(new Float64Array(1)));
  throws("TypeMismatchError", () => crypto.getRandomValues(new DataView(new ArrayBuffer(1))));
  throws(TypeError, () => crypto.getRandomValues([1]));
  throws(TypeError, () => crypto.getRandomValues(new ArrayBuffer(1)));
  throws(TypeError, () => crypto.getRandomValues());
});

test("getRandomValues has a quota", () => {
  equal(crypto.getRandomValues(new Uint8Array(65536)).length, 65536);
  throws("QuotaExceededError", () => crypto.getRandomValues(new Uint8Array(65537)));
  throws("QuotaExceededError", () => crypto.getRandomValues(new Uint32Array(16385)));
});

test("randomUUID is of version 4", () => {
  const seen = new Set(Array.from({ length: 100 }, () => crypto.randomUUID()));
  equal(seen.size, 100);
  for (const id of seen) {
    assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), id);
  }
});

test("the classes look as they should", () => {
  assert(crypto instanceof Crypto && subtle instanceof SubtleCrypto);
  assert(crypto.subtle === subtle);
  equal(Object.prototype.toString.call(crypto), "[object Crypto]");
  equal(Object.prototype.toString.call(subtle), "[object SubtleCrypto]");
  throws(TypeError, () => new Crypto());
  throws(TypeError, () => new SubtleCrypto());
  throws(TypeError, () => new CryptoKey());
  throws(TypeError, () => Crypto.prototype.randomUUID.call({}));
  equal(SubtleCrypto.prototype.importKey.length, 5);
  equal(SubtleCrypto.prototype.deriveBits.length, 2);
});

test("methods of another object reject", async () => {
  await rejects(TypeError, SubtleCrypto.prototype.digest.call({}, "SHA-256", new Uint8Array(1)));
});

// --- digests --------------------------------------------------------------------------------

const DIGESTS = [
  ["SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"],
  ["SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "SHA-384",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
      + "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  ],
  [
    "SHA-512",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ],
];
for (const [name, expected] of DIGESTS) {
  test(`digest ${name}`, async () => {
    const digest = await subtle.digest(name, utf8("abc"));
    assert(digest instanceof ArrayBuffer);
    equal(hex(digest), expected);
    equal(hex(await subtle.digest({ name: name.toLowerCase() }, utf8("abc"))), expected);
  });
}

test("digest takes buffers and parts of them", async () => {
  const whole = utf8("xabcx");
  equal(hex(await subtle.digest("SHA-1", whole.subarray(1, 4))), DIGESTS[0][1]);
  equal(hex(await subtle.digest("SHA-1", whole.slice(1, 4).buffer)), DIGESTS[0][1]);
  equal(hex(await subtle.digest("SHA-1", new DataView(whole.buffer, 1, 3))), DIGESTS[0][1]);
});

test("digest reads its data at once", async () => {
  const data = utf8("abc");
  const digest = subtle.digest("SHA-1", data);
  data.fill(0);
  equal(hex(await digest), DIGESTS[0][1]);
});

test("digest rejects, and never throws", async () => {
  await rejects("NotSupportedError", subtle.digest("MD5", new Uint8Array(1)));
  await rejects("NotSupportedError", subtle.digest("AES-GCM", new Uint8Array(1)));
  await rejects(TypeError, subtle.digest("SHA-1", "text"));
  await rejects(TypeError, subtle.digest({}, new Uint8Array(1)));
  await rejects(TypeError, subtle.digest("SHA-1"));
});

// --- HMAC -----------------------------------------------------------------------------------

test("HMAC signs as RFC 4231 says", async () => {
  const signed = await subtle.sign("HMAC", await hmacKey(), utf8("what do ya want for nothing?"));
  equal(hex(signed), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
});

test("HMAC verifies", async () => {
  const key = await hmacKey();
  const signed = await subtle.sign("HMAC", key, utf8("data"));
  equal(await subtle.verify("HMAC", key, signed, utf8("data")), true);
  equal(await subtle.verify("HMAC", key, signed, utf8("date")), false);
  equal(await subtle.verify("HMAC", key, signed.slice(1), utf8("data")), false);
});

test("a key says what it is", async () => {
  const key = await raw(utf8("Jefe"), HMAC, ["verify", "sign", "verify"], false);
  assert(key instanceof CryptoKey);
  equal(key.type, "secret");
  equal(key.extractable, false);
  equal(key.usages, ["sign", "verify"]);
  equal(key.algorithm, { name: "HMAC", hash: { name: "SHA-256" }, length: 32 });
  assert(key.usages === key.usages && key.algorithm === key.algorithm);
  equal(Object.prototype.toString.call(key), "[object CryptoKey]");
  equal(Object.keys(key), []);
});

test("what a script does to a key's description changes nothing", async () => {
  const key = await hmacKey(["sign"]);
  key.usages.push("verify");
  key.algorithm.name = "AES-GCM";
  await rejects("InvalidAccessError", subtle.verify("HMAC", key, new Uint8Array(32), utf8("x")));
  equal((await subtle.sign("HMAC", key, utf8("x"))).byteLength, 32);
});

test("HMAC makes keys as long as a block", async () => {
  for (const [hash, bits] of [["SHA-1", 512], ["SHA-256", 512], ["SHA-512", 1024]]) {
    const key = await subtle.generateKey({ name: "HMAC", hash }, true, ["sign"]);
    equal(key.algorithm.length, bits);
    equal((await subtle.exportKey("raw", key)).byteLength, bits / 8);
  }
  const short = await subtle.generateKey({ ...HMAC, length: 128 }, true, ["sign"]);
  equal((await subtle.exportKey("raw", short)).byteLength, 16);
});

test("HMAC refuses wrong keys", async () => {
  const make = (algorithm, usages) => subtle.generateKey(algorithm, true, usages);
  await rejects("OperationError", make({ ...HMAC, length: 0 }, ["sign"]));
  await rejects("SyntaxError", make(HMAC, ["encrypt"]));
  await rejects("SyntaxError", make(HMAC, []));
  await rejects(TypeError, make(HMAC, ["draw"]));
  await rejects(TypeError, make("HMAC", ["sign"]));
  await rejects("NotSupportedError", make({ name: "HMAC", hash: "MD5" }, ["sign"]));
  await rejects("DataError", raw(new Uint8Array(0), HMAC, ["sign"]));
  await rejects("DataError", raw(new Uint8Array(2), { ...HMAC, length: 17 }, ["sign"]));
  await rejects("DataError", raw(new Uint8Array(2), { ...HMAC, length: 8 }, ["sign"]));
});

test("a key is only used as its usages say", async () => {
  const key = await hmacKey(["verify"]);
  await rejects("InvalidAccessError", subtle.sign("HMAC", key, utf8("x")));
  await rejects("InvalidAccessError", subtle.sign(ES256, key, utf8("x")));
  await rejects("NotSupportedError", subtle.encrypt("HMAC", key, utf8("x")));
  await rejects(TypeError, subtle.verify("HMAC", {}, utf8("x"), utf8("x")));
});

test("a secret key as JSON Web Key", async () => {
  const jwk = await subtle.exportKey("jwk", await hmacKey());
  equal(jwk, { kty: "oct", k: "SmVmZQ", alg: "HS256", key_ops: ["sign", "verify"], ext: true });
  const again = await subtle.importKey("jwk", jwk, HMAC, true, ["sign"]);
  equal(hex(await subtle.exportKey("raw", again)), "4a656665");
});

test("a JSON Web Key that contradicts itself is refused", async () => {
  const good = { kty: "oct", k: "SmVmZQ" };
  const load = (change, extractable = true) =>
    subtle.importKey("jwk", { ...good, ...change }, HMAC, extractable, ["sign"]);
  equal((await load({})).type, "secret");
  for (const change of [
    { kty: "EC" }, { kty: undefined }, { k: undefined }, { k: "a b" }, { alg: "HS512" },
    { use: "enc" }, { key_ops: ["verify"] }, { key_ops: ["sign", "sign"] }, { ext: false },
  ]) {
    await rejects("DataError", load(change));
  }
  equal((await load({ ext: false }, false)).extractable, false);
  await rejects(TypeError, subtle.importKey("jwk", new Uint8Array(1), HMAC, true, ["sign"]));
  await rejects(TypeError, subtle.importKey("raw", good, HMAC, true, ["sign"]));
  await rejects(TypeError, subtle.importKey("pem", good, HMAC, true, ["sign"]));
});

test("a key that is not extractable stays inside", async () => {
  const key = await raw(utf8("Jefe"), HMAC, ["sign"], false);
  await rejects("InvalidAccessError", subtle.exportKey("raw", key));
  await rejects("InvalidAccessError", subtle.exportKey("jwk", key));
  await rejects("NotSupportedError", subtle.exportKey("spki", await hmacKey()));
});

test("a key can be cloned", async () => {
  const key = structuredClone(await hmacKey(["sign"]));
  assert(key instanceof CryptoKey);
  equal(key.usages, ["sign"]);
  equal((await subtle.sign("HMAC", key, utf8("x"))).byteLength, 32);
});

// --- AES-GCM --------------------------------------------------------------------------------

test("AES-GCM is that of its specification", async () => {
  const key = await aesKey();
  const iv = new Uint8Array(12);
  equal(
    hex(await subtle.encrypt({ name: "AES-GCM", iv }, key, new Uint8Array(0))),
    "58e2fccefa7e3061367f1d57a4e7455a",
  );
  equal(
    hex(await subtle.encrypt({ name: "AES-GCM", iv }, key, new Uint8Array(16))),
    "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf",
  );
});

for (const bits of [128, 192, 256]) {
  test(`AES-GCM with a key of ${bits} bits goes there and back`, async () => {
    const algorithm = { name: "aes-gcm", length: bits };
    const key = await subtle.generateKey(algorithm, true, ["encrypt", "decrypt"]);
    equal(key.algorithm, { name: "AES-GCM", length: bits });
    for (const ivBytes of [12, 16, 7]) {
      for (const tagLength of [96, 128]) {
        const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
        const params = { name: "AES-GCM", iv, tagLength, additionalData: utf8("header") };
        const sealed = await subtle.encrypt(params, key, utf8("secret"));
        equal(sealed.byteLength, 6 + tagLength / 8);
        equal(hex(await subtle.decrypt(params, key, sealed)), hex(utf8("secret")));
        const other = { ...params, additionalData: utf8("Header") };
        await rejects("OperationError", subtle.decrypt(other, key, sealed));
      }
    }
  });
}

test("AES-GCM notices every change", async () => {
  const key = await aesKey();
  const params = { name: "AES-GCM", iv: new Uint8Array(12) };
  const sealed = new Uint8Array(await subtle.encrypt(params, key, utf8("secret")));
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.slice();
    changed[at] ^= 1;
    await rejects("OperationError", subtle.decrypt(params, key, changed));
  }
  await rejects("OperationError", subtle.decrypt(params, key, new Uint8Array(15)));
});

test("AES-GCM refuses wrong parameters", async () => {
  const key = await aesKey();
  const iv = new Uint8Array(12);
  const encrypt = (params) => subtle.encrypt({ name: "AES-GCM", ...params }, key, utf8("x"));
  await rejects(TypeError, encrypt({}));
  await rejects(TypeError, encrypt({ iv: "text" }));
  await rejects(TypeError, encrypt({ iv, additionalData: "text" }));
  await rejects("OperationError", encrypt({ iv, tagLength: 127 }));
  await rejects("OperationError", encrypt({ iv, tagLength: 0 }));
  await rejects(TypeError, encrypt({ iv, tagLength: 256 }));
  await rejects("OperationError", subtle.generateKey({ name: "AES-GCM", length: 100 }, true, []));
  await rejects("DataError", raw(new Uint8Array(15), "AES-GCM", ["encrypt"]));
  await rejects("SyntaxError", raw(new Uint8Array(16), "AES-GCM", ["sign"]));
});

test("an AES key as JSON Web Key", async () => {
  const jwk = await subtle.exportKey("jwk", await aesKey(["encrypt"], 256));
  equal(jwk.alg, "A256GCM");
  const load = (change) =>
    subtle.importKey("jwk", { ...jwk, ...change }, "AES-GCM", true, ["encrypt"]);
  equal((await load({})).algorithm.length, 256);
  await rejects("DataError", load({ alg: "A128GCM" }));
  await rejects("DataError", load({ use: "sig" }));
  await rejects("DataError", load({ k: "AAAA" }));
});

// --- HKDF and PBKDF2 --------------------------------------------------------------------------

const HKDF = {
  name: "HKDF", hash: "SHA-256",
  salt: bytes("000102030405060708090a0b0c"), info: bytes("f0f1f2f3f4f5f6f7f8f9"),
};
const PBKDF2 = { name: "PBKDF2", hash: "SHA-1", salt: utf8("salt"), iterations: 2 };
const BASE = ["deriveBits", "deriveKey"];

test("HKDF derives as RFC 5869 says", async () => {
  const key = await raw(new Uint8Array(22).fill(0x0b), "HKDF", BASE, false);
  equal(
    hex(await subtle.deriveBits(HKDF, key, 42 * 8)),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
  equal((await subtle.deriveBits(HKDF, key, 0)).byteLength, 0);
});

test("PBKDF2 derives as RFC 6070 says", async () => {
  const key = await raw(utf8("password"), "PBKDF2", BASE, false);
  const bits = await subtle.deriveBits(PBKDF2, key, 160);
  equal(hex(bits), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
});

test("many PBKDF2 at once all end", async () => {
  const key = await raw(utf8("password"), "PBKDF2", BASE, false);
  const derive = (iterations) => subtle.deriveBits({ ...PBKDF2, iterations }, key, 128);
  const all = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(derive));
  equal(new Set(all.map(hex)).size, 8);
});

test("secrets to derive from are refused where they make no sense", async () => {
  for (const name of ["HKDF", "PBKDF2"]) {
    await rejects("SyntaxError", raw(utf8("x"), name, BASE, true));
    await rejects("SyntaxError", raw(utf8("x"), name, ["sign"], false));
    await rejects("SyntaxError", raw(utf8("x"), name, [], false));
    await rejects("NotSupportedError", subtle.importKey("jwk", {}, name, false, BASE));
    await rejects("NotSupportedError", subtle.generateKey(name, false, BASE));
    const key = await raw(utf8("x"), name, ["deriveBits"], false);
    await rejects("NotSupportedError", subtle.exportKey("raw", key));
    const params = name === "HKDF" ? HKDF : PBKDF2;
    await rejects("OperationError", subtle.deriveBits(params, key, 7));
    await rejects("OperationError", subtle.deriveBits(params, key, null));
    await rejects("OperationError", subtle.deriveBits(params, key));
    const target = { name: "AES-GCM", length: 128 };
    const derived = subtle.deriveKey(params, key, target, true, ["encrypt"]);
    await rejects("InvalidAccessError", derived);
  }
});

test("derivation has its bounds", async () => {
  const hkdf = await raw(utf8("x"), "HKDF", BASE, false);
  equal((await subtle.deriveBits(HKDF, hkdf, 255 * 256)).byteLength, 255 * 32);
  await rejects("OperationError", subtle.deriveBits(HKDF, hkdf, 255 * 256 + 8));
  const pbkdf2 = await raw(utf8("x"), "PBKDF2", BASE, false);
  await rejects("OperationError", subtle.deriveBits({ ...PBKDF2, iterations: 0 }, pbkdf2, 128));
  await rejects(TypeError, subtle.deriveBits({ ...PBKDF2, iterations: -1 }, pbkdf2, 128));
  await rejects(TypeError, subtle.deriveBits({ name: "PBKDF2", hash: "SHA-1" }, pbkdf2, 128));
});

test("PBKDF2 names the bound of its iterations", async () => {
  const key = await raw(utf8("x"), "PBKDF2", BASE, false);
  let error;
  try {
    await subtle.deriveBits({ ...PBKDF2, iterations: 1000001 }, key, 128);
  } catch (thrown) {
    error = thrown;
  }
  equal(error?.name, "OperationError");
  assert(/iterations/.test(error.message), error.message);
});

test("keys are derived for other algorithms", async () => {
  const base = await raw(utf8("password"), "PBKDF2", BASE, false);
  const aes = { name: "AES-GCM", length: 256 };
  const key = await subtle.deriveKey(PBKDF2, base, aes, true, ["encrypt"]);
  equal(key.algorithm, { name: "AES-GCM", length: 256 });
  equal(
    hex(await subtle.exportKey("raw", key)), hex(await subtle.deriveBits(PBKDF2, base, 256)),
  );
  const hmac = { name: "HMAC", hash: "SHA-512" };
  const mac = await subtle.deriveKey(PBKDF2, base, hmac, true, ["sign"]);
  equal(mac.algorithm.length, 1024);
  await rejects("SyntaxError", subtle.deriveKey(PBKDF2, base, aes, true, []));
  const wrong = { name: "AES-GCM", length: 100 };
  await rejects("OperationError", subtle.deriveKey(PBKDF2, base, wrong, true, ["encrypt"]));
  const ecdsa = subtle.deriveKey(PBKDF2, base, ECDSA, true, ["sign"]);
  await rejects("NotSupportedError", ecdsa);
});

// --- ECDSA and Ed25519 --------------------------------------------------------------------------

const PAIRS = [["ECDSA", ECDSA, ES256, "EC"], ["Ed25519", { name: "Ed25519" }, "Ed25519", "OKP"]];
for (const [name, made, used, kty] of PAIRS) {
  const pair = () => subtle.generateKey(made, true, ["sign", "verify"]);

  test(`${name} makes pairs`, async () => {
    const { privateKey, publicKey } = await subtle.generateKey(made, false, ["sign", "verify"]);
    const shown = ({ type, extractable, usages }) => [type, extractable, usages];
    equal(shown(privateKey), ["private", false, ["sign"]]);
    equal(shown(publicKey), ["public", true, ["verify"]]);
    equal(privateKey.algorithm, made);
    await rejects("SyntaxError", subtle.generateKey(made, true, ["verify"]));
    await rejects("SyntaxError", subtle.generateKey(made, true, ["sign", "encrypt"]));
  });

  test(`${name} signs and verifies`, async () => {
    const { privateKey, publicKey } = await pair();
    const signature = await subtle.sign(used, privateKey, utf8("data"));
    equal(signature.byteLength, 64);
    equal(await subtle.verify(used, publicKey, signature, utf8("data")), true);
    equal(await subtle.verify(used, publicKey, signature, utf8("date")), false);
    equal(await subtle.verify(used, publicKey, signature.slice(1), utf8("data")), false);
    equal(await subtle.verify(used, publicKey, new Uint8Array(64), utf8("data")), false);
    await rejects("InvalidAccessError", subtle.sign(used, publicKey, utf8("data")));
    await rejects("InvalidAccessError", subtle.verify(used, privateKey, signature, utf8("data")));
  });

  test(`${name} keys go out and come in`, async () => {
    const { privateKey, publicKey } = await pair();
    const signature = await subtle.sign(used, privateKey, utf8("data"));
    for (const format of ["raw", "spki", "jwk"]) {
      const exported = await subtle.exportKey(format, publicKey);
      const key = await subtle.importKey(format, exported, made, true, ["verify"]);
      equal(key.type, "public");
      equal(await subtle.verify(used, key, signature, utf8("data")), true);
    }
    for (const format of ["pkcs8", "jwk"]) {
      const exported = await subtle.exportKey(format, privateKey);
      const key = await subtle.importKey(format, exported, made, true, ["sign"]);
      equal(key.type, "private");
      const other = await subtle.sign(used, key, utf8("data"));
      equal(await subtle.verify(used, publicKey, other, utf8("data")), true);
    }
  });

  test(`${name} formats fit the kind of key`, async () => {
    const { privateKey, publicKey } = await pair();
    await rejects("InvalidAccessError", subtle.exportKey("raw", privateKey));
    await rejects("InvalidAccessError", subtle.exportKey("spki", privateKey));
    await rejects("InvalidAccessError", subtle.exportKey("pkcs8", publicKey));
    const load = (format, data, usages) => subtle.importKey(format, data, made, true, usages);
    await rejects("SyntaxError", load("raw", await subtle.exportKey("raw", publicKey), ["sign"]));
    const pkcs8 = await subtle.exportKey("pkcs8", privateKey);
    await rejects("SyntaxError", load("pkcs8", pkcs8, ["verify"]));
    await rejects("SyntaxError", load("pkcs8", pkcs8, []));
    await rejects("DataError", load("pkcs8", pkcs8.slice(1), ["sign"]));
    await rejects("DataError", load("spki", new Uint8Array(9), ["verify"]));
    await rejects("DataError", load("raw", new Uint8Array(31), ["verify"]));
  });

  test(`${name} as JSON Web Key`, async () => {
    const { privateKey, publicKey } = await pair();
    const jwk = await subtle.exportKey("jwk", privateKey);
    const open = await subtle.exportKey("jwk", publicKey);
    equal([jwk.kty, jwk.key_ops, jwk.ext], [kty, ["sign"], true]);
    equal([jwk.x, jwk.y, open.d], [open.x, open.y, undefined]);
    const load = (change) => subtle.importKey("jwk", { ...jwk, ...change }, made, true, ["sign"]);
    const other = await subtle.exportKey("jwk", (await pair()).privateKey);
    for (const change of [
      { kty: "oct" }, { crv: "P-521" }, { x: undefined }, { x: "AA" }, { d: "AA" }, { d: other.d },
      { alg: "ES512" }, { use: "enc" }, { key_ops: ["verify"] }, { ext: false },
    ]) {
      await rejects("DataError", load(change));
    }
    await rejects("SyntaxError", subtle.importKey("jwk", jwk, made, true, ["verify"]));
  });
}

test("ECDSA verifies the signature of RFC 6979", async () => {
  const point = bytes(
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
      + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
  );
  const signature = bytes(
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
  );
  const key = await raw(point, ECDSA, ["verify"]);
  equal(await subtle.verify(ES256, key, signature, utf8("sample")), true);
  const other = { name: "ECDSA", hash: "SHA-512" };
  equal(await subtle.verify(other, key, signature, utf8("sample")), false);
  const compressed = bytes(hex(point).replace(/^04(.{64}).*/, "03$1"));
  const same = await raw(compressed, ECDSA, ["verify"]);
  equal(hex(await subtle.exportKey("raw", same)), hex(point));
});

test("ECDSA signs with every hash", async () => {
  const { privateKey, publicKey } = await subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  for (const hash of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
    const algorithm = { name: "ECDSA", hash };
    const signature = await subtle.sign(algorithm, privateKey, utf8("data"));
    equal(await subtle.verify(algorithm, publicKey, signature, utf8("data")), true);
  }
  await rejects(TypeError, subtle.sign("ECDSA", privateKey, utf8("data")));
});

test("Ed25519 signs as RFC 8032 says", async () => {
  const seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
  const pkcs8 = bytes(`302e020100300506032b657004220420${seed}`);
  const key = await subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  equal(
    hex(await subtle.sign("Ed25519", key, bytes("72"))),
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
  equal(hex(await subtle.exportKey("pkcs8", key)), hex(pkcs8));
});

// --- wrapping, and what is absent ---------------------------------------------------------------

for (const format of ["raw", "jwk"]) {
  test(`a key wrapped as ${format} comes out again`, async () => {
    const wrapping = await aesKey(["wrapKey", "unwrapKey"]);
    const params = { name: "AES-GCM", iv: new Uint8Array(12) };
    const wrapped = await subtle.wrapKey(format, await hmacKey(), wrapping, params);
    assert(wrapped instanceof ArrayBuffer);
    const unwrap = (data, usages) =>
      subtle.unwrapKey(format, data, wrapping, params, HMAC, true, usages);
    const key = await unwrap(wrapped, ["sign"]);
    equal(hex(await subtle.exportKey("raw", key)), "4a656665");
    await rejects("OperationError", unwrap(wrapped.slice(1), ["sign"]));
    await rejects("SyntaxError", unwrap(wrapped, []));
  });
}

test("wrapping asks for its own usages", async () => {
  const encrypting = await aesKey();
  const wrapping = await aesKey(["wrapKey"]);
  const params = { name: "AES-GCM", iv: new Uint8Array(12) };
  const wrap = (key, by) => subtle.wrapKey("raw", key, by, params);
  await rejects("InvalidAccessError", wrap(await hmacKey(), encrypting));
  const hidden = await raw(utf8("x"), HMAC, ["sign"], false);
  await rejects("InvalidAccessError", wrap(hidden, wrapping));
  await rejects("InvalidAccessError", subtle.encrypt(params, wrapping, utf8("x")));
});

test("an unwrapped JSON Web Key must be one", async () => {
  const key = await aesKey(["encrypt", "unwrapKey"]);
  const params = { name: "AES-GCM", iv: new Uint8Array(12) };
  for (const text of ["no json", "null", "{}"]) {
    const wrapped = await subtle.encrypt(params, key, utf8(text));
    const unwrapped = subtle.unwrapKey("jwk", wrapped, key, params, HMAC, true, ["sign"]);
    await rejects("DataError", unwrapped);
  }
});

test("what is absent says so", async () => {
  const curve = { name: "ECDSA", namedCurve: "P-384" };
  for (const algorithm of [
    { name: "RSA-OAEP", hash: "SHA-256" }, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    { name: "ECDH", namedCurve: "P-256" }, { name: "AES-CBC", length: 128 },
    { name: "AES-CTR", length: 128 }, curve,
  ]) {
    await rejects("NotSupportedError", subtle.generateKey(algorithm, true, ["sign"]));
  }
  await rejects("NotSupportedError", raw(new Uint8Array(97), curve, ["verify"]));
});
