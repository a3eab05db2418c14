// Decision regions: hidden units as small squares, the network's answer as a large one.
// Python computes every number; this file only colours the bytes that it sends.

const TOP = 22, BELOW = 50, GAP = 4, BETWEEN = 26, RIGHT = 40; // pixels
const MOST_ROWS = 8; // units in a column

function theme(node) {
  const style = getComputedStyle(node);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: read("--jp-ui-font-color1", "#333"),
    faint: read("--jp-ui-font-color2", "#666"),
    line: read("--jp-border-color1", "#bbb"),
    back: read("--jp-layout-color1", "#fff"),
    font: read("--jp-ui-font-family", "sans-serif"),
  };
}

const bytes = (view) =>
  view?.buffer ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(view ?? 0);
const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));

// Squares of `side` cells as a small canvas; the background shows where a level is weak.
function tile(levels, labels, side, colors, most) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(side, side);
  for (let k = 0; k < side * side; k++) {
    const v = levels[k];
    const color = colors[labels ? labels[k] % colors.length : v > 127 ? 1 : 0];
    image.data.set(color, 4 * k);
    image.data[4 * k + 3] = 255 * most * (labels ? v / 255 : Math.min(1, Math.abs(v - 127.5) / 127.5));
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
}

// Where two classes are equally likely: one short line for each cell that is crossed.
function boundary(ctx, levels, side, box) {
  const cell = box.s / side, at = (k) => levels[k] - 127.5;
  ctx.beginPath();
  for (let r = 0; r + 1 < side; r++) for (let q = 0; q + 1 < side; q++) {
    const k = r * side + q;
    const corners = [at(k), at(k + 1), at(k + side + 1), at(k + side)];
    const places = [[0, 0], [1, 0], [1, 1], [0, 1]], cut = [];
    for (let a = 0; a < 4; a++) {
      const b = (a + 1) % 4;
      if (corners[a] < 0 === corners[b] < 0) continue;
      const t = corners[a] / (corners[a] - corners[b]);
      cut.push([0, 1].map((i) => places[a][i] + t * (places[b][i] - places[a][i])));
    }
    for (let a = 0; a + 1 < cut.length; a += 2) {
      const p = ([x, y]) => [box.x + (q + 0.5 + x) * cell, box.y + (r + 0.5 + y) * cell];
      ctx.moveTo(...p(cut[a])); ctx.lineTo(...p(cut[a + 1]));
    }
  }
  ctx.stroke();
}

