function handler() {
  let n = 3n;
  for (;;) n = (n ** 3n) % (2n ** 4096n);
}
