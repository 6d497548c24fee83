function handler() {
  return { status: 99, body: "x" };
}
