// fetch (Fetch 5.6) over the host's client.

// Scripts may put something else in its place.
const { Request } = globalThis;

// One exchange: what is left to do when it is aborted, and how it ends.
class Exchange {
  #handle;
  #unfollow = () => {};
  #failure = null;
  #reject = () => {};

  constructor(handle) {
    this.#handle = handle;
  }

  follow(signal) {
    if (signal !== null) this.#unfollow = fz.onAbort(signal, (reason) => this.abort(reason));
  }

  // Ends it: whoever waits gets the reason, and so does whoever asks later.
  abort(reason) {
    this.#failure ??= { reason };
    this.close();
    this.#reject(reason);
  }

  // The host forgets it; nothing more is to come.
  close() {
    this.#unfollow();
    host.fetchAbort(this.#handle);
  }

  // What the host answers, or the reason of an abort, whichever is first.
  async wait(name) {
    if (this.#failure !== null) throw this.#failure.reason;
    try {
      return await new Promise((resolve, reject) => {
        this.#reject = reject;
        host[name](this.#handle).then(resolve, reject);
      });
    } catch (error) {
      this.close();
      throw this.#failure === null ? error : this.#failure.reason;
    }
  }

  async read() {
    const chunk = await this.wait("fetchRead");
    if (chunk === null) this.close();
    return chunk;
  }

  // Sends a body piece by piece. When the server does not want more of it, what it answers
  // says so; when the body itself fails, so does the exchange.
  async send(reader) {
    for (;;) {
      let chunk;
      try {
        chunk = await reader.read();
      } catch (error) {
        this.abort(error);
        return;
      }
      try {
        if (this.#failure !== null) throw this.#failure.reason;
        if (chunk === null) {
          host.fetchWriteEnd(this.#handle);
          return;
        }
        await host.fetchWrite(this.#handle, chunk);
      } catch (error) {
        await reader.cancel(error);
        return;
      }
    }
  }
}

// What the host takes as a body: null, bytes, or `true` for one that is written.
function bodyToSend(body) {
  if (body === null) return null;
  if (body.stream !== null || body.incoming !== null) return true;
  body.isUsed = true;
  return typeof body.source === "string" ? host.utf8Encode(body.source) : body.source;
}

async function fetch(input, init = undefined) {
  fz.need(arguments.length, 1, "fetch");
  const request = new Request(input, init);
  const state = fz.requestState(request);
  const { method, url, body, source, options } = state;
  if (source !== null) source.throwIfAborted();
  const content = bodyToSend(body);
  const handle = host.fetchStart(method, url, state.flat(), content, options.redirect);
  const exchange = new Exchange(handle);
  exchange.follow(source);
  if (content === true) exchange.send(fz.bodyReader(body)).catch(() => {});
  const [status, statusText, finalUrl, isRedirected, headers] = await exchange.wait("fetchHead");
  const hasBody = method !== "HEAD" && !fz.hasNullBody(status);
  if (!hasBody) exchange.close();
  const incoming = {
    bytes: null,
    text: () => null,
    read: () => exchange.read(),
    cancel: (reason) => exchange.abort(reason),
  };
  return fz.createResponse({
    status,
    statusText,
    flat: headers,
    body: hasBody ? fz.newBody(null, incoming, null) : null,
    url: finalUrl,
    isRedirected,
  });
}

fz.define("fetch", fetch);
