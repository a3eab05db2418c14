// An activation, its slope, and what a chain of layers makes of the slope. The values
// come from sliders that are linked in the browser, so a move is drawn at once.

const SVG = "http://www.w3.org/2000/svg";
const BLUE = "#0072B2", RED = "#D55E00", GREEN = "#009E73";
const REACH = 6; // z lies in -6 to 6
const DECADES = 12; // the chain is drawn from 1e-12 to 1e12
const MOST = 30; // layers
const TOP = 34, BOTTOM = 218, WIDTH = 180, LEFTS = [34, 264, 504];

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const FUNCTIONS = {
  sigmoid: { f: sigmoid, slope: (z) => sigmoid(z) * (1 - sigmoid(z)), low: -1.2, high: 1.2 },
  tanh: { f: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2, low: -1.2, high: 1.2 },
  ReLU: { f: (z) => Math.max(z, 0), slope: (z) => (z > 0 ? 1 : 0), low: -1.2, high: 6 },
  LeakyReLU: { f: (z) => (z > 0 ? z : z / 100), slope: (z) => (z > 0 ? 1 : 0.01), low: -1.2, high: 6 },
};

function add(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

function superscript(k) {
  return String(k).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
}

function render({ model, el }) {
  const svg = add(el, "svg", { viewBox: "0 0 700 260", width: "100%", role: "img" });
  svg.style.fontFamily = "var(--jp-ui-font-family, sans-serif)";
  const ink = "fill: var(--jp-ui-font-color1, #333)";
  const faint = "stroke: var(--jp-border-color2, #ccc); stroke-width: 1";
  const axis = "stroke: var(--jp-border-color1, #999); stroke-width: 1";
  const zx = (left, z) => left + ((z + REACH) / (2 * REACH)) * WIDTH;
  const at = (v, low, high) => BOTTOM - ((v - low) / (high - low)) * (BOTTOM - TOP);
  const say = (x, y, text, more = {}) =>
    add(svg, "text", { x, y, style: ink, "font-size": 12, ...more }, text);

  const titles = ["", "", "gradient factor"].map((text, k) =>
    say(LEFTS[k], 18, text, { "font-size": 13, "font-weight": 600 }));
  for (const left of LEFTS) add(svg, "line", { x1: left, x2: left + WIDTH, y1: BOTTOM, y2: BOTTOM, style: axis });
  for (const left of LEFTS.slice(0, 2)) {
    for (const z of [-6, -3, 0, 3, 6]) {
      add(svg, "line", { x1: zx(left, z), x2: zx(left, z), y1: TOP, y2: BOTTOM, style: faint });
      say(zx(left, z), BOTTOM + 15, String(z).replace("-", "−"), { "text-anchor": "middle", "font-size": 11 });
    }
    say(left + WIDTH / 2, BOTTOM + 33, "z", { "text-anchor": "middle", "font-style": "italic" });
  }
  // rows of numbers at the left of each picture, written anew where the range changes
  const ticks = add(svg, "g", {});
  const nx = (n) => LEFTS[2] + ((n - 1) / (MOST - 1)) * WIDTH;
  for (const n of [1, 10, 20, 30]) say(nx(n), BOTTOM + 15, String(n), { "text-anchor": "middle", "font-size": 11 });
  say(LEFTS[2] + WIDTH / 2, BOTTOM + 33, "layers", { "text-anchor": "middle" });

  const curve = (color) => add(svg, "path", { fill: "none", stroke: color, "stroke-width": 2 });
  const dot = (color) => add(svg, "circle", { r: 5, fill: color });
  const f = [curve(BLUE), dot(BLUE)], slope = [curve(RED), dot(RED)];
  const tangent = add(svg, "line", { stroke: RED, "stroke-width": 2, "stroke-dasharray": "5 3" });
  const chain = add(svg, "g", { fill: GREEN });
  const note = say(0, 0, "", { "text-anchor": "end", "font-size": 11 });

  function row(left, y, text) {
    add(ticks, "line", { x1: left, x2: left + WIDTH, y1: y, y2: y, style: faint });
    add(ticks, "text", { x: left - 5, y: y + 4, "text-anchor": "end", style: ink, "font-size": 11 }, text);
  }

  function trace([path, mark], left, g, z, low, high) {
    const points = [];
    for (let k = 0; k <= 240; k++) {
      const x = -REACH + k / 20;
      points.push(`${zx(left, x).toFixed(1)},${at(g(x), low, high).toFixed(1)}`);
    }
    path.setAttribute("d", "M" + points.join("L"));
    mark.setAttribute("cx", zx(left, z));
    mark.setAttribute("cy", at(g(z), low, high));
  }

  function draw() {
    const name = model.get("activation"), n = model.get("layers"), w = model.get("weight");
    const z = Math.round(model.get("z") * 1000) / 1000; // the slider's 0 is not quite 0
    const one = FUNCTIONS[name], { low, high } = one;
    titles[0].textContent = name;
    titles[1].textContent = `slope of ${name}`;
    ticks.replaceChildren();
    for (const v of high > 2 ? [0, 2, 4, 6] : [-1, 0, 1]) row(LEFTS[0], at(v, low, high), String(v).replace("-", "−"));
    for (const v of [0, 0.25, 0.5, 0.75, 1]) row(LEFTS[1], at(v, -0.05, 1.05), String(v));
    for (const k of [-12, -6, 0, 6, 12]) row(LEFTS[2], at(k, -DECADES, DECADES), k ? `10${superscript(k)}` : "1");
    trace(f, LEFTS[0], one.f, z, low, high);
    trace(slope, LEFTS[1], one.slope, z, -0.05, 1.05);
    const s = one.slope(z), reach = 1.2, y = one.f(z);
    for (const [end, sign] of [[1, -1], [2, 1]]) {
      tangent.setAttribute(`x${end}`, zx(LEFTS[0], z + sign * reach));
      tangent.setAttribute(`y${end}`, at(y + sign * reach * s, low, high));
    }
    chain.replaceChildren();
    let factor = s, outside = "";
    for (let k = 1; k <= n; k++) {
      if (k > 1) factor *= w * s;
      const power = factor > 0 ? Math.log10(factor) : -Infinity;
      const inside = Math.min(Math.max(power, -DECADES), DECADES);
      const mark = add(chain, "circle", { cx: nx(k), cy: at(inside, -DECADES, DECADES), r: 3 });
      if (power !== inside) {
        mark.setAttribute("fill-opacity", 0.35);
        outside = factor === 0 ? "zero: below the picture" : "pale: outside the picture";
      }
    }
    note.textContent = outside;
    note.setAttribute("x", LEFTS[2] + WIDTH);
    note.setAttribute("y", s * w > 1 ? BOTTOM - 8 : TOP + 12);
    svg.setAttribute("aria-label",
      `${name}(${z.toFixed(2)}) is ${y.toFixed(4)}, slope ${s.toPrecision(3)}, factor ${factor.toExponential(2)}`);
  }
  for (const name of ["activation", "z", "layers", "weight"]) model.on(`change:${name}`, draw);
  draw();
}

export default { render };
