// Decision regions: hidden units as small squares, the network's answer as a large one.
// Python computes every number; this file only colors the bytes that it sends.

import { bytes, draw, placing, rgb, surface, tile, write } from "./draw.js";

const TOP = 22, BELOW = 50, GAP = 4, BETWEEN = 26, RIGHT = 40; // pixels
const MOST_ROWS = 8; // units in a column

// Where two classes are equally likely: one short line for each cell that is crossed.
function boundary(levels, side) {
  const xy = [], at = ([q, r]) => levels[r * side + q] - 127.5;
  for (let r = 0; r + 1 < side; r++) for (let q = 0; q + 1 < side; q++) {
    const corners = [[q, r], [q + 1, r], [q + 1, r + 1], [q, r + 1]], cut = [];
    corners.forEach((a, k) => {
      const b = corners[(k + 1) % 4], [u, v] = [at(a), at(b)];
      if (u < 0 !== v < 0) cut.push([0, 1].map((i) => a[i] + (u / (u - v)) * (b[i] - a[i])));
    });
    cut.forEach((point, k) => xy.push(point, ...(k % 2 ? [null] : [])));
  }
  return xy;
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
  let places = [];
  const pixel = (colors, most, labels, levels) => (k) => {
    const v = levels[k], alpha = labels ? v / 255 : Math.min(1, Math.abs(v - 127.5) / 127.5);
    return [...colors[labels ? labels[k] % colors.length : v > 127 ? 1 : 0], 255 * most * alpha];
  };

  function points(ctx, c, colors, box) {
    const [x0, x1, y0, y1] = model.get("limits"), at = placing({ box: [box.x, box.y, box.s, box.s], x: [x0, x1], y: [y0, y1] });
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
      const k = (i + train) % labels.length, point = [xy.getFloat32(8 * k, true), xy.getFloat32(8 * k + 4, true)];
      const look = k < train ? { size: 3, color: name(k), edge: "box" } : { size: 2.7, color: "transparent", edge: name(k) };
      draw(ctx, c, { kind: "dots", shape: "o", xy: [point], ...look }, at);
    }
    ctx.restore();
  }

  // What filled and hollow points and the colors mean, under the square.
  function key(ctx, c, colors, x, y) {
    const entry = (text, mark) => {
      ctx.fillStyle = ctx.strokeStyle = c.faint; ctx.lineWidth = 1.2; ctx.beginPath();
      mark(x + 4);
      write(ctx, c, x + 12, y + 4, text, { size: 11, color: "faint" });
      x += ctx.measureText(text).width + 24;
    };
    entry("training", (at) => { ctx.arc(at, y, 3.2, 0, 7); ctx.fill(); });
    entry("validation", (at) => { ctx.arc(at, y, 3.2, 0, 7); ctx.stroke(); });
    model.get("classes").forEach((name, k) => entry(name, (at) => {
      ctx.fillStyle = `rgb(${colors[k % colors.length]})`; ctx.fillRect(at - 5, y - 5, 10, 10);
    }));
  }

  function frame(ctx, c, { x, y, s }, title) {
    ctx.strokeStyle = c.edge; ctx.lineWidth = 1;
    ctx.strokeRect(x - 0.5, y - 0.5, s + 1, s + 1);
    write(ctx, c, x, y - 8, title, { bold: true });
    const [x0, x1, y0, y1] = model.get("limits").map((v) => String(+v.toPrecision(3)));
    for (const [px, py, text, align] of [[x, y + s + 14, x0, "left"], [x + s / 2, y + s + 14, "x₁", "center"],
      [x + s, y + s + 14, x1, "right"], [x - 4, y + 9, y1, "right"], [x - 4, y + s / 2 + 3, "x₂", "right"], [x - 4, y + s - 1, y0, "right"]])
      write(ctx, c, px, py, text, { size: 10, align, color: "faint" });
  }

  function hidden(ctx, c, colors, picture, blocks, unit) {
    picture.layers.forEach((layer, k) => {
      const b = blocks[k], cells = bytes(layer.cells), n = picture.small ** 2;
      for (let u = 0; u < layer.shown; u++) {
        const x = b.x + Math.floor(u / b.rows) * (unit + GAP);
        const y = b.y + (u % b.rows) * (unit + GAP);
        const image = tile(picture.small, picture.small, pixel(colors, 0.9, null, cells.subarray(u * n, (u + 1) * n)));
        ctx.drawImage(image, x, y, unit, unit);
        ctx.strokeStyle = c.edge; ctx.lineWidth = 1;
        ctx.strokeRect(x - 0.5, y - 0.5, unit + 1, unit + 1);
        places.push({ x, y, image, title: `hidden layer ${k + 1}, unit ${u + 1}` });
      }
      const middle = b.x + b.w / 2, some = layer.shown < layer.units, small = { size: 10, align: "center", color: "faint" };
      const count = some ? `${layer.shown} of ${layer.units}` : `${layer.units} unit${layer.units > 1 ? "s" : ""}`;
      write(ctx, c, middle, b.y - 8, `layer ${k + 1}`, { size: 11, align: "center", bold: true });
      write(ctx, c, middle, b.y + b.h + 14, count, small);
      write(ctx, c, middle, b.y + b.h + 27, layer.name, small);
    });
  }

  // What stands at the left while there are no small squares.
  function note(ctx, c, picture, box) {
    const lines = picture.side
      ? ["There is no hidden layer."]
      : ["What each hidden unit answers", "all over the plane is shown here", "when a network trains."];
    lines.forEach((text, k) => write(ctx, c, (box.x - 24) / 2, box.y + box.s / 2 + 18 * (k - (lines.length - 1) / 2) + 4, text,
      { align: "center", color: "faint" }));
  }

  const layers = () => model.get("picture").layers ?? [];
  const { canvas, soon, stop } = surface(el, "course-chart course-map", (room) => {
    const { box } = layout(room, layers());
    return [room, box.y + box.s + BELOW];
  }, (ctx, c, width, height, pointer) => {
    const picture = model.get("picture"), colors = model.get("colors").map(rgb);
    const { unit, blocks, box } = layout(width, layers());
    places = [];
    if (layers().length) hidden(ctx, c, colors, picture, blocks, unit);
    else note(ctx, c, picture, box);
    const under = pointer && places.find(({ x, y }) =>
      pointer[0] >= x && pointer[0] <= x + unit && pointer[1] >= y && pointer[1] <= y + unit);
    const title = under ? under.title : picture.title ?? "no network yet";
    if (under) { // one unit, as large as the answer
      ctx.globalAlpha = 0.6; // so that the points stand out
      ctx.drawImage(under.image, box.x, box.y, box.s, box.s);
      ctx.globalAlpha = 1;
    } else if (picture.side) {
      const levels = bytes(picture.level), labels = bytes(picture.label), own = labels.length ? labels : null;
      ctx.drawImage(tile(picture.side, picture.side, pixel(colors, 0.55, own, levels)), box.x, box.y, box.s, box.s);
      const cells = { box: [box.x, box.y, box.s, box.s], x: [-0.5, picture.side - 0.5], y: [picture.side - 0.5, -0.5] };
      if (!own && model.get("classes").length)
        draw(ctx, c, { kind: "line", xy: boundary(levels, picture.side), color: "ink", width: 1.2 }, placing(cells));
    }
    frame(ctx, c, box, title);
    points(ctx, c, colors, box);
    key(ctx, c, colors, box.x, box.y + box.s + 32);
    if (picture.more) // in words: there is no room for them
      write(ctx, c, box.x - 16, box.y + box.s + 42, `${picture.more} more layer${picture.more > 1 ? "s" : ""} not drawn`,
        { size: 11, align: "right", color: "faint" });
    canvas.setAttribute("aria-label", model.get("summary"));
    canvas.dataset.units = String(places.length);
    canvas.dataset.title = title;
  }, true);
  for (const name of ["picture", "points", "labels", "limits", "classes", "summary"])
    model.on(`change:${name}`, soon);
  return stop;
}

export default { render };
