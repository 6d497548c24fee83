// One call after the other: from the host's `call` to `respond`, `respondFail` and `callDone`.

// How long what `ctx.waitUntil` was given may go on is the host's business.

// Handlers by the host's numbers of their files.
const handlers = [];
// Visits that wait for something; those that are answered at once never come here.
const waiting = [];

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

function keep(visit) {
  if (visit.place >= 0) return;
  visit.place = waiting.length;
  waiting.push(visit);
}

function drop(visit) {
  if (visit.place < 0) return;
  const last = waiting.pop();
  if (last !== visit) {
    waiting[visit.place] = last;
    last.place = visit.place;
  }
  visit.place = -1;
}

fz.call = (call, file, kind, line, params, address) => {
  const visit = new fz.Visit(call, kind, line, params, address);
  const handler = handlers[file];
  if (handler !== undefined) {
    run(visit, handler);
    return;
  }
  try {
    const found = fz.loadHandler(host.callFile(call));
    if (!(found instanceof Promise)) {
      handlers[file] = found;
      run(visit, found);
      return;
    }
    keep(visit);
    found.then((loaded) => {
      handlers[file] = loaded;
      // The modules of several calls may be ready in the same step.
      host.callResumes(call);
      run(visit, loaded);
    }).catch((error) => fail(visit, error));
  } catch (error) {
    fail(visit, error);
  }
};

fz.abort = (call) => {
  const visit = waiting.find((visit) => visit.call === call);
  if (visit === undefined) return;
  drop(visit);
  visit.abort(new DOMException(ABORTED, "AbortError"));
};

const STREAMED = 2;

function run(visit, handler) {
  try {
    const isSync = handler.form === "classic" || handler.form === "legacy";
    if (isSync && visit.bodyKind === STREAMED) {
      keep(visit);
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
    keep(visit);
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
  const isStream = body !== null && typeof body === "object" && fz.isReadableStream(body);
  if (visit.isHead || !isStream) {
    if (isStream) body.cancel(ABORTED).catch(() => {});
    const isLast = visit.awaited === null;
    host.respond(visit.call, status, headers, isStream ? null : body, isLast);
    if (isLast) forget(visit);
    else done(visit);
    return;
  }
  keep(visit);
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
    forget(visit);
    host.callDone(call);
    return;
  }
  keep(visit);
  const count = awaited.length;
  Promise.allSettled(awaited).then(() => {
    // More may have been added meanwhile.
    if (awaited.length === count) visit.awaited = null;
    done(visit);
  });
}

function forget(visit) {
  drop(visit);
  fz.endTimers(visit.call);
  fz.endGroups(visit.call);
}
