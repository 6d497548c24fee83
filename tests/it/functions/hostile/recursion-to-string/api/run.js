function handler() {
  const object = { toString: () => `${object}` };
  return `${object}`;
}
