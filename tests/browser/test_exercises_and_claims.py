"""Exercises, predictions and the chapter map as a learner uses them in JupyterLab."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tools.lab import cut

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOTEBOOK = NOTEBOOKS / "02-softmax-regression.ipynb"
WRONG = """
def temperature_for(gap, p):
    return gap

exercises.check(temperature_for)
"""


@pytest.fixture(scope="module")
def page(lab):
    """Setup, an exercise, a claim to predict and to test, and a wrong answer."""
    ids = ("setup", "ex-temperature-code", "claim-focal-predict", "claim-focal-test")
    cut(NOTEBOOK, lab.folder / "exercises.ipynb", *ids, code=WRONG)
    page = lab.open("exercises.ipynb")
    page.run_all()
    yield page
    page.close()


def test_an_answer_gets_help_in_three_steps(page):
    """A wrong answer is told why; the hint unfolds, and in it the solution."""
    stub = page.page.locator(".jp-Notebook .jp-Cell").nth(1)
    expect(stub).to_contain_text("not attempted", ignore_case=True)
    expect(stub.locator("summary")).to_have_text(["Hint"])

    answered = page.page.locator(".jp-Notebook .jp-Cell").nth(4)
    expect(answered.locator("summary")).to_have_count(2)
    hint, solution = answered.locator("summary").all()
    expect(solution).to_be_hidden()
    hint.click()
    expect(solution).to_be_visible()
    source = answered.locator("pre:has-text('def temperature_for')").last
    expect(source).to_be_hidden()
    solution.focus()
    page.page.keyboard.press("Enter")
    expect(source).to_be_visible()
    assert page.count(".jp-Notebook .jp-Cell") == 5, "a shortcut of the notebook fired"


def test_nothing_is_shown_before_a_prediction(page):
    """Run All keeps what was found folded, and the question stays open."""
    page.text("Choose an answer to see what was found")
    report = page.page.locator(".jp-Notebook .jp-Cell").nth(3)
    picture = report.locator("img")
    expect(picture).to_be_hidden()
    expect(page.page.locator(".course-predict input").first).to_be_enabled()
    report.get_by_text("Show what was found").click()
    expect(picture).to_be_visible()
    expect(picture).to_have_attribute("alt", re.compile("a look: clouds"))
    assert picture.evaluate("image => image.naturalWidth") > 600
    source = report.locator("details pre")
    expect(source).to_be_hidden()
    report.get_by_text("The experiment").click()
    expect(source).to_contain_text("def focal_loss(data, n_train, num_epochs, seed)")


def test_predict_by_keyboard_then_test(page):
    page.run_cell(2)
    page.text("Your prediction")
    radios = page.page.locator(".course-predict input")
    radios.first.focus()
    page.page.keyboard.press("ArrowDown")
    page.text("You predict: less than a percentage point apart. Run the next cell.")
    expect(radios.nth(1)).to_be_checked()
    page.page.locator(".course-predict label").nth(2).click()
    page.text("You predict: focal loss is better")
    page.run_cell(3)
    page.text("You predicted: focal loss is better")
    expect(
        page.page.locator(".jp-Notebook .jp-Cell").nth(3).locator("img")
    ).to_be_visible()


def test_a_prediction_is_kept_until_it_is_made_anew(page):
    page.run_cell(2)
    page.text("You predict: focal loss is better")
    radios = page.page.locator(".course-predict input")
    expect(radios.nth(2)).to_be_checked()
    expect(radios.nth(2)).to_be_disabled()
    page.page.get_by_role("button", name="Predict anew").click()
    page.text("Your prediction")
    expect(radios.first).to_be_enabled()
    expect(radios.nth(2)).not_to_be_checked()


def test_the_map_opens_a_chapter(lab):
    """Its links are relative, and JupyterLab follows them to the notebook."""
    source = NOTEBOOKS / "00-welcome.ipynb"
    cut(source, lab.folder / "00-welcome.ipynb", "setup", "chapter-map")
    cut(NOTEBOOK, lab.folder / NOTEBOOK.name, "title")
    page = lab.open("00-welcome.ipynb")
    page.run_all()
    link = page.page.locator(".jp-OutputArea a:text-matches('02 Softmax')")
    expect(page.page.locator(".jp-OutputArea table")).to_contain_text("05 Convolution")
    link.click()
    page.page.wait_for_url(re.compile("tree/02-softmax-regression.ipynb"))
    page.page.wait_for_selector("h1:text('Softmax regression')")
    page.wait_until_ready()
    page.close()
