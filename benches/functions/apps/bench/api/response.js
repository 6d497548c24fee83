export default () => Response.json({ message: "hello", time: Date.now() });
