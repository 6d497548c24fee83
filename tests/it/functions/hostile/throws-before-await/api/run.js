function handler() {
  return (async () => { throw new Error("at once"); })();
}
