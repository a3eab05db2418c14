// Bars of three logits and of their softmax at a temperature. The values come from
// sliders that are linked in the browser, so a move is drawn at once.

const NAMES = ["cat", "chicken", "dog"];
const COLORS = ["#0072B2", "#D55E00", "#009E73"];
const SVG = "http://www.w3.org/2000/svg";
const REACH = 5; // logits lie in -5 to 5

function softmax(logits, temperature) {
  const scaled = logits.map((o) => o / temperature);
  const m = Math.max(...scaled); // exp-normalize: no overflow at any temperature
  const e = scaled.map((o) => Math.exp(o - m));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

function add(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

function render({ model, el }) {
  const svg = add(el, "svg", { viewBox: "0 0 600 250", width: "100%", role: "img" });
  svg.style.fontFamily = "var(--jp-ui-font-family, sans-serif)";
  const ink = "fill: var(--jp-ui-font-color1, #333)";
  const line = "stroke: var(--jp-border-color1, #bbb)";
  add(svg, "text", { x: 20, y: 16, style: ink, "font-size": 13, "font-weight": 600 }, "logits o");
  add(svg, "text", { x: 330, y: 16, style: ink, "font-size": 13, "font-weight": 600 }, "softmax(o / T)");
  add(svg, "line", { x1: 20, x2: 270, y1: 125, y2: 125, style: line });
  add(svg, "line", { x1: 330, x2: 580, y1: 215, y2: 215, style: line });
  const bars = NAMES.map((name, k) => {
    const x = 40 + k * 80, side = x + 310;
    const make = (at) => ({
      bar: add(svg, "rect", { x: at, width: 50, fill: COLORS[k] }),
      label: add(svg, "text", { x: at + 25, "text-anchor": "middle", style: ink, "font-size": 12 }),
    });
    for (const at of [x, side])
      add(svg, "text", { x: at + 25, y: 244, "text-anchor": "middle", style: ink, "font-size": 12 }, name);
    return [make(x), make(side)];
  });

  function place({ bar, label }, from, to, text) {
    bar.setAttribute("y", Math.min(from, to));
    bar.setAttribute("height", Math.abs(to - from));
    label.setAttribute("y", to <= from ? to - 5 : to + 14);
    label.textContent = text;
  }
  function draw() {
    const logits = NAMES.map((name) => model.get(`logit_${name}`));
    const y_hat = softmax(logits, model.get("temperature"));
    bars.forEach(([left, right], k) => {
      place(left, 125, 125 - (logits[k] / REACH) * 88, logits[k].toFixed(1));
      place(right, 215, 215 - y_hat[k] * 180, y_hat[k].toFixed(3));
    });
    svg.setAttribute("aria-label", "Probabilities: " +
      NAMES.map((name, k) => `${name} ${y_hat[k].toFixed(3)}`).join(", "));
  }
  for (const name of [...NAMES.map((n) => `logit_${n}`), "temperature"])
    model.on(`change:${name}`, draw);
  draw();
}

export default { render };
