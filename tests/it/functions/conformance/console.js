// The console (Console standard). `logs()` answers what was logged since it was last asked, as
// lines of the form "level: text".

const logged = (...args) => {
  logs();
  console.log(...args);
  const [line, ...rest] = logs();
  equal(rest, []);
  return line.replace(/^info: /, "");
};

test("levels", () => {
  logs();
  for (const level of ["log", "info", "warn", "error", "debug"]) console[level]("x");
  equal(logs(), ["info: x", "info: x", "warn: x", "error: x", "debug: x"]);
});

const shown = [
  ["a text", "a text"],
  ["", ""],
  [1.5, "1.5"],
  [-0, "-0"],
  [10n, "10n"],
  [undefined, "undefined"],
  [null, "null"],
  [Symbol("s"), "Symbol(s)"],
  [[], "[]"],
  [[1, "a", null], '[ 1, "a", null ]'],
  [[1, , , 4], "[ 1, <2 empty items>, 4 ]"],
  [Object.assign([1], { a: 2 }), "[ 1, a: 2 ]"],
  [{}, "{}"],
  [{ a: 1, "b-c": { d: [] } }, '{ a: 1, "b-c": { d: [] } }'],
  [{ [Symbol("k")]: 1 }, "{ [Symbol(k)]: 1 }"],
  [Object.create(null), "[Object: null prototype] {}"],
  [new (class Point { x = 1; })(), "Point { x: 1 }"],
  [new (class Empty {})(), "Empty {}"],
  [{ a: { b: { c: { d: { e: 1 } } } } }, "{ a: { b: { c: { d: [Object] } } } }"],
  [function named() {}, "[Function: named]"],
  [() => {}, "[Function: (anonymous)]"],
  [class A {}, "[class A]"],
  [async () => {}, "[AsyncFunction: (anonymous)]"],
  [new Map([["a", { b: 1 }]]), 'Map(1) { "a" => { b: 1 } }'],
  [new Set([1, "a"]), 'Set(2) { 1, "a" }'],
  [new Map(), "Map(0) {}"],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
  [new Date(NaN), "Invalid Date"],
  [/a\/b/gi, "/a\\/b/gi"],
  [new Uint8Array([1, 2]), "Uint8Array(2) [ 1, 2 ]"],
  [new Uint8Array([1, 171]).buffer, "ArrayBuffer { byteLength: 2, <01 ab> }"],
  [Promise.resolve(1), "Promise {}"],
  [new WeakMap(), "WeakMap {}"],
  [new Number(3), "[Number: 3]"],
  [new String("s"), '[String: "s"]'],
  [Object(Symbol("s")), "[Symbol: Symbol(s)]"],
  [new Headers({ B: "1", a: "2" }), 'Headers { a: "2", b: "1" }'],
  [new URLSearchParams("a=1&b=2"), 'URLSearchParams { "a" => "1", "b" => "2" }'],
  [new Blob(["ab"], { type: "x/y" }), 'Blob { size: 2, type: "x/y" }'],
  [AbortSignal.abort("why"), 'AbortSignal { aborted: true, reason: "why" }'],
];
shown.forEach(([value, expected], at) => {
  test(`value ${at} reads ${expected}`, () => equal(logged(value), expected));
});

test("getters are not called", () => {
  let isCalled = false;
  const value = {
    get a() {
      isCalled = true;
      return 1;
    },
    set b(_) {},
    get c() {
      return 1;
    },
    set c(_) {},
  };
  equal(logged(value), "{ a: [Getter], b: [Setter], c: [Getter/Setter] }");
  equal(isCalled, false);
});

test("circles", () => {
  const value = { name: "x" };
  value.self = value;
  equal(logged(value), '<ref *1> { name: "x", self: [Circular *1] }');
});

test("long objects have a line for each entry", () => {
  const value = { first: "x".repeat(40), second: "y".repeat(40), nested: { a: 1 } };
  const [first, second] = [value.first, value.second];
  const lines = ["{", `  first: "${first}",`, `  second: "${second}",`, "  nested: { a: 1 }", "}"];
  equal(logged(value), lines.join("\n"));
});

test("errors with stack, cause and more", () => {
  const error = new TypeError("outer", { cause: new RangeError("inner") });
  error.code = 7;
  const line = logged("failed:", error);
  assert(line.startsWith("failed: TypeError: outer\n"), line);
  assert(/\n\s+at /.test(line), line);
  assert(line.includes("code: 7"), line);
  assert(line.includes("[cause]: RangeError: inner"), line);
  assert(logged(new DOMException("m", "AbortError")).startsWith("AbortError: m"));
  const all = logged(new AggregateError([new Error("first")], "all"));
  assert(all.includes("[errors]: [") && all.includes("Error: first"), all);
});

test("directives", () => {
  equal(logged("%s is %d years and %i months", "Ann", "42.9", 3.7), "Ann is 42 years and 3 months");
  equal(logged("%f %f", "1.5", "x"), "1.5 NaN");
  equal(logged("%o %O %j", { a: "b" }, [1], { c: 1 }), '{ a: "b" } [ 1 ] {"c":1}');
  equal(logged("%cstyled", "color: red"), "styled");
  equal(logged("100%", 1), "100% 1");
  equal(logged("%d%%", 5), "5%");
  equal(logged("%s"), "%s");
  equal(logged("%s %s", "a"), "a %s");
  equal(logged("%x %s", "a", "b"), "%x a b");
  equal(logged("%d %i", 5n, Symbol("s")), "5n NaN");
  equal(logged("%s", Symbol("s")), "Symbol(s)");
  equal(logged("a", "%s", "b"), "a %s b");
});

