export default () => {
    throw new Error("as it does each time");
};
