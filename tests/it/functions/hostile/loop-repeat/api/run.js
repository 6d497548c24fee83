function handler() {
  for (;;) "ab".repeat(100_000).indexOf("c");
}
