function handler() {
  const object = { get x() { return this.x; } };
  return object.x;
}
