# Four workers, each on a port of its own; PORT0 to PORT3 are filled in.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "hello", worker = (
      modules = [
        (name = "main.js", esModule = embed "workerd.js"),
        (name = "handler.js", esModule = embed "response.js"),
      ],
      compatibilityDate = "2026-11-01")),
    (name = "json", worker = (
      modules = [
        (name = "main.js", esModule = embed "workerd.js"),
        (name = "handler.js", esModule = embed "json.js"),
      ],
      compatibilityDate = "2026-11-01")),
    (name = "fib", worker = (
      modules = [
        (name = "main.js", esModule = embed "workerd.js"),
        (name = "handler.js", esModule = embed "fib.js"),
      ],
      compatibilityDate = "2026-11-01")),
    (name = "hono", worker = (
      modules = [(name = "main.js", esModule = embed "hono.js")],
      compatibilityDate = "2026-11-01")),
  ],
  sockets = [
    (name = "hello", address = "127.0.0.1:PORT0", http = (), service = "hello"),
    (name = "json", address = "127.0.0.1:PORT1", http = (), service = "json"),
    (name = "fib", address = "127.0.0.1:PORT2", http = (), service = "fib"),
    (name = "hono", address = "127.0.0.1:PORT3", http = (), service = "hono"),
  ],
);
