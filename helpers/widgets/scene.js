// Shows a scene, and lets its handles be dragged. The kernel sends the scene, or a twin
// of the kernel's arithmetic computes what moves in it, at once and without the kernel.

import { fullScreen } from "./full_screen.js";
import { pane, placing, surface } from "./draw.js";

async function twinOf(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return text ? (await import(/* webpackIgnore: true */ url)).scene : null;
}

// The scene at the present values: of the kernel's, what the twin names is replaced.
function present(model, twin) {
  const scene = model.get("scene");
  if (!twin) return scene;
  const moved = twin(Object.fromEntries(Object.keys(model.get("controls")).map((name) => [name, model.get(name)])));
  const now = (thing) => (thing.name in moved ? { ...thing, ...moved[thing.name] } : thing);
  return { ...scene, panes: scene.panes.map((p) => ({ ...now(p), marks: p.marks.map(now) })) };
}

async function render({ model, el }) {
  const twin = await twinOf(model.get("twin"));
  let scene = present(model, twin), unit = 1;
  const holder = document.createElement("div");
  holder.className = "course-scene";
  el.append(holder);
  const { canvas, soon, stop } = surface(holder, "course-picture", (room) => {
    const { width, height } = model.get("scene");
    unit = Math.min(1, room / width);
    return [unit * width, unit * height, unit];
  }, (ctx, c) => {
    scene = present(model, twin);
    for (const p of scene.panes) pane(ctx, c, p);
    canvas.setAttribute("aria-label", model.get("says"));
    handles.show();
  });
  const handles = handling(model, holder, canvas, () => scene, () => unit);
  for (const name of ["scene", "says", ...Object.keys(model.get("controls"))]) model.on(`change:${name}`, soon);
  const takeAway = fullScreen(el, ".course-explorer", "", (whole) => {
    const body = whole.firstElementChild, parts = [...body.children].map((part) => part.getBoundingClientRect());
    const right = Math.max(...parts.map((part) => part.right)) - body.getBoundingClientRect().left;
    return [right, whole.offsetHeight];
  });
  return () => { stop(); takeAway(); };
}

// An element over each handle: dragged by mouse, pen or finger, moved by arrow keys. A
// mouse may also take hold beside it: the nearest handle of that pane comes.
function handling(model, holder, canvas, scene, unit) {
  const controls = model.get("controls"), names = ({ x, y }) => [x, y].filter(Boolean);
  const found = () => scene().panes.flatMap((p) =>
    p.marks.filter((m) => m.kind === "handle").map((mark) => ({ p, mark, at: placing(p)(mark.xy[0]) })));
  const under = (event) => {
    const area = canvas.getBoundingClientRect(), scale = scene().width / area.width; // also where the page is zoomed
    return [(event.clientX - area.x) * scale, (event.clientY - area.y) * scale];
  };

  function set(name, value) {
    if (!name) return;
    const [, low, high, step] = controls[name];
    const stop = low + Math.round((value - low) / step) * step;
    model.set(name, +Math.min(Math.max(stop, low), high).toPrecision(10)); // its slider follows
  }
  function drag({ p: { box: [left, top, w, h], x, y }, mark }, event) {
    const [px, py] = under(event);
    set(mark.x, x[0] + ((px - left) / w) * (x[1] - x[0]));
    set(mark.y, y[1] - ((py - top) / h) * (y[1] - y[0]));
  }
  function grip(node, chosen) {
    let held = null;
    node.addEventListener("pointerdown", (event) => {
      held = chosen(event);
      if (held === null) return;
      node.setPointerCapture(event.pointerId);
      if (node === canvas) { event.preventDefault(); drag(found()[held], event); }
    });
    node.addEventListener("pointermove", (event) => { if (held !== null) drag(found()[held], event); });
    for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => { held = null; });
  }
  function made({ mark: { x, y } }, k) {
    const node = document.createElement("span");
    node.className = "course-handle";
    node.tabIndex = 0;
    node.setAttribute("role", "slider");
    node.setAttribute("aria-label", names({ x, y }).map((name) => controls[name][0]).join(", "));
    node.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the keys
    node.addEventListener("keydown", (event) => {
      const [along, way] = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1] }[event.key] ?? [];
      if (!along) return;
      event.preventDefault();
      const { p, mark } = found()[k];
      const axis = mark[along] ? along : mark.x ? "x" : "y", name = mark[axis], [low, high] = p[axis];
      // where an axis runs back, so do its arrows
      set(name, model.get(name) + way * Math.sign(high - low) * controls[name][3]);
    });
    grip(node, () => k);
    holder.append(node);
    return node;
  }
  grip(canvas, (event) => {
    if (event.pointerType === "touch") return null; // a finger beside it scrolls the page
    const [px, py] = under(event);
    const far = found().map(({ p: { box: [left, top, w, h] }, at: [x, y] }) =>
      px < left || px > left + w || py < top || py > top + h ? Infinity : Math.hypot(x - px, y - py));
    const nearest = far.indexOf(Math.min(...far));
    return far[nearest] < Infinity ? nearest : null;
  });
  const nodes = [];
  function show() {
    const now = found();
    now.forEach((one, k) => {
      const { mark, at: [x, y] } = one, values = names(mark).map((name) => model.get(name));
      nodes[k] ??= made(one, k);
      Object.assign(nodes[k].style, { left: `${unit() * x}px`, top: `${unit() * y}px` });
      nodes[k].setAttribute("aria-valuenow", values[0]);
      nodes[k].setAttribute("aria-valuetext", values.map((v) => v.toPrecision(3)).join(", "));
    });
    nodes.forEach((node, k) => { node.hidden = k >= now.length; }); // another scene had more
  }
  return { show };
}

export default { render };
