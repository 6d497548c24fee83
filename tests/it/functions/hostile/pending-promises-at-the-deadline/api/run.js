function handler() {
  const pending = Array.from({ length: 10_000 }, () => new Promise((done) => setTimeout(done, 60_000)));
  Promise.all(pending);
  for (;;);
}
