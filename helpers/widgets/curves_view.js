// The live chart: loss at the left, accuracy at the right, one pair of lines per run.
// Python computes every number; this file says which marks they are.

import { pane, placing, surface, write } from "./draw.js";

const WIDE = 100; // of a regression's losses, highest to lowest: then the axis is logarithmic
const MARGIN = { left: 46, right: 40, top: 26, bottom: 34 };

// Round steps of 1, 2 or 5 times a power of ten.
function ticks(low, high, wanted, whole = false) {
  let step = 10 ** Math.floor(Math.log10((high - low) / wanted));
  for (const factor of [2, 2.5, 2]) if ((high - low) / step > wanted) step *= factor;
  if (whole) step = Math.max(1, Math.round(step));
  const out = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++)
    out.push(+(k * step).toPrecision(10));
  return out;
}

const number = (v) => (v === 0 || Math.abs(v) >= 0.01 ? v.toFixed(3) : v.toPrecision(3));
const short = (v) => (Math.abs(v) >= 1e4 || (v && Math.abs(v) < 1e-3) ? v.toExponential(0) : String(+v.toPrecision(10)));
const finite = (values) => values.filter((v) => v !== null && isFinite(v));

// Lowest and highest value of an axis, and whether it is logarithmic.
function limits(shown, keys, share, alone) {
  const all = finite(shown.flatMap((run) => keys.flatMap((key) =>
    [run[key].y, run.band?.[key]?.low ?? [], run.band?.[key]?.high ?? []].flat())));
  if (!all.length) return [0, share ? 1 : 2.5, false];
  const low = Math.min(...all), high = Math.max(...all);
  // an accuracy: ends at whole tenths, so that the axis seldom moves
  if (share) return [Math.max(0, Math.floor(low * 10 - 0.2) / 10), Math.min(1, Math.ceil(high * 10 + 0.2) / 10), false];
  // A diverging run would flatten all others on a linear axis; the loss of a regression
  // falls by powers of ten.
  if ((high > 40 || (alone && high > WIDE * low)) && low > 0) return [low / 1.3, high * 1.3, true];
  return [Math.min(0, low), high * 1.05 || 1, false];
}

// The pane of one metric; keys are those of the training and the validation series.
function paneOf({ title, keys, share }, box, shown, epochs, alone) {
  const [low, high, log] = limits(shown, keys, share, alone);
  const place = (v) => (log ? Math.log10(v) : v), ends = [place(low), place(high)];
  const rows = ticks(...ends, box[3] < 150 ? 3 : 5, log);
  // not a number: the line breaks
  const points = (x, y) => x.map((e, k) => (y[k] === null || !isFinite(place(y[k])) ? null : [e, place(y[k])]));
  const marks = [], tips = [];
  for (const run of shown) {
    const [train, val] = keys.map((key) => points(run[key].x, run[key].y)), { color } = run;
    if (run.band) { // from the lowest to the highest seed; its edges show where it has no height
      const { x, low, high } = run.band[keys[1]], [bottom, top] = [points(x, low), points(x, high)];
      const pieces = bottom.flatMap((p, k) => (p && bottom[k + 1] ? [null, p, bottom[k + 1], top[k + 1], top[k]] : []));
      marks.push({ kind: "area", xy: pieces, color, alpha: 0.22, width: 0 });
      for (const xy of [bottom, top]) marks.push({ kind: "line", xy, color, width: 1, alpha: 0.5 });
    }
    marks.push({ kind: "line", xy: train, color, width: 1, alpha: 0.6 });
    marks.push({ kind: "line", xy: val, color, width: 2, dash: run.dash });
    if (val.length <= 40) marks.push({ kind: "dots", xy: val, color, size: 2.6, shape: "o" });
    const last = (val.length ? val : train).filter(Boolean).at(-1);
    if (last) tips.push({ run, last });
  }
  return { title, box, x: [0, epochs], y: ends, labels: ["epoch", ""], grid: "y", slack: 4, key: [], marks, tips,
    ticks: [ticks(0, epochs, 6, true).map((e) => [e, String(e)]), rows.map((v) => [v, short(log ? 10 ** v : v)])] };
}

