import { nothing } from "./other.js";
export default () => nothing;
