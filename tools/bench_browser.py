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
    # The round trip that nothing through the kernel can beat: a slider and a label.
    """
import ipywidgets
bare = ipywidgets.IntSlider(50, description="bare")
label = ipywidgets.Label("50")
bare.observe(lambda change: setattr(label, "value", str(change["new"])), "value")
ipywidgets.VBox([bare, label.add_class("bench-label")])
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

PRESSES = 10  # of a key, before it is another slider's turn
# Where each of the three is drawn, and the slider that moves it.
DRAWN = {
    "bare": (".bench-label", "bare"),
    "browser": ("canvas.course-picture >> nth=0", "logit cat"),
    "kernel": ("canvas.course-picture >> nth=1", "training steps"),
}
# Milliseconds from a key on the focused slider until the drawing has changed and is
# painted: a message that is sent in a frame arrives when the frame has been.
KEY_TO_PICTURE = """([drawing, handle, key]) => new Promise(resolve => {
  handle.focus();
  let changed = false;
  const changes = new MutationObserver(() => { changed = true; });
  const what = drawing.tagName === 'CANVAS' ? { attributeFilter: ['data-drawn'] }
    : { childList: true, characterData: true, subtree: true };
  changes.observe(drawing, what);
  const { port1, port2 } = new MessageChannel();
  const frame = () => port2.postMessage(0);
  port1.onmessage = () => {
    if (!changed) return requestAnimationFrame(frame);
    changes.disconnect();
    resolve(performance.now() - begin);
  };
  const begin = performance.now();
  handle.dispatchEvent(new KeyboardEvent('keydown',
    { key, bubbles: true, cancelable: true }));
  requestAnimationFrame(frame);
})"""


def measure(folder: Path, chromium: str, rounds: int) -> dict[str, list[float]]:
    """Measure everything that needs a browser.

    Returns
    -------
    "panel" and "alone": examples per second. Milliseconds: "stop", from a click on
    Stop until the training has ended; "bare", "browser" and "kernel", from a key on a
    slider until its label, or the picture of an explorer, is drawn.
    """
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells = [nbformat.v4.new_code_cell(c.strip()) for c in CELLS]
    nbformat.write(notebook, folder / "bench.ipynb")
    found = {"panel": [], "alone": [], "stop": []} | {name: [] for name in DRAWN}
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
        page.page.wait_for_timeout(1000)
        for turn in range(2 * rounds + 1):
            for name, (drawing, label) in DRAWN.items():
                waits = key_waits(page, drawing, label)
                found[name] += waits if turn else []
    return found


def _round(page, number: int) -> tuple[float, float]:
    """Examples per second of one training with the panel, then of one without."""
    page.page.locator(".course-panel").first.scroll_into_view_if_needed()
    page.click("Run")
    page.page.wait_for_timeout(4000)  # looking at the page all the time costs too
    page.text(f"Run {number} finished")
    page.run_cell(len(CELLS) - 1)
    cell = page.page.locator(".jp-Notebook .jp-Cell").nth(len(CELLS) - 1)
    output = cell.locator(".jp-OutputArea-output").inner_text().split()
    return float(output[0]), float(output[1])


def key_waits(page, drawing: str, label: str) -> list[float]:
    """Milliseconds from each press of an arrow key on a slider to its picture."""
    target = page.page.locator(drawing)
    handle = page.page.locator(SLIDER.format(label)).locator(".noUi-handle").first
    arg = [target.element_handle(), handle.element_handle()]
    waits = []
    for key in ("ArrowLeft", "ArrowRight"):
        for _ in range(PRESSES // 2):
            waits.append(page.page.evaluate(KEY_TO_PICTURE, [*arg, key]))
            page.page.wait_for_timeout(60)
    return waits
