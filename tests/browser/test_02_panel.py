"""Chapter 2 in a real JupyterLab: its panel in detail."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.panel import CANVAS, STOPPED, reload, start, until
from tools.lab import cut
from tools.page import NOTEBOOK as OPEN
from tools.waiting import wait_for

NOTEBOOK = Path(__file__).parents[2] / "notebooks/02-softmax-regression.ipynb"
PANEL = ("torch-model-code", "baseline", "panel")


def panel_notebook(lab, name: str, code: str = "") -> str:
    cut(NOTEBOOK, lab.folder / name, "setup", "data", *PANEL, code=code)
    return name


@pytest.fixture(scope="module")
def opened(lab):
    """The panel's cells, run once; the panel's own is the fifth of six."""
    page = lab.open(panel_notebook(lab, "panel.ipynb", code=THREADS))
    page.run_all()
    yield page
    page.close()


# How many trainings of panels are alive in the kernel.
THREADS = (
    "import threading\nlen([t for t in threading.enumerate() if t.name == 'training'])"
)


@pytest.fixture
def page(opened):
    """The same page with a fresh panel: its cell is run again."""
    opened.width(1280)
    opened.run_cell(4)
    opened.text("Ready. Run starts")
    return opened


def test_buttons_step_run_pause_and_the_rate_while_it_trains(page):
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    canvas = page.page.locator(CANVAS)
    for minibatches in (1, 2):  # each is a point of the chart, until there are many
        page.click("Step")
        expect(canvas).to_have_attribute("data-points", str(minibatches))
        page.text("Run 1 is paused")
    page.click("Run")
    page.text("Run 1 is training")
    until(page, "d.points > 2")
    page.click("Pause")
    page.text("Run 1 is paused")
    numbers = page.page.locator(".course-numbers").inner_text()
    page.run_cell(5)  # what the kernel had to say before has come by then
    assert page.page.locator(".course-numbers").inner_text() == numbers
    assert page.button("Pause").is_disabled() and page.button("Run").is_enabled()
    page.click("Run")
    page.text("Run 1 is training")
    page.drag("learning rate", 0.9)
    page.click("Stop")
    page.text(STOPPED)
    rows = page.page.locator(".course-runs tbody tr")
    expect(rows.nth(1)).to_contain_text(re.compile(r"0\.1\s→"))

    page.click("hide")
    page.text("show")
    page.page.locator(".course-runs button[aria-label='Remove baseline']").click()
    expect(rows).to_have_count(1)
    page.click("Reset")
    page.text("Ready")


def test_interrupt_between_cells_counts_as_stop(page):
    start(page)
    page.page.click(
        "[data-command='notebook:interrupt-kernel'], [title^='Interrupt the kernel']"
    )
    page.text("Run 1 stopped")


def test_running_the_cell_again_stops_the_panel_that_goes_away(page):
    start(page)
    # A training ends with the minibatch that is being made; nobody waits for it.
    wait_for(lambda: trainings(page) == "1")
    page.run_cell(4)
    wait_for(lambda: trainings(page) == "0")


def trainings(page) -> str:
    """How many are alive in the kernel, as a cell says it."""
    page.run_cell(5)
    cell = page.page.locator(".jp-Notebook .jp-Cell").nth(5)
    return cell.locator(".jp-OutputArea-output").inner_text().strip()


@pytest.mark.parametrize("width", [1280, 1024])
def test_nothing_is_cut_off(page, width):
    page.width(width)
    assert page.cut_off(".course-panel") == []


def test_a_run_that_diverges_leaves_the_others_their_room(page):
    """The chart says so, and names of lines that end at one place lie apart."""
    page.click("More")
    field = page.page.locator(".course-more input[type=text]")
    for number, settings in enumerate(("lr=10", "lr=0.1", "lr=0.1", "lr=0.1"), 1):
        field.fill(f"{settings} num_epochs=1 batch_size=256")
        field.press("Enter")
        page.text("The controls show the pasted settings")
        page.click("Run")
        page.text(f"Run {number} finished")
    canvas = page.page.locator(CANVAS)
    said = re.compile(r"run 1 leaves the picture, up to \d+")
    expect(canvas).to_have_attribute("aria-label", said)
    until(page, "JSON.parse(d.names).length === 10")  # of five runs in two panes
    names = json.loads(canvas.get_attribute("data-names"))
    height = canvas.bounding_box()["height"]
    for name, x, y in names:
        assert 26 <= y <= height - 34, (name, "is in its pane")
        others = [(n, v) for n, u, v in names if abs(u - x) < 30 and n != name]
        assert all(abs(v - y) > 11.9 for _, v in others), (name, y, others)
    tops = {name: y for name, _, y in names[:5]}
    assert tops["run 1"] == min(tops.values()), "its name stands where it left"


def test_the_keyboard_reaches_the_panel(page):
    page.button("Run").focus()
    page.page.keyboard.press("Enter")
    page.text("Run 1 finished")
    page.page.locator(".course-runs button[aria-label='Hide run 1']").focus()
    page.page.keyboard.press("Enter")
    shown = page.page.locator(".course-runs button[aria-label='Show run 1']")
    shown.wait_for()
    assert shown.evaluate("button => button === document.activeElement")
    page.page.keyboard.press("Enter")  # the focus stayed: Enter shows it again
    page.page.locator(".course-runs button[aria-label='Hide run 1']").wait_for()
    assert page.count(".jp-Notebook .jp-Cell") == 6, "no shortcut of the notebook fired"


BUSY = f"""() => {{ {OPEN}
  const code = 'import time\\nwhile True: time.sleep(0.05)';
  void notebook.sessionContext.session.kernel.requestExecute({{ code }}) }}"""
STATUS = f"() => {{ {OPEN} return notebook.sessionContext.session.kernel.status }}"


def picture_in(notebook: dict) -> tuple[str, str]:
    """The panel's picture as stored: in words, and as PNG in base64."""
    (output,) = next(c for c in notebook["cells"] if c["id"] == "panel")["outputs"]
    return output["metadata"]["image/png"]["alt"], output["data"]["image/png"]


