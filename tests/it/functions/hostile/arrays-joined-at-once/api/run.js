function handler() {
  const half = new Array(20_000_000).fill(1);
  return [].concat(half, half, half, half).length;
}
