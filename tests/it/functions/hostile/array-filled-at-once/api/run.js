function handler() {
  return new Array(33_000_000).fill(0).length;
}
