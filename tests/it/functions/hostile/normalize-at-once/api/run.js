function handler() {
  return "\u00e9".repeat(60_000_000).normalize("NFD").length;
}
