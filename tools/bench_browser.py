"""What is measured in a real JupyterLab: panel, Stop, explorers, sketch pad."""

import math
from pathlib import Path

import nbformat
from playwright.sync_api import expect

from tools.lab import Lab
from tools.page import SLIDER
from tools.waiting import PATIENCE

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
from helpers import MLP, SketchPad
with seeded(0):
    net = MLP()
SketchPad(net, data)
""",
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
# Where each is drawn, and the slider that moves it.
DRAWN = {
    "bare": (".bench-label", "bare"),
    "browser": ("canvas.course-picture >> nth=0", "logit cat"),
    "kernel": ("canvas.course-picture >> nth=1", "training steps"),
}
BARS = "canvas.course-picture >> nth=2"  # of the sketch pad, whose square and words:
SQUARE, SAID = "canvas.course-square", ".course-sketch-answer"
# Milliseconds from an event on a node until the drawing has changed and is painted: a
# message that is sent in a frame arrives when the frame has been. What never changes
# is an error.
EVENT_TO_PICTURE = """([drawing, node, kind, event, patience]) =>
new Promise((resolve, reject) => {
  node.focus();
  let changed = false;
  const changes = new MutationObserver(() => { changed = true; });
  const what = drawing.tagName === 'CANVAS' ? { attributeFilter: ['data-drawn'] }
    : { childList: true, characterData: true, subtree: true };
  changes.observe(drawing, what);
  const { port1, port2 } = new MessageChannel();
  const frame = () => port2.postMessage(0);
  port1.onmessage = () => {
    const wait = performance.now() - begin;
    if (!changed && wait < 1000 * patience) return requestAnimationFrame(frame);
    changes.disconnect();
    changed ? resolve(wait) : reject(new Error(`${event.type} changed no picture`));
  };
  const begin = performance.now();
  node.dispatchEvent(new window[kind](event.type,
    { ...event, bubbles: true, cancelable: true }));
  requestAnimationFrame(frame);
})"""


def measure(folder: Path, chromium: str, rounds: int) -> dict[str, list[float]]:
    """Measure everything that needs a browser.

    Returns
    -------
    "panel" and "alone": examples per second. Milliseconds: "stop", from a click on
    Stop until the training has ended; "bare", "browser" and "kernel", from a key on a
    slider until its label, or the picture of an explorer, is drawn; "pad", from a move
    of the pen until the bars are.
    """
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells = [nbformat.v4.new_code_cell(c.strip()) for c in CELLS]
    nbformat.write(notebook, folder / "bench.ipynb")
    found = {name: [] for name in ("panel", "alone", "stop")}
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
        return found | picture_waits(page, 2 * rounds)


def picture_waits(page, rounds: int) -> dict[str, list[float]]:
    """Milliseconds until each picture has followed, by turns; the first warms up."""
    found = {name: [] for name in (*DRAWN, "pad")}
    for turn in range(rounds + 1):
        for name, (drawing, label) in DRAWN.items():
            waits = key_waits(page, drawing, label)
            found[name] += waits if turn else []
        waits = pen_waits(page)
        found["pad"] += waits if turn else []
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
    handle = page.page.locator(SLIDER.format(label)).locator(".noUi-handle").first
    keys = [k for k in ("ArrowLeft", "ArrowRight") for _ in range(PRESSES // 2)]
    events = [{"type": "keydown", "key": key} for key in keys]
    return _waits(page, drawing, handle, "KeyboardEvent", events)


def pen_waits(page) -> list[float]:
    """Milliseconds from each move of the pen in the sketch pad's square to the bars.

    The pen draws an arc: of a straight line the network sees the same at any length,
    because drawings are centred and scaled, and then the bars rightly stay.
    """
    said = page.page.locator(SAID)
    page.click("Clear")
    expect(said).to_contain_text("Draw in the square")
    square = page.page.locator(SQUARE)
    square.hover(position={"x": 220, "y": 140})  # in view, and where the arc begins
    box = square.bounding_box()
    page.page.mouse.down()  # the browser's own, so that the pen is held
    expect(said).to_contain_text("The network says")
    page.frame()
    angles = [2 * math.pi * k / (PRESSES + 2) for k in range(1, PRESSES + 1)]
    events = [
        {
            "type": "pointermove",
            "pointerId": 1,  # the mouse
            "clientX": box["x"] + 140 + 80 * math.cos(angle),
            "clientY": box["y"] + 140 + 80 * math.sin(angle),
        }
        for angle in angles
    ]
    waits = _waits(page, BARS, square, "PointerEvent", events)
    page.page.mouse.up()
    return waits


def _waits(page, drawing: str, node, kind: str, events: list[dict]) -> list[float]:
    """Milliseconds from each event on a node to the drawing that follows it."""
    arg = [page.page.locator(drawing).element_handle(), node.element_handle(), kind]
    waits = []
    for event in events:
        waits.append(page.page.evaluate(EVENT_TO_PICTURE, [*arg, event, PATIENCE]))
        page.page.wait_for_timeout(60)  # or this one's end would delay the next
    return waits
