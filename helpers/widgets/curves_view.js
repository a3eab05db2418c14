// The live chart: loss at the left, accuracy at the right, one pair of lines per run.
// Python computes every number; this file only draws what `runs` and `live` hold.

const WIDE = 100; // of a regression's losses, highest to lowest: then the axis is logarithmic
const MARGIN = { left: 46, right: 40, top: 26, bottom: 34 };

function theme(node) {
  const style = getComputedStyle(node);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: read("--jp-ui-font-color1", "#333"),
    faint: read("--jp-ui-font-color2", "#666"),
    line: read("--jp-border-color2", "#ddd"),
    back: read("--jp-layout-color1", "#fff"),
    font: read("--jp-ui-font-family", "sans-serif"),
  };
}

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
const finite = (values) => values.filter((v) => v !== null && isFinite(v));

function limits(shown, keys, share, alone) {
  let all = [];
  for (const run of shown) for (const key of keys) {
    const band = run.band?.[key] ?? { low: [], high: [] };
    all = all.concat(finite(run[key].y), finite(band.low), finite(band.high));
  }
  if (share) { // an accuracy: ends at whole tenths, so that the axis seldom moves
    if (!all.length) return { low: 0, high: 1, log: false };
    const low = Math.max(0, Math.floor(Math.min(...all) * 10 - 0.2) / 10);
    const high = Math.min(1, Math.ceil(Math.max(...all) * 10 + 0.2) / 10);
    return { low, high, log: false };
  }
  if (!all.length) return { low: 0, high: 2.5, log: false };
  let low = Math.min(...all), high = Math.max(...all);
  // A diverging run would flatten all others on a linear axis; the loss of a regression
  // falls by powers of ten.
  if ((high > 40 || (alone && high > WIDE * low)) && low > 0) return { low: low / 1.3, high: high * 1.3, log: true };
  return { low: Math.min(0, low), high: high * 1.05 || 1, log: false };
}

class Plot {
  constructor(title, keys, share) { Object.assign(this, { title, keys, share }); }

  place(x, width, height, shown, epochs, alone) {
    const { low, high, log } = limits(shown, this.keys, this.share, alone);
    this.box = { x: x + MARGIN.left, y: MARGIN.top,
      w: width - MARGIN.left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom };
    Object.assign(this, { low, high, log, epochs });
    const f = log ? Math.log : (v) => v;
    this.px = (e) => this.box.x + (e / epochs) * this.box.w;
    this.py = (v) => this.box.y + this.box.h * (1 - (f(v) - f(low)) / (f(high) - f(low)));
  }

  frame(ctx, c) {
    const b = this.box;
    ctx.font = `600 12px ${c.font}`; ctx.fillStyle = c.text;
    ctx.textAlign = "left"; ctx.textBaseline = "alphabetic";
    ctx.fillText(this.title, b.x, 14);
    ctx.font = `11px ${c.font}`; ctx.fillStyle = c.faint; ctx.strokeStyle = c.faint;
    this.key(ctx);
    ctx.strokeStyle = c.line; ctx.lineWidth = 1; ctx.setLineDash([]);
    const wanted = b.h < 150 ? 3 : 5;
    const rows = this.log
      ? ticks(Math.log10(this.low), Math.log10(this.high), wanted, true).map((k) => 10 ** k)
      : ticks(this.low, this.high, wanted);
    ctx.textAlign = "right"; ctx.textBaseline = "middle";
    for (const v of rows) {
      const y = Math.round(this.py(v)) + 0.5;
      ctx.beginPath(); ctx.moveTo(b.x, y); ctx.lineTo(b.x + b.w, y); ctx.stroke();
      ctx.fillText(Math.abs(v) >= 1e4 || (v && Math.abs(v) < 1e-3) ? v.toExponential(0) : String(+v.toPrecision(10)), b.x - 6, y);
    }
    ctx.textAlign = "center"; ctx.textBaseline = "top";
    for (const e of ticks(0, this.epochs, 6, true))
      ctx.fillText(String(e), this.px(e), b.y + b.h + 5);
    ctx.fillText("epoch", b.x + b.w / 2, b.y + b.h + 19);
  }

