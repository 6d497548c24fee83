function handler() {
  const proxy = new Proxy({}, { get: (_, key) => proxy[key] });
  return proxy.x;
}
