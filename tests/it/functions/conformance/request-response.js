// Request, Response and bodies (WHATWG Fetch 5.3 to 5.6).

const ADDRESS = "http://example.org/a";
const stream = (...pieces) =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
const bytesOf = async (body) => [...new Uint8Array(await body.arrayBuffer())];

test("a request by default", () => {
  const request = new Request("HTTP://EXAMPLE.org/a/../b?c#d");
  equal(request.url, "http://example.org/b?c#d");
  equal([request.method, request.redirect, request.mode], ["GET", "follow", "cors"]);
  equal([request.credentials, request.cache], ["same-origin", "default"]);
  equal([request.referrer, request.referrerPolicy], ["about:client", ""]);
  equal([request.integrity, request.keepalive, request.destination], ["", false, ""]);
  equal([request.duplex, request.body, request.bodyUsed], ["half", null, false]);
  assert(request.signal instanceof AbortSignal && !request.signal.aborted);
  assert(request.signal === request.signal && request.headers === request.headers);
});

test("a request of a URL object", () => {
  equal(new Request(new URL("http://example.org/x")).url, "http://example.org/x");
});

test("methods", () => {
  const of = (method) => new Request(ADDRESS, { method }).method;
  equal(["get", "Post", "pUT", "delete", "head", "options"].map(of), [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
  ]);
  // Only these six are written in upper case.
  equal(of("patch"), "patch");
  equal(of("Custom"), "Custom");
  for (const wrong of ["CONNECT", "trace", "Track", "", "a b", "GET\n", "ä"]) {
    throws(TypeError, () => of(wrong));
  }
});

test("bad addresses of requests", () => {
  for (const wrong of ["", "/a", "a", "http://", "http://ann@example.org", "http://a:b@c.d"]) {
    throws(TypeError, () => new Request(wrong));
  }
  throws(TypeError, () => new Request());
  throws(TypeError, () => Request(ADDRESS));
});

test("bad options of requests", () => {
  const wrong = [
    { redirect: "x" },
    { mode: "navigate" },
    { credentials: "x" },
    { cache: "x" },
    { referrerPolicy: "x" },
    { referrer: "http://" },
    { duplex: "full" },
    { signal: {} },
    { headers: null },
    "text",
  ];
  for (const init of wrong) throws(TypeError, () => new Request(ADDRESS, init));
});

test("the options of a request", () => {
  const request = new Request(ADDRESS, {
    method: "POST",
    redirect: "manual",
    cache: "no-store",
    credentials: "omit",
    referrer: "",
    keepalive: 1,
    integrity: "sha256-x",
  });
  equal([request.redirect, request.cache, request.credentials], ["manual", "no-store", "omit"]);
  equal([request.referrer, request.keepalive, request.integrity], ["", true, "sha256-x"]);
});

test("GET and HEAD have no body", () => {
  for (const method of ["GET", "HEAD"]) {
    throws(TypeError, () => new Request(ADDRESS, { method, body: "" }));
    equal(new Request(ADDRESS, { method, body: null }).body, null);
  }
  const post = new Request(ADDRESS, { method: "POST", body: "x" });
  throws(TypeError, () => new Request(post, { method: "GET" }));
});

const kinds = [
  ["text", () => "aä", "text/plain;charset=UTF-8", [97, 195, 164]],
  ["a number", () => 12, "text/plain;charset=UTF-8", [49, 50]],
  ["an object", () => ({ toString: () => "x" }), "text/plain;charset=UTF-8", [120]],
  ["an ArrayBuffer", () => new Uint8Array([1, 2]).buffer, null, [1, 2]],
  ["a view", () => new Uint16Array([1, 2]).subarray(1), null, [2, 0]],
  ["a DataView", () => new DataView(new ArrayBuffer(2)), null, [0, 0]],
  ["a Blob", () => new Blob(["a"], { type: "image/png" }), "image/png", [97]],
  ["a Blob without a type", () => new Blob(["a"]), null, [97]],
  [
    "URLSearchParams",
    () => new URLSearchParams("a=b c"),
    "application/x-www-form-urlencoded;charset=UTF-8",
    [97, 61, 98, 43, 99],
  ],
  ["a stream", () => stream("a", "b"), null, [97, 98]],
];
for (const [name, make, type, content] of kinds) {
  test(`a body of ${name}`, async () => {
    const request = new Request(ADDRESS, { method: "POST", body: make() });
    equal(request.headers.get("content-type"), type);
    equal(await bytesOf(request), content);
    const response = new Response(make());
    equal(response.headers.get("content-type"), type);
    equal(await bytesOf(response), content);
    equal(new Response(make(), { headers: { "Content-Type": "x/y" } }).headers.get("content-type"),
      "x/y");
  });
}

