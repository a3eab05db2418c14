"""The commands, by make and without: what they run, and what they say if they cannot.

Nothing is installed here; each case ends before the first package.
"""

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.commands import OLDER, Clone, sentence
from tools.stored import ROOT

COMMANDS = (
    "help env lab test data execute claims bench chapter mutants present slides"
    " handout lint doctor clean"
).split()
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path / "my clone")


@pytest.fixture
def finished(clone):
    clone.put_environment()
    assert clone.call("env")[0] == 0
    clone.asked()
    return clone


@pytest.fixture
def course():
    """course.py as a module."""
    spec = importlib.util.spec_from_file_location("course", ROOT / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_make
def test_a_bare_call_lists_every_command(clone):
    for call in (clone.make, clone.call):
        status, said, complaint = call()
        assert (status, complaint) == (0, "")
        assert re.findall(r"^  ([a-z]+) +\S", said, re.MULTILINE) == COMMANDS
    makefile = (ROOT / "Makefile").read_text()
    assert re.search("^COMMANDS = (.*)$", makefile, re.M)[1].split() == COMMANDS


@needs_make
def test_make_knows_every_setting(course):
    makefile = (ROOT / "Makefile").read_text()
    listed = re.search(r"^SETTINGS = (.*)$", makefile, re.M)[1].split()
    assert listed == course.SETTINGS


@needs_make
@pytest.mark.parametrize(
    "words, runs",
    [
        (["lab", "LAB_ARGS=--no-browser --ip=0.0.0.0"], "-m jupyterlab --no-browser"),
        (["test"], "tools/run_tests.py --chapter  --notebooks "),
        (["test", "CHAPTER=02", "ARGS=-k 'a b' -x"], "02 --notebooks  -k a b -x"),
        (["test", "JUNIT=a.xml"], "--junit a.xml"),
        (["data"], "-m helpers.data fashion_mnist"),
        (["data", "DATA=mnist"], "-m helpers.data mnist"),
        (["execute"], "tools/execute.py"),
        (["execute", "CHAPTER=02"], "tools/execute.py 02"),
        (["claims", "CHAPTER=02", "JOBS=4"], "tools/claims.py --chapter 02 --jobs 4"),
        (["bench", "ARGS=--only fit"], "-m tools.bench --only fit"),
        (["chapter", "N=05", "NAME=it's"], "tools/new_chapter.py 05 it's"),
        (["mutants", "JOBS=2"], "tools/mutants.py --jobs 2"),
        (["present", "CHAPTER=02"], "-m tools.classroom.present --chapter 02"),
        (["slides"], "-m tools.classroom.slides"),
        (["slides", "CHAPTER=02"], "-m tools.classroom.slides --chapter 02"),
        (["handout", "CHAPTER=02"], "-m tools.classroom.handout --chapter 02"),
        (["lint"], "-m ruff check ."),
        (["doctor"], "helpers/doctor.py"),
    ],
)
def test_what_runs(finished, words, runs):
    """By make and without the same."""
    for call in (finished.make, finished.call):
        status, _, complaint = call(*words)
        assert (status, complaint) == (0, "")
        assert runs in finished.asked()[0]


def test_words_are_passed_on(finished):
    """Also one that looks like a setting, from another folder, with PYTHONSAFEPATH."""
    words = ["lab", "--ip=0.0.0.0", "--ServerApp.root_dir=x y"]
    command = [sys.executable, str(finished.folder / "course.py"), *words]
    subprocess.run(command, check=True, cwd="/", env={"PYTHONSAFEPATH": "1"})
    assert finished.asked() == ["-m jupyterlab " + " ".join(words[1:])]


def test_lint_stops_at_the_first_failure(finished, course, monkeypatch):
    monkeypatch.setattr(course, "ROOT", str(finished.folder))
    monkeypatch.setattr(course.os, "chdir", lambda _: None)
    monkeypatch.setattr(course, "run", lambda _, words, **__: asked.append(words) or 1)
    import tools.env

    monkeypatch.setattr(tools.env, "ensure", lambda *_: None)
    asked = []
    assert course.main(["lint"]) == 1
    assert asked == [["-m", "ruff", "check", "."]]


def test_the_status_is_that_of_what_runs(finished):
    finished.answer(status=3)
    assert finished.call("test")[0] == 3


def test_unknown_commands(clone):
    status, _, complaint = clone.call("lap")
    assert status == 1
    assert "There is no command 'lap'; there are: help env lab" in sentence(complaint)


def test_doctor_needs_an_environment_and_makes_none(clone):
    status, _, complaint = clone.call("doctor")
    assert status == 1
    assert "There is no environment yet" in sentence(complaint)


def test_clean_leaves_the_environment(finished):
    for folder in ("build", "tools/__pycache__", ".venv/lib/__pycache__"):
        (finished.folder / folder).mkdir(parents=True, exist_ok=True)
    assert finished.call("clean")[0] == 0
    assert not (finished.folder / "build").exists()
    assert not (finished.folder / "tools/__pycache__").exists()
    assert (finished.folder / ".venv/lib/__pycache__").exists()


# -- Pythons -------------------------------------------------------------------------


def other_python(folder, version):
    """Write a program that is this Python, and says that it is another version."""
    path = folder / "python3"
    path.write_text(OLDER.format(python=sys.executable, version=version))
    path.chmod(0o755)
    return str(path)


@needs_make
@pytest.mark.parametrize(
    "command, version, word", [("lab", (3, 8), "old"), ("test", (3, 14), "new")]
)
def test_python_that_does_not_fit(clone, command, version, word):
    python = other_python(clone.folder, version)
    status, _, complaint = clone.make(command, PYTHON=python)
    assert status != 0
    expected = f"This is Python 3.{version[1]}, which is too {word}: the course needs"
    assert expected in sentence(complaint)
    assert not clone.venv.exists()


def test_any_python_will_do_once_there_is_an_environment(finished):
    python = other_python(finished.folder, (3, 8))
    status, _, complaint = finished.run([python, "course.py", "test", "-x"], {})
    assert (status, complaint) == (0, "")
    assert finished.asked()[0].endswith("course.py test -x")
    (finished.venv / ".course-half-made").touch()
    status, _, complaint = finished.run([python, "course.py", "test"], {})
    assert "This is Python 3.8" in sentence(complaint)


def test_any_python_can_read_it():
    """Nothing in course.py that a Python of ten years ago stumbles over."""
    tree = ast.parse((ROOT / "course.py").read_text())
    new = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.Nonlocal, ast.Starred)
    found = [node for node in ast.walk(tree) if isinstance(node, new)]
    calls = [
        n for node in ast.walk(tree) if isinstance(node, ast.Call) for n in node.args
    ]
    assert not [node for node in found if node not in calls]
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    assert not [f.name for f in functions if f.returns or f.args.kwonlyargs]
    imported = {
        a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names
    }
    assert imported <= set(sys.stdlib_module_names)


