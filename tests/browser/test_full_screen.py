"""The button that shows a panel or an explorer on the whole screen."""

import nbformat.v4 as v4
import pytest

SOURCES = (
    "from helpers.chapters.softmax_regression import explorers\n"
    "explorers.softmax_temperature()",
    "from helpers.data import load_images\n"
    "from helpers.models import SoftmaxRegression\n"
    "from helpers.widgets import TuningPanel\n"
    "TuningPanel(SoftmaxRegression, load_images())",
)
IN = "name => document.fullscreenElement?.classList.contains(name)"
OUT = "() => document.fullscreenElement === null"


@pytest.fixture(params=["lab", "dark_lab"])
def page(request):
    lab = request.getfixturevalue(request.param)
    notebook = v4.new_notebook(cells=[v4.new_code_cell(s) for s in SOURCES])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    (lab.folder / "full-screen.ipynb").write_text(v4.writes(notebook))
    page = lab.open("full-screen.ipynb", width=1024)
    page.run_all()
    yield page
    page.close()


def test_there_and_back(page):
    for name in ("course-explorer", "course-panel"):
        whole = page.page.locator(f".{name}")
        whole.scroll_into_view_if_needed()
        button = whole.get_by_role("button", name="Full screen")
        assert button.get_attribute("title") == "Full screen"
        picture = whole.locator("canvas").first
        before = picture.bounding_box()
        assert page.cut_off(f".{name}") == []
        button.focus()  # by keyboard there
        page.page.keyboard.press("Enter")
        page.until(IN, name)
        page.frame()
        color = whole.evaluate("e => getComputedStyle(e).backgroundColor")
        assert color != "rgba(0, 0, 0, 0)"
        page.until(
            "([canvas, width]) => canvas.getBoundingClientRect().width > width",
            [picture.element_handle(), before["width"]],
        )
        whole.get_by_role("button", name="Leave full screen (Esc)").click()  # by mouse
        page.until(OUT)
        page.until(
            "([canvas, width]) => canvas.getBoundingClientRect().width === width",
            [picture.element_handle(), before["width"]],
        )