def saved(page, holds) -> tuple[str, str]:
    """The picture that is stored once its words hold; a save waits for none long."""
    found = []

    def holding():
        found.append(picture_in(page.save()))
        return holds(found[-1][0])

    try:
        wait_for(holding)
    except AssertionError as error:
        raise AssertionError(f"stored last: {found[-1][0]}") from error
    return found[-1]


def test_what_is_saved_is_the_present_picture(page, lab):
    """The live panel keeps its focus; without a kernel the picture shows."""
    opening = picture_in(page.save())
    assert "baseline: val accuracy" in opening[0] and "run 1" not in opening[0]
    page.drag("epochs", 0.0)
    page.click("Run")
    page.text("Run 1 finished")
    handle = page.page.locator(".course-panel .noUi-handle").first
    handle.focus()
    one = re.compile(r"run 1: val accuracy 0\.\d+ after 1 epoch\.")
    finished = saved(page, one.search)
    assert finished[1] != opening[1]
    assert handle.evaluate("handle => handle === document.activeElement")

    cut(page.path, lab.folder / "panel-kept.ipynb", "panel", outputs=True)
    lab.trust("panel-kept.ipynb")
    again = lab.open("panel-kept.ipynb")
    shown = again.page.locator(".jp-OutputArea img")
    expect(shown).to_have_attribute("src", f"data:image/png;base64,{finished[1]}")
    assert shown.evaluate("image => image.naturalWidth") > 400
    again.close()

    reload(lab, page, "Run 1 finished")  # alive
    page.page.locator(".course-runs button[aria-label='Remove run 1']").click()
    expect(page.page.locator(".course-runs tbody tr")).to_have_count(1)
    saved(page, lambda words: "run 1" not in words)


def test_a_busy_kernel_delays_no_save(page):
    """The picture that was saved last stays until the kernel can draw another."""
    page.drag("epochs", 0.0)
    page.click("Run")
    page.text("Run 1 finished")
    former = saved(page, lambda words: "run 1" in words)
    page.click("Run")
    page.text("Run 2 finished")
    page.page.evaluate(BUSY)
    page.until(f"() => ({STATUS})() === 'busy'")
    assert picture_in(page.save()) == former
    assert page.page.evaluate(STATUS) == "busy"
    page.start("notebook:interrupt-kernel")
    page.wait_idle()
    saved(page, lambda words: "run 2: val accuracy" in words)


def test_a_dead_kernel_leaves_the_page_standing(page):
    """The panel's training ends with its kernel; nothing hangs and nothing throws.

    The last test of this file: the page that they share has no panel after it.
    """
    start(page)
    page.restart_kernel()
    page.run_cell(0)
