function handler() {
  const all = [];
  for (;;) all.push(Promise.resolve(all));
}
