"""`make chapter`: what it refuses, and that what it makes runs and holds the rules."""

import importlib
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from tools.stored import ROOT

sys.path.insert(0, str(ROOT / "tools"))  # where the commands find their neighbors
new_chapter = importlib.import_module("new_chapter")
mutants = importlib.import_module("mutants")
sys.path.remove(str(ROOT / "tools"))

PATHS = {
    "notebook": "notebooks/05-convolution.ipynb",
    "room": "helpers/chapters/convolution",
    "tests": "tests/chapters/05_convolution",
}
# A skeleton teaches nothing yet, and this guard must not let it pass.
EXPECTED_RED = {"test_every_syllabus_row_is_taught[05-convolution]"}


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# -- what it refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "name", "says"),
    [
        ("", "convolution", "N='' is no chapter's number: expected 01 to 99"),
        ("00", "convolution", "N='00' is no chapter's number"),
        ("123", "convolution", "N='123' is no chapter's number"),
        ("-5", "convolution", "N='-5' is no chapter's number"),
        ("٥", "convolution", "is no chapter's number"),
        ("05", "", "NAME='' is no chapter's name: expected small letters"),
        ("05", "Convolution", "NAME='Convolution' is no chapter's name"),
        ("05", "two words", "NAME='two words' is no chapter's name"),
        ("05", "two_words", "NAME='two_words' is no chapter's name"),
        ("05", "../convolution", "is no chapter's name"),
        ("05", "5-convolution", "is no chapter's name"),
        ("05", "lambda", "NAME='lambda' is a word of Python"),
    ],
)
def test_a_bad_number_or_name_is_refused(tmp_path, number, name, says):
    with pytest.raises(new_chapter.Refused, match=re.escape(says)) as refused:
        new_chapter.begin(number, name, tmp_path)
    assert str(refused.value).count(". ") == 0, "one sentence"
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    "there",
    [
        "notebooks/05-other-title.ipynb",
        "helpers/chapters/convolution/notes.txt",
        "tests/chapters/05_other/test_taught.py",
    ],
)
def test_nothing_is_overwritten(tmp_path, there):
    path = tmp_path / there
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(new_chapter.Refused, match="is there already, and nothing is"):
        new_chapter.begin("05", "convolution", tmp_path)
    assert files(tmp_path) == {there: b"mine"}


def test_a_second_call_changes_nothing(tmp_path):
    assert new_chapter.begin("5", "convolution", tmp_path) == PATHS
    before = files(tmp_path)
    with pytest.raises(new_chapter.Refused):
        new_chapter.begin("05", "convolution", tmp_path)
    assert files(tmp_path) == before


def test_the_command_says_what_to_do_next(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(new_chapter.begin, "__defaults__", (tmp_path,))
    monkeypatch.setattr(sys, "argv", ["new_chapter.py", "7", "batch-normalization"])
    assert new_chapter.main() == 0
    said = capsys.readouterr().out
    for words in (
        "notebooks/07-batch-normalization.ipynb",
        "helpers/chapters/batch_normalization/",
        "tests/chapters/07_batch_normalization/",
        "make execute CHAPTER=07",
    ):
        assert words in said
    assert new_chapter.main() == 1
    assert "is there already" in capsys.readouterr().err


# -- what it makes ------------------------------------------------------------------


def test_no_placeholder_is_left(tmp_path):
    new_chapter.begin("13", "adversarial-networks", tmp_path)
    for path, content in files(tmp_path).items():
        assert b"{{" not in content and b"===" not in content, path
    path = tmp_path / "notebooks/13-adversarial-networks.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[0].source.startswith("# 13 Adversarial networks\n")
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the course with a chapter 5 that was just begun."""
    folder = tmp_path_factory.mktemp("course") / "copy"
    copy = mutants.Copy(folder)
    for old in folder.glob("notebooks/*.ipynb"):
        old.unlink()
    for room in (PATHS["room"], PATHS["tests"]):
        shutil.rmtree(folder / room, ignore_errors=True)
    done = command(copy, "tools/new_chapter.py", "05", "convolution")
    assert done.returncode == 0, done.stderr
    return copy


def command(copy, *arguments):
    """Run Python in the copy, with the copy's helpers."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy.folder,
        env=copy.environment | {"COURSE_CHAPTER": "05"},
        capture_output=True,
        text=True,
    )


def test_lint_passes_at_once(copy):
    for check in (("check",), ("format", "--check")):
        done = command(copy, "-m", "ruff", *check, *PATHS.values())
        assert done.returncode == 0, done.stdout


def test_the_skeleton_runs_at_once_and_holds_the_rules(copy):
    """Executed without an error or a warning; then nbval, guards, and its own tests.

    One guard must fail: no cell of a skeleton names a row of the syllabus.
    """
    done = command(copy, "tools/execute.py", "05")
    assert done.returncode == 0, done.stderr
    tests = [
        PATHS["notebook"],
        PATHS["tests"],
        "tests/test_stored_notebooks.py",
        "tests/test_structure.py",
        "tests/test_exercises.py",
    ]
    # Not the parts of the house that were there before.
    chosen = "convolution or 05 or too-high or fit-line or (test_structure and not [)"
    options = ["-q", "-rfE", "--tb=short", "-p", "no:cacheprovider", "-k", chosen]
    options += ["--rootdir=.", "-c", "pyproject.toml", *mutants.NBVAL]
    done = command(copy, "-m", "pytest", *options, *tests)
    red = re.findall(r"^(?:FAILED|ERROR) \S+?::(\S+)", done.stdout, re.MULTILINE)
    assert set(red) == EXPECTED_RED, done.stdout
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed > 60, done.stdout


def test_a_fault_in_the_skeleton_is_seen(copy):
    """The tests that come with it can fail."""
    fault = mutants.Fault(
        "skeleton-without-bias",
        PATHS["notebook"],
        "return X @ W + b",
        "return X @ W",
        f"{PATHS['tests']}/test_taught.py",
    )
    verdict = copy.try_fault(fault)
    assert verdict.caught_by[0].startswith("test_taught.py::test_linear")
