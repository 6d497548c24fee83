function handler() {
  let text = "x";
  const all = [];
  for (;;) { text += text + all.length; all.push(text); text.charCodeAt(text.length >> 1); if (text.length > 1e6) text = "x"; all.push([...text.slice(0, 1000)]); }
}
