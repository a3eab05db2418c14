"""Exercises, predictions and the chapter map as a learner uses them in JupyterLab."""

import re
import shutil
from pathlib import Path

import pytest

from tools.lab import cut

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOTEBOOK = NOTEBOOKS / "02-softmax-regression.ipynb"
WRONG = """
def temperature_for(gap, p):
    return gap

exercises.check("temperature", temperature_for)
"""


@pytest.fixture
def cells(lab):
    """Open a notebook of some cells of chapter 2, and run them."""
    opened = []

    def run(name: str, *ids: str, code: str = ""):
        cut(NOTEBOOK, lab.folder / name, "setup", *ids, code=code)
        page = lab.open(name)
        opened.append(page)
        page.run_all()
        return page

    yield run
    for page in opened:
        page.page.context.close()


def test_an_answer_gets_help_in_three_steps(cells):
    """A wrong answer is told why; the hint unfolds, and in it the solution."""
    page = cells("answer.ipynb", "ex-temperature-code", code=WRONG)
    stub = page.page.locator(".jp-Notebook .jp-Cell").nth(1)
    assert "not attempted" in stub.inner_text().lower()
    assert stub.locator("summary").all_inner_texts() == ["Hint"]

    answered = page.page.locator(".jp-Notebook .jp-Cell").nth(2)
    hint, solution = answered.locator("summary").all()
    assert not solution.is_visible()
    hint.click()
    assert solution.is_visible()
    source = answered.locator("pre:has-text('def temperature_for')").last
    assert not source.is_visible()
    solution.focus()
    page.page.keyboard.press("Enter")
    source.wait_for(state="visible", timeout=5000)
    assert page.count(".jp-Notebook .jp-Cell") == 3, "a shortcut of the notebook fired"


def test_predict_by_keyboard_then_test(cells):
    page = cells("predict.ipynb", "claim-focal-predict")
    page.text("Your prediction")
    radios = page.page.locator(".course-predict input")
    radios.first.focus()
    page.page.keyboard.press("ArrowDown")
    page.text("You predict: no difference of a percentage point. Run the next cell.")
    assert radios.nth(1).is_checked()
    page.page.locator(".course-predict label").nth(2).click()
    page.text("You predict: focal loss is better")


def test_the_verdict_stands_beside_the_prediction(cells):
    page = cells("verdict.ipynb", "claim-focal-predict", "claim-focal-test")
    page.text("No prediction was made", seconds=60)
    page.text("Verdict: (supported|not supported|undecided)")
    assert page.page.locator(".course-predict input").first.is_disabled()
    # again, now with a prediction
    page.run_cell(1)
    page.page.locator(".course-predict label").first.click()
    page.text("You predict")
    page.run_cell(2)
    assert page.count("text=No prediction was made") == 0


def test_the_map_opens_a_chapter(lab):
    """Its links are relative, and JupyterLab follows them to the notebook."""
    source = NOTEBOOKS / "00-welcome.ipynb"
    cut(source, lab.folder / "00-welcome.ipynb", "setup", "chapter-map")
    shutil.copy(NOTEBOOK, lab.folder)
    page = lab.open("00-welcome.ipynb")
    page.run_all()
    link = page.page.locator(".jp-OutputArea a:text-matches('02 Softmax')")
    link.wait_for(timeout=20_000)
    assert "05 Convolution" in page.page.locator(".jp-OutputArea table").inner_text()
    with page.page.context.expect_page(timeout=20_000) as opened:
        link.click()
    opened.value.wait_for_url(re.compile("02-softmax-regression.ipynb"))
    page.page.context.close()
