// Joins V8 to the prelude: `host` has the functions of the host, `fz` what engines give.
// Everything else that the prelude defines stands on these two.
((core) => {
  "use strict";
  const { op_fazt_table, op_fazt_host, op_fazt_begin, op_fazt_cancel, op_fazt_compile } = core.ops;
  const { op_drain_pending_rejections } = core.ops;
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
  // Comes after each step. Answers whether a script was told of a promise that failed unheard.
  fz.settle = () => {
    const rejections = op_drain_pending_rejections();
    if (rejections === undefined) return false;
    // Each is a promise, its reason, and the context that it was made in.
    for (let at = 0; at < rejections.length; at += 3) {
      fz.reportRejection(rejections[at], rejections[at + 1]);
    }
    return true;
  };
  core.setUnhandledPromiseRejectionHandler((promise, reason) => {
    fz.reportRejection(promise, reason);
    return true;
  });
  // What it sets is not kept by a snapshot, so every isolate calls it.
  fz.watchRejections = () => {
    core.setHandledPromiseRejectionHandler((promise, reason) => fz.reportHandled(promise, reason));
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
      : (a, b, c, d, e) => op_fazt_host(number, a, b, c, d, e);
  });

  // Only the host finds this, before any code of an app runs, and takes it away.
  globalThis.__fazt = { host, fz };
})(Deno.core);
