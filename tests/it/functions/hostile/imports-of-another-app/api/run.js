import x from "../../other-app/x.js";
export default () => x;
