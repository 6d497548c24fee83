// From a file to what answers its requests. Modules are loaded by the engine, everything else is
// the body of a function of CommonJS's names.

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const COMMONJS = ["exports", "require", "module", "__filename", "__dirname"];
const LEGACY = [...COMMONJS, "request", "respond", "req", "res", "db", "socket"];

// Bodies of files that are no modules, by path.
const bodies = new Map();
// What `require` gave, by path.
const required = new Map();

const scheme = "app:///";

function folderOf(file) {
  return file.slice(0, Math.max(file.lastIndexOf("/"), 0));
}

function bodyOf(file, names) {
  let body = bodies.get(file);
  if (body === undefined) {
    body = fz.compileFunction(host.moduleSource(file), file, names);
    bodies.set(file, body);
  }
  return body;
}

// A file as CommonJS: its `module`, and what its body returned.
function evaluate(file, module) {
  const names = bodyOf(file, COMMONJS);
  const returned = names.call(
    module.exports, module.exports, requireFrom(file), module, `/${file}`, `/${folderOf(file)}`,
  );
  return returned;
}

function requireFrom(referrer) {
  const require = (specifier) => {
    if (typeof specifier !== "string") throw new TypeError("require needs the name of a file");
    const file = host.resolve(specifier, referrer);
    const known = required.get(file);
    // Also in a cycle: what the module has exported so far.
    if (known !== undefined) return known.exports;
    const module = { exports: {}, id: file, filename: `/${file}`, loaded: false };
    required.set(file, module);
    try {
      load(file, module);
    } catch (error) {
      required.delete(file);
      throw error;
    }
    module.loaded = true;
    return module.exports;
  };
  require.resolve = (specifier) => `/${host.resolve(specifier, referrer)}`;
  return require;
}

function load(file, module) {
  const kind = host.moduleKind(file);
  if (kind === "json") {
    module.exports = JSON.parse(host.moduleSource(file));
  } else if (kind === "module") {
    throw new TypeError(`${file} is an ES module: load it by import, not by require`);
  } else if (kind === "legacy") {
    // A file that exports nothing: it may still define globals, or just run.
    bodyOf(file, LEGACY).call(module.exports, module.exports, requireFrom(file), module);
  } else {
    evaluate(file, module);
  }
}

function isFunction(value) {
  return typeof value === "function";
}

// What answers for an object that a file exports, or undefined.
function exported(found, isNamespace) {
  const handlers = {};
  for (const method of METHODS) {
    if (isFunction(found[method])) handlers[method] = found[method];
  }
  if (Object.keys(handlers).length > 0) return { form: "methods", handlers, owner: found };
  if (isFunction(found.fetch) && !isNamespace) return { form: "fetch", owner: found };
  if (isFunction(found.handler)) return { form: "classic", call: found.handler };
  return undefined;
}

function fromModule(file, namespace) {
  const named = exported(namespace, true);
  if (named?.form === "methods") return named;
  const main = namespace.default;
  if (isFunction(main) && !isFunction(main.fetch)) return { form: "classic", call: main };
  if (main !== null && (typeof main === "object" || isFunction(main))) {
    const found = exported(main, false);
    if (found !== undefined) return found;
  }
  if (named !== undefined) return named;
  throw noHandler(file);
}

function fromCommonJs(file, returned, exports) {
  if (isFunction(exports) && !isFunction(exports.fetch)) return { form: "classic", call: exports };
  const found = exported(exports, false);
  if (found !== undefined) return found;
  if (exports.default !== undefined && exports.default !== exports) {
    return fromCommonJs(file, returned, exports.default);
  }
  if (isFunction(returned)) return { form: "classic", call: returned };
  throw noHandler(file);
}

function noHandler(file) {
  return new TypeError(
    `${file} has no handler: declare \`function handler(req)\`, or export a default function, ` +
      "an object with `fetch`, or functions called GET, POST and so on",
  );
}

// What answers the requests to a file: at once where that can be, else a promise of it.
fz.loadHandler = (file) => {
  const kind = host.moduleKind(file);
  if (kind === "module") {
    return fz.importModule(scheme + file).then((namespace) => fromModule(file, namespace));
  }
  if (kind === "legacy") {
    const body = bodyOf(file, LEGACY);
    return { form: "legacy", body, require: requireFrom(file), file };
  }
  if (kind === "json" || kind === "other") throw noHandler(file);
  const module = { exports: {}, id: file, filename: `/${file}`, loaded: false };
  required.set(file, module);
  const returned = evaluate(file, module);
  module.loaded = true;
  return fromCommonJs(file, returned, module.exports);
};
fz.METHODS = METHODS;
