function handler() {
  return { status: 200, headers: { "x-a": "b\r\nset-cookie: c=d" }, body: "x" };
}
