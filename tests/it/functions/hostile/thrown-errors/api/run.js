function handler() {
  for (let at = 0; at < 20_000; at += 1) { try { throw new Error(`error ${at}`); } catch {} }
  return "done";
}