@needs_make
def test_no_python_at_all(clone):
    status, _, complaint = clone.make("env", PYTHON="python3-of-nowhere")
    assert status != 0
    assert "There is no python3-of-nowhere here" in sentence(complaint)


def test_no_network(clone):
    """With pip itself; what was begun is not taken for an environment."""
    status, said, complaint = clone.call("lab", "TORCH_INDEX=http://127.0.0.1:9")
    assert status == 1
    assert "Making the environment in .venv" in said
    text = sentence(complaint)
    assert text.startswith("No network: the package index could not be reached")
    log = re.search(r"log: (.+)\)", text)[1]
    with open(log) as file:
        assert "127.0.0.1" in file.read()
    assert (clone.venv / ".course-half-made").exists()
    assert not (clone.venv / ".course-stamp").exists()


# -- systems -------------------------------------------------------------------------


def test_windows_has_other_places(course, monkeypatch, tmp_path):
    monkeypatch.setattr(course.os, "name", "nt")
    inside = os.path.join(course.ROOT, "x")
    assert course.python_of("x") == os.path.join(inside, "Scripts", "python.exe")
    (tmp_path / "python.exe").touch()  # conda's
    assert course.python_of(str(tmp_path)) == str(tmp_path / "python.exe")


def test_windows_waits_for_what_ctrl_c_reached_too(course, monkeypatch):
    """JupyterLab asks whether it is to stop: its answer is waited for."""

    class Child:
        waits = 0

        def __init__(self, command):
            assert command == ["python.exe", "-m", "jupyterlab"]

        def wait(self):
            Child.waits += 1
            if Child.waits < 3:
                raise KeyboardInterrupt
            return 7

    monkeypatch.setattr(course.os, "name", "nt")
    monkeypatch.setattr(course.subprocess, "Popen", Child)
    assert course.run("python.exe", ["-m", "jupyterlab"]) == 7


