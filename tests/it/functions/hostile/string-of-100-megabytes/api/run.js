function handler() {
  return "x".repeat(100 * 1024 * 1024);
}
