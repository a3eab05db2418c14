// A statement and its possible answers as native radio buttons, so that Tab, the arrow
// keys and a screen reader find their way. Python holds the answer.

let groups = 0; // radio buttons of one name belong together, in the whole page

function render({ model, el }) {
  const set = document.createElement("fieldset");
  set.className = "course-predict";
  set.style.cssText = "border: 0; padding: 0; margin: 0; color: var(--jp-ui-font-color1)";
  const legend = document.createElement("legend");
  legend.style.cssText = "font-weight: 600; padding: 0 0 4px";
  legend.textContent = model.get("statement");
  set.append(legend);
  const name = `course-predict-${groups++}-${Date.now()}`;
  const inputs = model.get("options").map((text) => {
    const label = document.createElement("label");
    label.style.cssText = "display: block; padding: 2px 0; cursor: pointer";
    const input = document.createElement("input");
    input.type = "radio";
    input.name = name;
    input.value = text;
    // JupyterLab's notebook shortcuts would otherwise take the arrow keys.
    input.dataset.lmSuppressShortcuts = "true";
    input.addEventListener("change", () => {
      model.set("value", text);
      model.save_changes();
    });
    label.append(input, ` ${text}`);
    set.append(label);
    return input;
  });

  function show() {
    set.disabled = model.get("disabled");
    for (const input of inputs) input.checked = input.value === model.get("value");
  }

  el.replaceChildren(set);
  model.on("change:value", show);
  model.on("change:disabled", show);
  show();
  return () => {
    model.off("change:value", show);
    model.off("change:disabled", show);
  };
}

export default { render };
