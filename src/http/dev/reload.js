// Keeps an open page at what the folder of `fazt dev` holds.
//
// The page knows the release that it was made from. Each message says what is true now; a
// page from before reloads, one whose style sheets alone are old fetches those.
"use strict";
(() => {
  const script = document.currentScript;
  // A fragment that brings the script once more changes nothing.
  if (!script || window.faztDev) return;
  window.faztDev = true;

  const run = script.dataset.run;
  let release = Number(script.dataset.release);
  let overlay = null;

  function see(state) {
    if (state.run !== run || state.reload > release) {
      reload(`${state.run}-${state.reload}`);
      return;
    }
    if (state.release > release) {
      if (!swapStyles(state.release)) {
        reload(`${state.run}-${state.release}`);
        return;
      }
      release = state.release;
    }
    if (overlay) overlay.remove();
    overlay = state.problem ? show(state.problem) : null;
  }

  // A service worker may answer with an old page each time; once is enough then.
  function reload(wanted) {
    const key = "fazt-dev-reload";
    if (sessionStorage.getItem(key) === wanted) {
      console.warn("fazt dev: the page is older than the folder; is a service worker in between?");
      return;
    }
    sessionStorage.setItem(key, wanted);
    location.reload();
  }

  // Answers whether it could. Each new sheet takes the place of the old one when it is there,
  // so that the page is never without.
  function swapStyles(wanted) {
    const links = [...document.querySelectorAll("link[rel~=stylesheet][href]")];
    const own = links.filter((link) => new URL(link.href).origin === location.origin);
    const imports = [...document.querySelectorAll("style")];
    if (own.length === 0 || imports.some((style) => style.textContent.includes("@import"))) {
      return false;
    }
    for (const link of own) {
      const url = new URL(link.href);
      url.searchParams.set("fazt-dev", wanted);
      const fresh = link.cloneNode();
      fresh.href = url.href;
      fresh.onload = fresh.onerror = () => link.remove();
      link.after(fresh);
    }
    return true;
  }

  const css = `
    :host { all: initial; position: fixed; inset: 0; width: 100%; height: 100%; margin: 0;
      padding: 0; border: 0; z-index: 2147483647; background: rgb(12 12 16 / 0.72);
      overflow: auto; }
    section { box-sizing: border-box; max-width: 46rem; margin: 12vh auto; padding: 1.5rem 2rem;
      background: #17171c; color: #e8e8ea; border-top: 4px solid #ff5d5d; border-radius: 8px;
      font: 16px/1.5 system-ui, sans-serif; box-shadow: 0 12px 48px rgb(0 0 0 / 0.5); }
    h1 { margin: 0 0 0.75rem; font-size: 1.1rem; font-weight: 600; color: #ff8a8a; }
    p { margin: 0 0 0.75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
    pre { margin: 0 0 1rem; padding: 0.75rem; overflow: auto; background: #0e0e12;
      border-radius: 6px; font: 13px/1.6 ui-monospace, monospace; color: #a9a9b2; }
    pre b { color: #ffffff; font-weight: 400; }
    .file { font-family: ui-monospace, monospace; font-size: 14px; color: #8ab4ff; }
    .hint { margin: 0; color: #a9a9b2; font-size: 14px; }
    button { float: right; margin: -0.25rem -0.5rem 0 1rem; padding: 0.25rem 0.5rem; border: 0;
      background: none; color: #a9a9b2; font: inherit; cursor: pointer; }
    button:hover { color: #ffffff; }`;

  function element(name, text, parent) {
    const made = document.createElement(name);
    made.textContent = text;
    parent.append(made);
    return made;
  }

  function show(problem) {
    const host = document.createElement("fazt-dev-problem");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    const box = element("section", "", root);
    box.setAttribute("role", "alert");
    element("button", "Hide", box).onclick = () => host.remove();
    element("h1", release ? "This change is not shown" : "Nothing to show yet", box);
    element("p", problem.message, box);
    if (problem.file) {
      const place = [problem.file, problem.line, problem.column].filter((part) => part !== null);
      element("p", place.join(":"), box).className = "file";
    }
    if (problem.excerpt.length > 0) {
      const code = element("pre", "", box);
      const width = String(problem.excerpt.at(-1).number).length;
      for (const { number, text } of problem.excerpt) {
        const line = `${number === problem.line ? ">" : " "} ${String(number).padStart(width)} | `;
        element(number === problem.line ? "b" : "span", `${line}${text}\n`, code);
      }
    }
    const shown = release ? `The page shows v${release}. ` : "";
    element("p", `${shown}Waiting for a change…`, box).className = "hint";
    document.documentElement.append(host);
    // Above dialogs too, where the browser can.
    if (host.showPopover) {
      host.popover = "manual";
      host.showPopover();
    }
    return host;
  }

  // One page of a browser listens for all of this app: a browser opens only six connections
  // to a host, and each stream holds one.
  const channel = window.BroadcastChannel ? new BroadcastChannel("fazt-dev") : null;
  if (channel) channel.onmessage = (message) => see(message.data);

  function listen() {
    const source = new EventSource("/_fazt/dev/events");
    for (const name of ["state", "reload", "css", "problem", "ok"]) {
      source.addEventListener(name, (event) => {
        const state = JSON.parse(event.data);
        if (channel) channel.postMessage(state);
        see(state);
      });
    }
    source.onerror = () => {
      // A broken stream is asked for again by the browser, a refused one is not.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    };
  }

  if (channel && navigator.locks) {
    navigator.locks.request("fazt-dev", () => new Promise(listen));
    fetch("/_fazt/dev/state").then((answer) => answer.json()).then(see, () => {});
  } else {
    listen();
  }
})();
