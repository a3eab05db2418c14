"""Chapter 3 in a real JupyterLab: its explorers, and the playground in the plane."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers.chapters.multilayer_perceptrons.explorers import FUNCTIONS, chain
from tools.lab import cut

NOTEBOOK = Path(__file__).parents[2] / "notebooks/03-multilayer-perceptrons.ipynb"
EXPLORERS = (
    "activations-explorer-code",
    "approximation-explorer",
    "depth-explorer-code",
)
IMAGE = ".jp-OutputArea-output .widget-image"
MAP = "canvas.course-map"


@pytest.fixture(scope="module")
def page(lab):
    """One notebook for all tests here: they use different widgets of it."""
    cells = ("setup", *EXPLORERS, "playground-build", "playground")
    cut(NOTEBOOK, lab.folder / "03.ipynb", *cells)
    page = lab.open("03.ipynb")
    page.run_all()
    yield page
    page.close()


def test_activations_are_drawn_by_the_browser(page):
    svg = page.page.locator(".jp-OutputArea svg[role=img]")
    drawn = lambda: svg.get_attribute("aria-label")  # noqa: E731
    first = "sigmoid(0.00) is 0.5000, slope 0.250, factor 9.54e-7"
    expect(svg).to_have_attribute("aria-label", first)
    page.drag("z", 1.0)
    page.text(r"^sigmoid\(6\.00\) is 0\.9975")
    for name, (f, slope_of) in FUNCTIONS.items():
        page.choose("activation", name)
        page.text(rf"^{name}\(6\.00\) is ")
        value, slope = float(f(6.0)), float(slope_of(6.0))
        numbers = [float(x) for x in re.findall(r" ([\d.]+(?:e[-+]\d+)?)", drawn())]
        expected = [value, slope, chain(slope, 1.0, 10)]
        assert drawn().startswith(f"{name}(6.00) is ")
        assert numbers == pytest.approx(expected, rel=6e-3)
    page.choose("activation", "sigmoid")
    page.text(r"^sigmoid\(6\.00\)")
    page.press("z", "ArrowLeft")
    page.text(r"^sigmoid\(5\.88\)")
    assert drawn().startswith("sigmoid(5.88) is ")
    page.drag("weight", 1.0)
    dots = svg.locator("g[fill='#009E73'] circle")
    expect(dots).to_have_count(10)
    page.press("layers", "End")
    page.text("Through 30 layers with weight 100 ")
    expect(dots).to_have_count(30)


def test_networks_of_every_width_are_there(page):
    image = page.page.locator(IMAGE).nth(0)
    picture = image.get_attribute("src")
    page.drag("hidden units", 1.0)
    page.text("With 64 tanh units, 193 parameters, .* from sin 6x ")
    expect(image).not_to_have_attribute("src", picture)
    page.press("hidden units", "ArrowLeft")
    page.text("With 63 tanh units, 190 parameters")
    page.choose("target", "|x|")
    page.text(r"With 63 tanh units, .* from \|x\| ")


def test_depth_follows_the_first_weights(page):
    image = page.page.locator(IMAGE).nth(1)
    page.text("The gradient arrives")
    picture = image.get_attribute("src")
    page.choose("weight sd", "1")
    page.text("The gradient has exploded")
    expect(image).not_to_have_attribute("src", picture)
    page.drag("factor", 0.0)  # a tenth, near Xavier's 0.088
    page.text("The gradient arrives")
    page.press("factor", "End")
    page.text("The gradient has exploded")


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
