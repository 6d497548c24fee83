function handler() {
  for (;;) Array.from({ length: 10_000 }, (_, at) => (at * 7919) % 10_007).sort();
}
