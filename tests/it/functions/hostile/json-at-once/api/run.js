function handler() {
  const list = new Array(5_000_000).fill("twenty characters of");
  return JSON.stringify(list).length;
}
