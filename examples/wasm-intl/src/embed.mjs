// Writes payment.wasm into a module, since functions import JavaScript and JSON only:
// node src/embed.mjs
import { readFile, writeFile } from "node:fs/promises";

const wasm = await readFile(new URL("payment.wasm", import.meta.url));
const text = `// Made by src/embed.mjs from src/payment.wasm.
const text =
    "${wasm.toString("base64").match(/.{1,80}/g).join('" +\n    "')}";

export const wasm = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
`;
await writeFile(new URL("../api/_payment.js", import.meta.url), text);
