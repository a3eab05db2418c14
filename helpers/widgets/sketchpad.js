// A square to draw in. It keeps the strokes of the pen; Python draws them as the network
// sees them, and asks it.

import { bytes, surface, tile, write } from "./draw.js";

const STEP = 0.04; // of the square, for an arrow key: a pixel of the network, about
const NEAR = 6; // thousandths: closer to the last point, the next adds nothing
const KEYS = { ArrowLeft: ["right", -STEP], ArrowRight: ["right", STEP], ArrowUp: ["down", -STEP], ArrowDown: ["down", STEP] };

function render({ model, el }) {
  const side = model.get("side"), names = Object.keys(model.get("moves"));
  let strokes = model.get("strokes"), sent = strokes, pen = null, waiting = false, again = false;
  el.style.flex = "0 0 auto";
  const holder = document.createElement("div");
  holder.style.width = `${side}px`;
  el.append(holder);

  // Turn, size and shift, as the sliders have them: from a place of the drawing, in
  // sides from its middle, to one of the square.
  function placed() {
    const angle = (model.get("turn") / 180) * Math.PI, size = model.get("size");
    return [size * Math.cos(angle), size * Math.sin(angle), model.get("right"), model.get("down")];
  }
  // The place in the drawing, in thousandths, that lies under the pen.
  function under(event) {
    const area = canvas.getBoundingClientRect(), [cos, sin, right, down] = placed();
    const x = (event.clientX - area.x) / area.width - 0.5 - right, y = (event.clientY - area.y) / area.height - 0.5 - down;
    const square = cos * cos + sin * sin;
    return [(cos * x + sin * y) / square, (cos * y - sin * x) / square].map((v) => Math.round(1000 * (v + 0.5)));
  }

  const { canvas, soon, stop } = surface(holder, "course-square", () => [side, side], (ctx, c) => {
    const [cos, sin, right, down] = placed(), gray = bytes(model.get("stored")), n = model.get("pixels");
    ctx.fillStyle = "#000"; ctx.fillRect(0, 0, side, side);
    ctx.save();
    ctx.translate((0.5 + right) * side, (0.5 + down) * side);
    ctx.transform(cos, sin, -sin, cos, 0, 0);
    ctx.translate(-side / 2, -side / 2);
    if (gray.length) ctx.drawImage(tile(n, n, (k) => [gray[k], gray[k], gray[k], 255]), 0, 0, side, side);
    ctx.strokeStyle = "#fff"; ctx.lineWidth = model.get("pen") * side; ctx.lineCap = ctx.lineJoin = "round";
    for (const points of strokes) {
      ctx.beginPath();
      for (let k = 0; k < points.length; k += 2) ctx.lineTo((points[k] * side) / 1000, (points[k + 1] * side) / 1000);
      if (points.length === 2) ctx.lineTo((points[0] * side) / 1000, (points[1] * side) / 1000); // a dot
      ctx.stroke();
    }
    ctx.restore();
    if (!strokes.length && !gray.length) write(ctx, c, side / 2, side / 2, "draw here", { size: 16, color: "#999", align: "center" });
    ctx.strokeStyle = c.edge; ctx.lineWidth = 1; ctx.strokeRect(0.5, 0.5, side - 1, side - 1);
  });
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Square to draw in. Arrow keys move the drawing; the sliders below turn and scale it.");
  canvas.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the keys

  // The kernel is asked at once, and again in the next frame of the screen if the pen
  // has moved. While an answer is outstanding, ipywidgets keeps the last state and sends
  // it when that has come.
  function ask() {
    soon();
    undo.disabled = !strokes.length;
    if (waiting) { again = true; return; }
    sent = [...strokes];
    model.set("strokes", sent);
    model.save_changes();
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (again) { again = false; ask(); }
    });
  }
  function add(event) {
    const line = strokes[strokes.length - 1], [x, y] = under(event), n = line.length;
    if (n && Math.hypot(x - line[n - 2], y - line[n - 1]) < NEAR) return;
    strokes = [...strokes.slice(0, -1), [...line, x, y]];
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pen !== null) return; // a second finger draws nothing
    pen = event.pointerId;
    canvas.setPointerCapture(pen);
    strokes = [...strokes, []];
    add(event); ask();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length ? between : [event]) add(one);
    ask();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => {
    if (event.pointerId === pen) pen = null;
  });
  canvas.addEventListener("keydown", (event) => {
    const [name, step] = KEYS[event.key] ?? [];
    if (!name) return;
    event.preventDefault();
    const [low, high] = model.get("moves")[name], value = model.get(name) + step;
    model.set(name, Math.min(Math.max(+value.toFixed(6), low), high)); // its slider follows
  });

  const buttons = document.createElement("div");
  buttons.className = "course-sketch-buttons";
  const button = (text, act) => {
    const made = Object.assign(document.createElement("button"), { textContent: text });
    made.dataset.lmSuppressShortcuts = "true";
    made.addEventListener("click", act);
    buttons.append(made);
    return made;
  };
  const undo = button("Undo", () => { strokes = strokes.slice(0, -1); ask(); });
  button("Clear", () => {
    strokes = [];
    for (const name of names) model.set(name, model.get("moves")[name][2]);
    model.set("chosen", 0);
    ask();
  });
  el.append(buttons);

  function taken() { // the kernel has other strokes than this page
    if (model.get("strokes") !== sent) { strokes = sent = model.get("strokes"); pen = null; }
    undo.disabled = !strokes.length;
    soon();
  }
  model.on("change:strokes", taken);
  for (const name of ["stored", ...names]) model.on(`change:${name}`, soon);
  taken();
  return () => { stop(); model.off("change:strokes", taken); };
}

export default { render };
