// `console.table` (Console 1.1.7): rows and columns as text.

const ROWS_MAX = 1000;
const COLUMNS_MAX = 50;
const CELL_MAX = 200;
const INDEX = "(index)";
const VALUES = "Values";

const isObject = (value) => typeof value === "object" && value !== null;

const cell = (value) => {
  const text = fz.inspect(value, { levels: 1, isInside: true }).replaceAll("\n", " ");
  return text.length <= CELL_MAX ? text : `${text.slice(0, CELL_MAX)}…`;
};

const own = (object, key) => {
  const property = Object.getOwnPropertyDescriptor(object, key);
  if (property === undefined) return undefined;
  return property.get === undefined ? cell(property.value) : "[Getter]";
};

// The rows as [index, value] pairs: of a Map, a Set, or the own properties of an object.
function rowsOf(data) {
  const rows = [];
  const isFull = () => rows.length >= ROWS_MAX;
  if (data instanceof Map || data instanceof Set) {
    for (const item of data) {
      if (isFull()) break;
      if (data instanceof Map) rows.push([cell(item[0]), item[1]]);
      else rows.push([String(rows.length), item]);
    }
    return rows;
  }
  for (const key of Object.keys(data).slice(0, ROWS_MAX)) {
    const property = Object.getOwnPropertyDescriptor(data, key);
    rows.push([key, property.get === undefined ? property.value : "[Getter]"]);
  }
  return rows;
}

function draw(head, lines) {
  const widths = head.map((title, at) =>
    lines.reduce((width, line) => Math.max(width, line[at].length), title.length),
  );
  const rule = (left, middle, right) =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const row = (cells) =>
    `│${cells.map((text, at) => ` ${text.padEnd(widths[at])} `).join("│")}│`;
  return [
    rule("┌", "┬", "┐"),
    row(head),
    rule("├", "┼", "┤"),
    ...lines.map(row),
    rule("└", "┴", "┘"),
  ].join("\n");
}

function tableText(data, columns) {
  const rows = rowsOf(data);
  const names = new Set(columns === undefined ? [] : [...columns].map((name) => fz.dom(name)));
  let hasValues = false;
  for (const [, value] of rows) {
    if (!isObject(value)) hasValues = true;
    else if (columns === undefined) {
      for (const key of Object.keys(value).slice(0, COLUMNS_MAX)) names.add(key);
    }
    if (names.size >= COLUMNS_MAX) break;
  }
  const head = [INDEX, ...names, ...(hasValues ? [VALUES] : [])];
  const lines = rows.map(([index, value]) => {
    const cells = [...names].map((name) => (isObject(value) ? (own(value, name) ?? "") : ""));
    const last = hasValues ? [isObject(value) ? "" : cell(value)] : [];
    return [index, ...cells, ...last];
  });
  return draw(head, lines);
}

// Null for what makes no table.
fz.tableText = (data, columns) => {
  if (!isObject(data)) return null;
  try {
    return tableText(data, columns);
  } catch {
    return null;
  }
};
