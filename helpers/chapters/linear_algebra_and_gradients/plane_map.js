// The plane under a 2 x 2 matrix: image of the grid and of the unit circle, the columns,
// a vector x with Ax, and the lines of the eigenvectors. The values come from sliders
// that are linked in the browser, so a move is drawn at once.

const SVG = "http://www.w3.org/2000/svg";
const SIDE = 460, REACH = 4, UNIT = SIDE / (2 * REACH); // pixels, -4 to 4, pixels per 1
const TINY = 1e-9;
const INK = "var(--jp-ui-font-color1, #333)";
const FAINT = "var(--jp-border-color2, #ddd)";
const NAMES = ["a11", "a12", "a21", "a22", "angle"];

function add(parent, name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.appendChild(node);
  return node;
}

const px = (x) => SIDE / 2 + UNIT * x;
const py = (y) => SIDE / 2 - UNIT * y;
const two = (v) => (Math.abs(v) < 0.0005 ? 0 : v).toFixed(3).replace("-", "−");

// Real eigenvalues, largest first, each with a unit vector on its line.
function eigenlines(a, b, c, d) {
  const middle = (a + d) / 2, spread = ((a - d) / 2) ** 2 + b * c;
  if (spread < -TINY || Math.max(Math.abs(a - d), Math.abs(b), Math.abs(c)) < TINY) return [];
  const root = Math.sqrt(Math.max(spread, 0));
  const values = root > TINY ? [middle + root, middle - root] : [middle];
  return values.map((value) => {
    const rows = [[a - value, b], [c, d - value]];
    const [p, q] = Math.hypot(...rows[0]) >= Math.hypot(...rows[1]) ? rows[0] : rows[1];
    const sign = p > 0 || (p === 0 && q < 0) ? 1 : -1, length = Math.hypot(p, q);
    return { value, x: (-q / length) * sign, y: (p / length) * sign };
  });
}

function arrow(svg, color, name) {
  const shaft = add(svg, "line", { x1: px(0), y1: py(0), "stroke-width": 2.5 });
  const head = add(svg, "polygon", {});
  const label = add(svg, "text", { "font-size": 14, "font-weight": 600, "text-anchor": "middle" });
  shaft.style.stroke = head.style.fill = label.style.fill = color;
  label.textContent = name;
  return (x, y) => {
    const length = Math.hypot(x, y) || 1, ux = x / length, uy = -y / length;
    const tx = px(x), ty = py(y), size = Math.min(11, UNIT * Math.hypot(x, y));
    const bx = tx - size * ux, by = ty - size * uy, half = 0.45 * size;
    shaft.setAttribute("x2", bx);
    shaft.setAttribute("y2", by);
    head.setAttribute("points",
      `${tx},${ty} ${bx - half * uy},${by + half * ux} ${bx + half * uy},${by - half * ux}`);
    // beyond the tip, but inside the picture
    const inside = (v) => Math.min(Math.max(v, 14), SIDE - 14);
    label.setAttribute("x", inside(tx + 15 * ux));
    label.setAttribute("y", inside(ty + 15 * uy) + 5);
  };
}

function render({ model, el }) {
  const svg = add(el, "svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, width: "100%", role: "img" });
  svg.style.fontFamily = "var(--jp-ui-font-family, sans-serif)";
  svg.style.display = "block";
  for (let k = -REACH; k <= REACH; k++) {
    const axis = k === 0 ? "var(--jp-border-color0, #999)" : FAINT;
    for (const ends of [{ x1: 0, x2: SIDE, y1: py(k), y2: py(k) }, { y1: 0, y2: SIDE, x1: px(k), x2: px(k) }])
      add(svg, "line", ends).style.stroke = axis;
  }
  // Mapped by the browser: a group in the coordinates of the plane before the map.
  const image = add(svg, "g", {});
  const still = { "vector-effect": "non-scaling-stroke", stroke: "#0072B2" };
  for (let k = -REACH; k <= REACH; k++) {
    const look = { ...still, "stroke-opacity": 0.7, "stroke-width": 1 };
    add(image, "line", { x1: -REACH, x2: REACH, y1: k, y2: k, ...look });
    add(image, "line", { y1: -REACH, y2: REACH, x1: k, x2: k, ...look });
  }
  add(image, "circle", { r: 1, fill: "#0072B2", "fill-opacity": 0.22, "stroke-width": 2, ...still });
  const circle = add(svg, "circle", { cx: px(0), cy: py(0), r: UNIT, fill: "none", "stroke-dasharray": "2 4" });
  circle.style.stroke = INK;
  const lines = [0, 1].map(() => {
    const line = add(svg, "line", { "stroke-width": 1.5, "stroke-dasharray": "8 5" });
    const label = add(svg, "text", { "font-size": 13, "text-anchor": "middle" });
    line.style.stroke = label.style.fill = INK;
    label.style.paintOrder = "stroke"; // readable across the grid
    label.style.stroke = "var(--jp-layout-color0, white)";
    label.style.strokeWidth = "4px";
    return { line, label };
  });
  const first = arrow(svg, "#009E73", "a₁"), second = arrow(svg, "#CC79A7", "a₂");
  const before = arrow(svg, INK, "x"), after = arrow(svg, "#D55E00", "Ax");

  function draw() {
    const [a, b, c, d, angle] = NAMES.map((name) => model.get(name));
    image.setAttribute("transform",
      `matrix(${UNIT * a} ${-UNIT * c} ${UNIT * b} ${-UNIT * d} ${px(0)} ${py(0)})`);
    const found = eigenlines(a, b, c, d);
    lines.forEach(({ line, label }, k) => {
      const shown = k < found.length;
      for (const node of [line, label]) node.style.display = shown ? "" : "none";
      if (!shown) return;
      const { value, x, y } = found[k], far = 2 * REACH;
      line.setAttribute("x1", px(-far * x));
      line.setAttribute("y1", py(-far * y));
      line.setAttribute("x2", px(far * x));
      line.setAttribute("y2", py(far * y));
      label.setAttribute("x", Math.min(Math.max(px(3.5 * x), 42), SIDE - 42));
      label.setAttribute("y", py(3.5 * y) + 5);
      label.textContent = `λ = ${two(value)}`;
    });
    const x = Math.cos((angle * Math.PI) / 180), y = Math.sin((angle * Math.PI) / 180);
    first(a, c);
    second(b, d);
    before(x, y);
    const mapped = [a * x + b * y, c * x + d * y];
    after(...mapped);
    const kept = found.map(({ value }) => `λ = ${two(value)}`).join(" and ");
    svg.setAttribute("aria-label", `x = (${two(x)}, ${two(y)}), ` +
      `Ax = (${mapped.map(two).join(", ")}), ${kept || "no single line kept"}`);
  }
  for (const name of NAMES) model.on(`change:${name}`, draw);
  draw();
}

export default { render };