// Sizes for this width: `unit` is the side of a small square, `s` of the large one,
// which keeps its place at the right when layers come and go.
function layout(width, layers) {
  const columns = layers.map((l) => Math.ceil(l.shown / MOST_ROWS));
  const rows = layers.map((l, k) => Math.ceil(l.shown / columns[k]));
  const s = Math.min(300, Math.round(0.48 * width));
  const box = { x: width - RIGHT - s, y: TOP, s };
  const tall = (unit) => Math.max(0, ...rows) * (unit + GAP) - GAP;
  const wide = (unit) =>
    columns.reduce((sum, c) => sum + c * (unit + GAP) - GAP + BETWEEN, 0);
  let unit = 40;
  while (unit > 10 && (tall(unit) > s || wide(unit) > box.x)) unit -= 2;
  let x = Math.max(0, (box.x - wide(unit)) / 2);
  const blocks = layers.map((_, k) => {
    const w = columns[k] * (unit + GAP) - GAP, h = rows[k] * (unit + GAP) - GAP;
    const block = { x, y: TOP + (s - h) / 2, w, h, rows: rows[k] };
    x += w + BETWEEN;
    return block;
  });
  return { unit, blocks, box };
}

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "course-chart course-map";
  canvas.setAttribute("role", "img");
  el.appendChild(canvas);
  let waiting = false, drawn = 0, pointer = null, places = [];

  function points(ctx, c, colors, box) {
    const [x0, x1, y0, y1] = model.get("limits");
    const raw = bytes(model.get("points")), labels = bytes(model.get("labels"));
    const xy = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const train = model.get("num_train"), classes = model.get("classes").length;
    const name = (k) => {
      if (classes) return `rgb(${colors[labels[k] % colors.length]})`;
      const t = labels[k] / 255;
      return `rgb(${colors[0].map((v, i) => Math.round(v + t * (colors[1][i] - v)))})`;
    };
    ctx.save();
    ctx.beginPath(); ctx.rect(box.x, box.y, box.s, box.s); ctx.clip();
    // validation first, so that the training points lie on top
    for (let i = 0; i < labels.length; i++) {
      const k = (i + train) % labels.length;
      const x = box.x + ((xy.getFloat32(8 * k, true) - x0) / (x1 - x0)) * box.s;
      const y = box.y + ((y1 - xy.getFloat32(8 * k + 4, true)) / (y1 - y0)) * box.s;
      ctx.beginPath(); ctx.arc(x, y, k < train ? 3 : 2.7, 0, 7);
      if (k < train) {
        ctx.fillStyle = name(k); ctx.fill();
        ctx.strokeStyle = c.back; ctx.lineWidth = 0.8; ctx.stroke();
      } else {
        ctx.strokeStyle = name(k); ctx.lineWidth = 1.2; ctx.stroke();
      }
    }
    ctx.restore();
  }

  // What filled and hollow points and the colours mean, under the square.
  function key(ctx, c, colors, x, y) {
    ctx.textAlign = "left"; ctx.textBaseline = "middle"; ctx.font = `11px ${c.font}`;
    const entry = (text, mark) => {
      mark(x + 4); ctx.fillStyle = c.faint; ctx.fillText(text, x + 12, y);
      x += ctx.measureText(text).width + 24;
    };
    const disc = (fill) => (at) => {
      ctx.beginPath(); ctx.arc(at, y, 3.2, 0, 7);
      ctx.fillStyle = ctx.strokeStyle = c.faint; ctx.lineWidth = 1.2;
      fill ? ctx.fill() : ctx.stroke();
    };
    entry("training", disc(true)); entry("validation", disc(false));
    model.get("classes").forEach((name, k) => entry(name, (at) => {
      ctx.fillStyle = `rgb(${colors[k % colors.length]})`; ctx.fillRect(at - 5, y - 5, 10, 10);
    }));
  }

  function frame(ctx, c, box, title) {
    ctx.strokeStyle = c.line; ctx.lineWidth = 1;
    ctx.strokeRect(box.x - 0.5, box.y - 0.5, box.s + 1, box.s + 1);
    ctx.fillStyle = c.text; ctx.font = `600 12px ${c.font}`;
    ctx.textAlign = "left"; ctx.textBaseline = "alphabetic";
    ctx.fillText(title, box.x, box.y - 8);
    const [x0, x1, y0, y1] = model.get("limits").map((v) => String(+v.toPrecision(3)));
    ctx.fillStyle = c.faint; ctx.font = `10px ${c.font}`; ctx.textBaseline = "top";
    const below = box.y + box.s + 5;
    ctx.fillText(x0, box.x, below);
    ctx.textAlign = "center"; ctx.fillText("x₁", box.x + box.s / 2, below);
    ctx.textAlign = "right"; ctx.fillText(x1, box.x + box.s, below);
    ctx.fillText(y1, box.x - 4, box.y);
    ctx.textBaseline = "middle"; ctx.fillText("x₂", box.x - 4, box.y + box.s / 2);
    ctx.textBaseline = "bottom"; ctx.fillText(y0, box.x - 4, box.y + box.s);
  }

  function hidden(ctx, c, colors, picture, blocks, unit) {
    picture.layers.forEach((layer, k) => {
      const b = blocks[k], cells = bytes(layer.cells), n = picture.small ** 2;
      for (let u = 0; u < layer.shown; u++) {
        const x = b.x + Math.floor(u / b.rows) * (unit + GAP);
        const y = b.y + (u % b.rows) * (unit + GAP);
        const image = tile(cells.subarray(u * n, (u + 1) * n), null, picture.small, colors, 0.9);
        ctx.drawImage(image, x, y, unit, unit);
        ctx.strokeStyle = c.line; ctx.lineWidth = 1;
        ctx.strokeRect(x - 0.5, y - 0.5, unit + 1, unit + 1);
        places.push({ x, y, image, title: `hidden layer ${k + 1}, unit ${u + 1}` });
      }
      const middle = b.x + b.w / 2, some = layer.shown < layer.units;
      ctx.textAlign = "center"; ctx.fillStyle = c.text; ctx.font = `600 11px ${c.font}`;
      ctx.textBaseline = "alphabetic"; ctx.fillText(`layer ${k + 1}`, middle, b.y - 8);
      ctx.fillStyle = c.faint; ctx.font = `10px ${c.font}`; ctx.textBaseline = "top";
      const count = some ? `${layer.shown} of ${layer.units}` : `${layer.units} unit${layer.units > 1 ? "s" : ""}`;
      ctx.fillText(count, middle, b.y + b.h + 5);
      ctx.fillText(layer.name, middle, b.y + b.h + 18);
    });
  }

  // What stands at the left while there are no small squares.
  function note(ctx, c, picture, box) {
    const lines = picture.side
      ? ["There is no hidden layer."]
      : ["What each hidden unit answers", "all over the plane is shown here", "when a network trains."];
    ctx.fillStyle = c.faint; ctx.font = `12px ${c.font}`;
    ctx.textAlign = "center"; ctx.textBaseline = "middle";
    lines.forEach((text, k) =>
      ctx.fillText(text, (box.x - 24) / 2, box.y + box.s / 2 + 18 * (k - (lines.length - 1) / 2), box.x - 40));
  }

  function draw() {
    waiting = false;
    const width = el.clientWidth;
    if (!width) return; // not on the page yet
    const picture = model.get("picture"), layers = picture.layers ?? [];
    const { unit, blocks, box } = layout(width, layers);
    const height = box.y + box.s + BELOW, scale = window.devicePixelRatio || 1;
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
    }
    const ctx = canvas.getContext("2d");
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const c = theme(el), colors = model.get("colors").map(rgb);
    places = [];
    if (layers.length) hidden(ctx, c, colors, picture, blocks, unit);
    else note(ctx, c, picture, box);
    const under = pointer && places.find(({ x, y }) =>
      pointer.x >= x && pointer.x <= x + unit && pointer.y >= y && pointer.y <= y + unit);
    let title = picture.title ?? "no network yet";
    if (under) { // one unit, as large as the answer
      title = under.title;
      ctx.globalAlpha = 0.6; // so that the points stand out
      ctx.drawImage(under.image, box.x, box.y, box.s, box.s);
      ctx.globalAlpha = 1;
    } else if (picture.side) {
      const levels = bytes(picture.level), labels = bytes(picture.label);
      const own = labels.length ? labels : null;
      ctx.drawImage(tile(levels, own, picture.side, colors, 0.55), box.x, box.y, box.s, box.s);
      ctx.strokeStyle = c.text; ctx.lineWidth = 1.2;
      if (!own && model.get("classes").length) boundary(ctx, levels, picture.side, box);
    }
    frame(ctx, c, box, title);
    points(ctx, c, colors, box);
    key(ctx, c, colors, box.x, box.y + box.s + 32);
    if (picture.more) { // in words: there is no room for them
      ctx.fillStyle = c.faint; ctx.textAlign = "right";
      ctx.fillText(`${picture.more} more layer${picture.more > 1 ? "s" : ""} not drawn`, box.x - 16, box.y + box.s + 42);
    }
    canvas.setAttribute("aria-label", model.get("summary"));
    canvas.dataset.drawn = String(++drawn); // lets a test count the pictures
    canvas.dataset.units = String(places.length);
    canvas.dataset.title = title;
  }
  // Several changes between two frames of the screen are drawn once.
  function soon() {
    if (!waiting) { waiting = true; requestAnimationFrame(draw); }
  }
  for (const name of ["picture", "points", "labels", "limits", "classes", "summary"])
    model.on(`change:${name}`, soon);
  canvas.addEventListener("mousemove", (e) => { pointer = { x: e.offsetX, y: e.offsetY }; soon(); });
  canvas.addEventListener("mouseleave", () => { pointer = null; soon(); });
  const size = new ResizeObserver(soon); size.observe(el);
  const themes = new MutationObserver(soon);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  soon();
  return () => { size.disconnect(); themes.disconnect(); };
}

export default { render };
