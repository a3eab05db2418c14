"""Chapter 1 in a real JupyterLab: its explorers, by mouse and by keyboard."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tools.lab import cut

NOTEBOOK = Path(__file__).parents[2] / "notebooks/01-linear-algebra-and-gradients.ipynb"
EXPLORERS = ("plane_map", "norm_balls", "taylor", "descent")


@pytest.fixture(scope="module")
def page(dark_lab):
    """All explorers of the chapter in one notebook, run; narrow, in the dark theme."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    sources = {"".join(cell["source"]).strip(): cell["id"] for cell in cells}
    ids = [sources[f"explorers.{name}()"] for name in EXPLORERS]
    cut(NOTEBOOK, dark_lab.folder / "explorers-01.ipynb", "setup", *ids)
    page = dark_lab.open("explorers-01.ipynb", width=1024)
    page.run_all()
    page.text("Stable are rates below")
    yield page
    page.close()


def drawn(page, start: str):
    """Return the drawing whose spoken text begins so."""
    return page.page.locator(f".jp-OutputArea svg[role=img][aria-label^='{start}']")


def test_plane_map(page):
    svg = drawn(page, "x = (")
    # (0.966, 0.259) and A = [[2, 1], [1, 2]]
    said = re.compile(re.escape("Ax = (2.191, 1.484), λ = 3.000 and λ = 1.000"))
    expect(svg).to_have_attribute("aria-label", said)
    expect(svg.locator("text:visible")).to_have_text(
        ["λ = 3.000", "λ = 1.000", "a₁", "a₂", "x", "Ax"]
    )
    # arrows end at a1, a2, x and Ax; 57.5 pixels to 1 from the middle, (230, 230)
    heads = [p.get_attribute("points") for p in svg.locator("polygon").all()]
    tips = [tuple(map(float, head.split()[0].split(","))) for head in heads]
    assert tips == [
        (230 + 57.5 * 2, 230 - 57.5 * 1),
        (230 + 57.5 * 1, 230 - 57.5 * 2),
        pytest.approx((230 + 57.5 * 0.9659, 230 - 57.5 * 0.2588), abs=0.01),
        pytest.approx((230 + 57.5 * 2.1907, 230 - 57.5 * 1.4836), abs=0.01),
    ]
    page.drag("a12", 0.0)
    page.text(r"det A = 6\.\d+\. No line is kept")
    assert svg.get_attribute("aria-label").endswith("no single line kept")
    assert len(svg.locator("text:visible").all()) == 4
    page.press("angle", "ArrowRight", 3)
    page.text(r"x at 18° is turned")
    assert svg.get_attribute("aria-label").startswith("x = (0.951, 0.309)")


def test_descent(page):
    svg = drawn(page, "Learning rate")
    dots = svg.locator("circle:visible")
    expect(dots).to_have_count(62)  # 31 points on the map, 31 on the curve
    assert "f is 13.0 at the start and 0.369 after 30 steps." in svg.get_attribute(
        "aria-label"
    )
    page.press("learning rate", "ArrowRight", 16)
    sentence = page.text("y grows at every step")
    assert "f falls for 2 steps and rises from step 3 on; step 11 leaves" in sentence
    # the browser's numbers, drawn at once, are those of Python
    assert "1.52e+3 after 30 steps; it rises from step 3 on." in svg.get_attribute(
        "aria-label"
    )
    assert svg.locator("text=f rises from step 3 on").count() == 1
    assert dots.count() == 12 + 31  # the path ends where it leaves the picture
    page.drag("condition", 0.0)
    page.text(r"multiplies x by 0\.79 and y by 0\.79")
    assert svg.locator("text=f after each step").count() == 1


@pytest.mark.parametrize(
    "dragged, to, said, pressed, then",
    [
        ("p", 0.0, "length is no norm", "x1", r"x = \(1\.55, −2\.00\)"),
        (
            "distance",
            0.0,
            r"divided by 4\.0\d and 8\.",
            "direction",
            r"At distance 0\.1",
        ),
    ],
)
def test_drawings_of_the_kernel(page, dragged, to, said, pressed, then):
    image = page.page.locator(
        f".jp-OutputArea-output:has(.widget-label:text-is('{dragged}')) .widget-image"
    )
    picture = image.get_attribute("src")
    page.drag(dragged, to)
    page.text(said)
    expect(image).not_to_have_attribute("src", picture)
    moved = image.get_attribute("src")
    page.press(pressed, "ArrowRight")
    page.text(then)
    expect(image).not_to_have_attribute("src", moved)


def test_nothing_is_cut_off(page):
    clipped = page.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea .widget-label')]
          .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
          .map(e => e.innerText)"""
    )
    assert clipped == []
    beyond = page.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output')]
          .filter(area => [...area.querySelectorAll('svg, img, .noUi-target')].some(
            e => e.getBoundingClientRect().right >
              area.getBoundingClientRect().right + 1)).length"""
    )
    assert beyond == 0


def test_words_in_the_drawings_can_be_read_on_the_theme(page):
    """Text that is not in a color of its own is light on dark, or dark on light."""
    shown = page.page.evaluate(
        """() => { const light = c => Math.min(...c.match(/[0-9.]+/g).slice(0, 3));
          const page = getComputedStyle(document.querySelector('.jp-Notebook'));
          const word = [...document.querySelectorAll('svg[role=img] text')]
            .find(e => e.textContent === 'start');
          return [light(page.backgroundColor), light(getComputedStyle(word).fill)] }"""
    )
    assert abs(shown[0] - shown[1]) > 120, shown
