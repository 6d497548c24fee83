export default () => {
    for (;;);
};
