// The console (Console standard) and what becomes of errors that nobody catches
// (HTML 8.1.4.6).

const GROUPS_MAX = 16;
const LABELS_MAX = 1000;
const LEVELS_MAX = 100;

// How deep each call is within groups. A call may end without having left them.
const groups = new Map();
fz.endGroups = (call) => groups.delete(call);
const enter = (levels) => {
  const call = host.currentCall();
  const depth = Math.max(0, Math.min((groups.get(call) ?? 0) + levels, GROUPS_MAX));
  if (depth === 0) groups.delete(call);
  else groups.set(call, depth);
};

const counts = new Map();
const starts = new Map();

const cut = (text) => (text.length <= fz.textMax ? text : `${text.slice(0, fz.textMax)}…`);

const primitive = (value) => value === null || !/^(object|function)$/.test(typeof value);

// Console 2.3. What a directive makes of a value.
const DIRECTIVES = {
  s: (value) => (primitive(value) ? String(value) : fz.inspect(value, { levels: 1 })),
  d: (value) => toNumber(value, (text) => Number.parseInt(text, 10)),
  i: (value) => toNumber(value, (text) => Number.parseInt(text, 10)),
  f: (value) => toNumber(value, Number.parseFloat),
  j: (value) => toJson(value),
  o: (value) => fz.inspect(value, { isInside: true }),
  O: (value) => fz.inspect(value, { isInside: true }),
  // Style sheets mean nothing in a log.
  c: () => "",
};

function toNumber(value, parse) {
  if (typeof value === "bigint") return `${value}n`;
  return primitive(value) && typeof value !== "symbol" ? String(parse(String(value))) : "NaN";
}

function toJson(value) {
  try {
    return String(JSON.stringify(value));
  } catch {
    return fz.inspect(value, { isInside: true });
  }
}

// The arguments of one message as one text.
fz.formatArgs = (args) => {
  let rest = args;
  const parts = [];
  if (typeof args[0] === "string" && args.length > 1 && args[0].includes("%")) {
    let used = 1;
    const text = args[0].slice(0, fz.textMax).replace(/%([sdifjoOc%])/g, (whole, directive) => {
      if (directive === "%") return "%";
      if (used >= args.length) return whole;
      used += 1;
      return DIRECTIVES[directive](args[used - 1]);
    });
    parts.push(text);
    rest = args.slice(used);
  }
  let length = 0;
  for (const value of rest) {
    const text = fz.inspect(value);
    parts.push(text);
    length += text.length;
    if (length > fz.textMax) break;
  }
  return cut(parts.join(" "));
};

// Writes arguments to the app's log as the console does.
fz.logArgs = (level, args) => write(level, fz.formatArgs(args));

function write(level, text) {
  const depth = groups.size === 0 ? 0 : (groups.get(host.currentCall()) ?? 0);
  const indent = "  ".repeat(depth);
  host.log(level, cut(depth === 0 ? text : indent + text.replaceAll("\n", `\n${indent}`)));
}

const label = (value) => (value === undefined ? "default" : cut(fz.dom(value)));

// A label that is new is forgotten when there are too many.
const remember = (labels, name, value) => {
  if (labels.size < LABELS_MAX || labels.has(name)) labels.set(name, value);
};

function elapsed(name) {
  const milliseconds = host.now() - starts.get(name);
  const isLong = milliseconds >= 1000;
  return isLong ? `${(milliseconds / 1000).toFixed(3)} s` : `${milliseconds.toFixed(3)} ms`;
}

function trace(caller, args) {
  const message = args.length === 0 ? "Trace" : `Trace: ${fz.formatArgs(args)}`;
  const error = new Error();
  Error.captureStackTrace?.(error, caller);
  const frames = String(error.stack).split("\n").filter((line) => /^\s*at |@/.test(line));
  return [message, ...frames].join("\n");
}

