// TextEncoder and TextDecoder (WHATWG Encoding), atob and btoa (HTML).

const bytes = (...list) => new Uint8Array(list);

test("encode", () => {
  const encoder = new TextEncoder();
  equal(encoder.encoding, "utf-8");
  equal([...encoder.encode("aä€💩")], [97, 195, 164, 226, 130, 172, 240, 159, 146, 169]);
  equal([...encoder.encode("\uD800x")], [239, 191, 189, 120]);
  equal(encoder.encode().length, 0);
  equal([...encoder.encode(12)], [49, 50]);
  assert(encoder.encode("a") instanceof Uint8Array);
});

test("encodeInto writes whole characters", () => {
  const encoder = new TextEncoder();
  const into = (text, size) => {
    const target = new Uint8Array(size);
    const { read, written } = encoder.encodeInto(text, target);
    return [read, written, ...target];
  };
  equal(into("ab", 3), [2, 2, 97, 98, 0]);
  equal(into("a€b", 3), [1, 1, 97, 0, 0]);
  equal(into("€", 3), [1, 3, 226, 130, 172]);
  equal(into("💩a", 4), [2, 4, 240, 159, 146, 169]);
  equal(into("💩a", 3), [0, 0, 0, 0, 0]);
  equal(into("ä", 2), [1, 2, 195, 164]);
  equal(into("\uDC00", 3), [1, 3, 239, 191, 189]);
  throws(TypeError, () => encoder.encodeInto("a", []));
  throws(TypeError, () => encoder.encodeInto("a"));
});

const labels = {
  utf8: "utf-8",
  " UTF-8\t": "utf-8",
  latin1: "windows-1252",
  ascii: "windows-1252",
  "iso-8859-1": "windows-1252",
  "iso-8859-2": "iso-8859-2",
  "utf-16": "utf-16le",
  "utf-16be": "utf-16be",
  sjis: "shift_jis",
  gb2312: "gbk",
  gb18030: "gb18030",
  big5: "big5",
  "euc-kr": "euc-kr",
  "iso-2022-jp": "iso-2022-jp",
  "koi8-r": "koi8-r",
  "x-user-defined": "x-user-defined",
};
for (const [label, name] of Object.entries(labels)) {
  test(`the label ${JSON.stringify(label)}`, () => equal(new TextDecoder(label).encoding, name));
}

test("unknown labels", () => {
  for (const label of ["", "utf-7", "nonsense", "replacement", "iso-2022-kr", "utf-8\u0000"]) {
    throws(RangeError, () => new TextDecoder(label));
  }
});

test("the options of a decoder", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: 1 });
  equal([decoder.fatal, decoder.ignoreBOM], [true, true]);
  const plain = new TextDecoder(undefined, null);
  equal([plain.encoding, plain.fatal, plain.ignoreBOM], ["utf-8", false, false]);
});

test("decode takes buffers and views", () => {
  const decoder = new TextDecoder();
  const buffer = bytes(120, 97, 98, 99, 120).buffer;
  equal(decoder.decode(buffer), "xabcx");
  equal(decoder.decode(new Uint8Array(buffer, 1, 3)), "abc");
  equal(decoder.decode(new DataView(buffer, 1, 2)), "ab");
  equal(decoder.decode(), "");
  equal(decoder.decode(undefined), "");
  for (const wrong of [null, "a", 1, {}, [97]]) throws(TypeError, () => decoder.decode(wrong));
});

const broken = [
  [[0xff], "\uFFFD"],
  [[0x61, 0xc3], "a\uFFFD"],
  [[0xe2, 0x82], "\uFFFD"],
  [[0xe2, 0x82, 0x61], "\uFFFDa"],
  [[0xf0, 0x9f, 0x92], "\uFFFD"],
  [[0xe0, 0x80, 0x80], "\uFFFD\uFFFD\uFFFD"],
  [[0xed, 0xa0, 0x80], "\uFFFD\uFFFD\uFFFD"],
  [[0xf5, 0x80], "\uFFFD\uFFFD"],
  [[0xc0, 0xaf], "\uFFFD\uFFFD"],
  [[0xf4, 0x90, 0x80, 0x80], "\uFFFD\uFFFD\uFFFD\uFFFD"],
];
for (const [list, text] of broken) {
  test(`broken UTF-8 ${list.map((byte) => byte.toString(16))}`, () => {
    equal(new TextDecoder().decode(bytes(...list)), text);
    throws(TypeError, () => new TextDecoder("utf-8", { fatal: true }).decode(bytes(...list)));
    // Byte by byte it is the same.
    const decoder = new TextDecoder();
    let pieces = "";
    for (const byte of list) pieces += decoder.decode(bytes(byte), { stream: true });
    equal(pieces + decoder.decode(), text);
  });
}

