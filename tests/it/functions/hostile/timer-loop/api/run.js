function handler() {
  return new Promise(() => setInterval(() => { for (let at = 0; at < 1e8; at += 1); }, 1));
}
