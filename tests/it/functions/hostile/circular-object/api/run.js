function handler() {
  const circle = {};
  circle.self = circle;
  return circle;
}