test("a text in pieces of every size", () => {
  const text = "a€💩ä\u0000x\uFEFFy";
  const samples = { "utf-8": new TextEncoder().encode(text) };
  const wide = Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  samples["utf-16le"] = new Uint8Array(wide.buffer);
  samples["utf-16be"] = samples["utf-16le"].map((_, at, all) => all[at ^ 1]);
  for (const [label, whole] of Object.entries(samples)) {
    for (let size = 1; size <= whole.length; size += 1) {
      const decoder = new TextDecoder(label, { fatal: true });
      let out = "";
      for (let at = 0; at < whole.length; at += size) {
        out += decoder.decode(whole.slice(at, at + size), { stream: true });
      }
      equal(out + decoder.decode(), text);
    }
  }
});

test("a byte order mark", () => {
  const marked = bytes(0xef, 0xbb, 0xbf, 0x61);
  equal(new TextDecoder().decode(marked), "a");
  equal(new TextDecoder("utf-8", { ignoreBOM: true }).decode(marked), "\uFEFFa");
  const decoder = new TextDecoder();
  let text = "";
  for (const byte of [0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf]) {
    text += decoder.decode(bytes(byte), { stream: true });
  }
  equal(text + decoder.decode(), "a\uFEFF");
  // The next text begins anew.
  equal(decoder.decode(marked), "a");
  equal(new TextDecoder("utf-16le").decode(bytes(0xff, 0xfe, 0x61, 0)), "a");
  equal(new TextDecoder("utf-16le").decode(bytes(0xfe, 0xff)), "\uFFFE");
});

test("other encodings, whole and in pieces", () => {
  equal(new TextDecoder("windows-1252").decode(bytes(0x80, 0xe4)), "€ä");
  equal(new TextDecoder("shift_jis").decode(bytes(0x82, 0xa0)), "あ");
  const decoder = new TextDecoder("euc-jp");
  equal(decoder.decode(bytes(0xa4), { stream: true }), "");
  equal(decoder.decode(bytes(0xa2, 0x61), { stream: true }), "あa");
  equal(decoder.decode(bytes(0xa4)), "\uFFFD");
  equal(decoder.decode(bytes(0x61)), "a");
});

test("an odd byte of UTF-16", () => {
  equal(new TextDecoder("utf-16le").decode(bytes(0x61, 0, 0x62)), "a\uFFFD");
  const decoder = new TextDecoder("utf-16le");
  equal(decoder.decode(bytes(0x3d, 0xd8), { stream: true }), "");
  equal(decoder.decode(bytes(0x61, 0), { stream: true }), "\uFFFDa");
});

test("a fatal error leaves the decoder usable", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  equal(decoder.decode(bytes(0x61, 0xc3), { stream: true }), "a");
  throws(TypeError, () => decoder.decode(bytes(0x61), { stream: true }));
  equal(decoder.decode(bytes(0x62)), "b");
});

test("many decoders that are never ended", () => {
  for (let round = 0; round < 2000; round += 1) {
    new TextDecoder().decode(bytes(0xe2), { stream: true });
  }
});

test("btoa", () => {
  equal(btoa("hello"), "aGVsbG8=");
  equal(btoa(""), "");
  equal(btoa("\u0000ÿ"), "AP8=");
  equal(btoa(null), "bnVsbA==");
  throws("InvalidCharacterError", () => btoa("€"));
  throws(TypeError, () => btoa());
});

test("atob", () => {
  equal(atob("aGVsbG8="), "hello");
  equal(atob("aGVsbG8"), "hello");
  equal(atob(" aGVs\n\tbG8 = "), "hello");
  equal(atob("AP8="), "\u0000ÿ");
  equal(atob("YR=="), "a");
  equal(atob(""), "");
  const long = "x".repeat(100000);
  equal(atob(btoa(long)), long);
  for (const wrong of ["a", "a===", "=", "YQ=", "YQ==YQ==", "Y_-=", "ä", "abc\u00a0"]) {
    throws("InvalidCharacterError", () => atob(wrong));
  }
  throws(TypeError, () => atob());
});
