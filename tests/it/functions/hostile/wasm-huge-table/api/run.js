function handler() {
  const tables = [];
  for (;;) tables.push(new WebAssembly.Table({ initial: 10_000_000, element: "anyfunc" }));
}
