function handler() {
  const list = Array.from({ length: 1_000 }, (_, at) => ({ at }));
  for (;;) JSON.stringify(list);
}
