export const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));

export default () => Response.json({ fib: fib(25) });
