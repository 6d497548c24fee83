// Memory of WebAssembly counts like any other: all memories of an isolate together have the bound
// of its buffers (WebAssembly JavaScript Interface 5.4). Engines bound each memory alone.

const PAGES_MAX = 1024;

// Called when the isolate gets its app: engines may add WebAssembly only then.
fz.boundWasm = () => {
  const { WebAssembly } = globalThis;
  if (WebAssembly === undefined) return;
  const { Memory } = WebAssembly;
  const { grow } = Memory.prototype;
  const buffer = Object.getOwnPropertyDescriptor(Memory.prototype, "buffer").get;
  const alive = new Set();

  const check = (more) => {
    let pages = more;
    for (const reference of alive) {
      const memory = reference.deref();
      if (memory === undefined) alive.delete(reference);
      else pages += buffer.call(memory).byteLength / 65536;
    }
    if (pages > PAGES_MAX) {
      throw new RangeError(`WebAssembly may have ${PAGES_MAX} pages of memory in all`);
    }
  };

  class Bounded extends Memory {
    constructor(descriptor) {
      check(Number(descriptor?.initial ?? 0) || 0);
      if (descriptor?.shared) throw new TypeError("shared memory is not available");
      super(descriptor);
      alive.add(new WeakRef(this));
    }
    grow(delta) {
      check(Number(delta) || 0);
      return grow.call(this, delta);
    }
  }
  Object.defineProperty(Bounded, "name", { value: "Memory" });
  Memory.prototype.grow = Bounded.prototype.grow;
  Object.defineProperty(WebAssembly, "Memory", {
    value: Bounded, writable: true, configurable: true, enumerable: false,
  });
};
