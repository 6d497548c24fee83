// One call after the other: from the host's `call` to `respond`, `respondFail` and `callDone`.

// How long what `ctx.waitUntil` was given may go on is the host's business.
const handlers = new Map();
const visits = new Map();

const ABORTED = "the visitor has left";

class Context {
  #visit;

  constructor(visit) {
    this.#visit = visit;
  }
  // Keeps the call alive until the promise is settled, after its response.
  waitUntil(promise) {
    const visit = this.#visit;
    visit.awaited ??= [];
    visit.awaited.push(Promise.resolve(promise).catch((error) => fz.report(error)));
  }
  // Cloudflare's: there is nothing behind a function here that could answer instead.
  passThroughOnException() {}
}

fz.call = (call, file, method, url, path, params, ip, bodyKind) => {
  const visit = new fz.Visit(call, method, url, path, params, ip, bodyKind);
  visits.set(call, visit);
  const handler = handlers.get(file);
  if (handler !== undefined) {
    run(visit, handler);
    return;
  }
  try {
    const found = fz.loadHandler(file);
    if (!(found instanceof Promise)) {
      handlers.set(file, found);
      run(visit, found);
      return;
    }
    found.then((loaded) => {
      handlers.set(file, loaded);
      // The modules of several calls may be ready in the same step.
      host.callResumes(call);
      run(visit, loaded);
    }).catch((error) => fail(visit, error));
  } catch (error) {
    fail(visit, error);
  }
};

fz.abort = (call) => {
  const visit = visits.get(call);
  if (visit === undefined) return;
  visits.delete(call);
  visit.abort(new DOMException(ABORTED, "AbortError"));
};

const STREAMED = 2;

function run(visit, handler) {
  try {
    const isSync = handler.form === "classic" || handler.form === "legacy";
    if (isSync && visit.bodyKind === STREAMED) {
      visit.gather().then(() => invoke(visit, handler)).catch((error) => fail(visit, error));
    } else {
      invoke(visit, handler);
    }
  } catch (error) {
    fail(visit, error);
  }
}

function invoke(visit, handler) {
  let value;
  switch (handler.form) {
    case "classic":
      value = handler.call.call(undefined, fz.classicRequest(visit), new Context(visit));
      break;
    case "fetch":
      value = handler.owner.fetch(fz.webRequest(visit), fz.env, new Context(visit));
      break;
    case "methods":
      value = byMethod(visit, handler);
      if (value === ALLOWED) return;
      break;
    default:
      value = fz.runLegacy(visit, handler);
  }
  if (value !== null && typeof value === "object" && typeof value.then === "function") {
    Promise.resolve(value).then((settled) => answer(visit, settled))
      .catch((error) => fail(visit, error));
  } else {
    answer(visit, value);
  }
}

const ALLOWED = Symbol("allowed");

function byMethod(visit, { handlers: methods, owner }) {
  const { method } = visit;
  const found = methods[method] ?? (method === "HEAD" ? methods.GET : undefined);
  if (found !== undefined) return found.call(owner, fz.webRequest(visit), new Context(visit));
  const names = fz.METHODS.filter((name) => name === "OPTIONS" || methods[name] !== undefined);
  if (methods.GET !== undefined && methods.HEAD === undefined) names.push("HEAD");
  const allow = names.join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  host.respondAllow(visit.call, allow);
  done(visit);
  return ALLOWED;
}

function answer(visit, value) {
  const { status, headers, body } = fz.answerOf(value);
  if (visit.method === "HEAD" || body === null || !fz.isReadableStream(body)) {
    const isStream = body !== null && typeof body === "object" && fz.isReadableStream(body);
    if (isStream) body.cancel(ABORTED).catch(() => {});
    host.respond(visit.call, status, headers, isStream ? null : body);
    done(visit);
    return;
  }
  host.respondStream(visit.call, status, headers);
  pump(visit, fz.takePull(body) ?? pulling(fz.readStream(body))).then(() => done(visit));
}

function pulling(reader) {
  return { pull: reader.next, cancel: reader.cancel };
}

// Sends a stream as fast as the visitor takes it.
async function pump(visit, source) {
  let isOver = false;
  visit.onAbort = (reason) => {
    isOver = true;
    Promise.resolve(source.cancel?.(reason)).catch(() => {});
  };
  try {
    for (;;) {
      const chunk = await source.pull();
      if (isOver) return;
      if (chunk === null) break;
      const bytes = typeof chunk === "string" ? chunk : fz.bytesOf(chunk);
      if (bytes === null) throw new TypeError("a response streams bytes or strings");
      if (!(await host.respondWrite(visit.call, bytes))) {
        visit.abort(new DOMException(ABORTED, "AbortError"));
        return;
      }
    }
    host.respondEnd(visit.call, true);
  } catch (error) {
    if (isOver) return;
    fz.report(error);
    host.respondEnd(visit.call, false);
  }
}

function fail(visit, error) {
  let message = "an error that cannot be shown";
  let stack = "";
  try {
    const isError = error !== null && typeof error === "object" && "message" in error;
    message = isError && error.message === "fazt: body too large"
      ? error.message : fz.inspect(error, { levels: 1 }).split("\n", 1)[0];
    stack = fz.inspect(error);
  } catch {
    // What was thrown defends itself against being looked at.
  }
  host.respondFail(visit.call, message, stack);
  done(visit);
}

function done(visit) {
  const { call, awaited } = visit;
  if (awaited === null) {
    visits.delete(call);
    fz.endTimers(call);
    fz.endGroups(call);
    host.callDone(call);
    return;
  }
  const count = awaited.length;
  Promise.allSettled(awaited).then(() => {
    // More may have been added meanwhile.
    if (awaited.length === count) visit.awaited = null;
    done(visit);
  });
}