def test_a_home_for_who_has_none(finished):
    status, said, _ = finished.call("lab", HOME="/nowhere")
    assert status == 0
    kept = re.search("settings and progress are kept in (.*) until", said)[1]
    assert os.path.isdir(kept)
    os.rmdir(kept)
    assert "no home" not in finished.call("lab", HOME=str(finished.folder))[1]


# -- JupyterLab ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, host, root",
    [
        ([], "127.0.0.1", str(ROOT)),
        (["--ip=0.0.0.0", "--ServerApp.root_dir=/"], "0.0.0.0", "/"),
    ],
)
def test_the_command_line_wins(course, monkeypatch, tmp_path, words, host, root):
    """JupyterLab itself says where it looks and to whom it listens."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("JUPYTER_TOKEN", raising=False)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    course.start_lab()
    lab = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    try:
        for line in lab.stderr:
            said.append(line)
            if "?token=" in line:
                break
    finally:
        lab.kill()
        lab.communicate()
    assert f"Serving notebooks from local directory: {root}\n" in "".join(said)
    expected = (
        rf"http://{re.escape(host)}:\d+/lab/tree/notebooks/00-welcome.ipynb\?token=\w+"
    )
    assert re.search(expected, said[-1]), "".join(said)


# -- a public CI ---------------------------------------------------------------------

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())


def steps(job):
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def test_the_workflow_has_the_pythons_of_the_course(course):
    matrix = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]
    pythons = [f"3.{n}" for n in range(course.OLDEST[1], course.NEWEST[1] + 1)]
    assert matrix["python"] == pythons
    assert matrix["os"] == ["ubuntu-latest", "macos-latest"]
    listed = re.search(
        'requires-python = "(.*)"', (ROOT / "pyproject.toml").read_text()
    )
    assert listed[1] == f">={pythons[0]},<3.{course.NEWEST[1] + 1}"
    assert "schedule" in WORKFLOW[True]  # YAML takes `on` for a truth value


@needs_make
@pytest.mark.parametrize("pins", ["constraints.txt", "/dev/null"])
def test_the_steps_of_the_workflow(clone, pins):
    """They are run as shell, in an environment that is already there."""
    clone.put_environment()
    environment = {"TORCH_INDEX": "", "PINS": pins}
    environment["PATH"] = os.pathsep.join(
        [str(clone.folder / "bin"), os.environ["PATH"]]
    )
    (clone.folder / "bin").mkdir()
    (clone.folder / "bin" / "python3").symlink_to(sys.executable)
    for step in steps("test"):
        status, _, complaint = clone.run(["bash", "-e", "-c", step], environment)
        assert (status, complaint) == (0, ""), step
    ran = [line for line in clone.asked() if not line.startswith("-I")]
    assert [line.split()[0] for line in ran[:2]] == [
        "helpers/doctor.py",
        "tools/run_tests.py",
    ]
    assert ran[2:] == ["-m ruff check .", "-m ruff format --check ."]


def test_the_steps_for_windows(finished):
    for step in steps("windows"):
        python, *words = shlex.split(step)
        assert python == "python"
        status, _, complaint = finished.run([sys.executable, *words], {})
        assert (status, complaint) == (0, ""), step
    assert finished.asked() == [
        "helpers/doctor.py",
        "tools/run_tests.py --chapter  --notebooks  --only-notebooks",
    ]


@needs_make
def test_the_hooks_before_a_commit_are_make_lint(finished):
    finished.make("lint")
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = {hook["id"]: hook for repo in config["repos"] for hook in repo["hooks"]}
    entries = [hooks[name]["entry"] for name in ("ruff-check", "ruff-format")]
    # A hook names the files that are committed, where make lint says "all".
    lint = [f"{e.removeprefix('.venv/bin/python ')} ." for e in entries]
    assert finished.asked() == lint
