// What an app sees of itself: `fazt`, its variables, and `process.env` as the original had it.

const env = {};
const app = {};

function variable(name, fallback = undefined) {
  return Object.hasOwn(env, name) ? env[name] : fallback;
}

const log = {};
for (const level of ["debug", "info", "warn", "error"]) {
  log[level] = (...args) => fz.logArgs(level, args);
}

const fazt = {
  app,
  env: {
    get: (name, fallback) => variable(name, fallback),
    has: (name) => Object.hasOwn(env, name),
  },
  log,
  net: { fetch: globalThis.fetch },
};
fz.define("fazt", fazt);
fz.define("process", { env });
fz.env = env;

// Called once, when the isolate is given to an app and before any code of it runs.
fz.adopt = () => {
  fz.boundWasm();
  fz.watchRejections();
  const [id, name, release, version] = host.app();
  Object.assign(app, { id, name, release });
  Object.freeze(app);
  fazt.version = version;
  const variables = host.env();
  for (let at = 0; at < variables.length; at += 2) env[variables[at]] = variables[at + 1];
};
