function handler() {
  for (;;);
}
