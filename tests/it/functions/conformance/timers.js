// Timers and microtasks (HTML 8.6, 8.7).

const pause = (delay) => new Promise((resolve) => setTimeout(resolve, delay));

test("a timeout calls back with its arguments", async () => {
  const args = await new Promise((resolve) => setTimeout((...all) => resolve(all), 1, "a", 2));
  equal(args, ["a", 2]);
});

test("timeouts are numbers that differ", () => {
  const [first, second] = [setTimeout(() => {}), setInterval(() => {}, 1000)];
  assert(typeof first === "number" && first > 0 && first !== second);
  clearTimeout(first);
  clearInterval(second);
});

test("timeouts come in the order of their times", async () => {
  const seen = [];
  setTimeout(() => seen.push("late"), 30);
  setTimeout(() => seen.push("soon"), 5);
  setTimeout(() => seen.push("soon too"), 5);
  queueMicrotask(() => seen.push("microtask"));
  seen.push("now");
  await pause(40);
  equal(seen, ["now", "microtask", "soon", "soon too", "late"]);
});

test("a timeout is never early", async () => {
  const start = performance.now();
  await pause(20);
  assert(performance.now() - start >= 19, "early");
});

test("odd delays are none", async () => {
  const delays = [undefined, null, -1, NaN, "x", "0", -Infinity, Infinity, 2 ** 32];
  const start = performance.now();
  await Promise.all(delays.map(pause));
  assert(performance.now() - start < 1000);
});

test("a cleared timeout does not come", async () => {
  let isCalled = false;
  const timer = setTimeout(() => (isCalled = true), 1);
  clearTimeout(timer);
  clearTimeout(timer);
  clearInterval(setTimeout(() => (isCalled = true), 1));
  await pause(10);
  equal(isCalled, false);
});

test("clearing what is no timer", () => {
  for (const wrong of [undefined, null, 0, -1, 1e9, "x", NaN, {}]) {
    clearTimeout(wrong);
    clearInterval(wrong);
    clearImmediate(wrong);
  }
  clearTimeout();
});

test("an interval comes again until it is cleared", async () => {
  let count = 0;
  await new Promise((resolve) => {
    const timer = setInterval((step) => {
      count += step;
      if (count < 6) return;
      clearInterval(timer);
      resolve();
    }, 0, 2);
  });
  await pause(10);
  equal(count, 6);
});

test("an interval survives its errors", async () => {
  const errors = [];
  const report = (event) => {
    errors.push(event.error);
    event.preventDefault();
  };
  addEventListener("error", report);
  let count = 0;
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      count += 1;
      if (count === 3) {
        clearInterval(timer);
        resolve();
      }
      throw count;
    }, 1);
  });
  removeEventListener("error", report);
  equal([count, errors], [3, [1, 2, 3]]);
});

test("text is not run as code", () => {
  throws(TypeError, () => setTimeout("globalThis.bad = 1"));
  throws(TypeError, () => setInterval("globalThis.bad = 1", 1));
  throws(TypeError, () => setTimeout());
  throws(TypeError, () => setImmediate({}));
});

test("setImmediate comes after microtasks", async () => {
  const seen = [];
  const immediate = new Promise((resolve) => {
    setImmediate((text) => {
      seen.push(text);
      resolve();
    }, "immediate");
  });
  clearImmediate(setImmediate(() => seen.push("cleared")));
  Promise.resolve().then(() => seen.push("microtask"));
  await immediate;
  equal(seen, ["microtask", "immediate"]);
});

test("live timers are bounded", () => {
  const timers = [];
  throws(RangeError, () => {
    for (let count = 0; count <= 10000; count += 1) timers.push(setTimeout(() => {}, 100000));
  });
  assert(timers.length > 9000, "too few timers");
  timers.forEach(clearTimeout);
  clearTimeout(setTimeout(() => {}));
});

test("queueMicrotask", async () => {
  const seen = [];
  queueMicrotask(() => seen.push(1));
  Promise.resolve().then(() => seen.push(2));
  queueMicrotask(() => seen.push(3));
  await pause(0);
  equal(seen, [1, 2, 3]);
  throws(TypeError, () => queueMicrotask());
  throws(TypeError, () => queueMicrotask("x"));
});

test("an error in a microtask is reported", async () => {
  let seen = null;
  const report = (event) => {
    seen = event.error;
    event.preventDefault();
  };
  addEventListener("error", report);
  queueMicrotask(() => {
    throw "thrown";
  });
  await pause(0);
  removeEventListener("error", report);
  equal(seen, "thrown");
});
