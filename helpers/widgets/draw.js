// What every picture on a canvas is drawn with: the theme, a canvas that keeps up with
// its cell, panes with axes, and marks. Python computes every number.

// Colors of JupyterLab's theme by the names that scene.py gives them.
export function theme(node) {
  const style = getComputedStyle(node);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    ink: read("--jp-ui-font-color1", "#333"), faint: read("--jp-ui-font-color2", "#666"),
    paper: read("--jp-layout-color0", "#fff"), box: read("--jp-layout-color1", "#fff"),
    edge: read("--jp-border-color1", "#bbb"), grid: read("--jp-border-color2", "#ddd"),
    font: read("--jp-ui-font-family", "sans-serif"),
  };
}

// A canvas in el that is drawn anew when its width or the theme changes, and soon after
// soon(); several wishes between two frames of the screen are one. size(room) gives its
// width and height, and how many pixels one unit of the drawing has. Where the mouse
// matters, paint gets its place, or null.
export function surface(el, name, size, paint, mouse = false) {
  const canvas = document.createElement("canvas");
  canvas.className = name;
  canvas.setAttribute("role", "img");
  el.append(canvas);
  let waiting = false, drawn = 0, pointer = null;
  function draw() {
    waiting = false;
    if (!el.clientWidth) return; // not on the page yet
    const [width, height, unit = 1] = size(el.clientWidth);
    const dots = (window.devicePixelRatio || 1) * (canvas.currentCSSZoom || 1);
    const w = Math.round(width * dots), h = Math.round(height * dots);
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w; canvas.height = h;
      canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
    }
    const ctx = canvas.getContext("2d");
    ctx.setTransform(dots * unit, 0, 0, dots * unit, 0, 0);
    ctx.clearRect(0, 0, width / unit, height / unit);
    paint(ctx, theme(el), width / unit, height / unit, pointer);
    canvas.dataset.drawn = String(++drawn); // lets a test wait for the picture
  }
  function soon() {
    if (!waiting) { waiting = true; requestAnimationFrame(draw); }
  }
  if (mouse) {
    canvas.addEventListener("mousemove", (e) => {
      const area = canvas.getBoundingClientRect(), scale = canvas.clientWidth / area.width; // where the page is zoomed
      pointer = [(e.clientX - area.x) * scale, (e.clientY - area.y) * scale];
      soon();
    });
    canvas.addEventListener("mouseleave", () => { pointer = null; soon(); });
  }
  const room = new ResizeObserver(soon); room.observe(el);
  const themes = new MutationObserver(soon);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  window.addEventListener("course-zoomed", soon);
  soon();
  return { canvas, soon, stop: () => {
    room.disconnect(); themes.disconnect(); window.removeEventListener("course-zoomed", soon);
  } };
}

export const bytes = (view) =>
  view?.buffer ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(view ?? 0);

// A small canvas of w times h cells; color(k) gives red, green, blue and alpha of cell k.
export function tile(w, h, color) {
  const canvas = document.createElement("canvas");
  canvas.width = w; canvas.height = h;
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(w, h);
  for (let k = 0; k < w * h; k++) image.data.set(color(k), 4 * k);
  ctx.putImageData(image, 0, 0);
  return canvas;
}

export const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));

// Where a point of a pane stands, in pixels.
export function placing({ box: [left, top, w, h], x, y }) {
  return ([a, b]) => [left + ((a - x[0]) / (x[1] - x[0])) * w, top + ((y[1] - b) / (y[1] - y[0])) * h];
}

// A pane: {title, box, x, y, labels, ticks, key, marks} as Pane.sent writes it. Marks are
// cut off `slack` pixels beyond the axes.
export function pane(ctx, c, p) {
  const at = placing(p), [left, top, w, h] = p.box, slack = p.slack ?? 0;
  axes(ctx, c, p, at);
  ctx.save();
  ctx.beginPath(); ctx.rect(left - slack, top - slack, w + 2 * slack, h + 2 * slack); ctx.clip();
  for (const mark of p.marks) draw(ctx, c, mark, at, p.box);
  ctx.restore();
}

