function handler() {
  for (let at = 0; ; at += 1) (0, eval)(`${at} + 1`);
}
