// URL and URLSearchParams (WHATWG URL).

const parsed = [
  // input, base, href
  ["http://example.org", undefined, "http://example.org/"],
  ["HTTP://EXAMPLE.org:80/", undefined, "http://example.org/"],
  ["https://example.org:443/x", undefined, "https://example.org/x"],
  ["https://example.org:8443/x", undefined, "https://example.org:8443/x"],
  ["ftp://example.org:21/", undefined, "ftp://example.org/"],
  ["  http://example.org/ \n", undefined, "http://example.org/"],
  ["http://exa\tmple.org/a\nb", undefined, "http://example.org/ab"],
  ["http:\\\\example.org\\a", undefined, "http://example.org/a"],
  ["http://example.org/a/../b/./c", undefined, "http://example.org/b/c"],
  ["http://example.org/%2e%2E/a", undefined, "http://example.org/a"],
  ["http://example.org/ä?ö#ü", undefined, "http://example.org/%C3%A4?%C3%B6#%C3%BC"],
  ["http://example.org/a b?c d#e f", undefined, "http://example.org/a%20b?c%20d#e%20f"],
  ["http://bücher.example/", undefined, "http://xn--bcher-kva.example/"],
  ["http://EX%41MPLE.org/", undefined, "http://example.org/"],
  ["http://127.1/", undefined, "http://127.0.0.1/"],
  ["http://0x7f.1/", undefined, "http://127.0.0.1/"],
  ["http://2130706433/", undefined, "http://127.0.0.1/"],
  ["http://017700000001/", undefined, "http://127.0.0.1/"],
  ["http://[::1]:8080/", undefined, "http://[::1]:8080/"],
  ["http://[0:0:0:0:0:0:0:1]/", undefined, "http://[::1]/"],
  ["http://[::ffff:10.0.0.1]/", undefined, "http://[::ffff:a00:1]/"],
  ["http://ann:p%40ss@example.org/", undefined, "http://ann:p%40ss@example.org/"],
  ["http://a:b@c:d@example.org/", undefined, "http://a:b%40c%3Ad@example.org/"],
  ["mailto:a@b.example", undefined, "mailto:a@b.example"],
  ["data:text/plain,hi there", undefined, "data:text/plain,hi there"],
  ["javascript:alert(1)", undefined, "javascript:alert(1)"],
  ["file:///a/b", undefined, "file:///a/b"],
  ["file:a", "file:///b/c", "file:///b/a"],
  ["web+demo:/.//not-a-host/", undefined, "web+demo:/.//not-a-host/"],
  ["custom://Host/a", undefined, "custom://Host/a"],
  ["../c", "http://example.org/a/b/", "http://example.org/a/c"],
  ["/c", "http://example.org/a/b?d#e", "http://example.org/c"],
  ["?q", "http://example.org/a/b?d#e", "http://example.org/a/b?q"],
  ["#f", "http://example.org/a/b?d#e", "http://example.org/a/b?d#f"],
  ["", "http://example.org/a/b?d#e", "http://example.org/a/b?d"],
  ["//other.example/x", "https://example.org/", "https://other.example/x"],
  ["http:x", "http://example.org/a/b", "http://example.org/a/x"],
  ["#f", "mailto:a", "mailto:a#f"],
];
for (const [input, base, href] of parsed) {
  test(`URL ${JSON.stringify(input)} on ${base}`, () => {
    const url = base === undefined ? new URL(input) : new URL(input, base);
    equal(url.href, href);
    assert(URL.canParse(input, base));
    equal(new URL(url.href).href, href);
  });
}

const refused = [
  ["", undefined],
  ["/a", undefined],
  ["example.org", undefined],
  ["http://", undefined],
  ["http://exa mple.org", undefined],
  ["http://a<b", undefined],
  ["http://example.org:70000", undefined],
  ["http://example.org:8a", undefined],
  ["http://[::1", undefined],
  ["http://[1:2]", undefined],
  ["http://1.2.3.256", undefined],
  ["http://%00", undefined],
  ["x", "mailto:a"],
  ["x", "nonsense"],
];
for (const [input, base] of refused) {
  test(`URL refuses ${JSON.stringify(input)} on ${base}`, () => {
    throws(TypeError, () => new URL(input, base));
    equal(URL.canParse(input, base), false);
    equal(URL.parse(input, base), null);
  });
}

