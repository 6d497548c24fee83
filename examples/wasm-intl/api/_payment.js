// Made by src/embed.mjs from src/payment.wasm.
const text =
    "AGFzbQEAAAABCAFgA3x/fAF8AwIBAAcLAQdwYXltZW50AAAKXwFdAgF8AX8gAkQAAAAAAAAAAGEEQCAA" +
    "IAG4ow8LRAAAAAAAAPA/IQMgASEEA0AgAyACRAAAAAAAAPA/oKIhAyAEQQFrIgQNAAsgACACoiADoiAD" +
    "RAAAAAAAAPA/oaML";

export const wasm = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
