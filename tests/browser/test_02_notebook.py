"""Chapter 2 in a real JupyterLab, from its first cell to its last."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.panel import STOPPED, chart, reload, start, until
from tools.lab import cut

NOTEBOOK = Path(__file__).parents[2] / "notebooks/02-softmax-regression.ipynb"
WIDGETS = ("temperature-explorer", "panel")


def test_the_whole_notebook(lab):
    """Open it as stored, Run All, drag, Run, see the curve grow, Stop, save, reopen."""
    stored = json.loads(NOTEBOOK.read_text(encoding="utf8"))
    assert_pictures_only(stored)
    # All of it but the trainings of claims, which nbval runs beside.
    ids = [cell["id"] for cell in stored["cells"]]
    tests = [i for i in ids if i.startswith("claim-") and i.endswith("-test")]
    assert len(tests) == 5
    kept = [i for i in ids if i not in tests]
    cut(NOTEBOOK, lab.folder / "whole.ipynb", *kept, outputs=True)
    lab.trust("whole.ipynb")
    page = lab.open("whole.ipynb")
    assert_pictures_show(page)
    page.run_all()
    page.text("Ready. Run starts")
    page.drag("learning rate", 0.3)
    start(page)
    until(page, "d.points > 5")
    points, pictures = chart(page, "points"), chart(page, "drawn")
    until(page, f"d.points != {points} && d.drawn > {pictures + 2}")
    page.click("Stop")
    page.text(STOPPED)
    rows = page.page.locator(".course-runs tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("(stopped)")

    saved = page.save()
    errors = [
        output
        for cell in saved["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]
    assert errors == []
    assert_pictures_only(saved)
    page.click("Run")  # saving took nothing away from the live widget
    page.text("Run 2 is training")
    page.save()
    reload(lab, page, "Run 2 is training")  # nor does a reload of the page
    page.click("Stop")
    page.text("Run 2 stopped")
    page.close()

    cut(page.path, lab.folder / "saved.ipynb", *WIDGETS, outputs=True)
    lab.trust("saved.ipynb")
    page = lab.open("saved.ipynb")
    assert_pictures_show(page)
    page.close()


def assert_pictures_only(notebook: dict) -> None:
    assert "widgets" not in notebook["metadata"]
    bundles = [
        output["data"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    views = "application/vnd.jupyter.widget-view+json"
    assert not [b for b in bundles if views in b]
    texts = ["".join(b["text/plain"]) for b in bundles if "image/png" in b]
    assert any(text.startswith("TuningPanel(") for text in texts)


def assert_pictures_show(page) -> None:
    """Trusted, without a run: every widget's cell shows its picture."""
    cells = json.loads(page.path.read_text(encoding="utf8"))["cells"]
    ids = [cell["id"] for cell in cells]
    for widget in WIDGETS:
        output = page.page.locator(".jp-Notebook .jp-Cell").nth(ids.index(widget))
        output.scroll_into_view_if_needed()
        picture = output.locator(".jp-OutputArea img")
        picture.wait_for()
        assert picture.evaluate("image => image.naturalWidth") > 400
    assert page.count("text=model not found") == 0
    assert page.count("text=Error displaying widget") == 0
