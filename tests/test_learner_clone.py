"""`make test` on a learner's clone: notebooks with answers in them break nothing.

A small clone stands for the course: its own test command, guards and settings, and
one notebook that keeps the rules of a stored one.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest
from nbformat import v4

from tests.conftest import NO_BROWSER, NO_CUDA, asked_for
from tools import stored
from tools.run_tests import OF_EVERY_CHAPTER

TOOLS = "run_tests cell_names live_verdicts live_outputs stored browser".split()
NAME = "14-deployment.ipynb"  # the chapter with the fewest rows to teach
EXERCISE = """\
def double(x):
    return ...


double(2)"""
ANSWER = EXERCISE.replace("...", "2 * x / 0")  # raises, as an unfinished answer may
SOLVE = """\
import os
from pathlib import Path

path = Path(os.environ["COURSE_PROGRESS"])
assert os.environ.get("MINE", "nowhere") not in str(path)
path.write_text("{}")"""
SAYS = f"{NAME}: has local changes, so what git holds is tested"


def cell(source, id, shown=None):
    made = v4.new_code_cell(source, id=id)
    made.metadata = {
        "slideshow": {"slide_type": "fragment"},
        "syllabus": ["14.1", "14.2"],
    }
    if shown is not None:
        made.metadata["tags"] = ["nbval-check-output"]
        data = {"text/plain": shown}
        made.outputs = [v4.new_output("execute_result", data, execution_count=1)]
    return made


def as_stored(exercise=EXERCISE, total="6"):
    """The notebook as the course stores it.

    Its first cell solves an exercise, and tells what the learner would lose by it.
    """
    cells = [cell(f"{k} + {k}", f"sum-{k}", str(k + k)) for k in range(1, 4)]
    cells[0].source = f"{SOLVE}\n{cells[0].source}"
    cells.append(cell("1 + 2 + 3", "total", total))
    cells.append(cell(exercise, "exercise"))
    cells[-1].outputs = [
        v4.new_output("execute_result", {"text/plain": "Ellipsis"}, execution_count=1)
    ]
    for count, made in enumerate(cells, 1):
        made.execution_count = count
    notebook = v4.new_notebook(cells=cells)
    stored.clean(notebook)
    return notebook


def as_saved():
    """The same after a learner's hour: an answer, its error, cells run in any order."""
    notebook = as_stored(ANSWER)
    answered = notebook.cells[-1]
    answered.execution_count = 41
    answered.outputs = [
        v4.new_output(
            "error", ename="ZeroDivisionError", evalue="division by zero", traceback=[]
        )
    ]
    notebook.cells[0].execution_count = None
    notebook.cells[1].metadata["collapsed"] = True
    notebook.cells.append(v4.new_code_cell("import nowhere", id="tried"))
    notebook.metadata["widgets"] = {stored.WIDGET_STATE: {"state": {}}}
    return notebook


def write(folder, notebook):
    nbformat.write(notebook, folder / "notebooks" / NAME)


def git(folder, *arguments):
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "my clone"
    for name in ("notebooks", "tests/browser", "tools"):
        (folder / name).mkdir(parents=True)
    for name in ("pyproject.toml", *(f"tools/{t}.py" for t in TOOLS)):
        shutil.copy(stored.ROOT / name, folder / name)
    for name in ("conftest.py", "syllabus.py", "test_stored_notebooks.py"):
        shutil.copy(stored.ROOT / "tests" / name, folder / "tests")
    for name in OF_EVERY_CHAPTER:  # this course has none of the others
        (folder / f"tests/test_{name}.py").touch()
    write(folder, as_stored())
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "the course")
    return folder