export function write(ctx, c, x, y, text, { size = 12, color = "ink", align = "left", bold = false, halo = false } = {}) {
  ctx.font = `${bold ? "600 " : ""}${size}px ${c.font}`;
  ctx.textAlign = align; ctx.textBaseline = "alphabetic"; ctx.setLineDash([]);
  if (halo) { // readable across what is drawn below it
    ctx.strokeStyle = c.paper; ctx.lineWidth = 4; ctx.lineJoin = "round"; ctx.strokeText(text, x, y);
  }
  ctx.fillStyle = c[color] ?? color;
  ctx.fillText(text, x, y);
}

function axes(ctx, c, { box: [left, top, w, h], title, color, labels, ticks: [xs, ys], grid, framed, key, x, y, marks }, at) {
  write(ctx, c, left, 14, title, { size: 13, bold: true, color });
  ctx.lineWidth = 1;
  for (const axis of ["x", "y"]) for (const [v, text] of axis === "x" ? xs : ys) {
    const across = axis === "y", [px, py] = at(across ? [x[0], v] : [v, y[0]]);
    if (grid === true || grid === axis) {
      ctx.strokeStyle = c.grid;
      ctx.beginPath(); ctx.moveTo(px, py); ctx.lineTo(across ? left + w : px, across ? py : top); ctx.stroke();
    }
    if (across) write(ctx, c, left - 6, py + 4, text, { size: 11, align: "right" });
    else write(ctx, c, px, top + h + 14, text, { size: 11, align: "center" });
  }
  write(ctx, c, left + w / 2, top + h + (xs.length ? 30 : 15), labels[0], { align: "center" });
  ctx.save();
  ctx.translate(left - (ys.length ? 38 : 8), top + h / 2); ctx.rotate(-Math.PI / 2);
  write(ctx, c, 0, 0, labels[1], { align: "center" });
  ctx.restore();
  if (framed) { ctx.strokeStyle = c.edge; ctx.strokeRect(left, top, w, h); }
  for (const entry of key) {
    const mark = marks[entry.mark], sx = left + entry.x, sy = top - 7 - 17 * entry.row;
    write(ctx, c, sx + 24, sy, mark.label, { size: 11 });
    sample(ctx, c, mark, sx, sy - 4);
  }
}

// A small piece of a mark, for the key.
function sample(ctx, c, mark, x, y) {
  const one = { box: [x, y - 4, 19, 8], x: [0, 1], y: [0, 1] }, at = placing(one);
  const line = [[0, 0.5], [1, 0.5]], whole = [[0, 0], [1, 0], [1, 1], [0, 1]];
  const color = Array.isArray(mark.color) ? mark.color[0] : mark.color;
  const piece = { line: { ...mark, xy: line }, dots: { ...mark, xy: [[0.5, 0.5]], size: Math.min(mark.size, 5.5) } }[mark.kind];
  draw(ctx, c, piece ?? { kind: "area", color, alpha: mark.alpha ?? 1, width: 0, xy: whole }, at, one.box);
}

export function draw(ctx, c, mark, at, box) {
  ctx.globalAlpha = mark.alpha ?? 1;
  ctx.strokeStyle = ctx.fillStyle = c[mark.color] ?? mark.color;
  ctx.lineWidth = mark.width; ctx.setLineDash(mark.dash ?? []); ctx.lineJoin = "round";
  MARKS[mark.kind](ctx, c, mark, at, box);
  ctx.globalAlpha = 1; ctx.setLineDash([]);
}

// A path through points; it breaks at null.
function trace(ctx, xy, at) {
  ctx.beginPath();
  xy.forEach((point, k) => { if (point) ctx[xy[k - 1] ? "lineTo" : "moveTo"](...at(point)); });
}

