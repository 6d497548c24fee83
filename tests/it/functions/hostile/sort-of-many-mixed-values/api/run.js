function handler() {
  const all = [];
  for (let at = 0; at < 3e6; at += 1) all.push(at % 3 ? String((at * 7919) % 1_000_003) : at);
  return all.sort().length;
}
