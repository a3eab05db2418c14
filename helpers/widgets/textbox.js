// Text to copy: read-only, so that a click into it cannot change it.

function render({ model, el }) {
  const label = document.createElement("div");
  label.className = "course-copy-hint";
  const area = document.createElement("textarea");
  area.className = "course-copy";
  area.readOnly = true;
  area.spellcheck = false;
  area.wrap = "off";
  // JupyterLab's notebook shortcuts would otherwise take the keys.
  area.dataset.lmSuppressShortcuts = "true";
  area.addEventListener("focus", () => area.select());
  el.append(label, area);

  function draw() {
    const text = model.get("text");
    label.textContent = model.get("hint");
    area.setAttribute("aria-label", model.get("hint"));
    area.value = text;
    area.rows = Math.min(18, Math.max(2, text.split("\n").length));
    el.style.display = text ? "" : "none";
  }
  model.on("change:text", draw);
  model.on("change:hint", draw);
  draw();
}

export default { render };