const methods = {
  log(...args) {
    fz.logArgs("info", args);
  },
  info(...args) {
    fz.logArgs("info", args);
  },
  warn(...args) {
    fz.logArgs("warn", args);
  },
  error(...args) {
    fz.logArgs("error", args);
  },
  debug(...args) {
    fz.logArgs("debug", args);
  },
  trace(...args) {
    write("info", trace(methods.trace, args));
  },
  assert(condition = false, ...args) {
    if (condition) return;
    if (args.length === 0) write("error", "Assertion failed");
    else if (typeof args[0] !== "string") fz.logArgs("error", ["Assertion failed:", ...args]);
    else fz.logArgs("error", [`Assertion failed: ${args[0]}`, ...args.slice(1)]);
  },
  dir(value = undefined, options = undefined) {
    // As elsewhere, `depth` counts the levels below the first, and null is all of them.
    const depth = options?.depth === null ? Infinity : Number(options?.depth ?? 3);
    const levels = Math.min(depth + 1, LEVELS_MAX);
    write("info", fz.inspect(value, { levels, isInside: true }));
  },
  dirxml(...args) {
    fz.logArgs("info", args);
  },
  table(data = undefined, columns = undefined) {
    const text = fz.tableText(data, columns);
    if (text === null) fz.logArgs("info", [data]);
    else write("info", text);
  },
  count(name = undefined) {
    const known = label(name);
    const count = (counts.get(known) ?? 0) + 1;
    remember(counts, known, count);
    write("info", `${known}: ${count}`);
  },
  countReset(name = undefined) {
    const known = label(name);
    if (!counts.delete(known)) write("warn", `Count for "${known}" does not exist`);
  },
  time(name = undefined) {
    const known = label(name);
    if (starts.has(known)) write("warn", `Timer "${known}" exists already`);
    else remember(starts, known, host.now());
  },
  timeLog(name = undefined, ...args) {
    const known = label(name);
    if (!starts.has(known)) return write("warn", `Timer "${known}" does not exist`);
    const rest = args.length === 0 ? "" : ` ${fz.formatArgs(args)}`;
    return write("info", `${known}: ${elapsed(known)}${rest}`);
  },
  timeEnd(name = undefined) {
    const known = label(name);
    if (!starts.has(known)) return write("warn", `Timer "${known}" does not exist`);
    write("info", `${known}: ${elapsed(known)}`);
    starts.delete(known);
    return undefined;
  },
  group(...args) {
    if (args.length > 0) fz.logArgs("info", args);
    enter(1);
  },
  groupCollapsed(...args) {
    methods.group(...args);
  },
  groupEnd() {
    enter(-1);
  },
  clear() {
    groups.delete(host.currentCall());
  },
};

// Console 1: a namespace object, whose methods work without it.
const console = Object.create({});
Object.assign(console, methods);
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
fz.define("console", console);

// HTML 8.1.4.6 and 8.1.4.7: the events of errors that nobody caught.
class ErrorEvent extends Event {
  #init;

  constructor(type, init = undefined) {
    super(...arguments);
    const { message, filename, lineno, colno, error } = fz.dictionary(init, "the options");
    this.#init = {
      message: message === undefined ? "" : fz.dom(message),
      filename: filename === undefined ? "" : fz.usv(filename),
      lineno: Number(lineno) >>> 0,
      colno: Number(colno) >>> 0,
      error,
    };
  }

  get message() {
    return this.#init.message;
  }
  get filename() {
    return this.#init.filename;
  }
  get lineno() {
    return this.#init.lineno;
  }
  get colno() {
    return this.#init.colno;
  }
  get error() {
    return this.#init.error;
  }
}

class PromiseRejectionEvent extends Event {
  #promise;
  #reason;

  constructor(type, init) {
    fz.need(arguments.length, 2, "PromiseRejectionEvent");
    super(type, init);
    if (!(init?.promise instanceof Promise)) throw new TypeError("promise must be a promise");
    this.#promise = init.promise;
    this.#reason = init.reason;
  }

  get promise() {
    return this.#promise;
  }
  get reason() {
    return this.#reason;
  }
}

fz.expose(ErrorEvent, ["message", "error"]);
fz.expose(PromiseRejectionEvent, ["reason"]);

// The global object takes listeners like an EventTarget, and behaves like one that is kept here.
const globalTarget = new EventTarget();
const globalMethods = {
  addEventListener(type, callback) {
    globalTarget.addEventListener(...arguments);
  },
  removeEventListener(type, callback) {
    globalTarget.removeEventListener(...arguments);
  },
  dispatchEvent(event) {
    return globalTarget.dispatchEvent(...arguments);
  },
};
for (const [name, method] of Object.entries(globalMethods)) fz.define(name, method);
for (const type of ["error", "unhandledrejection", "rejectionhandled"]) {
  fz.handlerAttribute(globalTarget, type);
  Object.defineProperty(globalThis, `on${type}`, {
    get: () => globalTarget[`on${type}`],
    set: (handler) => {
      globalTarget[`on${type}`] = handler;
    },
    enumerable: false,
    configurable: true,
  });
}

const titleOf = (error) => {
  const name = fz.inspect(error, { levels: 0 });
  return name.split("\n", 1)[0];
};

// Tells the script's listeners, and the log unless one of them prevents it. What fails in such a
// listener is only logged.
let isReporting = false;
const tell = (makeEvent, title, error) => {
  let isLogged = true;
  if (!isReporting) {
    isReporting = true;
    try {
      isLogged = fz.fire(globalTarget, makeEvent());
    } finally {
      isReporting = false;
    }
  }
  if (isLogged) host.report(cut(`${title} ${fz.inspect(error)}`));
};

fz.report = (error) => {
  const message = `Uncaught ${titleOf(error)}`;
  tell(() => new ErrorEvent("error", { message, error, cancelable: true }), "Uncaught", error);
};

// A promise that was rejected, and nobody had asked for its outcome by the end of the step.
fz.reportRejection = (promise, reason) => {
  const init = { promise, reason, cancelable: true };
  const makeEvent = () => new PromiseRejectionEvent("unhandledrejection", init);
  tell(makeEvent, "Uncaught (in promise)", reason);
};

// Somebody asked for it later.
fz.reportHandled = (promise, reason) => {
  fz.fire(globalTarget, new PromiseRejectionEvent("rejectionhandled", { promise, reason }));
};

fz.define("reportError", function reportError(error) {
  fz.need(arguments.length, 1, "reportError");
  fz.report(error);
});
