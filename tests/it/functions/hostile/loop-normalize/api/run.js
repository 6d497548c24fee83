function handler() {
  const text = "e\u0301".repeat(10_000);
  for (;;) text.normalize("NFC");
}
