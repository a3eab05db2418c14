"""The explorers of chapter 4 in a real JupyterLab, moved by mouse and keyboard."""

import nbformat
import pytest
from playwright.sync_api import expect

from helpers.chapters.dropout_and_regularization import explorers, masks, penalties

CELLS = (
    "from helpers.chapters.dropout_and_regularization import explorers",
    "explorers.polynomial()",
    "explorers.penalties()",
    "explorers.dropout_masks()",
    "go = __import__('pathlib').Path('go')\nwhile not go.exists(): pass\ngo.unlink()",
)
BUSY = 4  # the cell in which the kernel does nothing until it is let go
SVG = ".jp-OutputArea svg[role=img]"


@pytest.fixture(scope="module")
def page(dark_lab):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(notebook, dark_lab.folder / "04-explorers.ipynb")
    (dark_lab.folder / "go").touch()
    page = dark_lab.open("04-explorers.ipynb")
    page.run_all()
    yield page
    page.close()


def says(page, which, text):
    expect(page.page.locator(SVG).nth(which)).to_have_attribute("aria-label", text)


def test_polynomial_follows_mouse_and_keys(page):
    image = page.page.locator(".jp-OutputArea-output .widget-image")
    page.text("Degree 3 on 24 points")
    before = image.get_attribute("src")
    page.drag("degree", 1.0)
    page.text("Degree 15 on 24 points")
    expect(image).not_to_have_attribute("src", before)
    page.press("degree", "ArrowLeft", 3)
    said = page.text("Degree 12 on 24 points")
    explorer = explorers.polynomial()
    explorer.set(degree=12)
    assert said.strip() == explorer.sentence


def test_penalties_in_the_browser_are_those_of_python(page):
    """By slider, by keys, and dragged in the picture."""

    def expected(*values):
        pairs = (
            penalties._pair(f(*values)) for f in (penalties.lasso, penalties.ridge)
        )
        words = zip(("L1", "L2"), pairs, strict=True)
        return ", ".join(f"{n} minimum at {p}" for n, p in words).replace("-", "−")

    says(page, 0, expected((1.2, 0.4), 0.5, 0.0))
    page.press("correlation", "ArrowRight", 5)
    says(page, 0, expected((1.2, 0.4), 0.5, 0.08))
    page.drag("strength", 0.0)
    page.text(r"With strength 0\.00")
    says(page, 0, expected((1.2, 0.4), 0.0, 0.08))
    page.press("strength", "ArrowRight", 10)
    area = page.page.locator(f"{SVG} .frame").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()

    def at(w1, w2):
        unit = box["width"] / 4.4
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        return middle[0] + unit * w1, middle[1] - unit * w2

    mouse = page.page.mouse
    mouse.move(*at(1.2, 0.4))
    mouse.down()
    mouse.move(*at(-1.0, 1.6), steps=5)
    mouse.up()
    page.text(r"alone is lowest at \(−1\.000, 1\.600\)")  # the sliders have followed
    says(page, 0, expected((-1.0, 1.6), 0.2, 0.08))


def test_masks_in_the_browser_are_those_of_python(page):
    def expected(p, mask):
        keep, scaled = masks.dropped(p, mask)
        return (
            f"Mask {mask} at dropout {p:.2f} keeps {int(keep[-1].sum())} of 8 units, "
            f"output {(scaled[-1] @ masks.V).item():.3f}"
        )

    says(page, 1, expected(0.5, 1))
    page.press("mask", "ArrowRight", 6)
    says(page, 1, expected(0.5, 7))
    page.press("dropout", "ArrowLeft", 15)
    page.text("Mask 7 keeps")
    says(page, 1, expected(0.35, 7))
    page.drag("dropout", 1.0)
    page.text("With dropout 1 every mask drops all units")
    says(page, 1, "Mask 7 at dropout 1.00 keeps 0 of 8 units, output 0.000")


@pytest.mark.parametrize("width", [1280, 1024])
def test_nothing_is_cut_off(page, width):
    page.width(width)
    for name in ("svg[role=img]", ".widget-image"):
        assert page.cut_off(name) == []
    assert page.page.evaluate(
        """() => [...document.querySelectorAll('.widget-label')]
          .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
    ) == []  # fmt: skip


@pytest.mark.parametrize("which, slider", [(0, "correlation"), (1, "mask")])
def test_the_browser_draws_while_the_kernel_is_busy(page, which, slider):
    page.start("notebook:run-cell", BUSY)
    page.until(
        "() => document.querySelector('.jp-Notebook-ExecutionIndicator')"
        ".dataset.status === 'busy'"
    )
    svg = page.page.locator(SVG).nth(which)
    before = svg.get_attribute("aria-label")
    page.press(slider, "ArrowLeft")
    expect(svg).not_to_have_attribute("aria-label", before)
    (page.path.parent / "go").touch()  # the kernel was busy all the while
    page.wait_idle()
