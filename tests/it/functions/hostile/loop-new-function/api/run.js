function handler() {
  for (let at = 0; ; at += 1) new Function(`return ${at}`)();
}
