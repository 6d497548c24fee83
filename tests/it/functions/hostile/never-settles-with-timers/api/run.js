function handler() {
  return new Promise(() => setInterval(() => {}, 10));
}