test("the parts of a URL", () => {
  const url = new URL("https://ann:secret@example.org:8443/a/b?x=1&y=2#top");
  equal([url.protocol, url.username, url.password], ["https:", "ann", "secret"]);
  equal([url.host, url.hostname, url.port], ["example.org:8443", "example.org", "8443"]);
  equal([url.pathname, url.search, url.hash], ["/a/b", "?x=1&y=2", "#top"]);
  equal(url.origin, "https://example.org:8443");
  equal(String(url), url.href);
  equal(JSON.stringify({ url }), JSON.stringify({ url: url.href }));
});

test("a user without a password", () => {
  const url = new URL("http://ann@example.org/");
  equal([url.username, url.password, url.host], ["ann", "", "example.org"]);
});

test("a lone ? or # reads as nothing", () => {
  const url = new URL("http://example.org/?#");
  equal([url.search, url.hash, url.href], ["", "", "http://example.org/?#"]);
});

test("origins", () => {
  const origins = {
    "http://example.org:81/x": "http://example.org:81",
    "wss://example.org/x": "wss://example.org",
    "file:///x": "null",
    "mailto:a": "null",
    "blob:https://example.org/id": "https://example.org",
    "blob:x": "null",
  };
  for (const [href, origin] of Object.entries(origins)) equal(new URL(href).origin, origin);
});

const setters = [
  ["protocol", "https", "https://example.org:81/a?b#c"],
  ["protocol", "mailto", "http://example.org:81/a?b#c"],
  ["username", "a b", "http://a%20b@example.org:81/a?b#c"],
  ["password", "p/w", "http://:p%2Fw@example.org:81/a?b#c"],
  ["host", "other.example", "http://other.example:81/a?b#c"],
  ["host", "other.example:82", "http://other.example:82/a?b#c"],
  ["hostname", "other.example", "http://other.example:81/a?b#c"],
  ["hostname", "", "http://example.org:81/a?b#c"],
  ["port", "80", "http://example.org/a?b#c"],
  ["port", "", "http://example.org/a?b#c"],
  ["port", "99999", "http://example.org:81/a?b#c"],
  ["port", "8080abc", "http://example.org:8080/a?b#c"],
  ["pathname", "x/../y z", "http://example.org:81/y%20z?b#c"],
  ["pathname", "a?b#c", "http://example.org:81/a%3Fb%23c?b#c"],
  ["search", "?q=ü", "http://example.org:81/a?q=%C3%BC#c"],
  ["search", "", "http://example.org:81/a#c"],
  ["hash", "x y", "http://example.org:81/a?b#x%20y"],
  ["hash", "", "http://example.org:81/a?b"],
];
for (const [part, value, href] of setters) {
  test(`url.${part} = ${JSON.stringify(value)}`, () => {
    const url = new URL("http://example.org:81/a?b#c");
    url[part] = value;
    equal(url.href, href);
  });
}

test("setting href", () => {
  const url = new URL("http://example.org/?a=1");
  const params = url.searchParams;
  url.href = "https://other.example/?b=2";
  equal(params.get("b"), "2");
  throws(TypeError, () => {
    url.href = "nonsense";
  });
  equal(url.href, "https://other.example/?b=2");
});

test("origin and searchParams cannot be set", () => {
  const url = new URL("http://example.org/");
  throws(TypeError, () => {
    "use strict";
    url.origin = "x";
  });
  assert(url.searchParams === url.searchParams);
});

test("URL needs new and an argument", () => {
  throws(TypeError, () => URL("http://example.org"));
  throws(TypeError, () => new URL());
  throws(TypeError, () => URL.canParse());
});

test("params change their URL", () => {
  const url = new URL("http://example.org/?a=1#x");
  const { searchParams } = url;
  searchParams.append("b", "2 3");
  equal(url.href, "http://example.org/?a=1&b=2+3#x");
  searchParams.delete("a");
  equal(url.search, "?b=2+3");
  searchParams.set("b", "~");
  equal(url.search, "?b=%7E");
  searchParams.delete("b");
  equal(url.href, "http://example.org/#x");
});

