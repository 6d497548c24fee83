// FormData (XMLHttpRequest standard 5).

let entriesOf;

class FormData {
  // Pairs of a name and a string or a File.
  #entries = [];

  static {
    entriesOf = (form) => form.#entries;
    fz.isFormData = (value) => typeof value === "object" && value !== null && #entries in value;
  }

  constructor() {
    if (arguments[0] !== undefined) throw new TypeError("FormData reads no elements of a page");
  }

  append(name, value, filename = undefined) {
    fz.need(arguments.length, 2, "append");
    this.#entries.push(entry(name, value, filename));
  }

  delete(name) {
    fz.need(arguments.length, 1, "delete");
    const wanted = fz.usv(name);
    this.#entries = this.#entries.filter((pair) => pair[0] !== wanted);
  }

  get(name) {
    fz.need(arguments.length, 1, "get");
    const wanted = fz.usv(name);
    const pair = this.#entries.find((other) => other[0] === wanted);
    return pair === undefined ? null : pair[1];
  }

  getAll(name) {
    fz.need(arguments.length, 1, "getAll");
    const wanted = fz.usv(name);
    return this.#entries.filter((pair) => pair[0] === wanted).map((pair) => pair[1]);
  }

  has(name) {
    fz.need(arguments.length, 1, "has");
    const wanted = fz.usv(name);
    return this.#entries.some((pair) => pair[0] === wanted);
  }

  set(name, value, filename = undefined) {
    fz.need(arguments.length, 2, "set");
    const made = entry(name, value, filename);
    const first = this.#entries.findIndex((pair) => pair[0] === made[0]);
    if (first < 0) {
      this.#entries.push(made);
      return;
    }
    this.#entries[first] = made;
    this.#entries = this.#entries.filter((pair, at) => at <= first || pair[0] !== made[0]);
  }
}

// XHR 5, "create an entry": a blob becomes a file.
function entry(name, value, filename) {
  if (!fz.isBlob(value)) {
    if (filename !== undefined) throw new TypeError("only a Blob can have a file name");
    return [fz.usv(name), fz.usv(value)];
  }
  if (fz.isFile(value) && filename === undefined) return [fz.usv(name), value];
  const fileName = filename === undefined ? "blob" : fz.usv(filename);
  const time = fz.isFile(value) ? value.lastModified : Date.now();
  return [fz.usv(name), fz.newFile(fz.blobBytes(value), value.type, fileName, time)];
}

fz.iterable(FormData, (form) => entriesOf(form));
fz.expose(FormData, (form) => {
  const shown = new Map();
  for (const [name] of entriesOf(form)) {
    const values = form.getAll(name);
    shown.set(name, values.length === 1 ? values[0] : values);
  }
  return shown;
});
fz.formEntries = (form) => entriesOf(form);
