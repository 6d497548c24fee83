function handler() {
  const text = "\u00fc".repeat(10_000);
  for (;;) encodeURIComponent(text);
}
