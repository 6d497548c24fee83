function handler() {
  const all = [];
  for (;;) all.push(() => all);
}
