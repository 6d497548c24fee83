function handler() {
  const text = "a\u0308".repeat(1_000);
  for (;;) text.localeCompare(text + "b", "de");
}
