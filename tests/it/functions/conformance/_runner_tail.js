// Runs the cases. `GET` answers `{ passed, failed: [{ name, error }] }`.
//
// A script cannot read its own log, so cases that call `logs()` run twice: `GET ?count` answers
// how many cases there are, `GET ?record=N` runs one of them and judges nothing, and `POST` takes
// all lines of the app's log from the oldest on, as a list of "level: text", and runs the cases
// with `logs()` answering from them.

{
  const MARK = "\u241E";
  const LINES_SHOWN_WHILE_RECORDING = 16;

  const mark = (what) => {
    for (let level = 0; level < 32; level += 1) console.groupEnd();
    console.debug(`${MARK}${what}`);
  };

  // The log's lines by case: for each a list of what each `logs()` is to answer.
  const split = (lines) => {
    const cases = new Map();
    let pieces = [];
    let piece = [];
    for (const line of lines) {
      const at = line.indexOf(MARK);
      const what = at < 0 ? undefined : line.slice(at + 1);
      if (what === undefined) {
        piece.push(line);
      } else if (what === "logs") {
        pieces.push(piece);
        piece = [];
      } else {
        pieces = [];
        piece = [];
        cases.set(Number(what), pieces);
      }
    }
    return cases;
  };

  const text = (error) => {
    const stack = typeof error?.stack === "string" ? error.stack : "";
    return stack.includes(String(error?.message)) ? stack : `${error}\n${stack}`;
  };

  const runAll = async (cases) => {
    const result = { passed: 0, failed: [] };
    for (const [place, { name, run }] of conformance.tests.entries()) {
      conformance.recorded = cases.get(place) ?? [];
      try {
        await run();
        result.passed += 1;
      } catch (error) {
        result.failed.push({ name, error: text(error) });
      }
    }
    return result;
  };

  const record = async (place) => {
    conformance.isRecording = true;
    mark(String(place));
    try {
      await conformance.tests[place].run();
    } catch {
      // It has no lines to look at yet.
    }
    conformance.isRecording = false;
  };

  globalThis.logs = () => {
    if (conformance.isRecording) {
      mark("logs");
      return Array.from({ length: LINES_SHOWN_WHILE_RECORDING }, () => "");
    }
    const piece = conformance.recorded.shift();
    if (piece === undefined) throw new Error("no log was given for this `logs()`");
    return piece;
  };

  conformance.answer = async (request) => {
    const { searchParams } = new URL(request.url);
    if (request.method === "POST") return runAll(split(await request.json()));
    if (searchParams.has("count")) return { count: conformance.tests.length };
    if (!searchParams.has("record")) return runAll(new Map());
    await record(Number(searchParams.get("record")));
    return {};
  };
}

export default {
  async fetch(request) {
    return Response.json(await conformance.answer(request));
  },
};
