// Values as text for people: what the console and the log write. It calls no getter and no
// method of the value but the traps of a proxy, never throws, and ends at a bound.

const TEXT_MAX = 16384;
const LEVELS = 4;
const ITEMS_MAX = 100;
const HOLES_MAX = 1000;
const CAUSES_MAX = 8;
const WIDTH = 72;

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const getter = (prototype, name) => getOwnPropertyDescriptor(prototype, name).get;
const mapSize = getter(Map.prototype, "size");
const setSize = getter(Set.prototype, "size");
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;
const dateTime = Date.prototype.getTime;
const dateText = Date.prototype.toISOString;
const TypedArray = getPrototypeOf(Uint8Array);
const typedName = getter(TypedArray.prototype, Symbol.toStringTag);
const functionText = Function.prototype.toString;
const regexSource = getter(RegExp.prototype, "source");
const regexFlags = getter(RegExp.prototype, "flags");
const BOXES = [Number, String, Boolean, BigInt, Symbol];
const OPAQUE = [Promise, WeakMap, WeakSet, WeakRef];

// What a method answers about a value of its kind; undefined for others. The prototype is looked
// at first, since an error costs more than all the rest.
const ask = (kind, method, value) => {
  if (!(value instanceof kind)) return undefined;
  try {
    return method.call(value);
  } catch {
    return undefined;
  }
};

// The value of a property that is no getter, also an inherited one.
const readPlain = (object, key) => {
  for (let at = object, steps = 0; at !== null && steps < 20; steps += 1) {
    const property = getOwnPropertyDescriptor(at, key);
    if (property !== undefined) return property.value;
    at = getPrototypeOf(at);
  }
  return undefined;
};

const nameOfClass = (object) => {
  const prototype = getPrototypeOf(object);
  if (prototype === null) return null;
  const constructor = readPlain(prototype, "constructor");
  const name = typeof constructor === "function" ? readPlain(constructor, "name") : undefined;
  return typeof name === "string" && name !== "" ? name : "Object";
};

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const keyText = (key) => {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return IDENTIFIER.test(key) ? key : JSON.stringify(key);
};

// `levels` is how many objects within each other are shown, `left` how many characters may still
// be written, `above` the objects around.
class Printer {
  #left = TEXT_MAX;
  #above = [];
  #circular = new Map();
  #levels;

  constructor(levels) {
    this.#levels = levels;
  }

