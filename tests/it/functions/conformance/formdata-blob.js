// Blob and File (File API), FormData (XHR) and multipart/form-data (RFC 7578).

const text = (bytes) => new TextDecoder().decode(bytes);

test("the parts of a blob", async () => {
  const inner = new Blob(["<", new Uint8Array([97]), ">"]);
  const view = new Uint16Array([0x6261, 0x6463]).subarray(1);
  const blob = new Blob(["ä", inner, view, view.buffer, 12, null, { toString: () => "o" }]);
  equal(await blob.text(), "ä<a>cdabcd12nullo");
  equal(blob.size, 18);
  equal([new Blob().size, new Blob([]).size, new Blob(undefined).type], [0, 0, ""]);
  equal(await new Blob(new Set(["a", "b"])).text(), "ab");
  equal(await new Blob(new Uint8Array([1, 2])).text(), "12");
});

test("what makes no blob", () => {
  for (const wrong of [null, "text", 1, {}, true]) throws(TypeError, () => new Blob(wrong));
  throws(TypeError, () => new Blob([], 1));
  throws(TypeError, () => new Blob([], { endings: "x" }));
  throws(TypeError, () => Blob());
});

test("the type of a blob", () => {
  equal(new Blob([], { type: "Text/HTML" }).type, "text/html");
  equal(new Blob([], { type: "a\u0001" }).type, "");
  equal(new Blob([], { type: "ä" }).type, "");
  equal(new Blob([], { type: null }).type, "null");
});

test("line ends of a blob", async () => {
  equal(await new Blob(["a\r\nb\rc\n"], { endings: "native" }).text(), "a\nb\nc\n");
  equal(await new Blob(["a\r\nb"]).text(), "a\r\nb");
});

test("a blob does not change with its parts", async () => {
  const bytes = new Uint8Array([97, 98]);
  const blob = new Blob([bytes]);
  bytes[0] = 120;
  (await blob.bytes())[1] = 120;
  new Uint8Array(await blob.arrayBuffer())[1] = 120;
  equal(await blob.text(), "ab");
});

test("slices", async () => {
  const blob = new Blob(["hello"], { type: "a/b" });
  const of = async (...args) => blob.slice(...args).text();
  equal(await of(), "hello");
  equal(await of(1, 3), "el");
  equal(await of(-2), "lo");
  equal(await of(0, -1), "hell");
  equal(await of(3, 1), "");
  equal(await of(NaN, 2.9), "he");
  equal(await of(undefined, 1), "h");
  equal(await of(-100, 100), "hello");
  equal([blob.slice().type, blob.slice(0, 1, "C/D").type], ["", "c/d"]);
  equal(await blob.slice(1).slice(1).text(), "llo");
});

test("a blob as a stream and as bytes", async () => {
  const blob = new Blob(["x".repeat(200000)]);
  let size = 0;
  let pieces = 0;
  for await (const piece of blob.stream()) {
    assert(piece instanceof Uint8Array);
    size += piece.length;
    pieces += 1;
  }
  equal(size, 200000);
  assert(pieces > 1, "one piece");
  equal((await blob.arrayBuffer()).byteLength, 200000);
  equal((await blob.bytes()).length, 200000);
});

test("files", async () => {
  const file = new File(["ab"], "name.txt", { type: "text/plain", lastModified: 12.9 });
  equal([file.name, file.type, file.size, file.lastModified], ["name.txt", "text/plain", 2, 12]);
  assert(file instanceof Blob && file instanceof File);
  equal(String(file), "[object File]");
  assert(Math.abs(new File([], "a").lastModified - Date.now()) < 10000);
  equal(new File([], "a\uD800").name, "a\uFFFD");
  equal(file.slice(1) instanceof File, false);
  throws(TypeError, () => new File([]));
  throws(TypeError, () => new File("a", "b"));
});

test("the entries of a form", () => {
  const form = new FormData();
  form.append("a", 1);
  form.append("b", "x\uD800");
  form.append("a", null);
  equal([...form], [["a", "1"], ["b", "x\uFFFD"], ["a", "null"]]);
  equal([form.get("a"), form.get("z"), form.has("b"), form.has("z")], ["1", null, true, false]);
  equal(form.getAll("a"), ["1", "null"]);
  form.set("a", "2");
  equal([...form.keys()], ["a", "b"]);
  form.set("c", "3");
  form.delete("b");
  equal([...form.values()], ["2", "3"]);
  throws(TypeError, () => form.append("a"));
  throws(TypeError, () => form.append("a", "b", "c"));
  throws(TypeError, () => new FormData({}));
});

test("blobs in a form become files", async () => {
  const form = new FormData();
  const file = new File(["x"], "x.txt", { type: "a/b", lastModified: 5 });
  form.append("a", file);
  form.append("b", new Blob(["y"], { type: "c/d" }));
  form.append("c", file, "other.txt");
  assert(form.get("a") === file);
  const [b, c] = [form.get("b"), form.get("c")];
  equal([b.name, b.type, await b.text(), b instanceof File], ["blob", "c/d", "y", true]);
  equal([c.name, c.type, c.lastModified], ["other.txt", "a/b", 5]);
});

