"""Variables of the course, good and bad; and users and machines that lack something."""

import builtins
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import platformdirs
import psutil
import pytest
import torch

from helpers import load_images
from helpers.data import DataError
from helpers.data.real import SETS, data_folders
from helpers.devices import default_device
from helpers.exercises import progress
from helpers.threads import num_threads
from tools.stored import ROOT

# What a container does to a user id that is in no list of users.
NOBODY = """
import pwd
def missing(*_):
    raise KeyError("uid not found")
pwd.getpwuid = pwd.getpwnam = missing
"""


@pytest.fixture(autouse=True)
def large_host(monkeypatch):
    """64 cores, of which the process may use all; nothing is chosen."""
    for name in ("COURSE_THREADS", "OMP_NUM_THREADS", "LOKY_MAX_CPU_COUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        psutil, "cpu_count", lambda logical=True: 128 if logical else 64
    )
    monkeypatch.setattr(os, "cpu_count", lambda: 128)
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda _: set(range(128)), raising=False
    )


def quota(monkeypatch, text):
    """Give the process's cgroup a quota, as the kernel writes it."""

    def read(path, *arguments, **named):
        if path == "/sys/fs/cgroup/cpu.max":
            return io.StringIO(text)
        return opened(path, *arguments, **named)

    opened, there = builtins.open, os.path.exists
    monkeypatch.setattr(builtins, "open", read)
    exists = lambda path: path == "/sys/fs/cgroup/cpu.max" or there(path)  # noqa: E731
    monkeypatch.setattr(os.path, "exists", exists)


def test_threads_are_half_of_the_cores():
    assert num_threads() == 32


@pytest.mark.parametrize("cores", [1, 3])
def test_threads_follow_affinity(monkeypatch, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert num_threads() == cores


@pytest.mark.parametrize("text, cores", [("200000 100000", 2), ("50000 100000", 1)])
def test_threads_follow_the_quota(monkeypatch, text, cores):
    quota(monkeypatch, text)
    assert num_threads() == cores


def test_threads_on_one_core(monkeypatch):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: None)
    assert num_threads() == 1


@pytest.mark.parametrize(
    "omp, course, used",
    [("3", None, 3), ("4,2", None, 4), ("3", "5", 5), ("auto", None, 32), ("", "2", 2)],
)
def test_what_is_chosen_wins(monkeypatch, omp, course, used):
    monkeypatch.setenv("OMP_NUM_THREADS", omp)
    if course:
        monkeypatch.setenv("COURSE_THREADS", course)
    assert num_threads() == used


@pytest.mark.parametrize("value", ["", "auto", "-2", "0", "1.5"])
def test_threads_that_are_no_number(monkeypatch, value):
    monkeypatch.setenv("COURSE_THREADS", value)
    with pytest.raises(ValueError, match=f"^COURSE_THREADS='{value}': set it to 1"):
        num_threads()


def test_a_device_that_is_here(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert default_device() == torch.device("cpu")


@pytest.mark.parametrize("value", ["gpu", "meta", "cuda:99", "mps:99", "1000"])
def test_a_device_that_is_not(monkeypatch, value):
    monkeypatch.setenv("COURSE_DEVICE", value)
    with pytest.raises(ValueError, match=f"^COURSE_DEVICE='{value}' cannot be used"):
        default_device()


def test_images_that_are_not(monkeypatch):
    monkeypatch.setenv("COURSE_IMAGES", "imagenet")
    with pytest.raises(ValueError, match="^COURSE_IMAGES='imagenet': allowed are"):
        load_images()


def test_data_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA", "~/sets")
    with pytest.raises(DataError, match="^COURSE_DATA='~/sets' is not a folder"):
        data_folders()
    (tmp_path / "sets").mkdir()
    assert data_folders()[0] == tmp_path / "sets"


def test_progress_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("COURSE_PROGRESS", "~/p.json")
    assert progress.record("02", "a", "solved")
    assert (tmp_path / "home" / "p.json").exists()
    assert not (tmp_path / "~").exists()


def test_progress_that_is_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path))
    assert progress.states() == {}
    assert progress.record("02", "a", "solved") is False
    assert f"COURSE_PROGRESS={str(tmp_path)!r} is no file" in progress.not_saved()


NOTEBOOK = """
from helpers import d2l
from helpers.chapters.welcome import chapter_map
from helpers.doctor import doctor
from helpers.exercises import progress

print(chapter_map())
for name in ("a", "b"):
    assert progress.record("02", name, "solved")
assert progress.states() == {"02": {"a": "solved", "b": "solved"}}
print(doctor())
print(progress.progress_file())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no list of users to be out of")
def test_a_user_without_home_and_entry(tmp_path):
    """As in a container under any user id: all works, progress is kept meanwhile."""
    (tmp_path / "sitecustomize.py").write_text(NOBODY)
    left_out = ("HOME", "USER", "LOGNAME", "XDG_DATA_HOME", "COURSE_PROGRESS")
    kept = {name: text for name, text in os.environ.items() if name not in left_out}
    kept |= {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    kept |= {"TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1", "COURSE_THREADS": "1"}
    command = [sys.executable, "-c", NOTEBOOK]
    done = subprocess.run(
        command, cwd=tmp_path, env=kept, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("so your progress is kept in") == 1
    assert Path(done.stdout.splitlines()[-1]).is_relative_to(tmp_path)
    assert "RuntimeError" not in done.stdout and "remove" not in done.stdout
    assert not (tmp_path / "~").exists()


# -- what the README says of them -----------------------------------------------------


def said_of(function):
    """What a docstring says of a variable's default, in the README's words."""
    first = function.__doc__.splitlines()[0].replace("``$", "`").replace("``", "`")
    return first.partition(", else ")[2].rstrip(".")


def test_the_readme_names_the_defaults(monkeypatch):
    text = (ROOT / "README.md").read_text("utf-8")
    default = dict(re.findall(r"(?m)^\| `(COURSE_\w+)` \| (.*?) \|", text))
    for name in default:
        monkeypatch.delenv(name, raising=False)
    threads = default["COURSE_THREADS"].split(", at most")[0]
    assert threads == said_of(num_threads)
    assert default["COURSE_DEVICE"] == said_of(default_device)
    assert default["COURSE_IMAGES"] == f"`{load_images().name}`"
    folder = data_folders()[0].relative_to(ROOT)
    assert default["COURSE_DATA"] == f"`{folder}/`"
    assert default["COURSE_PROGRESS"] == "a file in your user data folder"
    file, user = progress.progress_file(), platformdirs.user_data_path()
    assert file.is_relative_to(user)


@pytest.mark.parametrize("file", ["README.md", "data/README.md"])
def test_a_set_is_given_to_the_variable_of_the_images(file):
    text = (ROOT / file).read_text("utf-8")
    given = re.findall(rf"(\w+)=(?:{'|'.join(SETS)})\b", text)
    assert "COURSE_IMAGES" in given
    assert set(given) <= {"COURSE_IMAGES", "DATA"}  # make data DATA=mnist
