"""The tools that store notebooks: what they drop, what they leave, when they refuse."""

import copy
import importlib
import os
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_server.extension.config import ExtensionConfigManager
from jupyter_server.services.config import ConfigManager
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from nbformat import v4
from traitlets.config.loader import PyFileConfigLoader

from tools import live_verdicts, stored

VIEW = {stored.WIDGET_VIEW: {"model_id": "0", "version_major": 2, "version_minor": 0}}
PICTURE = {"image/png": "iVBORw0KGgo=", "text/plain": "<panel>"}


def saved_notebook():
    """A notebook as JupyterLab saves it: a widget with a picture, one without."""
    cell = v4.new_code_cell("panel", execution_count=1)
    cell.outputs = [
        v4.new_output("display_data", {**VIEW, **PICTURE}),
        v4.new_output("display_data", {**VIEW, "text/plain": "<slider>"}),
    ]
    notebook = v4.new_notebook(cells=[cell])
    notebook.metadata["widgets"] = {stored.WIDGET_STATE: {"state": {}}}
    return notebook


@pytest.fixture
def execute(monkeypatch):
    """tools/execute.py as a module; it finds its neighbor as the command does."""
    monkeypatch.syspath_prepend(str(stored.ROOT / "tools"))
    return importlib.import_module("execute")


def write(path, *sources):
    cells = [v4.new_code_cell(source) for source in sources]
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


def test_saving_keeps_the_picture_and_a_live_only_widget():
    notebook = saved_notebook()
    model = {"type": "notebook", "content": notebook}
    stored.keep_pictures(model, contents_manager=None, path="a.ipynb")
    first, second = notebook.cells[0].outputs
    assert first.data == PICTURE
    assert stored.WIDGET_VIEW in second.data
    assert "widgets" not in notebook.metadata
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"type": "file", "content": "text"},
        {"type": "notebook", "content": None},
        {"type": "notebook", "content": {"nbformat": 3, "worksheets": []}},
        {"type": "notebook", "content": {"nbformat": 4, "cells": [None]}},
    ],
)
def test_saving_never_fails(model):
    said = []
    log = SimpleNamespace(warning=lambda *_, **__: said.append(1))
    before = copy.deepcopy(model)
    stored.keep_pictures(model, contents_manager=SimpleNamespace(log=log))
    assert model == before


def test_the_server_of_make_lab_saves_that_way(monkeypatch, tmp_path):
    folder = stored.ROOT / "tools" / "jupyter_config"
    monkeypatch.setattr(sys, "path", list(sys.path))
    loader = PyFileConfigLoader("jupyter_server_config.py", path=str(folder))
    manager = LargeFileManager(config=loader.load_config(), root_dir=str(tmp_path))
    model = {"type": "notebook", "format": "json", "content": saved_notebook()}
    manager.save(model, "a.ipynb")
    saved = nbformat.read(tmp_path / "a.ipynb", as_version=4)
    assert saved.cells[0].outputs[0].data == PICTURE


def test_lab_does_not_ask_the_network_for_news(monkeypatch):
    """The folder of settings that `make lab` gives the server holds the override."""
    folder = stored.ROOT / "tools" / "jupyter_config"
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(folder))
    found = ConfigManager(config_dir_name="labconfig").get("default_setting_overrides")
    assert found["@jupyterlab/apputils-extension:notification"] == {
        "fetchNews": "false",
        "checkForUpdates": False,
    }


def test_lab_has_no_button_and_no_pages_of_voila(monkeypatch):
    """It lies in the same environment for `make present`, which starts it itself."""
    folder = stored.ROOT / "tools" / "jupyter_config"
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(folder))
    off = ConfigManager(config_dir_name="labconfig").get("page_config")
    assert off["disabledExtensions"] == {"@voila-dashboards/jupyterlab-preview": True}
    path = [str(folder)]
    server = ExtensionConfigManager(read_config_path=path).get_jpserver_extensions()
    assert server == {"voila.server_extension": False}