test("a body of bytes is a copy", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const response = new Response(bytes);
  bytes[0] = 9;
  equal(await bytesOf(response), [1, 2, 3]);
});

test("a body is used once", async () => {
  for (const name of ["text", "json", "arrayBuffer", "blob", "bytes"]) {
    for (const body of ["1", new Uint8Array([49]), stream("1")]) {
      const response = new Response(body);
      equal(response.bodyUsed, false);
      const first = response[name]();
      equal(response.bodyUsed, true);
      await first;
      await rejects(TypeError, response[name]());
      throws(TypeError, () => response.clone());
    }
  }
});

test("no body reads as empty, again and again", async () => {
  const response = new Response();
  equal([response.body, response.bodyUsed], [null, false]);
  equal(await response.text(), "");
  equal((await response.arrayBuffer()).byteLength, 0);
  equal((await response.blob()).size, 0);
  equal(response.bodyUsed, false);
  await rejects("SyntaxError", response.json());
});

test("text and JSON", async () => {
  equal(await new Response("\uFEFFa\uD800").text(), "a\uFFFD");
  equal(await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])).text(), "a\uFFFD");
  equal(await new Response('{"a":[1]}').json(), { a: [1] });
  equal(await new Response("\uFEFF1").json(), 1);
  await rejects("SyntaxError", new Response("{").json());
});

test("bytes and blobs of a body", async () => {
  const bytes = await new Response("ab").bytes();
  assert(bytes instanceof Uint8Array);
  equal([...bytes], [97, 98]);
  const blob = await new Response("ab", { headers: { "content-type": "Text/HTML" } }).blob();
  equal([blob.size, blob.type], [2, "text/html"]);
  equal((await new Response(new Uint8Array(1)).blob()).type, "");
});

test("the stream of a body", async () => {
  const response = new Response("hello");
  const { body } = response;
  assert(body instanceof ReadableStream && body === response.body);
  equal(response.bodyUsed, false);
  const reader = body.getReader();
  await rejects(TypeError, response.text());
  const { value, done } = await reader.read();
  equal([new TextDecoder().decode(value), done], ["hello", false]);
  equal(response.bodyUsed, true);
  equal((await reader.read()).done, true);
});

test("the stream of a body that was read", async () => {
  const response = new Response("x");
  await response.text();
  assert(response.body instanceof ReadableStream);
  equal(response.bodyUsed, true);
  await rejects(TypeError, response.text());
});

test("streams that are read or locked are no body", async () => {
  const locked = stream("a");
  locked.getReader();
  throws(TypeError, () => new Response(locked));
  const read = stream("a");
  const reader = read.getReader();
  await reader.read();
  reader.releaseLock();
  throws(TypeError, () => new Response(read));
});

test("a stream of text is refused when it is read", async () => {
  const wrong = new ReadableStream({
    start(controller) {
      controller.enqueue("text");
      controller.close();
    },
  });
  await rejects(TypeError, new Response(wrong).text());
});

test("a stream that fails", async () => {
  const failure = new Error("broken");
  const failing = new ReadableStream({ pull: (controller) => controller.error(failure) });
  const caught = await new Response(failing).text().catch((error) => error);
  assert(caught === failure);
});

test("a request of a request", async () => {
  const first = new Request(ADDRESS, { method: "PUT", body: "x", headers: { a: "1" } });
  const second = new Request(first, { headers: { b: "2" } });
  equal([second.method, second.url, second.headers.get("a")], ["PUT", ADDRESS, null]);
  equal(first.bodyUsed, true);
  await rejects(TypeError, first.text());
  throws(TypeError, () => new Request(first));
  equal(await second.text(), "x");
  const third = new Request(first, { body: "y" });
  equal([await third.text(), third.headers.get("a")], ["y", "1"]);
});

test("a request of a request whose stream is known", async () => {
  const first = new Request(ADDRESS, { method: "POST", body: "x" });
  const { body } = first;
  const second = new Request(first);
  equal([first.bodyUsed, body.locked], [true, true]);
  equal(await second.text(), "x");
});