const SHAPES = {
  o: (ctx, x, y, r) => ctx.arc(x, y, r, 0, 7),
  s: (ctx, x, y, r) => ctx.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  "^": (ctx, x, y, r) => { ctx.moveTo(x, y - r); ctx.lineTo(x + r, y + r); ctx.lineTo(x - r, y + r); ctx.closePath(); },
  x: (ctx, x, y, r) => { ctx.moveTo(x - r, y - r); ctx.lineTo(x + r, y + r); ctx.moveTo(x + r, y - r); ctx.lineTo(x - r, y + r); },
  "|": (ctx, x, y, r) => { ctx.moveTo(x, y - r); ctx.lineTo(x, y + r); },
};

const MARKS = {
  line(ctx, c, { xy }, at) { trace(ctx, xy, at); ctx.stroke(); },
  area(ctx, c, { xy, width }, at) {
    trace(ctx, xy, at); ctx.fill();
    ctx.globalAlpha = 1;
    if (width) { ctx.closePath(); ctx.stroke(); }
  },
  dots(ctx, c, { xy, shape, size, color, edge }, at) {
    ctx.strokeStyle = c[edge || color] ?? (edge || color);
    ctx.lineWidth = "x|".includes(shape) ? 1.8 : 1.2;
    for (const point of xy) {
      if (!point) continue;
      ctx.beginPath(); SHAPES[shape](ctx, ...at(point), size);
      if (!"x|".includes(shape)) ctx.fill();
      if (edge || "x|".includes(shape)) ctx.stroke();
    }
  },
  bars(ctx, c, { at: places, lengths, color, width, across, digits }, at) {
    places.forEach((place, k) => {
      const turn = (a, b) => at(across ? [b, a] : [a, b]);
      const [x0, y0] = turn(place - width / 2, 0), [x1, y1] = turn(place + width / 2, lengths[k]);
      ctx.fillStyle = c[color[k]] ?? color[k];
      ctx.fillRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
      if (digits === null) return;
      const [x, y] = turn(place, lengths[k]);
      const text = (Math.abs(lengths[k]) < 0.5 * 10 ** -digits ? 0 : lengths[k]).toFixed(digits).replace("-", "−");
      if (across) write(ctx, c, x + 6, y + 4, text, { size: 11 });
      else write(ctx, c, x, lengths[k] < 0 ? y + 14 : y - 5, text, { size: 11, align: "center" });
    });
  },
  image(ctx, c, { values, side: [h, w], color, alpha, smooth, x, y }, at) {
    const v = bytes(values), one = color && rgb(color);
    const cells = tile(w, h, (k) => (one ? [...one, v[k]] : [v[3 * k], v[3 * k + 1], v[3 * k + 2], 255]));
    const [x0, y1] = at([x[0], y[0]]), [x1, y0] = at([x[1], y[1]]);
    ctx.imageSmoothingEnabled = smooth;
    ctx.drawImage(cells, x0, y0, x1 - x0, y1 - y0);
  },
  arrow(ctx, c, { xy, color, text }, at, [left, top, w, h]) {
    const [[ax, ay], [tx, ty]] = xy.map(at), length = Math.hypot(tx - ax, ty - ay);
    const ux = (tx - ax) / (length || 1), uy = (ty - ay) / (length || 1);
    const head = Math.min(11, length), half = 0.45 * head, bx = tx - head * ux, by = ty - head * uy;
    ctx.beginPath(); ctx.moveTo(ax, ay); ctx.lineTo(bx, by); ctx.stroke();
    ctx.beginPath(); ctx.moveTo(tx, ty);
    ctx.lineTo(bx - half * uy, by + half * ux); ctx.lineTo(bx + half * uy, by - half * ux); ctx.fill();
    // beyond the tip, but inside the pane
    const inside = (v, low, room) => Math.min(Math.max(v, low + 14), low + room - 14);
    write(ctx, c, inside(tx + 15 * ux, left, w), inside(ty + 15 * uy, top, h) + 5, text,
      { size: 14, bold: true, color, align: "center" });
  },
  text(ctx, c, { xy: [point], text, shift: [dx, dy], ...look }, at) {
    if (!point) return;
    const [x, y] = at(point);
    write(ctx, c, x + dx, y + dy, text, look);
  },
  handle() {}, // an element above the canvas
};
