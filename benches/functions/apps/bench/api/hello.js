// The classic form: what it returns is sent as JSON.
function handler() {
    return { message: "hello", time: Date.now() };
}
