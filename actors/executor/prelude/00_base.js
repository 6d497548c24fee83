// What every other file stands on: how a name becomes global, how an interface gets the shape
// that Web IDL gives it, and the conversions of its types.

const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;

fz.define = (name, value) => {
  defineProperty(globalThis, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
};

// Constructors that scripts may not call themselves take this as their first argument.
fz.token = Symbol("fazt");

fz.illegal = () => new TypeError("Illegal constructor");

// The interfaces by their prototypes, and what the console shows of their objects: names of
// getters, or a function that returns a plain object or a Map.
const interfaces = new Map();

// Web IDL 3.7.3 and 3.7.6: members are enumerable, and the prototype carries the name.
fz.shape = (constructor, shown = []) => {
  const makeEnumerable = (object) => {
    for (const key of Object.getOwnPropertyNames(object)) {
      const property = getOwnPropertyDescriptor(object, key);
      const isMember = property.get !== undefined || typeof property.value === "function";
      if (property.configurable && isMember && key !== "constructor") {
        defineProperty(object, key, { enumerable: true });
      }
    }
  };
  makeEnumerable(constructor);
  makeEnumerable(constructor.prototype);
  defineProperty(constructor.prototype, Symbol.toStringTag, {
    value: constructor.name,
    configurable: true,
  });
  interfaces.set(constructor.prototype, shown);
};

fz.expose = (constructor, shown) => {
  fz.shape(constructor, shown);
  fz.define(constructor.name, constructor);
};

// Constants of an interface stand on both of its objects (Web IDL 3.7.5).
fz.constants = (constructor, values) => {
  for (const [name, value] of Object.entries(values)) {
    defineProperty(constructor, name, { value, enumerable: true });
    defineProperty(constructor.prototype, name, { value, enumerable: true });
  }
};

// The interface of an object that the platform made, or undefined. A proxy's trap for its
// prototype may do anything, also throw.
const PROTOTYPES_MAX = 100;
fz.interfaceOf = (object) => {
  let prototype = getPrototypeOf(object);
  for (let steps = 0; prototype !== null && steps < PROTOTYPES_MAX; steps += 1) {
    if (interfaces.has(prototype)) {
      return { prototype, shown: interfaces.get(prototype) };
    }
    prototype = getPrototypeOf(prototype);
  }
  return undefined;
};

const NATIVE_ERRORS = { TypeError, RangeError, SyntaxError, Error };
fz.makeError = (name, message) => {
  const Native = NATIVE_ERRORS[name];
  return Native === undefined ? new fz.DOMException(message, name) : new Native(message);
};

// Web IDL 3.7.1: too few arguments are refused before any of them is looked at.
fz.need = (given, least, what) => {
  if (given < least) {
    throw new TypeError(`${what} needs at least ${least} arguments, and got ${given}`);
  }
};

// Web IDL 3.2.11 (DOMString) and 3.2.12 (USVString). Unlike `String`, a template refuses symbols.
fz.dom = (value) => (typeof value === "string" ? value : `${value}`);
fz.usv = (value) => (typeof value === "string" ? value : `${value}`).toWellFormed();

// Web IDL 3.2.10: the characters of a ByteString are bytes.
const WIDER_THAN_A_BYTE = /[^\x00-\xFF]/;
fz.byteString = (value, what) => {
  const text = fz.dom(value);
  if (WIDER_THAN_A_BYTE.test(text)) {
    throw new TypeError(`${what} has a character above U+00FF`);
  }
  return text;
};

// Web IDL 3.2.17: dictionaries come from objects, undefined and null.
fz.dictionary = (value, what) => {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" || typeof value === "function") return value;
  throw new TypeError(`${what} must be an object`);
};

fz.callback = (value, what) => {
  if (typeof value !== "function") throw new TypeError(`${what} must be a function`);
  return value;
};

// Web IDL 3.2.4.9, [EnforceRange] unsigned long long.
fz.enforceRange = (value, what) => {
  const number = Math.trunc(Number(value));
  if (!(number >= 0 && number <= Number.MAX_SAFE_INTEGER)) {
    throw new TypeError(`${what} must be a number from 0 to 2^53 - 1`);
  }
  return number + 0;
};

const bufferLength = getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
fz.isArrayBuffer = (value) => {
  // An error costs more than all the rest, so most values are told by their prototype.
  if (!(value instanceof ArrayBuffer)) return false;
  try {
    bufferLength.call(value);
    return true;
  } catch {
    return false;
  }
};

// Web IDL 3.2.26, BufferSource: its bytes, not copied; null for anything else.
fz.bytesOf = (value) => {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return fz.isArrayBuffer(value) ? new Uint8Array(value) : null;
};

// One buffer out of several.
fz.concat = (chunks) => {
  if (chunks.length === 1) return chunks[0];
  let length = 0;
  for (const chunk of chunks) length += chunk.byteLength;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
};

// Web IDL 3.2.21 and 3.2.24: names and values from a sequence of pairs or from a record.
fz.eachPair = (init, what, take) => {
  const iterate = init[Symbol.iterator];
  if (iterate === undefined || iterate === null) {
    for (const key of Object.keys(init)) take(key, init[key]);
    // Symbols are refused when they are taken for a name.
    for (const key of Object.getOwnPropertySymbols(init)) {
      if (getOwnPropertyDescriptor(init, key).enumerable) take(key, init[key]);
    }
    return;
  }
  for (const pair of init) {
    const isObject = typeof pair === "object" && pair !== null;
    const items = isObject && pair[Symbol.iterator] !== undefined ? [...pair] : [];
    if (items.length !== 2) {
      throw new TypeError(`each item of ${what} must be a pair of a name and a value`);
    }
    take(items[0], items[1]);
  }
};

// Web IDL 3.7.10.2: iterators of pairs look at the list anew at each step, so that a change
// during an iteration is seen. `list` returns pairs.
const iteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));
fz.iterable = (constructor, list) => {
  const state = new WeakMap();
  const prototype = Object.create(iteratorPrototype, {
    next: {
      value: function next() {
        const iteration = state.get(this);
        if (iteration === undefined) throw new TypeError("Illegal invocation");
        const pairs = list(iteration.target);
        if (iteration.at >= pairs.length) return { value: undefined, done: true };
        const pair = pairs[iteration.at];
        iteration.at += 1;
        return { value: iteration.pick(pair), done: false };
      },
      writable: true,
      enumerable: true,
      configurable: true,
    },
    [Symbol.toStringTag]: { value: `${constructor.name} Iterator`, configurable: true },
  });
  const begin = (target, pick) => {
    // Throws for what is no object of this interface.
    list(target);
    const iterator = Object.create(prototype);
    state.set(iterator, { target, pick, at: 0 });
    return iterator;
  };
  const methods = {
    entries() {
      return begin(this, (pair) => [pair[0], pair[1]]);
    },
    keys() {
      return begin(this, (pair) => pair[0]);
    },
    values() {
      return begin(this, (pair) => pair[1]);
    },
    forEach(callback, thisArg = undefined) {
      list(this);
      fz.callback(callback, "the argument of forEach");
      for (let at = 0; at < list(this).length; at += 1) {
        const pair = list(this)[at];
        callback.call(thisArg, pair[1], pair[0], this);
      }
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    const property = { value, writable: true, enumerable: true, configurable: true };
    defineProperty(constructor.prototype, name, property);
  }
  const property = { value: methods.entries, writable: true, configurable: true };
  defineProperty(constructor.prototype, Symbol.iterator, property);
};

fz.define("self", globalThis);
