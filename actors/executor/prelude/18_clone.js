// structuredClone (HTML 2.7). What a value is, is found by what it holds and not by what it
// says it is.

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const getter = (prototype, name) => getOwnPropertyDescriptor(prototype, name).get;
const TypedArray = getPrototypeOf(Uint8Array);
const typedName = getter(TypedArray.prototype, Symbol.toStringTag);
const mapSize = getter(Map.prototype, "size");
const setSize = getter(Set.prototype, "size");
const dateTime = Date.prototype.getTime;
const viewLength = getter(DataView.prototype, "byteLength");
const regexSource = getter(RegExp.prototype, "source");
const regexFlags = getter(RegExp.prototype, "flags");
const forEachOfMap = Map.prototype.forEach;
const forEachOfSet = Set.prototype.forEach;
const BOXES = [Number, String, Boolean, BigInt];
const OPAQUE = [Symbol, Promise, WeakMap, WeakSet, WeakRef, FinalizationRegistry];
const { DOMException } = fz;
const ERRORS = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};
const VIEWS = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis)
    .filter((name) => /^(Int|Uint|Float|BigInt|BigUint)\w*Array$/.test(name))
    .map((name) => [name, globalThis[name]]),
);

// The prototype is looked at first, since an error costs more than all the rest.
const holds = (kind, method, value) => {
  if (!(value instanceof kind)) return false;
  try {
    method.call(value);
    return true;
  } catch {
    return false;
  }
};

const refuse = (message) => new fz.DOMException(message, "DataCloneError");

// Platform objects that can be cloned: `accepts` tells, `clone` makes one.
const cloners = [];
fz.cloneable = (accepts, clone) => cloners.push({ accepts, clone });
fz.cloneable(
  (value) => value instanceof DOMException,
  (value) => new DOMException(value.message, value.name),
);

// HTML 2.7.3 and 2.7.6 in one: `known` holds what was cloned already.
function clone(value, known) {
  switch (typeof value) {
    case "symbol":
      throw refuse("a symbol cannot be cloned");
    case "function":
      throw refuse(`the function ${fz.inspect(value, { levels: 0 })} cannot be cloned`);
    case "object":
      break;
    default:
      return value;
  }
  if (value === null) return null;
  const earlier = known.get(value);
  if (earlier !== undefined) return earlier;
  const prototype = getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return properties(value, {}, known);
  }
  return special(value, known);
}

function special(value, known) {
  if (Array.isArray(value)) return properties(value, new Array(value.length), known);
  const made = leaf(value, known);
  if (made !== undefined) {
    known.set(value, made);
    return made;
  }
  if (holds(Map, mapSize, value)) return cloneMap(value, known);
  if (holds(Set, setSize, value)) return cloneSet(value, known);
  if (value instanceof Error) return cloneError(value, known);
  const isOpaque = OPAQUE.some((kind) => value instanceof kind);
  if (isOpaque || fz.interfaceOf(value) !== undefined) {
    throw refuse(`an object of the kind ${fz.inspect(value, { levels: 0 })} cannot be cloned`);
  }
  return properties(value, {}, known);
}

// What contains no other value, but for a buffer.
function leaf(value, known) {
  if (holds(Date, dateTime, value)) return new Date(dateTime.call(value));
  if (fz.isArrayBuffer(value)) return cloneBuffer(value);
  const name = typedName.call(value);
  if (name !== undefined || holds(DataView, viewLength, value)) {
    const View = name === undefined ? DataView : VIEWS[name];
    return cloneView(value, View, known);
  }
  if (holds(RegExp, regexSource, value)) {
    return new RegExp(regexSource.call(value), regexFlags.call(value));
  }
  for (const box of BOXES) {
    const method = box.prototype.valueOf;
    if (holds(box, method, value)) return Object(method.call(value));
  }
  return cloners.find(({ accepts }) => accepts(value))?.clone(value);
}

function cloneBuffer(buffer) {
  if (buffer.detached) throw refuse("an ArrayBuffer that was given away cannot be cloned");
  if (!buffer.resizable) return buffer.slice(0);
  const copy = new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength });
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

function cloneView(view, View, known) {
  const buffer = clone(view.buffer, known);
  const length = View === DataView ? view.byteLength : view.length;
  return new View(buffer, view.byteOffset, length);
}

// The entries are those that there are before the first is cloned.
function cloneMap(map, known) {
  const copy = new Map();
  known.set(map, copy);
  const entries = [];
  forEachOfMap.call(map, (value, key) => entries.push(key, value));
  for (let at = 0; at < entries.length; at += 2) {
    copy.set(clone(entries[at], known), clone(entries[at + 1], known));
  }
  return copy;
}

function cloneSet(set, known) {
  const copy = new Set();
  known.set(set, copy);
  const values = [];
  forEachOfSet.call(set, (value) => values.push(value));
  for (const value of values) copy.add(clone(value, known));
  return copy;
}

function cloneError(error, known) {
  const name = fz.dom(error.name);
  const property = getOwnPropertyDescriptor(error, "message");
  const hasMessage = property !== undefined && "value" in property;
  const Kind = Object.hasOwn(ERRORS, name) ? ERRORS[name] : Error;
  const copy = hasMessage ? new Kind(fz.dom(property.value)) : new Kind();
  known.set(error, copy);
  const hide = (key, value) =>
    Object.defineProperty(copy, key, { value, writable: true, configurable: true });
  const { stack } = error;
  if (typeof stack === "string") hide("stack", stack);
  if (Object.hasOwn(error, "cause")) hide("cause", clone(error.cause, known));
  return copy;
}

function properties(value, copy, known) {
  known.set(value, copy);
  for (const key of Object.keys(value)) {
    // A getter may have removed it.
    if (Object.hasOwn(value, key)) {
      const item = clone(value[key], known);
      if (key === "__proto__") {
        const property = { value: item, writable: true, enumerable: true, configurable: true };
        Object.defineProperty(copy, key, property);
      } else {
        copy[key] = item;
      }
    }
  }
  return copy;
}

// HTML 2.7.7: the buffers to give away, checked before anything happens.
function transferable(list) {
  const seen = new Set();
  for (const item of list) {
    if (!fz.isArrayBuffer(item)) throw refuse("only an ArrayBuffer can be transferred");
    if (item.detached) throw refuse("the ArrayBuffer was given away before");
    if (seen.has(item)) throw refuse("the ArrayBuffer is named twice");
    seen.add(item);
  }
  return seen;
}

fz.define("structuredClone", function structuredClone(value, options = undefined) {
  fz.need(arguments.length, 1, "structuredClone");
  const list = fz.dictionary(options, "the options of structuredClone").transfer;
  if (list === undefined) return clone(value, new Map());
  const known = new Map();
  const given = transferable([...list]);
  // The clone gets a copy, so that its failure leaves the buffers where they were.
  for (const buffer of given) known.set(buffer, cloneBuffer(buffer));
  const copy = clone(value, known);
  for (const buffer of given) buffer.transfer();
  return copy;
});
fz.clone = (value) => clone(value, new Map());