def run_tests(clone, *arguments, tests=(), **environment):
    """Run the command behind `make test CHAPTER=14`; return status and what it said."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COURSE_")}
    done = subprocess.run(
        [
            sys.executable,
            "tools/run_tests.py",
            "--chapter",
            "14",
            *arguments,
            "--",
            "-n0",
            *tests,
        ],
        cwd=clone,
        env=kept | {"PYTHONPATH": str(clone)} | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_answers_and_progress_stay_and_break_nothing(clone, tmp_path, monkeypatch):
    mine = tmp_path / "home"
    for name in ("MINE", "HOME", "XDG_DATA_HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(mine))
    write(clone, as_saved())
    before = (clone / "notebooks" / NAME).read_bytes()
    status, said = run_tests(clone)
    assert status == 0, said
    assert said.count(SAYS) == 2, "at the start, and where it is read: at the end"
    assert "NOTEBOOKS=here tests it as it stands" in said
    assert (clone / "notebooks" / NAME).read_bytes() == before
    assert not list(mine.rglob("progress.json"))

    # The same notebook as it stands: the guards and nbval both see what is in it.
    status, said = run_tests(clone, "--notebooks", "here")
    assert status == 1
    assert "local changes" not in said
    assert "test_executed_from_first_to_last" in said
    assert "ZeroDivisionError" in said
    assert f"{NAME}::exercise, In [41]" in said and "Cell 4" not in said


LACKING = """
import pytest
from tests.conftest import NO_BROWSER, NO_CUDA

@pytest.mark.parametrize("k", range(2))
def test_without_a_browser(k):
    pytest.skip(NO_BROWSER)

@pytest.mark.skipif(True, reason=NO_CUDA)
def test_without_a_gpu():
    raise AssertionError

@pytest.mark.skipif(True, reason="there is no make")
def test_without_make():
    raise AssertionError
"""


def test_what_was_left_out_stands_at_the_end_or_is_red(clone):
    (clone / "tests/test_lacking.py").write_text(LACKING)
    lacking = ["-k", "lacking", "tests/test_lacking.py"]
    status, said = run_tests(clone, tests=lacking)
    assert status == 0, said
    assert said.splitlines()[-1] == (
        "Tests were left out: no Chromium or Chrome was found (COURSE_BROWSER=<path>"
        " names one) (2), no CUDA device (1), there is no make (1)"
    )
    status, said = run_tests(clone, tests=lacking, COURSE_REQUIRE_ALL="1")
    assert status == 1 and "2 failed" in said and "1 error" in said
    assert "there is no make, and COURSE_REQUIRE_ALL=1 asks for it" in said
    assert said.splitlines()[-1] == "Tests were left out: no CUDA device (1)"


def test_a_browser_can_be_asked_for_alone(monkeypatch):
    monkeypatch.delenv("COURSE_REQUIRE_ALL", raising=False)
    monkeypatch.setenv("COURSE_REQUIRE_BROWSER", "1")
    assert asked_for(f"Skipped: {NO_BROWSER}") == "COURSE_REQUIRE_BROWSER"
    assert asked_for("Skipped: there is no make") == asked_for(NO_CUDA) == ""


def test_one_report_of_everything(clone, tmp_path):
    """Unit tests, cells and browser tests; cells by their id, and without colors.

    A stored notebook that is wrong stays red, however well the learner mends it.
    """
    write(clone, as_stored(exercise=ANSWER, total="7"))
    git(clone, "commit", "-q", "-a", "-m", "a wrong output and an error")
    write(clone, as_stored())
    page = "def test_it(): assert '“' == 'not in it'"
    (clone / "tests/browser/test_14_page.py").write_text(page, "utf8")
    status, said = run_tests(clone, "--junit", str(tmp_path / "deep/report.xml"))
    assert status == 1 and SAYS in said and "'7' == '6'" in said
    text = (tmp_path / "deep/report.xml").read_text("utf8")
    assert "\x1b" not in said + text and "#x1B" not in text
    # read as a CI does, by the encoding that it names
    suites = ET.parse(tmp_path / "deep/report.xml").getroot().findall("testsuite")
    assert [suite.get("name") for suite in suites] == [
        "notebooks and tests of chapter 14",
        "browser of chapter 14",
    ]
    failed = [
        [case.get("name") for case in suite if case.find("failure") is not None]
        for suite in suites
    ]
    assert {"total, In [4]", "exercise, In [5]"} <= set(failed[0])
    assert failed[1] == ["test_it"]
    assert "ZeroDivisionError" in text and "exercise, In [5]: " in said


def test_a_pytest_that_dies_is_in_the_report(clone, tmp_path):
    (clone / "tests/test_dies.py").write_text("import os\nos._exit(9)")
    report = tmp_path / "report.xml"
    dies = ["-k", "dies", "tests/test_dies.py"]
    status, _ = run_tests(clone, "--junit", str(report), tests=dies)
    assert status == 1
    errors = [error.get("message") for error in ET.parse(report).iter("error")]
    assert "pytest ended with status 9 and left no report" in errors
