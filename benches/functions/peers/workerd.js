// workerd: the same handler as fazt's, in the form that it wants.
import handler from "handler.js";

export default { fetch: (request) => handler(request) };