test("clones", async () => {
  for (const make of [() => "abc", () => stream("ab", "c"), () => new Blob(["abc"])]) {
    const response = new Response(make(), { status: 201, headers: { x: "y" } });
    const copy = response.clone();
    copy.headers.set("x", "z");
    equal([copy.status, response.headers.get("x")], [201, "y"]);
    equal(await response.text(), "abc");
    equal(copy.bodyUsed, false);
    equal(await copy.text(), "abc");
    const request = new Request(ADDRESS, { method: "POST", body: make() });
    const other = request.clone();
    equal([await other.text(), await request.text()], ["abc", "abc"]);
  }
});

test("the signal of a request follows", () => {
  const controller = new AbortController();
  const request = new Request(ADDRESS, { signal: controller.signal });
  const copy = new Request(request);
  const clone = request.clone();
  assert(request.signal !== controller.signal);
  const reason = new Error("stop");
  controller.abort(reason);
  for (const { signal } of [request, copy, clone, new Request(request)]) {
    equal([signal.aborted, signal.reason === reason], [true, true]);
  }
  equal(new Request(request, { signal: null }).signal.aborted, false);
});

test("a response by default", () => {
  const response = new Response();
  equal([response.status, response.statusText, response.ok], [200, "", true]);
  equal([response.type, response.url, response.redirected], ["default", "", false]);
  equal([...response.headers], []);
});

test("the status of a response", () => {
  for (const status of [200, 204, 299, 404, 599]) {
    equal(new Response(null, { status }).status, status);
  }
  equal(new Response(null, { status: 404 }).ok, false);
  for (const status of [0, 99, 100, 101, 199, 600, 1000, -1, "x", NaN, null]) {
    throws(RangeError, () => new Response(null, { status }));
  }
  equal(new Response(null, { statusText: "Fine" }).statusText, "Fine");
  for (const statusText of ["a\n", "\u0000", "€"]) {
    throws(TypeError, () => new Response(null, { statusText }));
  }
});

test("statuses without a body", () => {
  for (const status of [204, 205, 304]) {
    throws(TypeError, () => new Response("", { status }));
    equal(new Response(null, { status }).body, null);
  }
});

test("Response.json", async () => {
  const response = Response.json({ a: 1 }, { status: 201, headers: { x: "y" } });
  equal([response.status, response.headers.get("x")], [201, "y"]);
  equal(response.headers.get("content-type"), "application/json");
  equal(await response.json(), { a: 1 });
  const typed = Response.json(1, { headers: { "content-type": "a/b" } });
  equal(typed.headers.get("content-type"), "a/b");
  const circular = {};
  circular.self = circular;
  for (const wrong of [undefined, () => 1, Symbol("a"), circular, 1n]) {
    throws(TypeError, () => Response.json(wrong));
  }
  throws(TypeError, () => Response.json(1, { status: 204 }));
});

test("one response's headers are not another's", () => {
  Response.json(1).headers.set("content-type", "x/y");
  equal(Response.json(2).headers.get("content-type"), "application/json");
  new Response("a").headers.set("content-type", "x/y");
  equal(new Response("b").headers.get("content-type"), "text/plain;charset=UTF-8");
});

test("Response.redirect", () => {
  const response = Response.redirect("http://example.org/a b", 301);
  equal([response.status, response.headers.get("location")], [301, "http://example.org/a%20b"]);
  equal(Response.redirect("http://example.org").status, 302);
  for (const status of [200, 300, 304, 309]) {
    throws(RangeError, () => Response.redirect("http://example.org", status));
  }
  throws(TypeError, () => Response.redirect("http://"));
});

test("Response.error", () => {
  const response = Response.error();
  equal([response.type, response.status, response.ok, response.body], ["error", 0, false, null]);
});

test("fetch refuses what it cannot send", async () => {
  for (const address of ["", "/a", "nonsense", "http://ann:x@example.org/"]) {
    await rejects(TypeError, fetch(address));
  }
  for (const address of ["data:,x", "blob:x", "file:///a", "mailto:a"]) {
    await rejects(TypeError, fetch(address));
  }
  await rejects(TypeError, fetch());
  await rejects(TypeError, fetch("http://example.org", { method: "CONNECT" }));
  await rejects(TypeError, fetch("http://example.org", { body: "x" }));
  await rejects(TypeError, fetch("http://example.org", { headers: { "a\n": "b" } }));
});

test("fetch with an aborted signal", async () => {
  await rejects("AbortError", fetch(ADDRESS, { signal: AbortSignal.abort() }));
  const reason = { why: 1 };
  const aborted = new Request(ADDRESS, { signal: AbortSignal.abort(reason) });
  assert((await fetch(aborted).catch((error) => error)) === reason);
});
