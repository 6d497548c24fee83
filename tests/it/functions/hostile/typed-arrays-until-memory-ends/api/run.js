function handler() {
  const all = [];
  for (;;) all.push(new Float64Array(1 << 17));
}
