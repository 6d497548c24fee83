throw new Error("while loading");
export default () => "never";
