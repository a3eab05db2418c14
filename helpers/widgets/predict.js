// A statement and its possible answers as native radio buttons, so that Tab, the arrow
// keys and a screen reader find their way. Python holds the answer.

const BUTTON =
  "margin: 4px 0 0; padding: 1px 10px; cursor: pointer; border-radius: 3px; " +
  "border: 1px solid var(--jp-border-color1); color: var(--jp-ui-font-color1); " +
  "background: var(--jp-layout-color2)";
let groups = 0; // radio buttons of one name belong together, in the whole page

function render({ model, el }) {
  const make = (tag, style, text = "") => {
    const made = Object.assign(document.createElement(tag), { textContent: text });
    made.style.cssText = style;
    // JupyterLab's notebook shortcuts would otherwise take the arrow keys.
    made.dataset.lmSuppressShortcuts = "true";
    return made;
  };
  const choose = (answer) => {
    model.set("value", answer);
    model.save_changes();
  };
  const set = make("fieldset", "border: 0; padding: 0; margin: 0; color: var(--jp-ui-font-color1)");
  set.className = "course-predict";
  set.append(make("legend", "font-weight: 600; padding: 0 0 4px", model.get("statement")));
  const name = `course-predict-${groups++}-${Date.now()}`;
  const inputs = model.get("options").map((text) => {
    const label = make("label", "display: block; padding: 2px 0; cursor: pointer");
    const input = Object.assign(make("input", ""), { type: "radio", name, value: text });
    input.addEventListener("change", () => choose(text));
    label.append(input, ` ${text}`);
    set.append(label);
    return input;
  });
  const anew = make("button", BUTTON, "Predict anew");
  anew.addEventListener("click", () => choose(null));

  function show() {
    set.disabled = model.get("fixed");
    anew.hidden = !model.get("fixed");
    for (const input of inputs) input.checked = input.value === model.get("value");
  }

  el.replaceChildren(set, anew);
  model.on("change:value", show);
  model.on("change:fixed", show);
  show();
  return () => {
    model.off("change:value", show);
    model.off("change:fixed", show);
  };
}

export default { render };
