function handler() {
  const all = [];
  for (let at = 0; ; at += 1) all.push(Symbol(`symbol ${at}`));
}