test("a URL changes its params", () => {
  const url = new URL("http://example.org/?a=1");
  const { searchParams } = url;
  url.search = "?c=3";
  equal([...searchParams], [["c", "3"]]);
  url.search = "";
  equal(searchParams.size, 0);
});

const queries = [
  ["a=1&b=2", [["a", "1"], ["b", "2"]]],
  ["?a=1", [["a", "1"]]],
  ["??a=1", [["?a", "1"]]],
  ["a", [["a", ""]]],
  ["=b", [["", "b"]]],
  ["&&a=1&", [["a", "1"]]],
  ["a=b=c", [["a", "b=c"]]],
  ["a+b=c+d", [["a b", "c d"]]],
  ["a=%2B%20%26", [["a", "+ &"]]],
  ["a=%zz%4", [["a", "%zz%4"]]],
  ["a=%FF", [["a", "\uFFFD"]]],
  ["a=%e2%82%ac", [["a", "€"]]],
  ["a=%EF%BB%BFx", [["a", "\uFEFFx"]]],
  ["ä=💩", [["ä", "💩"]]],
  ["", []],
];
for (const [query, pairs] of queries) {
  test(`params of ${JSON.stringify(query)}`, () => {
    equal([...new URLSearchParams(query)], pairs);
  });
}

test("params are written as a form", () => {
  const params = new URLSearchParams([["a b", "c&d=e"], ["*-._", "!'()~"], ["ü", "\u0000"]]);
  equal(String(params), "a+b=c%26d%3De&*-._=%21%27%28%29%7E&%C3%BC=%00");
  equal(String(new URLSearchParams({ a: "\uD800" })), "a=%EF%BF%BD");
});

test("params of objects, lists and params", () => {
  equal([...new URLSearchParams({ a: 1, b: null })], [["a", "1"], ["b", "null"]]);
  equal([...new URLSearchParams(new Map([["x", "y"]]))], [["x", "y"]]);
  equal(String(new URLSearchParams(new URLSearchParams("a=1&a=2"))), "a=1&a=2");
  equal(String(new URLSearchParams(undefined)), "");
  equal(String(new URLSearchParams(null)), "null=");
  throws(TypeError, () => new URLSearchParams([["a"]]));
  throws(TypeError, () => new URLSearchParams([["a", "b", "c"]]));
  throws(TypeError, () => new URLSearchParams([1]));
});

test("get, getAll, has, delete and set", () => {
  const params = new URLSearchParams("a=1&b=2&a=3&a=1");
  equal(params.get("a"), "1");
  equal(params.get("z"), null);
  equal(params.getAll("a"), ["1", "3", "1"]);
  equal([params.has("a"), params.has("a", "3"), params.has("a", "9")], [true, true, false]);
  params.delete("a", "1");
  equal(String(params), "b=2&a=3");
  params.append("a", 4);
  params.set("a", 5);
  equal(String(params), "b=2&a=5");
  equal(params.size, 2);
  params.delete("a", undefined);
  equal(String(params), "b=2");
  throws(TypeError, () => params.set("a"));
});

test("sort is stable and by UTF-16 units", () => {
  const params = new URLSearchParams("z=1&a=1&\uFFFD=1&💩=1&a=0");
  params.sort();
  equal([...params.keys()], ["a", "a", "z", "💩", "\uFFFD"]);
  equal(params.getAll("a"), ["1", "0"]);
});

test("iteration sees changes", () => {
  const params = new URLSearchParams("a=1&b=2&c=3");
  const seen = [];
  for (const [name] of params) {
    seen.push(name);
    if (name === "a") params.delete("b");
  }
  equal(seen, ["a", "c"]);
  const each = [];
  params.forEach(function (value, name, all) {
    each.push([value, name, all === params, this.x]);
  }, { x: 1 });
  equal(each, [["1", "a", true, 1], ["3", "c", true, 1]]);
  throws(TypeError, () => params.forEach(1));
  equal(Object.prototype.toString.call(params.entries()), "[object URLSearchParams Iterator]");
});
