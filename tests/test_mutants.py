"""The list of faults can be planted as it stands, and the tool tells red from green."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.stored import ROOT

sys.path.insert(0, str(ROOT / "tools"))  # where the command finds its neighbors
mutants = importlib.import_module("mutants")
sys.path.remove(str(ROOT / "tools"))

FAULTS = mutants.read_faults(ROOT / "tests" / "mutants.toml")


def root_of(fault) -> Path:
    """The folder of a fault's file; a notebook is taken as committed if tests are."""
    chosen = os.environ.get("COURSE_NOTEBOOKS")
    return Path(chosen).parent if chosen and "notebooks/" in fault.file else ROOT


# -- the list -----------------------------------------------------------------------


def test_enough_faults_with_names_of_their_own():
    names = [fault.name for fault in FAULTS]
    assert len(names) >= 30
    assert len(set(names)) == len(names)
    assert not [name for name in names if not re.fullmatch(r"[a-z0-9]+(-\w+)+", name)]
    assert {name.split("-")[0] for name in names} >= {
        *("training", "data", "checkpoint", "band", "panel", "exercise", "taught")
    }
    changes = {(fault.file, fault.before, fault.after) for fault in FAULTS}
    assert len(changes) == len(names)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_one_line_of_running_code(fault, tmp_path):
    text = mutants.planted(fault, root_of(fault))
    path = tmp_path / Path(fault.file).name
    path.write_text(text, encoding="utf-8")
    sources = [text]
    if path.suffix == ".ipynb":
        sources = ["\n".join(cell.lines) for cell in mutants.source_of(path)]
    for source in sources if path.suffix in (".py", ".ipynb") else ():
        compile(source, fault.file, "exec")
    assert fault.before != fault.after
    assert "\n" not in fault.before + fault.after


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_expected_test_exists(fault):
    file, _, name = fault.expect.partition("::")
    assert (ROOT / file).is_file()
    if name:
        name = name.partition("[")[0]
        assert f"def {name}(" in (ROOT / file).read_text("utf-8")


# -- the tool -----------------------------------------------------------------------

TEST = """\
import pytest
from helpers import double, half

def test_double():
    assert double(3) == 6

def test_half():
    assert half(double(3)) == 3

def test_red_anyway():
    assert half(4) == 3
"""
HELPERS = """\
def double(x):
    return 2 * x


def half(x):
    return x / 2


def unseen(x):
    return x + 1
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course under git, with a test that is red for another reason."""
    # It has no notebook and needs no second worker: pytest starts without plug-ins.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setattr(mutants, "NBVAL", ())
    monkeypatch.setattr(mutants.Copy, "parallel", ())
    folder = tmp_path / "course"
    for name in ("helpers", "tests", "notebooks"):
        (folder / name).mkdir(parents=True)
    (folder / "helpers/__init__.py").write_text(HELPERS)
    (folder / "tests/test_it.py").write_text(TEST)
    (folder / "tests/conftest.py").write_text("import helpers\n")
    (folder / "notebooks/a.txt").write_text("")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def fault(before, after, expect="test_double", file="helpers/__init__.py"):
    return mutants.Fault("a-fault", file, before, after, f"tests/test_it.py::{expect}")


@pytest.mark.parametrize(
    ("planted", "caught_by", "note"),
    [
        (fault("return 2 * x", "return 3 * x"), ["test_double"], ""),
        (
            fault("return x / 2", "return x / 5"),
            ["test_half"],
            "not by the expected test",
        ),
        (fault("return x + 1", "return x - 1"), [], "SURVIVED"),
        (
            fault("return 4 * x", "return 3 * x"),
            [],
            "helpers/__init__.py holds this line 0 times, not once: return 4 * x",
        ),
        (fault("return x", "", file="helpers/b.py"), [], "helpers/b.py is not there"),
        (
            fault("import helpers", "import nothing", file="tests/conftest.py"),
            [],
            "no test started: E   ModuleNotFoundError: No module named 'nothing'",
        ),
    ],
    ids=lambda value: value.after if isinstance(value, mutants.Fault) else "",
)
def test_what_becomes_of_a_fault(course, tmp_path, planted, caught_by, note):
    copy = mutants.Copy(tmp_path / "copy", root=course)
    verdict = copy.try_fault(planted)
    assert verdict.caught_by == tuple(f"test_it.py::{name}" for name in caught_by)
    assert verdict.note == note
    assert (copy.folder / "helpers/__init__.py").read_text() == HELPERS
    assert (course / "helpers/__init__.py").read_text() == HELPERS


def test_a_test_that_is_red_anyway_shows_nothing(course, tmp_path):
    copy = mutants.Copy(tmp_path / "copy", root=course)
    useless = fault("return 2 * x", "return 3 * x", expect="test_red_anyway")
    with pytest.raises(mutants.Unusable, match="without any fault.*test_red_anyway"):
        mutants.check_green(copy, [useless])
    missing = fault("return 2 * x", "return 3 * x", expect="test_gone")
    with pytest.raises(mutants.Unusable, match="no match|not found"):
        mutants.check_green(copy, [missing])


def test_the_original_helpers_are_refused(course, tmp_path):
    """Otherwise every fault would survive, or be caught for another reason."""
    (course / "helpers/__init__.py").rename(course / "elsewhere.py")
    with pytest.raises(mutants.Unusable, match="not from the copy"):
        mutants.Copy(tmp_path / "copy", root=course)
    with pytest.raises(mutants.Unusable, match="git must say"):
        mutants.Copy(tmp_path / "other", root=tmp_path)


def test_a_notebook_names_the_cell(tmp_path):
    path = tmp_path / "02-a.ipynb"
    path.write_text(
        '{"cells": [{"cell_type": "markdown", "id": "title", "source": "# A"},'
        ' {"cell_type": "code", "id": "setup", "source": "import b"},'
        ' {"cell_type": "code", "id": "gate", "source": ["c = 1\\n", "d = 2"]}]}'
    )
    said = mutants.readable("02-a.ipynb::Cell 1", tmp_path)
    assert said == "02-a.ipynb, cell gate"
    changed = mutants.Fault("a-b", path.name, "d = 2", "d = 3", "")
    path.write_text(mutants.planted(changed, tmp_path))
    assert mutants.source_of(path)[1].lines == ["c = 1", "d = 3"]
