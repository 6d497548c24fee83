export default () => import("file:///etc/passwd");
