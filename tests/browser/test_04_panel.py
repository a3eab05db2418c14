"""Chapter 4 in a real JupyterLab: the panel with the most settings has room for all."""

from pathlib import Path

import pytest

from tools.lab import cut

NOTEBOOK = Path(__file__).parents[2] / "notebooks/04-dropout-and-regularization.ipynb"
CELLS = ("setup", "data", "gap", "noisy-code", "noisy-training", "panel")
WIDTHS = [1280, 1024]
ROW = ".course-runs tbody tr"
OTHER = (
    "dropout=0.5 weight_decay=0.1 label_smoothing=0.3 num_hiddens=8 n_train=500 "
    "wrong_labels=0.1 lr=0.5 momentum=0.0 batch_size=256 num_epochs=1 seed=3"
)
# Of the panel's elements those that are wider than its cell or stand out of it; an
# element that scrolls may hold what is wider.
WIDER = """() => { const panel = document.querySelector('.course-panel');
  const area = panel.closest('.jp-OutputArea-output').getBoundingClientRect();
  return [...panel.querySelectorAll('*')]
    .filter(e => e.getClientRects().length)
    .filter(e => !e.parentElement.closest('.course-runs-box'))
    .filter(e => { const { left, right } = e.getBoundingClientRect();
      return left < area.left - 1 || right > area.right + 1 })
    .map(e => `${e.tagName} ${e.className}`) }"""
CUT_LABELS = """() => [...document.querySelectorAll('.course-panel .widget-label')]
  .filter(e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1)
  .map(e => e.innerText)"""
SLIDERS = """() => [...document.querySelectorAll('.course-panel .noUi-target')]
  .filter(e => e.offsetParent).map(e => e.getBoundingClientRect().width)"""
# Names and buttons of runs that are out of the cell, or lie on each other.
OUT_OF_SIGHT = """() => { const panel = document.querySelector('.course-panel');
  const area = panel.closest('.jp-OutputArea-output').getBoundingClientRect();
  const box = (e) => e.getBoundingClientRect();
  return [...panel.querySelectorAll('.course-runs tbody tr')].flatMap(row => {
    const [name, ...buttons] = [row.cells[0], ...row.querySelectorAll('button')];
    return [name, ...buttons].filter((e, k, all) => {
      const { left, right, top, bottom, x, y, width, height } = box(e);
      const seen = document.elementFromPoint(x + width / 2, y + height / 2);
      return left < area.left - 1 || right > area.right + 1 || !e.contains(seen) ||
        right > Math.min(area.right, window.innerWidth) ||
        (k > 1 && Math.abs(top - box(all[k - 1]).top) > 2) }) })
    .map(e => e.innerText) }"""


@pytest.fixture(scope="module")
def opened(lab):
    cut(NOTEBOOK, lab.folder / "04.ipynb", *CELLS)
    page = lab.open("04.ipynb")
    page.run_all()
    yield page
    page.close()


@pytest.fixture
def page(opened):
    """The same page with a fresh panel, which has the baseline and a short run."""
    opened.width(1280)
    opened.run_cell(len(CELLS) - 1)
    opened.text("Ready. Run starts")
    opened.drag("epochs", 0.0)
    return opened


def shown(page, width: int):
    """Make the window this wide, and bring the table of runs into it."""
    page.width(width)
    page.page.locator(ROW).last.scroll_into_view_if_needed()
    page.frame()
    return page.page.evaluate


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_has_room(page, width):
    page.click("Run")
    page.text("Run 1 finished")
    page.click("load")
    page.text("The controls show the settings of baseline")
    look = shown(page, width)
    assert look(WIDER) == [] and page.cut_off(".course-panel") == []
    assert look(CUT_LABELS) == []
    assert min(look(SLIDERS)) > 115
    assert look(OUT_OF_SIGHT) == []
    box = page.page.locator(".course-runs-box")
    assert box.evaluate("e => e.scrollWidth <= e.clientWidth"), "the table scrolls"
    head = page.page.locator(".course-runs th").all_inner_texts()
    assert {"run", "epochs", "val accuracy", "best", "seconds"} <= set(head)
    # What has no column, since it is the same in all runs, is said.
    said = page.page.locator(".course-same").inner_text()
    assert ("dropout" in head) != ("dropout 0 ·" in said)


def test_names_and_buttons_stay_where_everything_differs(page):
    page.click("More")
    field = page.page.locator(".course-more input[type=text]")
    field.fill(OTHER)
    field.press("Enter")
    page.text("The controls show the pasted settings")
    page.click("Run")
    page.text("Run 1 finished")
    look = shown(page, 1024)
    assert look(WIDER) == []
    box = page.page.locator(".course-runs-box")
    for end in ("0", "e.scrollWidth"):
        box.evaluate(f"e => {{ e.scrollLeft = {end} }}")
        assert look(OUT_OF_SIGHT) == []
    head = page.page.locator(".course-runs th").all_inner_texts()
    assert "dropout" in head and "seed" in head
    page.page.locator(f"{ROW} button[aria-label='Hide run 1']").click()
    page.page.locator(f"{ROW} button[aria-label='Show run 1']").wait_for()
