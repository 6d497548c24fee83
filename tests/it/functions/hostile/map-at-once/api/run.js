function handler() {
  const map = new Map();
  for (;;) map.set(map.size, map.size);
}
