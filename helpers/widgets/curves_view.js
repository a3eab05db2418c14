// The live chart: loss at the left, accuracy at the right, one pair of lines per run.
// Python computes every number; this file says which marks they are.

import { pane, placing, surface, write } from "./draw.js";

const BESIDE = 30; // pixels between two line ends whose names might touch
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

// Ends of an axis of accuracies: at whole tenths, so that the axis seldom moves.
function tenths(shown, keys) {
  const all = shown.flatMap((run) => keys.flatMap((key) =>
    [run[key].y, run.band?.[key]?.low ?? [], run.band?.[key]?.high ?? []].flat())).filter((v) => v !== null);
  if (!all.length) return { low: 0, high: 1 };
  const low = Math.min(...all), high = Math.max(...all);
  return { low: Math.max(0, Math.floor(low * 10 - 0.2) / 10), high: Math.min(1, Math.ceil(high * 10 + 0.2) / 10) };
}

// The pane of one metric; keys are those of the training and the validation series.
function paneOf({ title, keys }, box, shown, epochs, { low, high, log = false, leaving = [] }) {
  const place = (v) => (log ? Math.log10(v) : v), ends = [place(low), place(high)], range = ends[1] - ends[0];
  const rows = ticks(...ends, box[3] < 150 ? 3 : 5, log);
  // not a number: the line breaks; far out of the picture: no canvas draws it
  const points = (x, y) => x.map((e, k) => (y[k] === null || !isFinite(place(y[k])) ? null : [e, Math.min(place(y[k]), ends[1] + 20 * range)]));
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
    const beyond = leaving.includes(run.name) ? [...train, ...val].filter((p) => p && p[1] > ends[1]) : [];
    if (beyond.length) // a triangle at the top, where it leaves
      marks.push({ kind: "dots", xy: [[Math.min(...beyond.map((p) => p[0])), ends[1] - (4 / box[3]) * range]], color, size: 5, shape: "^" });
    const last = (val.length ? val : train).filter(Boolean).at(-1);
    if (last) tips.push({ run, last: [last[0], Math.min(Math.max(last[1], ends[0]), ends[1])] });
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

// Move places, in ascending order, apart until they are `gap` from each other, as little
// as possible and within the ends: figures/scale.py does the same.
function spread(places, gap, low, high) {
  gap = Math.min(gap, (high - low) / Math.max(1, places.length - 1));
  const groups = [], mean = (g) => g.reduce((a, b) => a + b) / g.length;
  places.forEach((place, k) => {
    groups.push([place - k * gap]);
    while (groups.length > 1 && mean(groups.at(-2)) >= mean(groups.at(-1))) {
      const last = groups.pop();
      groups.at(-1).push(...last);
    }
  });
  const top = high - (places.length - 1) * gap;
  return groups.flatMap((g) => g.map(() => Math.min(Math.max(mean(g), low), top))).map((place, k) => place + k * gap);
}

// Direct labels at the line ends, set apart where lines end beside each other; a thin line
// leads to a label that had to move. Returns where they stand: run, x and y.
function names(ctx, c, p) {
  const [, top, , h] = p.box;
  const ends = p.tips.map(({ run, last }) => ({ run, at: placing(p)(last) })).sort((a, b) => a.at[0] - b.at[0]);
  const groups = [], written = [];
  for (const end of ends) {
    const last = groups.at(-1);
    if (last && end.at[0] - last.at(-1).at[0] < BESIDE) last.push(end);
    else groups.push([end]);
  }
  for (const group of groups) {
    group.sort((a, b) => a.at[1] - b.at[1]);
    const places = spread(group.map(({ at }) => at[1]), 12, top, top + h);
    group.forEach(({ run, at: [x, y] }, k) => {
      if (Math.abs(places[k] - y) > 3) {
        ctx.strokeStyle = run.color; ctx.lineWidth = 0.8; ctx.setLineDash([]);
        ctx.beginPath(); ctx.moveTo(x, y); ctx.lineTo(x + 6, places[k]); ctx.stroke();
      }
      write(ctx, c, x + 7, places[k] + 4, run.mark, { size: 11, bold: true, color: run.color, halo: true });
      written.push([run.name, x, places[k]]);
    });
  }
  return written;
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
  { title: "accuracy", keys: ["accuracy", "val_accuracy"] },
];

function render({ model, el }) {
  const { canvas, soon, stop } = surface(el, "course-chart", (room) => [room, model.get("height")], (ctx, c, width, height, pointer) => {
    const live = model.get("live"), shown = model.get("runs").filter((r) => !r.hidden);
    if (live.id) shown.push(live);
    const epochs = Math.max(1, ...shown.map((r) => r.num_epochs));
    // A regression has no accuracy: the loss takes the whole width.
    const used = METRICS.slice(0, model.get("accuracy") ? 2 : 1), wide = width / used.length;
    // below the title there is a line for what leaves the picture
    const losses = model.get("losses"), top = MARGIN.top + (losses.says ? 14 : 0), places = [];
    used.forEach((metric, k) => {
      const box = [k * wide + MARGIN.left, top, wide - MARGIN.left - MARGIN.right, height - top - MARGIN.bottom];
      const scale = k ? tenths(shown, metric.keys) : losses;
      const p = paneOf(metric, box, shown, epochs, scale);
      pane(ctx, c, p);
      key(ctx, c, box);
      places.push(...names(ctx, c, p));
      if (scale.says) write(ctx, c, box[0] - 6, 30, `▲ ${scale.says}`, { size: 11, color: "faint" });
      if (pointer && shown.length) hover(ctx, c, p, metric.keys, shown, pointer[0]);
    });
    canvas.setAttribute("aria-label", [model.get("summary"), losses.says && `${losses.says}.`].filter(Boolean).join(" "));
    canvas.dataset.names = JSON.stringify(places);
    canvas.dataset.plots = String(used.length);
    canvas.dataset.bands = String(shown.filter((r) => r.band).length);
    canvas.dataset.points = String(live.id ? live.loss.x.length : 0);
  }, true);
  for (const name of ["runs", "live", "accuracy", "losses", "summary"]) model.on(`change:${name}`, soon);
  return stop;
}

export default { render };