test("one line is bounded", () => {
  const long = logged("x".repeat(100000));
  assert(long.length > 16000 && long.length <= 16385, String(long.length));
});

const wide = Array.from({ length: 50000 }, (_, at) => ({ at, text: "x".repeat(1000) }));
const bounded = {
  "a wide list": [wide],
  "many arguments": wide,
  "many directives": ["%s".repeat(10000), ...wide],
  "a list of holes": [new Array(2 ** 32 - 1)],
  "many bytes": [new Uint8Array(1e7)],
  "a long key": [{ ["k".repeat(100000)]: 1 }],
  "a long error": [new Error("m".repeat(100000))],
};
for (const [name, args] of Object.entries(bounded)) {
  test(`one line is bounded: ${name}`, () => assert(logged(...args).length <= 16385));
}

test("long lists are cut", () => {
  const line = logged(Array.from({ length: 102 }, () => 0));
  assert(line.endsWith("… 2 more items\n]"), line);
  equal(logged(new Array(2 ** 32 - 1)), "[ <1000 empty items>, … 4294966295 more items ]");
});

{
  const angry = () => {
    throw new Error("no");
  };
  const traps = new Proxy({}, { get: () => angry });
  const deep = {};
  for (let at = deep, level = 0; level < 100000; level += 1) at = at.in = {};
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const faked = Object.create(Map.prototype);
  const values = [
    new Proxy({}, traps),
    new Proxy([], traps),
    new Proxy(() => {}, traps),
    revoked.proxy,
    { toString: angry, [Symbol.toPrimitive]: angry, toJSON: angry },
    { get [Symbol.toStringTag]() { return angry(); } },
    Object.defineProperty(new Error("x"), "message", { get: angry }),
    Object.defineProperty(new Error("x"), "stack", { get: angry }),
    Object.defineProperty(class {}, "name", { get: angry }),
    { constructor: null },
    { constructor: { name: 1 } },
    deep,
    faked,
    Object.create(Headers.prototype),
  ];
  values.forEach((value, at) => {
    test(`nothing that is logged can throw: ${at}`, () => {
      const formats = ["%s", "%d", "%i", "%f", "%j", "%o", "%O"];
      for (const args of [[value], [[{ value }]], ...formats.map((format) => [format, value])]) {
        assert(typeof logged(...args) === "string");
      }
      logs();
      console.table(value);
      console.dir(value);
      console.error(value);
      equal(logs().length, 3);
    });
  });
}

test("assert", () => {
  logs();
  console.assert(true, "x");
  console.assert(false);
  console.assert(false, "%s went wrong", "it");
  console.assert(0, { a: 1 });
  equal(logs(), [
    "error: Assertion failed",
    "error: Assertion failed: it went wrong",
    "error: Assertion failed: { a: 1 }",
  ]);
});

test("count", () => {
  logs();
  console.count();
  console.count("a");
  console.count(undefined);
  console.countReset();
  console.count();
  console.countReset("none");
  equal(logs(), [
    "info: default: 1",
    "info: a: 1",
    "info: default: 2",
    "info: default: 1",
    'warn: Count for "none" does not exist',
  ]);
});

test("time", () => {
  logs();
  console.time("t");
  console.time("t");
  console.timeLog("t", { a: 1 });
  console.timeEnd("t");
  console.timeEnd("t");
  const [twice, log, end, none, ...rest] = logs();
  equal([twice, rest], ['warn: Timer "t" exists already', []]);
  assert(/^info: t: \d+\.\d{3} ms \{ a: 1 \}$/.test(log), log);
  assert(/^info: t: \d+\.\d{3} ms$/.test(end), end);
  equal(none, 'warn: Timer "t" does not exist');
});

test("group", () => {
  logs();
  console.group("title");
  console.log("a\nb");
  console.groupCollapsed();
  console.warn("c");
  console.groupEnd();
  console.groupEnd();
  console.groupEnd();
  console.log("d");
  equal(logs(), ["info: title", "info:   a\n  b", "warn:     c", "info: d"]);
});

test("table", () => {
  logs();
  console.table([{ a: 1, b: "x" }, { a: 2, c: true }, 5]);
  console.table([[1, 2]], ["1"]);
  console.table("text");
  const [all, one, text] = logs();
  equal(all.split("\n").slice(1, 6), [
    "│ (index) │ a │ b   │ c    │ Values │",
    "├─────────┼───┼─────┼──────┼────────┤",
    '│ 0       │ 1 │ "x" │      │        │',
    "│ 1       │ 2 │     │ true │        │",
    "│ 2       │   │     │      │ 5      │",
  ]);
  equal(one.split("\n")[3], "│ 0       │ 2 │");
  equal(text, "info: text");
});

test("dir and trace", () => {
  logs();
  console.dir({ a: { b: { c: 1 } } }, { depth: 0 });
  console.dir("text");
  console.trace("here %d", 1);
  const [dir, text, trace] = logs();
  equal([dir, text], ["info: { a: [Object] }", 'info: "text"']);
  assert(trace.startsWith("info: Trace: here 1\n"), trace);
});

test("methods work without the console", () => {
  logs();
  const { log } = console;
  log("x");
  ["y"].forEach(console.log);
  equal(logs(), ["info: x", 'info: y 0 [ "y" ]']);
  equal(String(console), "[object console]");
});

test("what nobody catches is logged", () => {
  logs();
  reportError(new Error("uncaught"));
  reportError("text");
  const [first, second] = logs();
  assert(first.startsWith("error: Uncaught Error: uncaught"), first);
  equal(second, "error: Uncaught text");
});
