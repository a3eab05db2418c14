"""The commands themselves: what they say when something stands in the way.

Nothing is installed here; each case ends before, or at, the first package.
"""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import time

import pytest

from tools.stored import ROOT

COMMANDS = (
    "help env lab test data execute claims bench chapter mutants lint doctor clean"
).split()
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None, reason="there is no make")

# What would give pip packages without a network, or make for another folder.
UNSET = (
    "PIP_FIND_LINKS",
    "PIP_EXTRA_INDEX_URL",
    "TORCH_INDEX",
    "MAKEFLAGS",
    "MAKELEVEL",
)


@pytest.fixture
def clone(tmp_path):
    """A copy of what `make env` reads, in a folder with a space in its name."""
    folder = tmp_path / "my clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "tools", folder / "tools")
    return folder


def make(folder, *arguments, **environment):
    """Run make; return the status, what it said, and the seconds it took."""
    env = {name: value for name, value in os.environ.items() if name not in UNSET}
    env.update({"PIP_CONFIG_FILE": os.devnull, **environment})
    start = time.perf_counter()
    done = subprocess.run(
        [MAKE, *arguments, f"PYTHON={environment.get('PYTHON', sys.executable)}"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr, time.perf_counter() - start


def sentence(stderr):
    """Return what stderr says; all but make's own last line, and only one line."""
    lines = [line for line in stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1, stderr
    return lines[0]


def fake_python(folder, version):
    """Write a program that is this Python, and says that it is another version."""
    path = folder / "python3"
    path.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "import runpy, sys; '
        f"sys.version_info = {version}; sys.argv = sys.argv[1:]; "
        "sys.path[0] = 'tools'; "
        'runpy.run_path(sys.argv[0], run_name=\'__main__\')" "$@"\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def finished_environment(clone):
    """Make what a finished `make env` leaves, without the packages."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    venv = env_script(clone).Venv(".venv")
    with open(venv.stamp, "w") as file:
        file.write(venv.wanted())


def env_script(clone, monkeypatch=None):
    """Load tools/env.py of a copy as a module."""
    path = clone / "tools"
    sys.path.insert(0, str(path))
    try:
        spec = importlib.util.spec_from_file_location("env", path / "env.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path))
        sys.modules.pop("pip_run")
    return module


def test_bare_make_lists_every_command():
    status, said, errors, _ = make(ROOT)
    assert (status, errors) == (0, "")
    listed = re.findall(r"^  ([a-z]+) +\S", said, re.MULTILINE)
    assert listed == COMMANDS
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert declared.group(1).split() == COMMANDS


@pytest.mark.parametrize("version, word", [((3, 8), "old"), ((3, 14), "new")])
@pytest.mark.parametrize("command", ["env", "lab", "test"])
def test_python_that_does_not_fit(clone, command, version, word):
    python = fake_python(clone, version)
    status, _, errors, _ = make(clone, command, PYTHON=python)
    assert status != 0
    expected = f"This is Python 3.{version[1]}, which is too {word}: the course needs"
    assert expected in sentence(errors)
    assert not (clone / ".venv").exists()


def test_no_python_at_all(clone):
    status, _, errors, _ = make(clone, "env", PYTHON="python3-of-nowhere")
    assert status != 0
    assert "There is no python3-of-nowhere here" in sentence(errors)


def test_no_network(clone):
    """A failed install names pip's log, and is not taken for a finished one."""
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_RETRIES": "1"}
    status, said, errors, _ = make(clone, "env", **dead)
    assert status != 0
    assert "Making the environment in .venv" in said
    text = sentence(errors)
    assert text.startswith("No network: pip could not reach the package index")
    log = clone / re.search(r"log: (\S+)\)", text).group(1)
    assert "127.0.0.1" in log.read_text()
    assert not (clone / ".venv" / ".course-stamp").exists()

    # The next call does not stop at what was left, but at the space it needs.
    status, _, errors, _ = make(clone, "env", COURSE_MIN_FREE_GB="999999")
    assert status != 0
    assert "Not enough space:" in sentence(errors)


def test_no_space_before(clone):
    status, said, errors, _ = make(clone, "env", COURSE_MIN_FREE_GB="999999")
    assert status != 0
    assert "Not enough space:" in sentence(errors)
    assert not (clone / ".venv").exists()


def test_nothing_is_to_be_done(clone):
    finished_environment(clone)
    status, said, errors, _ = make(clone, "env")
    assert (status, said, errors) == (0, ".venv is up to date\n", "")


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_list_is_noticed(clone, name):
    finished_environment(clone)
    with open(clone / name, "a") as file:
        file.write("# one line more\n")
    assert not env_script(clone).Venv(".venv").finished()


def test_a_moved_clone_is_noticed(clone):
    finished_environment(clone)
    moved = clone.with_name("elsewhere")
    clone.rename(moved)
    assert not env_script(moved).Venv(".venv").finished()


def test_an_interrupted_environment_is_made_anew(clone):
    """The marker makes it unusable; a folder of somebody else's is never removed."""
    finished_environment(clone)
    module = env_script(clone)
    venv = module.Venv(".venv")
    assert venv.usable()
    (clone / ".venv" / ".course-unfinished").touch()
    assert not venv.usable()
    venv.remove()
    assert not (clone / ".venv").exists()

    (clone / ".venv").mkdir()
    (clone / ".venv" / "letters.txt").touch()
    with pytest.raises(module.Failed, match="no environment that this script made"):
        venv.remove()
    assert (clone / ".venv" / "letters.txt").exists()


@pytest.mark.parametrize(
    "error, expected",
    [
        (PermissionError(13, "Permission denied", "/clone/.venv"), "Cannot write to"),
        (OSError(30, "Read-only file system", "/clone/.venv"), "Cannot write to"),
        (OSError(28, "No space left on device"), "The disk is full"),
        (KeyboardInterrupt(), "Interrupted"),
    ],
)
def test_the_folder_cannot_be_made(clone, monkeypatch, capsys, error, expected):
    module = env_script(clone)

    def fail(*_):
        raise error

    monkeypatch.setattr(module.os, "mkdir", fail)
    assert module.main() == 1
    assert sentence(capsys.readouterr().err).startswith(expected)


def test_no_venv_module(clone, monkeypatch, capsys):
    module = env_script(clone)
    said = "The virtual environment was not created because ensurepip is not available"
    done = subprocess.CompletedProcess([], 1, stdout=said)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: done)
    assert module.main() == 1
    assert "its venv module is missing" in sentence(capsys.readouterr().err)


@pytest.mark.parametrize(
    "output, expected",
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken", "No network"),
        ("ERROR: ReadTimeoutError: Read timed out.", "The network is too slow"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED); Retrying (Retry(", "The package index"),
        ("ERROR: No matching distribution found for x==9\n", "pip failed: ERROR: No m"),
        ("", "pip failed"),
    ],
)
def test_what_pip_says_becomes_a_sentence(output, expected):
    from tools.pip_run import reason

    assert reason(output).startswith(expected)