def test_a_script_holds_the_prose(tmp_path):
    """`jupyter nbconvert --to script` goes by the metadata of the stored notebook."""
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell("A *tensor* is"), v4.new_code_cell("x = 1")]
    )
    stored.clean(notebook)
    nbformat.write(notebook, tmp_path / "a.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "script", "a.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    script = (tmp_path / "a.py").read_text()
    assert "# A *tensor* is\n" in script
    assert "\nx = 1\n" in script


def test_a_merge_that_left_its_markers(execute, tmp_path):
    path = write(tmp_path / "a.ipynb", "1 + 1")
    text = path.read_text().replace(
        '   "source"', '<<<<<<< HEAD\n   "source"\n=======\n>>>>>>> other'
    )
    path.write_text(text)
    line = text[: text.index("<<<")].count("\n") + 1
    with pytest.raises(execute.NotStored, match=f"conflict markers.*in line {line}:"):
        execute.execute(path)
    path.write_text("{")
    with pytest.raises(execute.NotStored, match="its JSON is damaged"):
        execute.execute(path)
    assert path.read_text() == "{"


def test_cleaning_twice_changes_nothing():
    notebook = saved_notebook()
    notebook.cells[0].metadata["execution"] = {"iopub.execute_input": "now"}
    stored.clean(notebook)
    again = copy.deepcopy(notebook)
    stored.clean(again)
    assert again == notebook
    assert notebook.cells[0].metadata == {}


def test_execute_stores_outputs_of_one_thread_and_the_digits(execute, tmp_path):
    path = write(
        tmp_path / "a.ipynb",
        "import os\nprint(1, flush=True)\nprint(2)",
        "os.environ.get('COURSE_IMAGES'), os.environ['OMP_NUM_THREADS']",
    )
    command = [sys.executable, str(stored.ROOT / "tools" / "execute.py"), str(path)]
    environment = {**os.environ, "COURSE_IMAGES": "fashion_mnist"}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    notebook = nbformat.read(path, as_version=4)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert [out.text for out in notebook.cells[0].outputs] == ["1\n2\n"]
    assert notebook.cells[1].outputs[0].data["text/plain"] == "(None, '1')"
    assert path.read_text().endswith("}\n")


@pytest.mark.parametrize(
    "source, expected",
    [
        ("x = [1]\nx[3]", "cell 1 .*IndexError: list index out of range"),
        ("import warnings\nwarnings.warn('old name')", "cell 1 .*stderr.*old name"),
    ],
)
def test_a_notebook_that_fails_is_left_as_it_was(execute, tmp_path, source, expected):
    path = write(tmp_path / "a.ipynb", "1 + 1", source)
    before = path.read_bytes()
    with pytest.raises(execute.NotStored, match=f"(?s){expected}"):
        execute.execute(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A repository with two notebooks, one of which has a learner's answer in it."""
    folder = tmp_path / "my clone"
    (folder / "notebooks").mkdir(parents=True)
    monkeypatch.setattr(stored, "ROOT", folder)
    for name in ("01-a.ipynb", "02-b.ipynb"):
        (folder / "notebooks" / name).write_text("as committed")
    return folder


def git(folder, *arguments):
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def test_local_changes_are_tested_as_committed(clone, tmp_path):
    git(clone, "init", "-q")
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "notebooks")
    assert stored.changed_notebooks() == []
    answered = clone / "notebooks" / "02-b.ipynb"
    answered.write_text("with answers")
    (clone / "notebooks" / "03-new.ipynb").write_text("being written")
    assert stored.changed_notebooks() == [answered]
    copied = stored.as_committed(tmp_path)
    texts = {path.name: path.read_text() for path in copied.iterdir()}
    assert texts == {
        "01-a.ipynb": "as committed",
        "02-b.ipynb": "as committed",
        "03-new.ipynb": "being written",
    }
    assert answered.read_text() == "with answers"


def test_without_git_notebooks_are_tested_as_they_are(clone):
    assert stored.changed_notebooks() == []


class IPyNbCell:
    """A cell as nbval leaves it after a run."""

    name = "claim-toy-test, In [3]"

    def __init__(self, stored_look, found_look, tags=()):
        self.cell = v4.new_code_cell(
            "claims.toy.test(data)", outputs=report(stored_look)
        )
        self.cell.metadata["tags"] = list(tags)
        self.test_outputs = report(found_look)


def report(look):
    text = f"It helps.\nSupported.\n{look}\nFull size: digits. A minus B: 1: it helps."
    return [v4.new_output("execute_result", {"text/plain": text, "text/html": "<p>"})]


HELPS = "A look: digits. A minus B: 0.149 ± 0.071 over 4 seeds: it helps."
OTHER = "A look: digits. A minus B: 0.002 ± 0.071 over 4 seeds: no difference."


@pytest.mark.parametrize(
    ("stored_look", "found_look", "tags", "says"),
    [
        (HELPS, HELPS.replace("0.149", "0.151"), (), None),
        (HELPS, OTHER, (), "another verdict than stored"),
        (HELPS, "", (), "has no look"),
        (HELPS, OTHER.replace("digits", "fashion_mnist"), (), None),
        (HELPS, OTHER, ("nbval-ignore-output",), None),
        ("", "", (), None),
    ],
)
def test_a_live_verdict_is_compared(stored_look, found_look, tags, says):
    after = live_verdicts.pytest_runtest_call(IPyNbCell(stored_look, found_look, tags))
    next(after)
    with pytest.raises(AssertionError if says else StopIteration, match=says):
        after.send(None)