  // What thin and strong lines mean, at the right of the title.
  key(ctx) {
    let x = this.box.x + this.box.w;
    ctx.textAlign = "right";
    const words = this.box.w < 230 ? ["val", "train"] : ["validation", "training"];
    for (const [word, width] of [[words[0], 2], [words[1], 1]]) {
      ctx.fillText(word, x, 14);
      x -= ctx.measureText(word).width + 5;
      ctx.lineWidth = width; ctx.beginPath();
      ctx.moveTo(x - 16, 10); ctx.lineTo(x, 10); ctx.stroke();
      if (width === 2) { ctx.beginPath(); ctx.arc(x - 8, 10, 2.6, 0, 7); ctx.fill(); }
      x -= 26;
    }
  }

  line(ctx, series, run, strong) {
    ctx.strokeStyle = ctx.fillStyle = run.color;
    ctx.lineWidth = strong ? 2 : 1; ctx.globalAlpha = strong ? 1 : 0.6;
    ctx.setLineDash(strong ? run.dash : []); ctx.beginPath();
    let pen = false;
    series.x.forEach((x, k) => {
      const v = series.y[k];
      if (v === null) { pen = false; return; } // not a number: the line breaks
      const y = Math.min(this.box.y + this.box.h, this.py(v));
      pen ? ctx.lineTo(this.px(x), y) : ctx.moveTo(this.px(x), y);
      pen = true;
    });
    ctx.stroke(); ctx.setLineDash([]);
    if (strong && series.x.length <= 40)
      series.x.forEach((x, k) => {
        if (series.y[k] === null) return;
        ctx.beginPath(); ctx.arc(this.px(x), this.py(series.y[k]), 2.6, 0, 7); ctx.fill();
      });
    ctx.globalAlpha = 1;
  }

  // From the lowest to the highest seed; its edges show where it has no height.
  area(ctx, band, run) {
    let piece = [];
    const close = () => {
      if (piece.length) {
        ctx.beginPath();
        piece.forEach((k) => ctx.lineTo(this.px(band.x[k]), this.py(band.high[k])));
        piece.reverse().forEach((k) => ctx.lineTo(this.px(band.x[k]), this.py(band.low[k])));
        ctx.closePath();
        ctx.globalAlpha = 0.22; ctx.fill();
        ctx.globalAlpha = 0.5; ctx.stroke();
      }
      piece = [];
    };
    ctx.fillStyle = ctx.strokeStyle = run.color; ctx.lineWidth = 1; ctx.setLineDash([]);
    band.low.forEach((v, k) => (v === null ? close() : piece.push(k)));
    close();
    ctx.globalAlpha = 1;
  }

  draw(ctx, c, shown) {
    this.frame(ctx, c);
    const ends = [];
    for (const run of shown) {
      ctx.save();
      ctx.beginPath();
      ctx.rect(this.box.x - 4, this.box.y - 4, this.box.w + 8, this.box.h + 8);
      ctx.clip();
      if (run.band) this.area(ctx, run.band[this.keys[1]], run);
      this.line(ctx, run[this.keys[0]], run, false);
      this.line(ctx, run[this.keys[1]], run, true);
      ctx.restore();
      const s = run[this.keys[1]].y.length ? run[this.keys[1]] : run[this.keys[0]];
      const last = finite(s.y).at(-1);
      if (last !== undefined) ends.push({ run, x: this.px(s.x.at(-1)), y: this.py(last) });
    }
    // Direct labels at the line ends, pushed apart where they would touch.
    ends.sort((a, b) => a.y - b.y);
    ctx.font = `600 11px ${c.font}`; ctx.textAlign = "left"; ctx.textBaseline = "middle";
    let floor = -Infinity;
    for (const end of ends) {
      floor = Math.max(end.y, floor + 12);
      ctx.fillStyle = end.run.color; ctx.fillText(end.run.mark, end.x + 6, floor);
    }
  }

