function handler() {
  return "x".repeat(2 ** 29 - 25).charCodeAt(5);
}
