function handler() {
  const text = "a".repeat(100_000);
  for (;;) text.split("").join("");
}
