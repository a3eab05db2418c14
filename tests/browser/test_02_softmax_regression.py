"""Chapter 2 in a real JupyterLab: the whole notebook, and its panel in detail."""

import json
import shutil
import time
from pathlib import Path

import pytest

from tools.lab import cut
from tools.page import SLIDER

NOTEBOOK = Path(__file__).parents[2] / "notebooks/02-softmax-regression.ipynb"
CANVAS = ".course-chart"
STOPPED = r"Run \d+ stopped"


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
    page.page.context.close()


# How many trainings of panels are alive in the kernel.
THREADS = (
    "import threading\nlen([t for t in threading.enumerate() if t.daemon and "
    "getattr(t, '_target', None) and t._target.__name__ == '_guard'])"
)


@pytest.fixture
def page(opened):
    """The same page with a fresh panel: its cell is run again."""
    opened.width(1280)
    opened.run_cell(4)
    opened.text("Ready. Run starts")
    return opened


def drawn(page) -> int:
    return int(page.page.locator(CANVAS).first.get_attribute("data-drawn"))


def points(page) -> int:
    return int(page.page.locator(CANVAS).first.get_attribute("data-points"))


def test_the_whole_notebook(lab):
    """Open, Run All, drag, Run, see the curve grow, Stop, save, open again."""
    shutil.copy(NOTEBOOK, lab.folder / "whole.ipynb")
    page = lab.open("whole.ipynb")
    page.run_all()
    page.text("Ready. Run starts")
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    page.drag("learning rate", 0.3)
    page.click("Run")
    page.text("Run 1 is training")
    page.page.wait_for_function(
        f"() => +document.querySelector('{CANVAS}').dataset.points > 5"
    )
    before, pictures = points(page), drawn(page)
    page.page.wait_for_timeout(1000)
    assert points(page) > before or points(page) > 90
    assert 3 <= drawn(page) - pictures <= 14, "about ten pictures a second"
    page.click("Stop")
    page.text(STOPPED)
    rows = page.page.locator(".course-runs tbody tr")
    assert rows.count() == 2 and "(stopped)" in rows.nth(1).inner_text()

    saved = page.save()
    errors = [
        output
        for cell in saved["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]
    assert errors == []
    assert_pictures_only(saved)
    page.click("Run")  # saving took nothing away from the live widget
    page.text("Run 2 is training")
    page.click("Stop")
    page.page.context.close()
    assert_pictures_show(lab, "whole.ipynb")


def test_the_stored_notebook_shows_pictures(lab):
    shutil.copy(NOTEBOOK, lab.folder / "stored.ipynb")
    assert_pictures_only(json.loads(NOTEBOOK.read_text(encoding="utf8")))
    assert_pictures_show(lab, "stored.ipynb")


def assert_pictures_only(notebook: dict) -> None:
    assert "widgets" not in notebook["metadata"]
    bundles = [
        output["data"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    views = "application/vnd.jupyter.widget-view+json"
    assert not [b for b in bundles if views in b]
    texts = ["".join(b["text/plain"]) for b in bundles if "image/png" in b]
    assert any(text.startswith("TuningPanel(") for text in texts)


def assert_pictures_show(lab, name: str) -> None:
    """Trusted, without a run: every widget's cell shows its picture."""
    lab.trust(name)
    page = lab.open(name)
    for cell in ("temperature-explorer", "panel"):
        index = cell_index(lab.folder / name, cell)
        output = page.page.locator(".jp-Notebook .jp-Cell").nth(index)
        output.scroll_into_view_if_needed()
        picture = output.locator(".jp-OutputArea img")
        picture.wait_for(timeout=10_000)
        assert picture.evaluate("image => image.naturalWidth") > 400
    assert page.count("text=model not found") == 0
    assert page.count("text=Error displaying widget") == 0
    page.page.context.close()


def cell_index(path: Path, cell_id: str) -> int:
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    return [cell["id"] for cell in cells].index(cell_id)


def test_buttons_pause_step_and_the_rate_while_it_trains(page):
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    page.click("Run")
    page.text("Run 1 is training")
    page.click("Pause")
    page.text("Run 1 is paused")
    numbers = page.page.locator(".course-numbers").inner_text()
    page.page.wait_for_timeout(300)
    assert page.page.locator(".course-numbers").inner_text() == numbers
    assert page.button("Pause").is_disabled() and page.button("Run").is_enabled()
    page.click("Step")
    page.page.wait_for_timeout(300)
    page.text("Run 1 is paused")
    page.click("Run")
    page.drag("learning rate", 0.9)
    page.click("Stop")
    page.text(STOPPED)
    row = page.page.locator(".course-runs tbody tr").nth(1).inner_text()
    assert "0.1 →" in row.replace("\u00a0", " ")

    page.click("hide")
    page.text("show")
    page.page.locator(".course-runs button[aria-label='Remove baseline']").click()
    page.page.wait_for_timeout(300)
    assert page.count(".course-runs tbody tr") == 1
    page.click("Reset")
    page.text("Ready")


@pytest.mark.alone
def test_stop_answers_within_200_ms(page):
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    waits = []
    for k in range(1, 4):
        page.click("Run")
        page.text(f"Run {k} is training")
        page.page.wait_for_timeout(400)
        waits.append(page.stop())
    assert sorted(waits)[1] < 200, waits


def test_interrupt_between_cells_counts_as_stop(page):
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    page.click("Run")
    page.text("Run 1 is training")
    page.page.click(
        "[data-command='notebook:interrupt-kernel'], [title^='Interrupt the kernel']"
    )
    page.text("Run 1 stopped")


def test_running_the_cell_again_stops_the_panel_that_goes_away(page):
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    page.click("Run")
    page.text("Run 1 is training")
    page.run_cell(4)
    page.page.wait_for_timeout(1000)
    page.run_cell(5)
    threads = page.page.locator(".jp-Notebook .jp-Cell").nth(5)
    assert threads.locator(".jp-OutputArea-output").inner_text().strip() == "0"


@pytest.mark.parametrize("width", [1280, 1024])
def test_nothing_is_cut_off(page, width):
    page.width(width)
    page.page.wait_for_timeout(300)
    assert page.cut_off(".course-panel") == []


def test_explorers_follow_sliders_and_keys(lab):
    cut(
        NOTEBOOK,
        lab.folder / "explorers.ipynb",
        "setup",
        "temperature-explorer",
        "borders-explorer",
    )
    page = lab.open("explorers.ipynb")
    page.run_all()
    bars = page.page.locator(".jp-OutputArea svg[role=img]")
    before = bars.get_attribute("aria-label")
    page.drag("temperature", 0.0)
    page.text("At temperature 0.1 .* dog 1.000")
    after = bars.get_attribute("aria-label")
    assert "dog 0.665" in before and "dog 1.000" in after
    # the browser's numbers, drawn at once, are those of Python
    assert "cat 0.000, chicken 0.000, dog 1.000" in after

    image = page.page.locator(".jp-OutputArea-output .widget-image")
    picture = image.get_attribute("src")
    page.drag("training steps", 0.0)
    page.text(r"Accuracy 0\.33")
    assert image.get_attribute("src") != picture
    handle = page.page.locator(SLIDER.format("weight factor")).locator(".noUi-handle")
    page.drag("training steps", 1.0)
    handle.focus()
    sentence = page.text(r"Accuracy 0\.9")
    for _ in range(6):
        page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(500)
    assert page.text(r"Accuracy 0\.9") != sentence
    page.page.context.close()


def test_the_keyboard_reaches_the_panel(page):
    page.button("Run").focus()
    page.page.keyboard.press("Enter")
    page.text("Run 1 finished", seconds=20)
    page.page.locator(".course-runs button[aria-label='Hide run 1']").focus()
    page.page.keyboard.press("Enter")
    shown = page.page.locator(".course-runs button[aria-label='Show run 1']")
    shown.wait_for(timeout=5000)
    assert shown.evaluate("button => button === document.activeElement")
    page.page.keyboard.press("Enter")  # the focus stayed: Enter shows it again
    page.page.locator(".course-runs button[aria-label='Hide run 1']").wait_for()
    assert page.count(".jp-Notebook .jp-Cell") == 6, "no shortcut of the notebook fired"


def test_a_dead_kernel_leaves_the_page_standing(page):
    """The panel's training ends with its kernel; nothing hangs and nothing throws.

    The last test of this file: the page that they share has no panel after it.
    """
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    page.click("Run")
    page.text("Run 1 is training")
    begin = time.monotonic()
    page.page.click(".lm-MenuBar-itemLabel:text-is('Kernel')")
    page.page.click(".lm-Menu-itemLabel:text-is('Restart Kernel…')")
    page.page.click(".jp-Dialog button.jp-mod-accept")
    page.page.wait_for_timeout(500)
    page.page.wait_for_function(
        "() => document.querySelector('.jp-Notebook-ExecutionIndicator')"
        "?.dataset.status === 'idle'",
        timeout=20_000,
    )
    assert time.monotonic() - begin < 15
