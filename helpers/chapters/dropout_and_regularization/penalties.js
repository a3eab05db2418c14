// Two planes of weights (w1, w2) with the same quadratic loss: L1 at the left, L2 at the
// right. Values come from sliders linked in the browser; the loss's minimum can also be
// dragged in the picture itself.

const COLORS = { loss: "#0072B2", l1: "#D55E00", l2: "#009E73" };
const SVG = "http://www.w3.org/2000/svg";
const REACH = 2; // of the sliders; the picture shows a little more
const SIDE = 280, SHOWN = 2.2, UNIT = SIDE / 2 / SHOWN;
const LEVELS = [0.1, 0.4, 0.9, 1.6, 2.5];
const NAMES = ["optimum_w1", "optimum_w2", "strength", "correlation"];

function lasso([a, b], strength, r) {
  const w = [0, 0], best = [a, b];
  for (let sweep = 0; sweep < 200; sweep++)
    for (const k of [0, 1]) {
      const alone = best[k] - r * (w[1 - k] - best[1 - k]);
      w[k] = Math.sign(alone) * Math.max(Math.abs(alone) - strength, 0);
    }
  return w;
}

function ridge([a, b], strength, r) {
  // (H + strength I) w = H w*, by the inverse of a 2x2 matrix
  const d = 1 + strength, det = d * d - r * r, g = [a + r * b, r * a + b];
  return [(d * g[0] - r * g[1]) / det, (d * g[1] - r * g[0]) / det];
}

function lossAt(w, best, r) {
  const [a, b] = [w[0] - best[0], w[1] - best[1]];
  return Math.max((a * a + b * b + 2 * r * a * b) / 2, 0);
}

function add(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

const set = (node, attributes) => {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
};
const x = (v) => SIDE / 2 + v * UNIT;
const y = (v) => SIDE / 2 - v * UNIT;
const number = (v) => (Math.abs(v) < 1e-12 ? "0" : v.toFixed(3));
const pair = (w) => `(${w.map(number).join(", ")})`.replaceAll("-", "−");

function plane(svg, left, kind, title) {
  const ink = "fill: var(--jp-ui-font-color1, #333)";
  const line = "stroke: var(--jp-border-color1, #bbb)";
  const color = COLORS[kind];
  add(svg, "text", { x: left, y: 16, style: ink, "font-size": 13, "font-weight": 600 }, title);
  const texts = [["●", COLORS.loss], ["■", color]].map(([sign, fill], k) => {
    const row = { x: left, y: 328 + 18 * k, "font-size": 12 };
    add(svg, "text", { ...row, fill }, sign);
    return add(svg, "text", { ...row, x: left + 16, style: ink });
  });
  // an inner svg cuts off what leaves the plane
  const area = add(svg, "svg", { x: left, y: 28, width: SIDE, height: SIDE });
  area.style.cssText = "cursor: move; touch-action: none";
  const frame = add(area, "rect", { class: "frame", width: SIDE, height: SIDE,
    fill: "transparent", style: line, "stroke-width": 1 });
  add(area, "line", { x1: 0, x2: SIDE, y1: y(0), y2: y(0), style: line });
  add(area, "line", { x1: x(0), x2: x(0), y1: 0, y2: SIDE, style: line });
  add(area, "text", { x: SIDE - 20, y: y(0) - 6, style: ink, "font-size": 12 }, "w₁");
  add(area, "text", { x: x(0) + 6, y: 14, style: ink, "font-size": 12 }, "w₂");
  const ball = add(area, kind === "l1" ? "polygon" : "circle",
    { fill: color, "fill-opacity": 0.3, stroke: color, "stroke-width": 1.5 });
  const ring = (width, opacity) => add(area, "ellipse", { fill: "none",
    stroke: COLORS.loss, "stroke-width": width, "stroke-opacity": opacity });
  const rings = LEVELS.map(() => ring(1, 0.55));
  const here = ring(2, 1);
  const optimum = add(area, "circle", { r: 6, fill: COLORS.loss });
  const solution = add(area, "rect", { width: 11, height: 11, fill: color,
    style: "stroke: var(--jp-ui-font-color1, #333)", "stroke-width": 1.2 });

  function draw(best, w, r) {
    const ellipse = (node, level) => set(node, {
      cx: x(best[0]), cy: y(best[1]),
      rx: Math.sqrt((2 * level) / (1 + r)) * UNIT, // along w1 = w2
      ry: Math.sqrt((2 * level) / (1 - r)) * UNIT,
      transform: `rotate(-45 ${x(best[0])} ${y(best[1])})`,
    });
    rings.forEach((node, k) => ellipse(node, LEVELS[k]));
    ellipse(here, lossAt(w, best, r));
    if (kind === "l1") {
      const size = Math.abs(w[0]) + Math.abs(w[1]);
      const corners = [[size, 0], [0, size], [-size, 0], [0, -size]];
      ball.setAttribute("points", corners.map(([a, b]) => `${x(a)},${y(b)}`).join(" "));
    } else set(ball, { cx: x(0), cy: y(0), r: Math.hypot(...w) * UNIT });
    set(optimum, { cx: x(best[0]), cy: y(best[1]) });
    set(solution, { x: x(w[0]) - 5.5, y: y(w[1]) - 5.5 });
    texts[0].textContent = `loss alone: lowest at ${pair(best)}`;
    texts[1].textContent = `with the penalty: lowest at ${pair(w)}`;
  }
  return { area, frame, draw };
}

function render({ model, el }) {
  const svg = add(el, "svg", { viewBox: "0 0 640 352", width: "100%", role: "img" });
  svg.style.cssText = "font-family: var(--jp-ui-font-family, sans-serif); user-select: none";
  const sides = [
    { solve: lasso, name: "L1",
      ...plane(svg, 20, "l1", "L1: loss + λ (|w₁| + |w₂|)") },
    { solve: ridge, name: "L2",
      ...plane(svg, 340, "l2", "L2: loss + (λ / 2) (w₁² + w₂²)") },
  ];

  function draw() {
    const [a, b, strength, r] = NAMES.map((name) => model.get(name));
    const said = sides.map(({ solve, draw, name }) => {
      const w = solve([a, b], strength, r);
      draw([a, b], w, r);
      return `${name} minimum at ${pair(w)}`;
    });
    svg.setAttribute("aria-label", said.join(", "));
  }

  for (const { area, frame } of sides) {
    const move = (event) => {
      // the frame's box: that of the inner svg counts what it cuts off
      const box = frame.getBoundingClientRect();
      const at = [(event.clientX - box.x) / box.width, 1 - (event.clientY - box.y) / box.height];
      // on the steps of the sliders, 0.04 apart, which follow
      const [a, b] = at.map((v) => {
        const w = Math.round(((2 * v - 1) * SHOWN) / 0.04) * 0.04;
        return +Math.min(Math.max(w, -REACH), REACH).toFixed(2);
      });
      model.set("optimum_w1", a);
      model.set("optimum_w2", b);
      model.save_changes();
    };
    area.addEventListener("pointerdown", (event) => {
      area.setPointerCapture(event.pointerId);
      move(event);
    });
    area.addEventListener("pointermove", (event) => {
      if (area.hasPointerCapture(event.pointerId)) move(event);
    });
  }
  for (const name of NAMES) model.on(`change:${name}`, draw);
  draw();
  return () => { for (const name of NAMES) model.off(`change:${name}`, draw); };
}

export default { render };
