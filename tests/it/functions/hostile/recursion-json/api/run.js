function handler() {
  const deep = { toJSON: () => JSON.stringify(deep) };
  return JSON.stringify(deep);
}
