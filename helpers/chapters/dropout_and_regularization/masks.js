// A network with one hidden layer: the units that a dropout mask drops are struck out,
// and bars beside them show what they pass on. Numbers come from Python, sliders are
// linked in the browser, so a move is drawn at once.

const COLORS = ["#0072B2", "#D55E00"];
const SVG = "http://www.w3.org/2000/svg";
const REACH = 2.6, BAR = 210, LEFT = 340, TOP = 52, ROW = 36; // bars: units, pixels

function add(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

function scaled(model) {
  // as in Python: number >= p keeps; both are rounded to four decimals
  const p = Math.round(model.get("dropout") * 1e4) / 1e4;
  const h = model.get("activations"), factor = p < 1 ? 1 / (1 - p) : 0;
  return model.get("numbers").slice(0, model.get("mask"))
    .map((row) => row.map((u, j) => (p < 1 && u >= p ? h[j] * factor : 0)));
}

function render({ model, el }) {
  const h = model.get("activations"), v = model.get("weights");
  const rows = h.map((_, j) => TOP + ROW * j), middle = (rows[0] + rows.at(-1)) / 2;
  const svg = add(el, "svg", { viewBox: "0 0 660 366", width: "100%", role: "img" });
  svg.style.fontFamily = "var(--jp-ui-font-family, sans-serif)";
  const ink = "fill: var(--jp-ui-font-color1, #333)";
  const paper = "fill: var(--jp-layout-color0, #fff)";
  const gray = "stroke: var(--jp-ui-font-color2, #888)";
  const text = (at, top, words, more = {}) =>
    add(svg, "text", { x: at, y: top, style: ink, "font-size": 12, ...more }, words);

  const inputs = [0, 1, 2, 3].map((k) => rows[0] + ROW * (1 + (k * 5) / 3));
  const units = rows.map((row) => {
    const edges = inputs.map((at) => add(svg, "line",
      { x1: 30, x2: 150, y1: at, y2: row, style: gray, "stroke-width": 0.8 }));
    edges.push(add(svg, "line",
      { x1: 150, x2: 270, y1: row, y2: middle, style: gray, "stroke-width": 1.2 }));
    return { edges };
  });
  for (const at of inputs)
    add(svg, "circle", { cx: 30, cy: at, r: 10, style: `${paper}; ${gray}`, "stroke-width": 1.5 });
  add(svg, "circle", { cx: 270, cy: middle, r: 10, style: `${paper}; ${gray}`, "stroke-width": 1.5 });
  const centered = { "text-anchor": "middle" };
  text(36, 16, "inputs", centered);
  text(150, 16, "hidden units", centered);
  text(270, 16, "output", centered);
  const output = text(270, middle + 28, "", { ...centered, "font-weight": 600 });

  text(LEFT, 16, "passed on to the output", { "font-weight": 600 });
  let at = LEFT;
  for (const [words, color, width] of [["this mask", COLORS[0], 72],
    ["mean so far", COLORS[1], 84], ["without dropout", null, 0]]) {
    add(svg, "rect", color ? { x: at, y: 24, width: 10, height: 8, fill: color }
      : { x: at + 4, y: 22, width: 2, height: 12, style: ink });
    text(at + 14, 32, words, { "font-size": 11 });
    at += width + 12;
  }
  const x = (value) => LEFT + (Math.min(value, REACH) / REACH) * BAR;
  rows.forEach((row, j) => {
    const unit = units[j];
    unit.circle = add(svg, "circle", { cx: 150, cy: row, r: 10, "stroke-width": 1.5 });
    unit.cross = add(svg, "path", { "stroke-width": 2, style: gray,
      d: `M143,${row - 7} l14,14 m0,-14 l-14,14` });
    unit.bars = COLORS.map((color, k) => add(svg, "rect",
      { x: LEFT, y: row - 11 + 12 * k, height: 10, fill: color }));
    add(svg, "rect", { x: x(h[j]) - 1, y: row - 14, width: 2, height: 28, style: ink });
    unit.number = text(LEFT + BAR + 12, row + 4, "", { "font-size": 11 });
  });
  add(svg, "line", { x1: LEFT, x2: LEFT, y1: TOP - 16, y2: rows.at(-1) + 16, style: gray });

  function draw() {
    const masks = scaled(model), now = masks.at(-1);
    const p = model.get("dropout");
    let sum = 0, kept = 0;
    units.forEach(({ edges, circle, cross, bars, number }, j) => {
      const mean = masks.reduce((total, row) => total + row[j], 0) / masks.length;
      const on = now[j] > 0;
      sum += v[j] * now[j];
      kept += on;
      for (const edge of edges) edge.setAttribute("stroke-opacity", on ? 1 : 0.15);
      circle.setAttribute("style", on ? `fill: ${COLORS[0]}; stroke: ${COLORS[0]}`
        : `${paper}; ${gray}`);
      cross.setAttribute("visibility", on ? "hidden" : "visible");
      [now[j], mean].forEach((value, k) =>
        bars[k].setAttribute("width", x(value) - LEFT));
      number.textContent = `${now[j].toFixed(2)}, mean ${mean.toFixed(2)}`;
    });
    output.textContent = sum.toFixed(3);
    svg.setAttribute("aria-label", `Mask ${model.get("mask")} at dropout ` +
      `${p.toFixed(2)} keeps ${kept} of ${h.length} units, output ${sum.toFixed(3)}`);
  }
  const names = ["dropout", "mask"];
  for (const name of names) model.on(`change:${name}`, draw);
  draw();
  return () => { for (const name of names) model.off(`change:${name}`, draw); };
}

export default { render };
