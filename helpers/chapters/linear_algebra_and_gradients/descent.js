// Gradient descent on f = (x^2 + k y^2) / 2: contours with the path, and f after each
// step. The values come from sliders that are linked in the browser, so a move is drawn
// at once.

const SVG = "http://www.w3.org/2000/svg";
// As in descent.py, which draws the same.
const STEPS = 30, START = [4, 1], REACH = [4.6, 2.6];
const LEVELS = [1, 0.5, 0.2, 0.05, 0.01];
const LOWEST = -4, HIGHEST = 4;
const TINY = 1e-9;
const UNIT = 41; // pixels per 1
const MAP = { x: 8, y: 26, width: 2 * REACH[0] * UNIT, height: 2 * REACH[1] * UNIT };
const CURVE = { x: 440, y: 26, width: 172, height: MAP.height };
const INK = "var(--jp-ui-font-color1, #333)";
const FAINT = "var(--jp-border-color2, #ddd)";
const BLUE = "#0072B2", RED = "#D55E00";
const NAMES = ["learning_rate", "condition"];

function add(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

function label(svg, x, y, text, more = {}) {
  const node = add(svg, "text", { x, y, "font-size": 12, ...more }, text);
  node.style.fill = INK;
  return node;
}

// A pane that clips what lies outside, with a frame around it.
function pane(svg, { x, y, width, height }) {
  const frame = add(svg, "rect", { x, y, width, height, fill: "none" });
  frame.style.stroke = "var(--jp-border-color1, #bbb)";
  return add(svg, "svg", { x, y, width, height, viewBox: `0 0 ${width} ${height}` });
}

// A path with dots, and the one step in it that is marked.
function track(parent) {
  const line = add(parent, "polyline", { fill: "none", stroke: BLUE, "stroke-width": 1.8 });
  const dots = Array.from({ length: STEPS + 1 }, () => add(parent, "circle", { r: 2.6, fill: BLUE }));
  const marked = add(parent, "line", { stroke: RED, "stroke-width": 3.5 });
  return (points, rise) => {
    line.setAttribute("points", points.map((p) => p.join(",")).join(" "));
    dots.forEach((dot, k) => {
      const shown = k < points.length;
      dot.style.display = shown ? "" : "none";
      if (!shown) return;
      dot.setAttribute("cx", points[k][0]);
      dot.setAttribute("cy", points[k][1]);
      dot.setAttribute("fill", rise !== null && k >= rise ? RED : BLUE);
    });
    const seen = rise !== null && rise < points.length;
    marked.style.display = seen ? "" : "none";
    if (!seen) return;
    marked.setAttribute("x1", points[rise - 1][0]);
    marked.setAttribute("y1", points[rise - 1][1]);
    marked.setAttribute("x2", points[rise][0]);
    marked.setAttribute("y2", points[rise][1]);
  };
}

function render({ model, el }) {
  const svg = add(el, "svg", { viewBox: "0 0 620 284", width: "100%", role: "img" });
  svg.style.fontFamily = "var(--jp-ui-font-family, sans-serif)";
  svg.style.display = "block";
  label(svg, MAP.x, 16, "contours of f, and the path", { "font-size": 13, "font-weight": 600 });
  const title = label(svg, CURVE.x - 28, 16, "", { "font-size": 13, "font-weight": 600 });

  const map = pane(svg, MAP);
  const place = ([x, y]) => [(x + REACH[0]) * UNIT, (REACH[1] - y) * UNIT].map(inRange);
  const [cx, cy] = [REACH[0] * UNIT, REACH[1] * UNIT];
  add(map, "line", { x1: 0, x2: MAP.width, y1: cy, y2: cy }).style.stroke = FAINT;
  add(map, "line", { y1: 0, y2: MAP.height, x1: cx, x2: cx }).style.stroke = FAINT;
  label(map, MAP.width - 14, cy - 6, "x");
  label(map, cx + 7, 14, "y");
  const contours = LEVELS.map(() => {
    const ellipse = add(map, "ellipse", { cx, cy, fill: "none", "stroke-opacity": 0.45 });
    ellipse.style.stroke = INK;
    return ellipse;
  });
  const path = track(map);
  const start = add(map, "rect", { x: place(START)[0] - 5, y: place(START)[1] - 5, width: 10, height: 10 });
  start.style.fill = INK;
  label(map, place(START)[0], place(START)[1] - 12, "start", { "text-anchor": "middle" });

  const curve = pane(svg, CURVE);
  const level = (power) => CURVE.height * (HIGHEST - power) / (HIGHEST - LOWEST);
  for (let power = LOWEST; power <= HIGHEST; power += 2) {
    add(curve, "line", { x1: 0, x2: CURVE.width, y1: level(power), y2: level(power) }).style.stroke = FAINT;
    const name = label(svg, CURVE.x - 6, CURVE.y + level(power) + 4, "10", { "text-anchor": "end", "font-size": 11 });
    add(name, "tspan", { dy: -4, "font-size": 9 }, String(power).replace("-", "−"));
  }
  for (const step of [0, 10, 20, 30])
    label(svg, CURVE.x + (CURVE.width * step) / STEPS, CURVE.y + CURVE.height + 15, String(step),
      { "text-anchor": "middle", "font-size": 11 });
  label(svg, CURVE.x + CURVE.width / 2, CURVE.y + CURVE.height + 30, "step", { "text-anchor": "middle" });
  const values = track(curve);

  function draw() {
    const [lr, k] = NAMES.map((name) => model.get(name));
    const points = [START];
    for (let step = 0; step < STEPS; step++) {
      const [x, y] = points[step];
      points.push([x - lr * x, y - lr * k * y]); // minus the rate times the gradient
    }
    const f = points.map(([x, y]) => 0.5 * (x * x + k * y * y));
    const found = f.findIndex((v, step) => step > 0 && v - f[step - 1] > TINY * f[step - 1]);
    const rise = found < 0 ? null : found;
    contours.forEach((ellipse, n) => {
      const radius = UNIT * Math.sqrt(2 * LEVELS[n] * f[0]);
      ellipse.setAttribute("rx", radius);
      ellipse.setAttribute("ry", radius / Math.sqrt(k));
    });
    // beyond the first step that leaves the picture, a path only covers it
    const left = points.findIndex((p) => p.some((v, n) => Math.abs(v) > REACH[n]));
    path(points.slice(0, left < 0 ? STEPS + 1 : left + 1).map(place), rise);
    values(f.map((v, step) => [(CURVE.width * step) / STEPS,
      inRange(level(Math.log10(Math.max(v, 1e-99))))]), rise);
    title.textContent = rise === null ? "f after each step" : `f rises from step ${rise} on`;
    title.style.fill = rise === null ? INK : RED;
    svg.setAttribute("aria-label", `Learning rate ${lr.toFixed(2)}, condition number ${k}: ` +
      `f is ${f[0].toPrecision(3)} at the start and ${f[STEPS].toPrecision(3)} after ${STEPS} steps` +
      (rise === null ? "." : `; it rises from step ${rise} on.`));
  }
  for (const name of NAMES) model.on(`change:${name}`, draw);
  draw();
}

// Browsers draw no line to a point that is billions of pixels away.
function inRange(v) {
  return Math.min(Math.max(v, -5000), 5000);
}

export default { render };
