// The table of kept runs: a real <table> with real buttons, so that a keyboard and a
// screen reader find their way. Python holds the runs; a click only sends a wish.

import { fullScreen } from "./full_screen.js";

function swatch(run) {
  const svg = `<svg width="34" height="10" aria-hidden="true"><line x1="1" y1="5" x2="33" y2="5"
    stroke="${run.color}" stroke-width="2.5" stroke-dasharray="${run.dash.join(" ")}"/></svg>`;
  const span = document.createElement("span");
  span.innerHTML = svg;
  return span;
}

// The settings that have one value in all runs stand in a sentence above the table where
// there is no room for a column of each.
function constants(columns, rows) {
  const same = (k) => rows.every((run) => run.values[k] === rows[0].values[k]);
  return rows[0].values.map((value, k) => ({ k, text: `${columns[k + 1]} ${value}` })).filter(({ k }) => same(k));
}

function render({ model, el }) {
  function button(text, label, action, id) {
    const b = document.createElement("button");
    b.textContent = text;
    b.setAttribute("aria-label", label);
    b.title = label;
    b.dataset.focus = `${action}-${id}`;
    // JupyterLab's notebook shortcuts would otherwise take the keys.
    b.dataset.lmSuppressShortcuts = "true";
    b.addEventListener("click", () => model.send({ action, id }));
    return b;
  }

  function table(columns, rows, folded) {
    const left = new Set(folded.map(({ k }) => k)), kept = (_, k) => !left.has(k);
    const table = document.createElement("table");
    table.className = "course-runs";
    const head = table.createTHead().insertRow();
    for (const name of columns.filter((_, k) => kept(_, k - 1))) {
      const th = document.createElement("th");
      th.scope = "col"; th.textContent = name;
      head.appendChild(th);
    }
    const body = table.createTBody();
    for (const run of rows) {
      const tr = body.insertRow();
      tr.classList.toggle("course-hidden", run.hidden);
      const name = tr.insertCell();
      name.appendChild(swatch(run));
      name.append(` ${run.name}`);
      for (const text of [...run.values.filter(kept), run.final, run.best, run.seconds])
        tr.insertCell().textContent = text;
      const actions = tr.insertCell();
      actions.className = "course-actions";
      actions.append(
        button(run.hidden ? "show" : "hide", `${run.hidden ? "Show" : "Hide"} ${run.name}`, "toggle", run.id),
        button("load", `Load the settings of ${run.name} into the controls`, "load", run.id),
        button("remove", `Remove ${run.name}`, "remove", run.id),
      );
    }
    return table;
  }

  // Columns as they fit: all of them, else those that differ, else in small letters; what
  // is still wider scrolls between the runs' names and their buttons. The scrolling box
  // is one of its own: ipywidgets takes an overflow that is set on el away.
  function draw() {
    const focus = el.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const rows = model.get("rows"), columns = model.get("columns");
    el.replaceChildren();
    if (!rows.length) return;
    const box = document.createElement("div"), line = document.createElement("p");
    box.className = "course-runs-box"; line.className = "course-same";
    el.append(line, box);
    box.append(table(columns, rows, []));
    const tight = () => box.scrollWidth > box.clientWidth;
    const same = constants(columns, rows);
    if (tight() && same.length) {
      line.textContent = `${rows.length > 1 ? "The same in all runs" : "Settings"}: ${same.map((s) => s.text).join(" · ")}`;
      box.replaceChildren(table(columns, rows, same));
    }
    box.classList.toggle("course-many", tight());
    if (focus) el.querySelector(`[data-focus="${focus}"]`)?.focus();
  }
  // On the panel's other buttons, too, Enter would go to the notebook, which opens the
  // cell for editing. They are ipywidgets' own, so this is said once they are there.
  function takeKeys(tries = 100) {
    const panel = el.closest(".course-panel");
    if (panel)
      for (const b of panel.querySelectorAll("button")) b.dataset.lmSuppressShortcuts = "true";
    else if (tries) requestAnimationFrame(() => takeKeys(tries - 1));
  }
  model.on("change:rows", draw);
  let width = null;
  const room = new ResizeObserver(() => {
    if (el.clientWidth === width) return; // its own height, which draw changes
    width = el.clientWidth;
    draw();
  });
  room.observe(el);
  draw();
  takeKeys();
  const takeAway = fullScreen(el, ".course-panel", ".course-buttons", (panel) => [1040, Math.min(panel.offsetHeight, 600)]);
  return () => { room.disconnect(); takeAway(); };
}

export default { render };
