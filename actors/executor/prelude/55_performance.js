// performance (High Resolution Time 7, User Timing 3) and navigator.

const ENTRIES_MAX = 1000;

class PerformanceEntry {
  #entry;

  constructor() {
    if (arguments[0] !== fz.token) throw fz.illegal();
    this.#entry = arguments[1];
  }

  get name() {
    return this.#entry.name;
  }
  get entryType() {
    return this.#entry.type;
  }
  get startTime() {
    return this.#entry.start;
  }
  get duration() {
    return this.#entry.duration;
  }

  toJSON() {
    const { name, type, start, duration } = this.#entry;
    return { name, entryType: type, startTime: start, duration };
  }
}

const detailOf = (value) => (value === undefined || value === null ? null : fz.clone(value));

class PerformanceMark extends PerformanceEntry {
  #detail;

  constructor(name, options = undefined) {
    fz.need(arguments.length, 1, "PerformanceMark");
    const { detail, startTime } = fz.dictionary(options, "the options of a mark");
    const start = startTime === undefined ? host.now() : Number(startTime);
    if (!(start >= 0)) throw new TypeError("the time of a mark cannot be negative");
    super(fz.token, { name: fz.dom(name), type: "mark", start, duration: 0 });
    this.#detail = detailOf(detail);
  }

  get detail() {
    return this.#detail;
  }
}

class PerformanceMeasure extends PerformanceEntry {
  #detail;

  constructor() {
    super(...arguments);
    this.#detail = detailOf(arguments[2]);
  }

  get detail() {
    return this.#detail;
  }
}

// In the order of their times; the oldest are forgotten.
let entries = [];

function keep(entry) {
  const after = entries.findLastIndex((other) => other.startTime <= entry.startTime);
  entries.splice(after + 1, 0, entry);
  if (entries.length > ENTRIES_MAX) entries.shift();
  return entry;
}

// User Timing 3.1.4: a mark's name or a time.
function timeOf(mark) {
  if (typeof mark === "number") {
    if (!(mark >= 0)) throw new TypeError("a time cannot be negative");
    return mark;
  }
  const name = fz.dom(mark);
  const found = entries.findLast((entry) => entry.entryType === "mark" && entry.name === name);
  if (found === undefined) throw new fz.DOMException(`there is no mark "${name}"`, "SyntaxError");
  return found.startTime;
}

// User Timing 3.1.3: where a measure begins and ends.
function span(options) {
  const { start, end, duration } = options;
  if (start === undefined && end === undefined) {
    throw new TypeError("a measure needs a start or an end");
  }
  if (start !== undefined && end !== undefined && duration !== undefined) {
    throw new TypeError("a measure cannot have start, end and duration");
  }
  const length = duration === undefined ? undefined : Number(duration);
  const to = end !== undefined ? timeOf(end) : undefined;
  const from = start !== undefined ? timeOf(start) : undefined;
  if (length === undefined) return [from ?? 0, to ?? host.now()];
  return from === undefined ? [to - length, to] : [from, from + length];
}

class Performance extends EventTarget {
  constructor() {
    if (arguments[0] !== fz.token) throw fz.illegal();
    super();
  }

  get timeOrigin() {
    return host.timeOrigin();
  }

  now() {
    return host.now();
  }

  mark(name, options = undefined) {
    fz.need(arguments.length, 1, "mark");
    return keep(new PerformanceMark(name, options));
  }

  measure(name, startOrOptions = undefined, endMark = undefined) {
    fz.need(arguments.length, 1, "measure");
    const isOptions = typeof startOrOptions === "object" && startOrOptions !== null;
    if (isOptions && endMark !== undefined) {
      throw new TypeError("a measure with options has no third argument");
    }
    const isEmpty = isOptions && Object.keys(startOrOptions).length === 0;
    const [start, end] =
      isOptions && !isEmpty
        ? span(startOrOptions)
        : [
            startOrOptions === undefined || isEmpty ? 0 : timeOf(startOrOptions),
            endMark === undefined ? host.now() : timeOf(endMark),
          ];
    const entry = { name: fz.dom(name), type: "measure", start, duration: end - start };
    const detail = isOptions ? startOrOptions.detail : undefined;
    return keep(new PerformanceMeasure(fz.token, entry, detail));
  }

  clearMarks(name = undefined) {
    clear("mark", name);
  }

  clearMeasures(name = undefined) {
    clear("measure", name);
  }

  getEntries() {
    return [...entries];
  }

  getEntriesByType(type) {
    fz.need(arguments.length, 1, "getEntriesByType");
    const wanted = fz.dom(type);
    return entries.filter((entry) => entry.entryType === wanted);
  }

  getEntriesByName(name, type = undefined) {
    fz.need(arguments.length, 1, "getEntriesByName");
    const wanted = fz.dom(name);
    return entries.filter(
      (entry) => entry.name === wanted && (type === undefined || entry.entryType === fz.dom(type)),
    );
  }

  toJSON() {
    return { timeOrigin: this.timeOrigin };
  }
}

function clear(type, name) {
  const isMatch = (entry) => name === undefined || entry.name === fz.dom(name);
  entries = entries.filter((entry) => entry.entryType !== type || !isMatch(entry));
}

const SHOWN = ["name", "entryType", "startTime", "duration"];
fz.expose(PerformanceEntry, SHOWN);
fz.expose(PerformanceMark, [...SHOWN, "detail"]);
fz.expose(PerformanceMeasure, [...SHOWN, "detail"]);
fz.expose(Performance, ["timeOrigin"]);
fz.define("performance", new Performance(fz.token));

// HTML 8.10.1.
class Navigator {
  constructor() {
    if (arguments[0] !== fz.token) throw fz.illegal();
  }

  get userAgent() {
    return "fazt";
  }
}

fz.expose(Navigator, ["userAgent"]);
fz.define("navigator", new Navigator(fz.token));
