function handler() {
  return () => 1;
}
