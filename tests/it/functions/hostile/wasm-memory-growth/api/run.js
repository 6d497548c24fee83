function handler() {
  const memories = [];
  for (;;) { const memory = new WebAssembly.Memory({ initial: 1, maximum: 1024 }); memory.grow(1000); new Uint8Array(memory.buffer).fill(1); memories.push(memory); }
}
