"""What is measured in a real JupyterLab: cost of the open panel, Stop, an explorer."""

from pathlib import Path

import nbformat

from tools.lab import Lab
from tools.page import SLIDER

# One thread, and the same training by turns: driven by the panel that is open in the
# browser, and by the same loop with nobody looking.
CELLS = (
    """
import time
from helpers import LeNet, TuningPanel, IntSlider, LogSlider, fit, load_images, seeded
data = load_images("digits")
""",
    """
panel = TuningPanel(LeNet, data, lr=LogSlider(0.001, 10, start=0.1),
                    num_epochs=IntSlider(1, 50, start=2))
moments = []  # wall time, because the time of drawing is what is in question
panel.lines.status.observe(
    lambda change: moments.append((time.perf_counter(), change["new"])), "value")
panel
""",
    """
from helpers.chapters.softmax_regression import explorers
explorers.softmax_temperature()
""",
    "explorers.decision_borders()",
    """
def alone():
    begin = time.perf_counter()
    with seeded(0):
        net = LeNet()
    for record in fit(net, data.train, data.val, num_epochs=2, lr=0.1):
        pass
    return time.perf_counter() - begin
training = [t for t, text in moments if "is training" in text]
finished = [t for t, text in moments if "finished" in text]
panel_seconds = finished[-1] - training[-1] if finished else 1.0
print(24_000 / panel_seconds, 24_000 / alone())
""",
)

# Milliseconds from a key on a focused slider until the drawing has changed and the
# next frame is due.
WATCH_KEY = """(drawing) => {
  window.waits = [];
  const target = document.querySelector(drawing);
  let begin = null;
  document.addEventListener('keydown', () => { begin = performance.now(); }, true);
  const changed = () => {
    if (begin === null) return;
    const from = begin; begin = null;
    requestAnimationFrame(() => window.waits.push(performance.now() - from));
  };
  if (target.tagName === 'IMG') target.addEventListener('load', changed);
  else new MutationObserver(changed)
    .observe(target, {subtree: true, attributes: true, childList: true});
}"""


def measure(folder: Path, chromium: str, rounds: int) -> dict[str, list[float]]:
    """Measure everything that needs a browser.

    Returns
    -------
    "panel" and "alone": examples per second; "stop", "js" and "png":
    milliseconds.
    """
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells = [nbformat.v4.new_code_cell(c.strip()) for c in CELLS]
    nbformat.write(notebook, folder / "bench.ipynb")
    found = {"panel": [], "alone": [], "stop": [], "js": [], "png": []}
    with Lab(folder, chromium) as lab:
        page = lab.open("bench.ipynb")
        page.run_all()
        page.text("Ready. Run starts")
        for turn in range(rounds + 1):
            with_panel, alone = _round(page, turn + 1)
            if turn:  # the first round warms up
                found["panel"].append(with_panel)
                found["alone"].append(alone)
        page.drag("epochs", 1.0)
        for k in range(rounds):
            page.click("Run")
            page.text(f"Run {rounds + 2 + k} is training")
            page.page.wait_for_timeout(500)
            found["stop"].append(page.stop())
        found["js"] = key_waits(page, "logit cat", ".jp-OutputArea svg[role=img]", 40)
        image = ".jp-OutputArea-output .widget-image"
        found["png"] = key_waits(page, "training steps", image, 40)
    return found


def _round(page, number: int) -> tuple[float, float]:
    """Examples per second of one training with the panel, then of one without."""
    page.page.locator(".course-panel").first.scroll_into_view_if_needed()
    page.click("Run")
    page.page.wait_for_timeout(4000)  # looking at the page all the time costs too
    page.text(f"Run {number} finished", seconds=60)
    cell = page.page.locator(".jp-Notebook .jp-Cell").nth(4)
    cell.locator(".cm-content").click()
    page.page.keyboard.press("Control+Enter")
    page.page.wait_for_timeout(300)
    page.wait_idle()
    output = cell.locator(".jp-OutputArea-output").inner_text().split()
    return float(output[0]), float(output[1])


def key_waits(page, label: str, drawing: str, presses: int) -> list[float]:
    """Milliseconds from each press of an arrow key on a slider to its picture."""
    page.page.evaluate(WATCH_KEY, drawing)
    handle = page.page.locator(SLIDER.format(label)).locator(".noUi-handle").first
    handle.focus()
    for k in range(presses):
        page.page.keyboard.press("ArrowLeft" if k % 20 < 10 else "ArrowRight")
        page.page.wait_for_timeout(120)
    return page.page.evaluate("() => window.waits")