test("a form as a body and back", async () => {
  const form = new FormData();
  form.append("plain", "ä\nb");
  form.append('quo"ted\r\nname', "");
  form.append("file", new File([new Uint8Array([0, 255, 13, 10, 45, 45])], 'a"b\n.bin'));
  form.append("typed", new File(["<p>"], "ü.html", { type: "text/html" }));
  const response = new Response(form);
  const type = response.headers.get("content-type");
  assert(/^multipart\/form-data; boundary=[-\w]{20,70}$/.test(type), type);
  const read = await response.formData();
  equal([...read.keys()], ["plain", 'quo"ted\r\nname', "file", "typed"]);
  equal([read.get("plain"), read.get('quo"ted\r\nname')], ["ä\r\nb", ""]);
  const [file, typed] = [read.get("file"), read.get("typed")];
  equal([...(await file.bytes())], [0, 255, 13, 10, 45, 45]);
  equal([file.name, file.type], ['a"b\n.bin', "application/octet-stream"]);
  equal([typed.name, typed.type, await typed.text()], ["ü.html", "text/html", "<p>"]);
});

test("a form on the wire", async () => {
  const form = new FormData();
  form.append("a\n", "1");
  form.append("f", new Blob(["x"]), "n.txt");
  const response = new Response(form);
  const boundary = /boundary=(.*)/.exec(response.headers.get("content-type"))[1];
  equal(
    await response.text(),
    `--${boundary}\r\nContent-Disposition: form-data; name="a%0D%0A"\r\n\r\n1\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n` +
      `Content-Type: application/octet-stream\r\n\r\nx\r\n--${boundary}--\r\n`,
  );
});

test("two forms have two boundaries", () => {
  const type = () => new Response(new FormData()).headers.get("content-type");
  assert(type() !== type());
});

const TYPE = "multipart/form-data; boundary=XX";
const parse = (body, type = TYPE) =>
  new Response(body, { headers: { "content-type": type } }).formData();
const part = (head, body) => `--XX\r\n${head}\r\n\r\n${body}\r\n`;
const FIELD = 'Content-Disposition: form-data; name="a"';

test("forms of other clients", async () => {
  const read = async (...args) => [...(await parse(...args))];
  equal(await read(`${part(FIELD, "1")}--XX--`), [["a", "1"]]);
  equal(await read(`preamble\r\n${part(FIELD, "1")}--XX--\r\nepilogue`), [["a", "1"]]);
  equal(await read(`--XX \t\r\n${FIELD}\r\n\r\n1\r\n--XX--`), [["a", "1"]]);
  equal(await read(`${part("content-disposition:form-data;name=a", "1")}--XX--`), [["a", "1"]]);
  equal(await read(`${part('X: y\r\nContent-Disposition: form-data; name="a%22b"', "")}--XX--`), [
    ['a"b', ""],
  ]);
  equal(await read("--XX--\r\n"), []);
  equal(await read(`${part(FIELD, "1\r\n--X")}--XX--`), [["a", "1\r\n--X"]]);
  equal(await read(`${part(FIELD, "1")}--XX--`, 'Multipart/Form-Data; charset=x; boundary="XX"'), [
    ["a", "1"],
  ]);
  const file = (await parse(`${part(`${FIELD}; filename=""`, "")}--XX--`)).get("a");
  equal([file.name, file.size, file.type], ["", 0, "text/plain"]);
});

const broken = {
  "an empty body": "",
  "another boundary": "--YY\r\n",
  "no end": part(FIELD, "1"),
  "an end within a head": `--XX\r\n${FIELD}`,
  "no name": `${part("Content-Disposition: form-data", "1")}--XX--`,
  "no disposition": `${part("Content-Type: text/plain", "1")}--XX--`,
  "another disposition": `${part('Content-Disposition: attachment; name="a"', "1")}--XX--`,
  "a line without a colon": `${part(`${FIELD}\r\nnonsense`, "1")}--XX--`,
  "text behind a boundary": `--XXnonsense\r\n${FIELD}\r\n\r\n1\r\n--XX--`,
  "a head without an end": `${part(`${FIELD}\r\nX: ${"y".repeat(20000)}`, "1")}--XX--`,
};
for (const [name, body] of Object.entries(broken)) {
  test(`a form with ${name}`, async () => rejects(TypeError, parse(body)));
}

test("too many parts", async () => {
  await rejects(TypeError, parse(`${part(FIELD, "").repeat(10001)}--XX--`));
});

test("forms without a type of forms", async () => {
  const form = `${part(FIELD, "1")}--XX--`;
  for (const type of ["text/plain", "multipart/form-data", "multipart/mixed; boundary=XX", "x"]) {
    await rejects(TypeError, parse(form, type));
  }
  await rejects(TypeError, new Response().formData());
  await rejects(TypeError, new Response(new Uint8Array(1)).formData());
});

test("a form in an address's way", async () => {
  const type = "application/x-www-form-urlencoded";
  const form = await parse("a=1&b=%C3%A4+x&a=2&c", `${type};charset=UTF-8`);
  equal([...form], [["a", "1"], ["b", "ä x"], ["a", "2"], ["c", ""]]);
  const params = await new Response(new URLSearchParams("x=y")).formData();
  equal(params.get("x"), "y");
});

test("a form of a stream", async () => {
  const whole = new TextEncoder().encode(`${part(FIELD, "1")}--XX--`);
  const pieces = new ReadableStream({
    start(controller) {
      for (const byte of whole) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  equal(text(whole).length, whole.length);
  equal((await parse(pieces)).get("a"), "1");
});
