function handler() {
  return new Array(5_000_000).fill("x".repeat(100)).join("").length;
}
