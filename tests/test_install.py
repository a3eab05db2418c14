"""What is said in several places about installing is the same in each of them."""

import fnmatch
import re
import sys

import pytest

from helpers import doctor
from tests.commands import Clone
from tools.stored import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
NAME = re.compile(r"[\w-]+")


@pytest.fixture
def finished(tmp_path):
    clone = Clone(tmp_path / "my clone")
    clone.put_environment()
    assert clone.call("env")[0] == 0
    clone.asked()
    return clone


def text(path):
    return (ROOT / path).read_text("utf-8")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_all_name_the_same_pythons():
    course = text("course.py")
    oldest, newest = re.search(r"OLDEST, NEWEST = (.*), (\(.*)", course).groups()
    oldest, newest = (re.findall(r"\d+", pair) for pair in (oldest, newest))
    words = "{}.{} to {}.{}".format(*oldest, *newest)
    limits = ">={}.{},<{}.{}".format(*oldest, newest[0], int(newest[1]) + 1)
    assert PROJECT["project"]["requires-python"] == limits
    assert f"- python{limits}\n" in text("environment.yml")
    for path in ("README.md", "Makefile", "helpers/doctor.py"):
        assert words in text(path), path
    target = "py{}{}".format(*oldest)
    assert PROJECT["tool"]["ruff"]["target-version"] == target


@pytest.mark.parametrize(
    "minor, fits", [(9, False), (10, True), (13, True), (14, False)]
)
def test_the_doctor_takes_the_pythons_of_the_course(monkeypatch, minor, fits):
    monkeypatch.setattr(doctor, "CHECKS", {"Python": doctor.CHECKS["Python"]})
    monkeypatch.setattr(doctor.sys, "version_info", (3, minor, 2))
    (line,) = doctor.doctor()
    assert line.ok == fits and line.text.startswith(f"3.{minor}.2")


@pytest.mark.parametrize("used, fits", [(1, True), (4, True), (5, False)])
def test_the_doctor_compares_threads_with_cores(monkeypatch, used, fits):
    monkeypatch.setattr("psutil.cpu_count", lambda logical=True: 8 if logical else 4)
    monkeypatch.setattr("torch.get_num_threads", lambda: used)
    monkeypatch.setattr(doctor, "CHECKS", {"threads": doctor.CHECKS["threads"]})
    (line,) = doctor.doctor()
    assert line.ok == fits and f"uses {used} of 4 cores" in line.text


def test_conda_installs_from_the_same_two_files():
    lines = [line.strip() for line in text("environment.yml").splitlines()]
    listed = lines[lines.index("dependencies:") + 1 :]
    limits = PROJECT["project"]["requires-python"]
    installs = ["- -c constraints.txt", "- -e .[test]"]
    assert listed == [f"- python{limits}", "- pip", "- pip:", *installs]


def test_all_that_is_asked_for_is_pinned():
    pins = {
        normal(NAME.match(line)[0]): line
        for line in text("constraints.txt").splitlines()
        if line and not line.startswith("#")
    }
    asked = PROJECT["project"]["dependencies"]
    extras = PROJECT["project"]["optional-dependencies"]
    assert set(extras["present"]) <= set(extras["test"])  # `make env` installs it
    asked = [*asked, *extras["test"]]
    for wanted in asked:
        name = normal(NAME.match(wanted)[0])
        assert name in pins, name
        if "==" in wanted:
            assert pins[name] == wanted


def test_what_the_package_needs_beside_python_is_in_it():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    assert PROJECT["tool"]["setuptools"]["packages"]["find"] == {
        "include": ["helpers*"]
    }
    kinds = set()
    for path in (ROOT / "helpers").rglob("*"):
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        assert (path.parent / "__init__.py").exists(), path
        if path.suffix != ".py":
            kinds.add(path.suffix)
            assert any(fnmatch.fnmatch(path.name, p) for p in patterns), path.name
    assert kinds == {".js", ".css", ".mplstyle"}


def test_lint_checks_rules_and_form(finished):
    assert finished.call("lint")[0] == 0
    assert finished.asked() == ["-m ruff check .", "-m ruff format --check ."]


def test_clean_removes_caches_and_nothing_else(finished):
    kept = ["data/FashionMNIST/raw/images", "notebooks/a.ipynb", ".git/x", "dist.txt"]
    gone = ["notebooks/.ipynb_checkpoints/a.ipynb", "dist/a", "build/a", "a.egg-info/b"]
    gone += [".pytest_cache/a", ".ruff_cache/a", "helpers/data/__pycache__/a"]
    for name in kept + gone:
        path = finished.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert finished.call("clean")[0] == 0
    assert all((finished.folder / name).exists() for name in kept)
    assert not any((finished.folder / name).exists() for name in gone)


def test_jupyterlab_listens_to_this_machine_alone():
    settings = text("tools/jupyter_config/jupyter_lab_config.py")
    assert re.findall(r"ServerApp\.ip = (.*)", settings) == ['"127.0.0.1"']
    assert "token" not in settings and "password" not in settings