  hover(ctx, c, shown, x) {
    const b = this.box;
    if (x < b.x || x > b.x + b.w) return;
    const epoch = ((x - b.x) / b.w) * this.epochs;
    ctx.strokeStyle = c.faint; ctx.lineWidth = 1;
    ctx.beginPath(); ctx.moveTo(x, b.y); ctx.lineTo(x, b.y + b.h); ctx.stroke();
    const rows = [];
    for (const run of shown) {
      const at = (s) => {
        let best = -1;
        s.x.forEach((e, k) => {
          if (best < 0 || Math.abs(e - epoch) < Math.abs(s.x[best] - epoch)) best = k;
        });
        return best < 0 || s.y[best] === null ? "–" : number(s.y[best]);
      };
      rows.push({ run, text: `${run.mark}  train ${at(run[this.keys[0]])}  val ${at(run[this.keys[1]])}` });
    }
    ctx.font = `11px ${c.font}`;
    const w = Math.max(...rows.map((r) => ctx.measureText(r.text).width), 40) + 12;
    const left = x + w + 10 > b.x + b.w ? x - w - 8 : x + 8;
    ctx.fillStyle = c.back; ctx.strokeStyle = c.line;
    ctx.fillRect(left, b.y + 2, w, rows.length * 15 + 8);
    ctx.strokeRect(left, b.y + 2, w, rows.length * 15 + 8);
    ctx.textAlign = "left"; ctx.textBaseline = "top";
    rows.forEach((r, k) => {
      ctx.fillStyle = r.run.color; ctx.fillText(r.text, left + 6, b.y + 7 + k * 15);
    });
  }
}

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "course-chart";
  canvas.setAttribute("role", "img");
  el.appendChild(canvas);
  const plots = [
    new Plot("loss", ["loss", "val_loss"]),
    new Plot("accuracy", ["accuracy", "val_accuracy"], true),
  ];
  let pointer = null, waiting = false, drawn = 0;

  function draw() {
    waiting = false;
    const width = el.clientWidth, height = model.get("height");
    if (!width) return; // not on the page yet
    const scale = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale); canvas.height = height * scale;
      canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
    }
    const ctx = canvas.getContext("2d");
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const c = theme(el), live = model.get("live");
    const shown = model.get("runs").filter((r) => !r.hidden);
    if (live.id) shown.push(live);
    const epochs = Math.max(1, ...shown.map((r) => r.num_epochs));
    // A regression has no accuracy: the loss takes the whole width.
    const used = plots.slice(0, model.get("accuracy") ? 2 : 1);
    used.forEach((plot, k) => {
      plot.place((k * width) / used.length, width / used.length, height, shown, epochs, used.length === 1);
      plot.draw(ctx, c, shown);
    });
    if (pointer && shown.length)
      used.forEach((plot) => plot.hover(ctx, c, shown, pointer));
    canvas.setAttribute("aria-label", model.get("summary"));
    canvas.dataset.drawn = String(++drawn); // lets a test count the pictures
    canvas.dataset.plots = String(used.length);
    canvas.dataset.bands = String(shown.filter((r) => r.band).length);
    canvas.dataset.points = String(live.id ? live.loss.x.length : 0);
  }
  // Several changes between two frames of the screen are drawn once.
  function soon() {
    if (!waiting) { waiting = true; requestAnimationFrame(draw); }
  }
  for (const name of ["runs", "live", "accuracy", "summary"]) model.on(`change:${name}`, soon);
  canvas.addEventListener("mousemove", (e) => { pointer = e.offsetX; soon(); });
  canvas.addEventListener("mouseleave", () => { pointer = null; soon(); });
  const size = new ResizeObserver(soon); size.observe(el);
  const themes = new MutationObserver(soon);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  soon();
  return () => { size.disconnect(); themes.disconnect(); };
}

export default { render };
