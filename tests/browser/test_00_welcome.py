"""What the welcome notebook says of keys and errors, done in JupyterLab."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_lab import write
from tests.taught import holding
from tools.page import NOTEBOOK

holds = holding("00")
# It runs until a test lets it go on, so that the cell after it is seen to wait.
WAITS = "while not pathlib.Path('go-on').exists():\n    time.sleep(0.01)\n'went on'"
SELECTED = f"""([index, mode]) => {{ {NOTEBOOK}
  return notebook.content.activeCellIndex === index &&
    notebook.content.mode === mode }}"""
COUNT = f"n => {{ {NOTEBOOK} return notebook.content.model.cells.length === n }}"


@pytest.fixture(scope="module")
def page(lab):
    """Four cells of code, none of them run; the second waits for a file."""
    (lab.folder / "go-on").unlink(missing_ok=True)
    sources = ("import pathlib, time", WAITS, "1 + 1", "")
    page = lab.open(write(lab, "keys.ipynb", *sources))
    yield page
    page.close()


def test_shift_enter_runs_a_cell_and_selects_the_next(lab, page):
    cells, keyboard = page.page.locator(".jp-Notebook .jp-CodeCell"), page.page.keyboard
    prompts = [cells.nth(k).locator(".jp-InputPrompt") for k in range(3)]
    cells.nth(0).locator(".cm-content").click()
    page.until(SELECTED, [0, "edit"])
    keyboard.press("Shift+Enter")
    page.until(SELECTED, [1, "command"])
    expect(prompts[0]).to_have_text("[1]:")
    for after in (2, 3):
        keyboard.press("Shift+Enter")
        page.until(SELECTED, [after, "command"])
    for prompt in prompts[1:]:
        expect(prompt).to_have_text("[*]:")  # one runs, one waits its turn
    (lab.folder / "go-on").touch()
    expect(prompts[1]).to_have_text("[2]:")
    expect(prompts[2]).to_have_text("[3]:")
    expect(cells.nth(1).locator(".jp-OutputArea-output")).to_have_text("'went on'")
    expect(cells.nth(2).locator(".jp-OutputArea-output")).to_have_text("2")
    holds(
        "run-a-cell",
        "Click into the cell below and press **Shift + Enter**: it runs, shows the "
        "value of its last line, and the next cell is selected. `[*]` beside a cell "
        "means that it runs or waits its turn; a new number, that it has finished.",
    )


def test_an_error_is_made_read_and_taken_away(page):
    cells, keyboard = page.page.locator(".jp-Notebook .jp-CodeCell"), page.page.keyboard
    cells.nth(0).locator(".cm-content").click()
    page.until(SELECTED, [0, "edit"])
    before = cells.count()
    keyboard.press("Escape")
    page.until(SELECTED, [0, "command"])
    keyboard.press("b")
    page.until(COUNT, before + 1)
    page.until(SELECTED, [1, "command"])
    made = cells.nth(1)
    keyboard.press("Enter")
    page.until(SELECTED, [1, "edit"])
    keyboard.type("datta")
    keyboard.press("Shift+Enter")
    page.until(SELECTED, [2, "command"])
    output = made.locator(".jp-OutputArea-output pre")
    expect(output).to_contain_text("name 'datta' is not defined")
    said = output.inner_text().strip().splitlines()
    assert said[-1] == "NameError: name 'datta' is not defined"

    made.locator(".cm-content").click()
    page.until(SELECTED, [1, "edit"])
    keyboard.press("Escape")
    page.until(SELECTED, [1, "command"])
    keyboard.press("d")
    keyboard.press("d")
    page.until(COUNT, before)
    expect(page.page.locator(".jp-Notebook")).not_to_contain_text("datta")
    keyboard.press("z")
    page.until(COUNT, before + 1)
    expect(cells.nth(1).locator(".cm-content")).to_have_text("datta")
    holds(
        "when-wrong",
        "Of an error, read the last line first: it says what is wrong. Make one: click "
        "into any cell of code and press **Esc**, then **B** for a new cell below, and "
        "**Enter** to write in it; write `datta` and run it. The last line names the "
        "error, `name 'datta' is not defined`. Running has selected the next cell, so "
        "click into the cell with `datta` again; then **Esc** and twice **D** delete "
        "it (**Z** brings a deleted cell back).",
    )
