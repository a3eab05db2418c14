"""What the browser tests stand on: cells that are run, dialogs that are answered."""

import nbformat
import pytest

SETTING = "@jupyterlab/notebook-extension:tracker"
SAVE = "([id, raw]) => window.jupyterapp.serviceManager.settings.save(id, raw)"


def write(lab, name: str, *sources: str) -> str:
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(notebook, lab.folder / name)
    return name


def test_all_cells_are_run_that_are_not_in_the_document(lab):
    """JupyterLab's usual setting, under which it leaves out what is out of sight."""
    long = "\n".join(f"{k}" for k in range(40))
    name = write(lab, "long.ipynb", *[long] * 30, "")
    page = lab.open(name)
    page.page.evaluate(SAVE, [SETTING, '{"windowingMode": "full"}'])
    try:
        page.page.reload()
        page.wait_until_ready()
        assert page.count(".jp-Notebook .jp-CodeCell .cm-content") < 30
        page.run_all()
        counts = [cell["execution_count"] for cell in page.save()["cells"]]
        assert counts == [*range(1, 31), None]
    finally:
        page.page.evaluate(SAVE, [SETTING, '{"windowingMode": "none"}'])
    page.close()


def test_a_dialog_over_the_notebook_is_answered_and_an_error_said(lab):
    page = lab.open(write(lab, "dialog.ipynb", "1", "1 / 0", "3"))
    page.start("docmanager:rename")
    page.until("() => window.courseEnded")
    page.page.locator(".jp-Dialog").wait_for(state="detached")
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        page.run_all()  # nothing stands over it
    (said,) = lab.console_errors
    assert said.startswith("JupyterLab opened a dialog: File Pathdialog.ipynb")
    lab.console_errors.clear()
    page.close()
