// Joins V8 to the prelude: `host` has the functions of the host, `fz` what engines give.
// Everything else that the prelude defines stands on these two.
((core) => {
  "use strict";
  const { op_fazt_table, op_fazt_host, op_fazt_begin, op_fazt_cancel, op_fazt_compile } = core.ops;
  const host = Object.create(null);
  const fz = Object.create(null);
  const waiting = new Map();
  const numbers = Object.create(null);

  fz.start = (name, args, callback) => {
    const id = op_fazt_begin(numbers[name], args);
    waiting.set(id, callback);
    return id;
  };
  fz.cancel = (id) => {
    if (waiting.delete(id)) op_fazt_cancel(id);
  };
  fz.deliver = (id, error, message, value) => {
    const callback = waiting.get(id);
    if (callback === undefined) return;
    waiting.delete(id);
    try {
      if (error === null) callback(null, value);
      else callback(fz.makeError(error, message), undefined);
    } catch (thrown) {
      fz.report(thrown);
    }
  };
  fz.importModule = (specifier) => import(specifier);
  fz.compileFunction = (code, file, names) => op_fazt_compile(code, file, names);

  op_fazt_table().forEach(([name, isLater], number) => {
    numbers[name] = number;
    host[name] = isLater
      ? (...args) => {
        const { promise, resolve, reject } = Promise.withResolvers();
        fz.start(name, args, (error, value) => {
          if (error === null) resolve(value);
          else reject(error);
        });
        return promise;
      }
      : (...args) => op_fazt_host(number, args);
  });

  // Only the host finds this, before any code of an app runs, and takes it away.
  globalThis.__fazt = { host, fz };
})(Deno.core);
