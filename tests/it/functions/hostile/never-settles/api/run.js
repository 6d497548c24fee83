function handler() {
  return new Promise(() => {});
}
