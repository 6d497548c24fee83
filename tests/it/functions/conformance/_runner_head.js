// The names that the cases use. This text, the cases of a topic and `_runner_tail.js` make one
// file of an app.
//
//   test(name, run)            a case: `run` throws or rejects when it fails
//   assert(condition, message)
//   equal(actual, expected)    the same value, deeply
//   throws(kind, run)          `kind` is a class or the name of an error
//   rejects(kind, promise)
//   logs()                     what was logged since the last `logs()`: see the tail

const conformance = { tests: [], isRecording: false, recorded: [] };

{
  const isSame = (a, b) => {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (a instanceof Date) return isSame(a.getTime(), b.getTime());
    if (a instanceof Map || a instanceof Set) return isSame([...a], [...b]);
    if (a instanceof ArrayBuffer) return isSame(new Uint8Array(a), new Uint8Array(b));
    const keys = Object.keys(a);
    const isAlike = a.length === b.length && keys.length === Object.keys(b).length;
    return isAlike && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
  };

  const show = (value) => {
    const text = (_, part) => {
      if (typeof part === "bigint") return `${part}n`;
      return part === undefined ? "undefined" : part;
    };
    try {
      return JSON.stringify(value, text) ?? String(value);
    } catch {
      return Object.prototype.toString.call(value);
    }
  };

  const fail = (message) => {
    // While a case is recorded nobody judges it.
    if (!conformance.isRecording) throw new Error(message);
  };

  const isKind = (kind, error) =>
    typeof kind === "string" ? error?.name === kind : error instanceof kind;
  const kindText = (kind) => (typeof kind === "string" ? kind : kind.name);
  const judge = (kind, outcome) => {
    if (!outcome.isThrown) fail(`expected ${kindText(kind)}, and nothing was thrown`);
    else if (!isKind(kind, outcome.error)) {
      const { name, message } = Object(outcome.error);
      fail(`expected ${kindText(kind)}, and got ${name}: ${message ?? show(outcome.error)}`);
    }
  };

  Object.assign(globalThis, {
    test(name, run) {
      conformance.tests.push({ name, run });
    },
    assert(condition, message = "the assertion failed") {
      if (!condition) fail(message);
    },
    equal(actual, expected) {
      if (!isSame(actual, expected)) fail(`expected ${show(expected)}, and got ${show(actual)}`);
    },
    throws(kind, run) {
      let outcome = { isThrown: false };
      try {
        run();
      } catch (error) {
        outcome = { isThrown: true, error };
      }
      judge(kind, outcome);
    },
    async rejects(kind, promise) {
      let outcome = { isThrown: false };
      try {
        await promise;
      } catch (error) {
        outcome = { isThrown: true, error };
      }
      judge(kind, outcome);
    },
  });
}
