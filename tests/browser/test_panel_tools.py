"""The panel's doctor, seeds and folded row in a real JupyterLab, in the dark theme."""

import re

import nbformat
import pytest
from playwright.sync_api import expect

CELLS = (
    """
import os
from pathlib import Path
from helpers import Choice, IntSlider, LogSlider, SoftmaxRegression, TuningPanel
from helpers import load_images
from helpers.data import real
real.data_folders = lambda: [Path(os.environ["COURSE_DATA"])]  # which holds nothing
data = load_images()
""",
    """
TuningPanel(
    SoftmaxRegression,
    data,
    datasets=("digits", "fashion_mnist"),
    lr=LogSlider(0.001, 100, start=0.1),
    batch_size=Choice(16, 64, 256, 1024, start=256),
    num_epochs=IntSlider(1, 1000, start=4),
    weight_decay=Choice(0.0, 1e-4, 1e-3),
)
""",
)
FIELD = ".course-more input[type=text]"
TEXT = ".course-copy"


@pytest.fixture(scope="module")
def opened(dark_lab):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS]
    nbformat.write(notebook, dark_lab.folder / "tools.ipynb")
    page = dark_lab.open("tools.ipynb")
    page.run_all()
    yield page
    page.close()


@pytest.fixture
def page(opened):
    """The same page with a fresh panel: its cell is run again."""
    opened.width(1280)
    opened.run_cell(1)
    opened.text("Ready. Run starts")
    return opened


def paste(page, text: str) -> None:
    field = page.page.locator(FIELD)
    field.fill(text)
    field.press("Enter")


def doctor(page) -> str:
    return page.page.locator(".course-doctor").inner_text()


def test_seeds_make_a_band(page):
    page.click("More")
    paste(page, "lr=0.02 batch_size=256 num_epochs=4 seed=0..2")
    page.text("The controls show the pasted settings")
    page.click("Run")
    page.text(r"Run 1 finished: val accuracy 0\.\d+ ± 0\.\d+ over 3 seeds")
    page.text(r"seed 3\/3 · epoch 4 of 4")
    canvas = page.page.locator(".course-chart")
    expect(canvas).to_have_attribute("data-bands", "1")
    expect(canvas).to_have_attribute("data-points", "0")
    row = page.page.locator(".course-runs tbody tr").inner_text()
    assert "0..2" in row and "±" in row
    assert doctor(page).startswith("Doctor: The validation loss was still falling")


def test_the_doctor_speaks_while_it_happens(page):
    page.drag("learning rate", 1.0)
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    page.click("Run")
    page.text("is far above its start")
    said = doctor(page)
    assert said.startswith("Doctor: The loss, ") and "try one near 10." in said
    # The numbers that it stands on are looked at again with every fifth picture.
    seen = page.page.locator(".course-chart").get_attribute("data-drawn")
    page.until(
        f"() => document.querySelector('.course-chart').dataset.drawn > {seen} + 12"
    )
    assert doctor(page) == said, "the line changes with the state alone"
    page.click("Stop")
    page.text("Run 1 stopped")
    page.click("Reset")
    page.text("Ready")
    expect(page.page.locator(".course-doctor")).to_have_text("")


def test_settings_are_pasted_and_follow(page):
    expect(page.page.locator(FIELD)).to_be_hidden()
    page.click("More")
    assert page.page.locator(FIELD).input_value().startswith("lr=0.1 batch_size=256")
    paste(page, "lr=0.5 num_epochs=700 batch_size=64 seed=1..2")
    page.text("The controls show the pasted settings")
    batch = ".widget-inline-hbox:has(.widget-label:text-is('batch size')) select"
    chosen = page.page.locator(f"{batch} option:checked")
    expect(chosen).to_have_text("64")
    paste(page, "lr=fast")
    page.text("Nothing was changed: learning rate must be a number, got 'fast'")
    expect(chosen).to_have_text("64")
    page.press("epochs", "Home")
    # 0.5 lies between two stops of the slider, and the browser leaves it there
    followed = re.compile("^lr=0.5 .*num_epochs=1 .*seed=1..2")
    expect(page.page.locator(FIELD)).to_have_value(followed)


def test_a_dragged_rate_is_the_number_beside_it(page):
    page.click("More")
    page.drag("learning rate", 0.37)
    field = page.page.locator(FIELD)
    expect(field).not_to_have_value(re.compile("^lr=0.1 "))
    slider = ".widget-inline-hbox:has(.widget-label:text-is('learning rate'))"
    shown = page.page.locator(f"{slider} .widget-readout").inner_text().strip()
    assert field.input_value().startswith(f"lr={float(shown)!r} ")


def test_code_and_csv_are_shown_to_be_copied(page):
    folder = page.path.parent
    before = sorted(path.name for path in folder.iterdir())
    page.click("Run")
    page.text("Run 1 finished")
    page.click("More")
    page.click("Code")
    area = page.page.locator(TEXT)
    starts = re.compile("^from helpers import SoftmaxRegression, load_images")
    expect(area).to_have_value(starts)
    code = area.input_value()
    area.click()
    marked = "e => e.value.slice(e.selectionStart, e.selectionEnd)"
    assert area.evaluate(marked) == code
    for key in ("d", "d", "x", "Backspace"):  # JupyterLab deletes cells with these
        page.page.keyboard.press(key)
    assert page.count(".jp-Notebook .jp-Cell") == 2 and area.input_value() == code
    page.click("CSV")
    expect(area).to_have_value(re.compile("^run,state,data"))
    assert len(area.input_value().strip().splitlines()) == 1 + 4
    page.click("CSV")
    expect(area).to_be_hidden()
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_row_opens_by_keyboard(page):
    page.button("More").focus()
    page.page.keyboard.press("Enter")
    page.page.locator(FIELD).wait_for()
    page.page.keyboard.press("Tab")
    assert page.page.locator(FIELD).evaluate("e => e === document.activeElement")


def test_a_missing_set_offers_its_download(page):
    page.click("More")
    expect(page.button("Download")).to_be_hidden()
    page.choose("data", "fashion_mnist")
    page.text("fashion_mnist is not on this machine")
    expect(page.button("Download")).to_be_visible()
    page.click("Run")
    page.text("No training was started: fashion_mnist")
    page.choose("data", "digits")
    page.text("trains on 12,000 images of digits")
    expect(page.button("Download")).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 1024])
def test_nothing_is_cut_off(page, width):
    page.width(width)
    page.drag("seeds", 0.25)
    page.click("Run")
    page.text("over 2 seeds")
    page.click("More")
    page.click("Code")
    page.page.locator(TEXT).wait_for()
    page.choose("data", "fashion_mnist")
    page.text("fashion_mnist is not on this machine")
    assert page.cut_off(".course-panel") == []


def test_dark_theme(page):
    """Text is light on dark, and the chart is drawn in the theme's colors."""
    page.drag("epochs", 0.0)
    page.click("Run")
    page.text("Run 1 finished")
    lightness = page.page.evaluate(
        """() => ['.course-runs td', '.course-status p', '.course-numbers']
          .map(s => getComputedStyle(document.querySelector(s)).color)
          .map(c => Math.min(...c.match(/[0-9.]+/g).slice(0, 3)))"""
    )
    assert min(lightness) > 150, lightness
    title = page.page.evaluate(
        """() => { const canvas = document.querySelector('.course-chart');
          const p = canvas.getContext('2d').getImageData(40, 2, 60, 16).data;
          return Math.max(...p.filter((_, k) => k % 4 < 3)) }"""
    )
    assert title > 150, "the chart's title is not light"