  #spend(text) {
    const kept = text.length <= this.#left ? text : `${text.slice(0, this.#left)}…`;
    this.#left -= Math.min(text.length, this.#left);
    return kept;
  }

  print(value, isInside) {
    if (this.#left <= 0) return "…";
    this.#left -= 1;
    switch (typeof value) {
      case "string":
        if (!isInside) return this.#spend(value);
        return this.#spend(JSON.stringify(value.slice(0, this.#left + 1)));
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "bigint":
        return this.#spend(`${value}n`);
      case "symbol":
        return this.#spend(String(value));
      case "undefined":
      case "boolean":
        return String(value);
      default:
        return value === null ? "null" : this.#guarded(value);
    }
  }

  #guarded(object) {
    if (this.#above.includes(object)) {
      const known = this.#circular.get(object) ?? this.#circular.size + 1;
      this.#circular.set(object, known);
      return `[Circular *${known}]`;
    }
    this.#above.push(object);
    let text;
    try {
      text = this.#object(object);
    } catch {
      text = "[an object that cannot be shown]";
    }
    this.#above.pop();
    const number = this.#circular.get(object);
    return number === undefined ? text : `<ref *${number}> ${text}`;
  }

  #object(object) {
    const isDeep = this.#above.length > this.#levels;
    if (typeof object === "function") return this.#function(object, isDeep);
    const name = nameOfClass(object);
    const shownName = name ?? "[Object: null prototype]";
    if (Array.isArray(object)) {
      const prefix = name === "Array" ? "" : `${shownName}(${object.length}) `;
      return isDeep ? `[${shownName}]` : this.#list(prefix, object, object.length, true);
    }
    const typed = ask(TypedArray, typedName, object);
    if (typed !== undefined) {
      const prefix = `${shownName}(${object.length}) `;
      return isDeep ? `[${typed}]` : this.#list(prefix, object, object.length, false);
    }
    if (object instanceof Error) return this.#error(object, isDeep);
    if (getPrototypeOf(object) === Object.prototype) return this.#plain(object, name, isDeep);
    return this.#special(object, shownName, isDeep) ?? this.#plain(object, name, isDeep);
  }

  // Built-in objects by what they hold, not by what they say that they are.
  #special(object, name, isDeep) {
    const time = ask(Date, dateTime, object);
    if (time !== undefined) {
      return Number.isNaN(time) ? "Invalid Date" : dateText.call(object);
    }
    const mapped = ask(Map, mapSize, object);
    if (mapped !== undefined) {
      if (isDeep) return `[${name}]`;
      return this.#map(`${name}(${mapped}) `, mapEntries.call(object), mapped);
    }
    const items = ask(Set, setSize, object);
    if (items !== undefined) {
      if (isDeep) return `[${name}]`;
      return this.#set(`${name}(${items}) `, setValues.call(object), items);
    }
    if (object instanceof RegExp) {
      return this.#spend(`/${regexSource.call(object)}/${regexFlags.call(object)}`);
    }
    if (fz.isArrayBuffer(object)) return this.#bytes(name, new Uint8Array(object));
    if (object instanceof DataView) return this.#bytes(name, fz.bytesOf(object));
    if (OPAQUE.some((kind) => object instanceof kind)) return `${name} {}`;
    for (const box of BOXES) {
      const value = ask(box, box.prototype.valueOf, object);
      if (value !== undefined) return `[${box.name}: ${this.print(value, true)}]`;
    }
    const known = fz.interfaceOf(object);
    if (known === undefined) return undefined;
    return isDeep ? `[${name}]` : this.#platform(object, name, known);
  }

  // An object of the platform: what its interface shows, read by the interface's own getters.
  #platform(object, name, { prototype, shown }) {
    if (typeof shown === "function") {
      const content = shown(object);
      if (content instanceof Map) return this.#map(`${name} `, content.entries(), content.size);
      return this.#entries(`${name} `, "{", "}", this.#properties(content));
    }
    const entries = shown.map((key) => {
      const owner = Object.hasOwn(prototype, key) ? prototype : getPrototypeOf(prototype);
      return `${key}: ${this.print(getter(owner, key).call(object), true)}`;
    });
    return this.#entries(`${name} `, "{", "}", [...entries, ...this.#properties(object)]);
  }

  #bytes(name, bytes) {
    const shown = Array.from(bytes.subarray(0, 50), (byte) => byte.toString(16).padStart(2, "0"));
    const dots = bytes.length > 50 ? " …" : "";
    return this.#spend(`${name} { byteLength: ${bytes.length}, <${shown.join(" ")}${dots}> }`);
  }

  #function(object, isDeep) {
    const name = readPlain(object, "name");
    const shown = typeof name === "string" && name !== "" ? name : "(anonymous)";
    const isClass = functionText.call(object).startsWith("class");
    const kind = nameOfClass(object) ?? "Function";
    const text = this.#spend(isClass ? `[class ${shown}]` : `[${kind}: ${shown}]`);
    const entries = isDeep ? [] : this.#properties(object);
    return entries.length === 0 ? text : this.#entries(`${text} `, "{", "}", entries);
  }

  #error(error, isDeep) {
    const read = (key) => {
      try {
        return error[key];
      } catch {
        return undefined;
      }
    };
    const [name, message, stack] = [read("name"), read("message"), read("stack")];
    const title = `${typeof name === "string" ? name : "Error"}`;
    const header = typeof message === "string" && message !== "" ? `${title}: ${message}` : title;
    // Some engines begin the stack with name and message, others do not.
    let text = header;
    if (typeof stack === "string" && stack !== "") {
      const hasHeader = typeof message === "string" && stack.includes(message.slice(0, 1000));
      text = hasHeader && !/^\s*at /.test(stack) ? stack : `${header}\n${stack}`;
    }
    text = this.#spend(text.trimEnd());
    if (isDeep) return text;
    const entries = this.#properties(error, ["stack", "message", "name", "cause", "errors"]);
    const causes = this.#above.filter((object) => object instanceof Error).length;
    for (const key of ["cause", "errors"]) {
      if (!Object.hasOwn(error, key)) continue;
      const isShown = causes <= CAUSES_MAX;
      entries.push(`[${key}]: ${isShown ? this.print(readPlain(error, key), true) : "…"}`);
    }
    return entries.length === 0 ? text : this.#entries(`${text} `, "{", "}", entries);
  }

  #plain(object, name, isDeep) {
    const tag = readPlain(object, Symbol.toStringTag);
    const label = typeof tag === "string" && tag !== "" && tag !== name ? ` [${tag}]` : "";
    const shownName = name ?? "[Object: null prototype]";
    if (isDeep) return `[${shownName}${label}]`;
    const prefix = name === "Object" && label === "" ? "" : this.#spend(`${shownName}${label} `);
    return this.#entries(prefix, "{", "}", this.#properties(object));
  }

  // The enumerable own properties as text; `without` names some to leave out.
  #properties(object, without = []) {
    const entries = [];
    for (const key of Reflect.ownKeys(object)) {
      if (without.includes(key)) continue;
      const property = getOwnPropertyDescriptor(object, key);
      if (property === undefined || !property.enumerable) continue;
      if (this.#left <= 0 || entries.length >= ITEMS_MAX) {
        entries.push("…");
        break;
      }
      entries.push(`${this.#spend(keyText(key))}: ${this.#property(property)}`);
    }
    return entries;
  }

  #property({ get, set, value }) {
    if (get !== undefined) return set === undefined ? "[Getter]" : "[Getter/Setter]";
    return set === undefined ? this.print(value, true) : "[Setter]";
  }

  #list(prefix, list, length, mayHaveHoles) {
    const entries = [];
    let holes = 0;
    const tellHoles = () => {
      if (holes > 0) entries.push(`<${holes} empty item${holes === 1 ? "" : "s"}>`);
      holes = 0;
    };
    let at = 0;
    for (; at < length && entries.length < ITEMS_MAX && this.#left > 0; at += 1) {
      const property = mayHaveHoles ? getOwnPropertyDescriptor(list, at) : { value: list[at] };
      if (property === undefined) {
        // A list may be nothing but holes, and 2^32 long.
        if (holes === HOLES_MAX) break;
        holes += 1;
        continue;
      }
      tellHoles();
      entries.push(this.#property(property));
    }
    tellHoles();
    const rest = length - at;
    if (rest > 0) entries.push(`… ${rest} more item${rest === 1 ? "" : "s"}`);
    // The names of a long list's items would be as many strings.
    if (mayHaveHoles && length <= ITEMS_MAX) {
      const indexes = Array.from({ length }, (_, index) => String(index));
      entries.push(...this.#properties(list, indexes));
    }
    return this.#entries(prefix, "[", "]", entries);
  }

  #map(prefix, iterator, size) {
    const entries = [];
    for (const [key, value] of take(iterator)) {
      if (entries.length >= ITEMS_MAX || this.#left <= 0) {
        entries.push(`… ${size - entries.length} more`);
        break;
      }
      entries.push(`${this.print(key, true)} => ${this.print(value, true)}`);
    }
    return this.#entries(prefix, "{", "}", entries);
  }

  #set(prefix, iterator, size) {
    const entries = [];
    for (const value of take(iterator)) {
      if (entries.length >= ITEMS_MAX || this.#left <= 0) {
        entries.push(`… ${size - entries.length} more`);
        break;
      }
      entries.push(this.print(value, true));
    }
    return this.#entries(prefix, "{", "}", entries);
  }

  // One line when it fits; else one entry a line, or as many as fit when all are short.
  #entries(prefix, open, close, entries) {
    if (entries.length === 0) return `${prefix}${open}${close}`;
    const isShort = entries.every((entry) => entry.length <= 16 && !entry.includes("\n"));
    const length = entries.reduce((sum, entry) => sum + entry.length + 2, prefix.length);
    if (length <= WIDTH && !entries.some((entry) => entry.includes("\n"))) {
      return `${prefix}${open} ${entries.join(", ")} ${close}`;
    }
    const lines = open === "[" && isShort && entries.length > 6 ? fill(entries) : entries;
    const body = lines.map((line) => `  ${line.replaceAll("\n", "\n  ")}`).join(",\n");
    return `${prefix}${open}\n${body}\n${close}`;
  }
}

// The iterator's own `next`, whatever a script made of its prototype's `Symbol.iterator`.
function* take(iterator) {
  for (let step = iterator.next(); !step.done; step = iterator.next()) yield step.value;
}

function fill(entries) {
  const lines = [];
  let line = "";
  for (const entry of entries) {
    if (line !== "" && line.length + entry.length + 2 > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? entry : `${line}, ${entry}`;
  }
  lines.push(line);
  return lines;
}

fz.textMax = TEXT_MAX;
fz.inspect = (value, { levels = LEVELS, isInside = false } = {}) => {
  try {
    return new Printer(levels).print(value, isInside);
  } catch {
    // The stack ends here, or a trap threw outside of the guard.
    return "[a value that cannot be shown]";
  }
};
