// structuredClone (HTML 2.7).

const values = [
  undefined,
  null,
  true,
  -0,
  NaN,
  1.5,
  10n,
  "text\uD800",
  [],
  [1, [2, { a: 3 }]],
  {},
  { a: { b: [1] }, "": 0 },
  new Date(5),
  new Map([["a", new Map([[1, 2]])]]),
  new Set([1, "b", [2]]),
  new Uint8Array([1, 2, 3]),
  new Float64Array([1.5, NaN]),
  new BigInt64Array([-1n]),
  new ArrayBuffer(3),
];
values.forEach((value, at) => {
  test(`a clone of value ${at}`, () => {
    const copy = structuredClone(value);
    equal(copy, value);
    if (typeof value === "object" && value !== null) assert(copy !== value);
  });
});

test("dates and patterns", () => {
  const date = structuredClone(new Date(NaN));
  assert(date instanceof Date && Number.isNaN(date.getTime()));
  const pattern = /a(b)/giu;
  pattern.lastIndex = 3;
  const copy = structuredClone(pattern);
  equal([copy.source, copy.flags, copy.lastIndex], ["a(b)", "giu", 0]);
});

test("objects of primitives", () => {
  for (const value of [new Number(1), new String("a"), new Boolean(false), Object(1n)]) {
    const copy = structuredClone(value);
    equal(typeof copy, "object");
    equal(copy.valueOf(), value.valueOf());
    assert(Object.getPrototypeOf(copy) === Object.getPrototypeOf(value));
  }
  throws("DataCloneError", () => structuredClone(Object(Symbol("a"))));
});

test("circles and shared values", () => {
  const value = { list: [] };
  value.self = value;
  value.list.push(value.list, value);
  const copy = structuredClone(value);
  assert(copy.self === copy && copy.list[0] === copy.list && copy.list[1] === copy);
  const shared = {};
  const [first, second] = structuredClone([shared, shared]);
  assert(first === second);
  const map = new Map();
  map.set(map, map);
  const mapCopy = structuredClone(map);
  assert(mapCopy.get(mapCopy) === mapCopy);
});

test("holes and other properties of lists", () => {
  const list = [1, , 3];
  list.extra = "x";
  const copy = structuredClone(list);
  equal([copy.length, 1 in copy, copy.extra], [3, false, "x"]);
});

test("classes, getters and hidden properties", () => {
  class Point {
    x = 1;
    get double() {
      return this.x * 2;
    }
  }
  const copy = structuredClone(new Point());
  equal([Object.getPrototypeOf(copy) === Object.prototype, copy.x, "double" in copy],
    [true, 1, false]);
  const value = { get a() { return 1; }, [Symbol("s")]: 2 };
  Object.defineProperty(value, "hidden", { value: 3 });
  const plain = structuredClone(value);
  equal(Object.getOwnPropertyDescriptor(plain, "a").value, 1);
  equal(Reflect.ownKeys(plain), ["a"]);
  equal(Object.getPrototypeOf(structuredClone(Object.create(null))) === Object.prototype, true);
});

test("a property named __proto__", () => {
  const value = JSON.parse('{"__proto__":{"a":1}}');
  const copy = structuredClone(value);
  equal([Object.keys(copy), copy.a], [["__proto__"], undefined]);
});

test("a getter that throws", () => {
  const value = {
    get a() {
      throw new RangeError("no");
    },
  };
  throws(RangeError, () => structuredClone(value));
});

test("errors", () => {
  for (const Kind of [Error, TypeError, RangeError, SyntaxError, ReferenceError, URIError]) {
    const error = new Kind("text", { cause: { why: 1 } });
    const copy = structuredClone(error);
    assert(copy instanceof Kind && copy !== error);
    equal([copy.name, copy.message, copy.cause, copy.stack],
      [error.name, "text", { why: 1 }, error.stack]);
  }
  class Own extends Error {
    name = "Own";
  }
  const own = structuredClone(new Own("x"));
  equal([own.name, own.message, Object.getPrototypeOf(own) === Error.prototype],
    ["Error", "x", true]);
  const dom = structuredClone(new DOMException("m", "AbortError"));
  equal([dom instanceof DOMException, dom.name, dom.message], [true, "AbortError", "m"]);
});

test("blobs and files", async () => {
  const blob = structuredClone(new Blob(["ab"], { type: "x/y" }));
  equal([await blob.text(), blob.type, blob instanceof File], ["ab", "x/y", false]);
  const file = structuredClone({ file: new File(["c"], "n", { lastModified: 3 }) }).file;
  equal([await file.text(), file.name, file.lastModified, file instanceof File],
    ["c", "n", 3, true]);
});

test("views share their buffer", () => {
  const buffer = new ArrayBuffer(8);
  const value = { whole: new Uint8Array(buffer), part: new Uint16Array(buffer, 2, 2) };
  value.view = new DataView(buffer, 1, 3);
  const copy = structuredClone(value);
  assert(copy.whole.buffer === copy.part.buffer && copy.view.buffer === copy.whole.buffer);
  equal([copy.part.byteOffset, copy.part.length], [2, 2]);
  equal([copy.view.byteOffset, copy.view.byteLength], [1, 3]);
  copy.whole[2] = 7;
  equal([copy.part[0], value.part[0]], [7, 0]);
});

const refused = {
  "a function": () => {},
  "a class": class {},
  "a symbol": Symbol("a"),
  "a promise": Promise.resolve(),
  "a WeakMap": new WeakMap(),
  "a WeakSet": new WeakSet(),
  "a request": new Request("http://example.org/"),
  "a response": new Response(),
  headers: new Headers(),
  "a URL": new URL("http://example.org/"),
  "an event target": new EventTarget(),
  "a stream": new ReadableStream(),
};
for (const [name, value] of Object.entries(refused)) {
  test(`${name} cannot be cloned`, () => {
    throws("DataCloneError", () => structuredClone(value));
    throws("DataCloneError", () => structuredClone({ deep: [value] }));
  });
}

test("transfer", () => {
  const buffer = new Uint8Array([1, 2, 3]).buffer;
  const copy = structuredClone({ buffer, view: new Uint8Array(buffer, 1) }, { transfer: [buffer] });
  equal(buffer.byteLength, 0);
  equal([...new Uint8Array(copy.buffer)], [1, 2, 3]);
  assert(copy.view.buffer === copy.buffer);
  equal([...copy.view], [2, 3]);
});

test("what cannot be transferred", () => {
  const buffer = new ArrayBuffer(3);
  throws("DataCloneError", () => structuredClone(buffer, { transfer: [buffer, buffer] }));
  throws("DataCloneError", () => structuredClone(1, { transfer: [{}] }));
  throws("DataCloneError", () => structuredClone(() => {}, { transfer: [buffer] }));
  equal(buffer.byteLength, 3);
  structuredClone(buffer, { transfer: [buffer] });
  throws("DataCloneError", () => structuredClone(1, { transfer: [buffer] }));
  throws("DataCloneError", () => structuredClone(buffer));
});

test("the arguments of structuredClone", () => {
  throws(TypeError, () => structuredClone());
  throws(TypeError, () => structuredClone(1, 2));
  equal(structuredClone(1, null), 1);
  equal(structuredClone(1, {}), 1);
});
