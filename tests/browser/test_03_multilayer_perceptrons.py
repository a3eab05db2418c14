"""Chapter 3 in a real JupyterLab: the playground in the plane."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tools.lab import cut

NOTEBOOK = Path(__file__).parents[2] / "notebooks/03-multilayer-perceptrons.ipynb"
MAP = "canvas.course-map"


@pytest.fixture(scope="module")
def page(lab):
    cells = ("setup", "playground-build", "playground")
    cut(NOTEBOOK, lab.folder / "03.ipynb", *cells)
    page = lab.open("03.ipynb")
    page.run_all()
    yield page
    page.close()


def test_the_playground_moves_while_it_trains(page):
    page.text("Run 1 finished")
    canvas = page.page.locator(MAP)
    canvas.scroll_into_view_if_needed()

    expect(canvas).to_have_attribute("data-units", "8")  # a square for each hidden unit
    title = canvas.get_attribute("data-title")
    to_a_hidden_unit(page, canvas)
    page.page.mouse.move(5, 5)
    expect(canvas).to_have_attribute("data-title", title)

    page.choose("shape", "spirals")
    page.choose("batch size", "10")
    page.press("layers", "End", which=-1)
    page.drag("epochs", 1.0)
    page.button("Run").focus()
    page.page.keyboard.press("Enter")
    page.text("Run 2 is training")
    expect(canvas).to_have_attribute("data-units", "24")
    # Several pictures of the training, each of another network, before it is stopped.
    for _ in range(3):
        summary, drawn = (canvas.get_attribute(n) for n in ("aria-label", "data-drawn"))
        expect(canvas).not_to_have_attribute("data-drawn", drawn)
        expect(canvas).not_to_have_attribute("aria-label", summary)
    page.text("Run 2 is training")
    page.click("Stop")
    page.text("Run 2 stopped")
    assert page.cut_off(".course-panel") == []


def to_a_hidden_unit(page, canvas):
    """Move the mouse from the left until a small square is drawn large."""
    box = canvas.bounding_box()
    for x in range(20, int(box["width"] / 2), 20):
        page.page.mouse.move(box["x"] + x, box["y"] + 0.45 * box["height"])
        page.frame()
        if canvas.get_attribute("data-title").startswith("hidden layer 1, unit "):
            return
    raise AssertionError("no hidden unit answers to the mouse")