// What thin and strong lines mean, at the right of the title.
function key(ctx, c, [left, , w]) {
  let x = left + w;
  const words = w < 230 ? ["val", "train"] : ["validation", "training"];
  for (const [word, width] of [[words[0], 2], [words[1], 1]]) {
    write(ctx, c, x, 14, word, { size: 11, align: "right", color: "faint" });
    x -= ctx.measureText(word).width + 5;
    ctx.strokeStyle = c.faint; ctx.lineWidth = width;
    ctx.beginPath(); ctx.moveTo(x - 16, 10); ctx.lineTo(x, 10); ctx.stroke();
    if (width === 2) { ctx.beginPath(); ctx.arc(x - 8, 10, 2.6, 0, 7); ctx.fill(); }
    x -= 26;
  }
}

// Direct labels at the line ends, pushed apart where they would touch.
function names(ctx, c, p) {
  const ends = p.tips.map(({ run, last }) => ({ run, at: placing(p)(last) })).sort((a, b) => a.at[1] - b.at[1]);
  let floor = -Infinity;
  for (const { run, at: [x, y] } of ends) {
    floor = Math.max(y, floor + 12);
    write(ctx, c, x + 6, floor + 4, run.mark, { size: 11, bold: true, color: run.color });
  }
}

// The values of all runs at the epoch under the mouse.
function hover(ctx, c, { box: [left, top, w, h], x: [, epochs] }, keys, shown, x) {
  if (x < left || x > left + w) return;
  const epoch = ((x - left) / w) * epochs;
  ctx.strokeStyle = c.faint; ctx.lineWidth = 1;
  ctx.beginPath(); ctx.moveTo(x, top); ctx.lineTo(x, top + h); ctx.stroke();
  const at = ({ x: epochs, y }) => {
    const best = epochs.reduce((k, e, n) => (Math.abs(e - epoch) < Math.abs(epochs[k] - epoch) ? n : k), 0);
    return (y[best] ?? null) === null ? "–" : number(y[best]);
  };
  const rows = shown.map((run) => ({ run, text: `${run.mark}  train ${at(run[keys[0]])}  val ${at(run[keys[1]])}` }));
  ctx.font = `11px ${c.font}`;
  const wide = Math.max(...rows.map((r) => ctx.measureText(r.text).width), 40) + 12;
  const from = x + wide + 10 > left + w ? x - wide - 8 : x + 8;
  ctx.fillStyle = c.box; ctx.strokeStyle = c.grid;
  ctx.fillRect(from, top + 2, wide, rows.length * 15 + 8);
  ctx.strokeRect(from, top + 2, wide, rows.length * 15 + 8);
  rows.forEach(({ run, text }, k) => write(ctx, c, from + 6, top + 17 + k * 15, text, { size: 11, color: run.color }));
}

const METRICS = [
  { title: "loss", keys: ["loss", "val_loss"] },
  { title: "accuracy", keys: ["accuracy", "val_accuracy"], share: true },
];

function render({ model, el }) {
  const { canvas, soon, stop } = surface(el, "course-chart", (room) => [room, model.get("height")], (ctx, c, width, height, pointer) => {
    const live = model.get("live"), shown = model.get("runs").filter((r) => !r.hidden);
    if (live.id) shown.push(live);
    const epochs = Math.max(1, ...shown.map((r) => r.num_epochs));
    // A regression has no accuracy: the loss takes the whole width.
    const used = METRICS.slice(0, model.get("accuracy") ? 2 : 1), wide = width / used.length;
    used.forEach((metric, k) => {
      const box = [k * wide + MARGIN.left, MARGIN.top, wide - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
      const p = paneOf(metric, box, shown, epochs, used.length === 1);
      pane(ctx, c, p);
      key(ctx, c, box);
      names(ctx, c, p);
      if (pointer && shown.length) hover(ctx, c, p, metric.keys, shown, pointer[0]);
    });
    canvas.setAttribute("aria-label", model.get("summary"));
    canvas.dataset.plots = String(used.length);
    canvas.dataset.bands = String(shown.filter((r) => r.band).length);
    canvas.dataset.points = String(live.id ? live.loss.x.length : 0);
  }, true);
  for (const name of ["runs", "live", "accuracy", "summary"]) model.on(`change:${name}`, soon);
  return stop;
}

export default { render };
