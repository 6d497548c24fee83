function handler() {
  let f = () => 1;
  for (let at = 0; at < 1e5; at += 1) f = f.bind(null);
  return f();
}
