// Headers (WHATWG Fetch 5.1).

test("names are compared in lower case", () => {
  const headers = new Headers({ "Content-Type": "text/plain" });
  equal(headers.get("CONTENT-TYPE"), "text/plain");
  equal([...headers.keys()], ["content-type"]);
  equal(headers.has("content-Type"), true);
  equal(headers.get("x-none"), null);
});

test("headers of objects, lists, maps and headers", () => {
  equal([...new Headers([["b", "1"], ["a", "2"]])], [["a", "2"], ["b", "1"]]);
  equal([...new Headers(new Map([["a", "1"]]))], [["a", "1"]]);
  equal([...new Headers(new Headers({ a: 1 }))], [["a", "1"]]);
  equal([...new Headers(undefined)], []);
  equal([...new Headers({ a: null, b: undefined })], [["a", "null"], ["b", "undefined"]]);
  for (const wrong of [null, 1, "a", true]) throws(TypeError, () => new Headers(wrong));
  throws(TypeError, () => new Headers([["a"]]));
  throws(TypeError, () => new Headers(["ab"]));
  throws(TypeError, () => new Headers({ [Symbol("a")]: "b" }));
});

test("a copy is its own", () => {
  const first = new Headers({ a: "1" });
  const second = new Headers(first);
  second.set("a", "2");
  equal([first.get("a"), second.get("a")], ["1", "2"]);
});

test("values of one name are joined", () => {
  const headers = new Headers();
  headers.append("accept", "text/html");
  headers.append("Accept", "text/plain");
  equal(headers.get("accept"), "text/html, text/plain");
  equal([...headers], [["accept", "text/html, text/plain"]]);
  headers.set("ACCEPT", "x");
  equal(headers.get("accept"), "x");
  headers.delete("Accept");
  equal(headers.has("accept"), false);
});

test("set keeps the first place and drops the others", () => {
  const headers = new Headers([["b", "1"], ["a", "1"], ["b", "2"]]);
  headers.set("b", "3");
  equal([...headers], [["a", "1"], ["b", "3"]]);
});

test("cookies stay apart", () => {
  const headers = new Headers([["set-cookie", "a=1"], ["x", "y"], ["Set-Cookie", "b=2"]]);
  equal(headers.getSetCookie(), ["a=1", "b=2"]);
  equal(headers.get("set-cookie"), "a=1, b=2");
  equal([...headers], [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x", "y"]]);
  headers.set("set-cookie", "c=3");
  equal(headers.getSetCookie(), ["c=3"]);
  headers.delete("set-cookie");
  equal(headers.getSetCookie(), []);
});

test("blanks around a value are dropped, those within stay", () => {
  const headers = new Headers({ a: " \t\r\n b  c \n", d: "" });
  equal([headers.get("a"), headers.get("d")], ["b  c", ""]);
});

test("bad names are refused", () => {
  const headers = new Headers();
  for (const name of ["", " ", "a b", "a:b", "ä", "a\n", "a\0", "a(b)", "{}", "💩"]) {
    throws(TypeError, () => headers.append(name, "x"));
    throws(TypeError, () => headers.set(name, "x"));
    throws(TypeError, () => headers.get(name));
    throws(TypeError, () => headers.has(name));
    throws(TypeError, () => headers.delete(name));
    throws(TypeError, () => new Headers([[name, "x"]]));
  }
  headers.append("!#$%&'*+-.^_`|~09azAZ", "x");
});

test("bad values are refused", () => {
  const headers = new Headers();
  for (const value of ["a\nb", "a\rb", "a\r\nSet-Cookie: x", "a\0b", "€", "💩"]) {
    throws(TypeError, () => headers.append("x", value));
    throws(TypeError, () => headers.set("x", value));
    throws(TypeError, () => new Headers({ x: value }));
  }
  equal([...headers], []);
});

test("values may have all other bytes", () => {
  const value = "ä\u007f\u0001\u00ff";
  equal(new Headers({ x: value }).get("x"), value);
});

test("too few arguments", () => {
  const headers = new Headers();
  for (const name of ["append", "set"]) throws(TypeError, () => headers[name]("a"));
  for (const name of ["get", "has", "delete"]) throws(TypeError, () => headers[name]());
});

test("iteration is sorted and sees changes", () => {
  const headers = new Headers({ c: "3", a: "1", b: "2" });
  equal([...headers.keys()], ["a", "b", "c"]);
  equal([...headers.values()], ["1", "2", "3"]);
  equal([...headers.entries()], [["a", "1"], ["b", "2"], ["c", "3"]]);
  const seen = [];
  for (const [name] of headers) {
    seen.push(name);
    headers.delete(name);
  }
  equal(seen, ["a", "c"]);
  const each = [];
  headers.forEach((value, name, all) => each.push(`${name}=${value}${all === headers}`));
  equal(each, ["b=2true"]);
});

test("the shape of Headers", () => {
  assert(Headers.prototype[Symbol.iterator] === Headers.prototype.entries);
  equal(String(new Headers()), "[object Headers]");
  throws(TypeError, () => Headers.prototype.get.call({}, "a"));
  throws(TypeError, () => Headers.prototype.entries.call({}));
  throws(TypeError, () => Headers());
  equal(JSON.stringify(new Headers({ a: 1 })), "{}");
  equal(Object.fromEntries(new Headers({ A: 1 })), { a: "1" });
});

test("headers of a made request and response can be changed", () => {
  const request = new Request("http://example.org/", { headers: { a: "1" } });
  request.headers.set("a", "2");
  equal(request.headers.get("a"), "2");
  const response = new Response("x");
  response.headers.append("a", "1");
  response.headers.delete("content-type");
  equal([...response.headers], [["a", "1"]]);
});

test("headers of error and redirect cannot be changed", () => {
  for (const response of [Response.error(), Response.redirect("http://example.org/")]) {
    throws(TypeError, () => response.headers.set("a", "b"));
    throws(TypeError, () => response.headers.append("a", "b"));
    throws(TypeError, () => response.headers.delete("a"));
  }
});
