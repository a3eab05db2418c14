// The table of kept runs: a real <table> with real buttons, so that a keyboard and a
// screen reader find their way. Python holds the runs; a click only sends a wish.

function swatch(run) {
  const svg = `<svg width="34" height="10" aria-hidden="true"><line x1="1" y1="5" x2="33" y2="5"
    stroke="${run.color}" stroke-width="2.5" stroke-dasharray="${run.dash.join(" ")}"/></svg>`;
  const span = document.createElement("span");
  span.innerHTML = svg;
  return span;
}

function render({ model, el }) {
  el.style.overflowX = "auto"; // of more settings than there is room for
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

  function draw() {
    const focus = el.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    el.replaceChildren();
    const rows = model.get("rows"), columns = model.get("columns");
    if (!rows.length) return;
    const table = document.createElement("table");
    table.className = "course-runs";
    table.classList.toggle("course-many", columns.length > 12);
    const head = table.createTHead().insertRow();
    for (const name of columns) {
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
      for (const text of [...run.values, run.final, run.best, run.seconds])
        tr.insertCell().textContent = text;
      const actions = tr.insertCell();
      actions.className = "course-actions";
      actions.append(
        button(run.hidden ? "show" : "hide", `${run.hidden ? "Show" : "Hide"} ${run.name}`, "toggle", run.id),
        button("load", `Load the settings of ${run.name} into the controls`, "load", run.id),
        button("remove", `Remove ${run.name}`, "remove", run.id),
      );
    }
    el.appendChild(table);
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
  draw();
  takeKeys();
}

export default { render };
