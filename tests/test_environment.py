"""What becomes of an environment: made, brought up to date, kept whatever happens.

Nothing is installed here: environments of these tests only say what they have.
"""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from traitlets.config.loader import PyFileConfigLoader

from tests.commands import NO_INDEX, NO_NETWORK, PYTHON, UNSET, WHOLE, Clone, sentence
from tools import env, env_install, env_look
from tools.stored import ROOT

OLD = WHOLE | {"differs": ["numpy 2.4.5 (==2.4.6)", "lark missing (==1.3.1)"]}
GIVEN = {"PINS": "", "TORCH_INDEX": ""}


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path / "my clone")


@pytest.fixture
def finished(clone):
    """A clone whose environment is finished and up to date."""
    clone.put_environment()
    assert clone.call("env")[0] == 0
    clone.asked()
    return clone


@pytest.fixture
def inside(clone, monkeypatch):
    """tools/env.py, at work in the clone."""
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(env, "ROOT", clone.folder)
    monkeypatch.setattr(env, "PROJECT", clone.folder / "pyproject.toml")
    return clone


def ensure(command="env", folder=".venv", **given):
    python = env.ROOT / folder / "bin/python"
    env.ensure("", folder, str(python), command, GIVEN | given)


# -- one that is there stays ---------------------------------------------------------


def test_nothing_to_be_done_starts_nothing(finished):
    assert finished.call("env") == (
        *(0, f".venv is up to date (Python {PYTHON}, torch 2.13.0+cpu)\n", ""),
    )
    assert finished.asked() == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_list_is_noticed(finished, name):
    finished.change(name)
    finished.answer(look=OLD)
    status, said, complaint = finished.call("env")
    assert (status, complaint) == (0, "")
    asked = finished.asked("-m pip install")
    assert len(asked) == 1 and asked[0].endswith("constraints.txt -e .[test]")
    assert ".venv is ready" in said
    assert "up to date" in finished.call("env")[1]


def test_a_change_that_asks_for_nothing_needs_no_network(finished):
    finished.change("pyproject.toml")
    finished.answer(says=NO_NETWORK)
    assert finished.call("env")[0] == 0
    assert not finished.asked("-m pip install")


def test_a_moved_clone_is_noticed(finished):
    moved = finished.folder.with_name("elsewhere")
    finished.folder.rename(moved)
    finished.folder = moved
    finished.put_fake(moved / ".venv/bin/python")
    assert finished.call("env")[0] == 0
    assert finished.asked("-I")


def test_a_failed_update_leaves_what_there_is_and_lab_starts(finished):
    """Twice, because the first call must not make the second one delete."""
    finished.change()
    finished.answer(look=OLD, says=NO_NETWORK)
    for _ in range(2):
        status, said, complaint = finished.call("lab", "--no-browser")
        assert status == 0
        assert "Starting JupyterLab" in said
        cause, old = complaint.splitlines()
        assert cause.startswith("No network: the package index could not be reached")
        assert old == (
            ".venv is used as it stands. Not as wanted: numpy 2.4.5 (==2.4.6); "
            "lark missing (==1.3.1)"
        )
        assert finished.asked("-m jupyterlab") == ["-m jupyterlab --no-browser"]
        assert finished.call("present", "CHAPTER=02")[0] == 0  # says what it lacks
        assert finished.asked("-m tools.classroom.present")
        for command in ("env", "test", "execute"):
            status, _, complaint = finished.call(command)
            assert status == 1
            assert sentence(complaint).startswith("No network")
    assert (finished.venv / "letters.txt").exists()
    finished.answer(says="")
    assert finished.call("test")[0] == 0


def test_an_interrupted_update_leaves_what_there_is(inside, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    inside.put_environment()
    ensure()
    inside.change()
    inside.answer(look=OLD)
    with monkeypatch.context() as patch:
        patch.setattr(env, "install", interrupt)
        for _ in range(2):
            with pytest.raises(env.Failed, match="was there before and stays"):
                ensure("lab")
    assert (inside.venv / "letters.txt").exists()
    ensure()
    assert ".venv is ready" in capsys.readouterr().out


def test_one_whose_python_is_gone_is_not_removed(finished):
    (finished.venv / "bin/python").unlink()
    status, _, complaint = finished.call("lab")
    assert status == 1
    assert "was made with is gone: remove that folder" in sentence(complaint)
    assert (finished.venv / "letters.txt").exists()


def test_it_is_said_what_stays(finished):
    """PYTHON= and TORCH_INDEX= change nothing in one that is there; that is said."""
    stamp = finished.venv / ".course-stamp"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"python": "3.9.1"}))
    said = finished.call("env")[1]
    assert "up to date (Python 3.9.1" in said
    assert f"keeps its Python, and not {sys.version.split()[0]}. To change" in said
    assert "keeps" not in finished.call("lab")[1]
    said = finished.call("lab", "TORCH_INDEX=https://index.example/cpu")[1]
    assert "keeps its torch, and not that of https://index.example/cpu" in said


# -- somebody's own, as uv makes it --------------------------------------------------


def test_one_that_fits_is_taken_as_it_is(clone):
    clone.put_environment(pip=False, ensurepip=False)
    for _ in range(2):
        assert clone.call("env")[0] == 0
    assert not [line for line in clone.asked() if "pip" in line]
    assert (clone.venv / "letters.txt").exists()


def test_without_pip_it_is_put_there(clone):
    clone.put_environment(look=OLD, pip=False)
    assert clone.call("env", PATH="")[0] == 0
    asked = clone.asked("-m")
    assert asked[:2] == ["-m pip --version", "-m ensurepip"]
    assert asked[2].startswith("-m pip install")


def test_without_pip_uv_installs(clone):
    clone.put_environment(look=OLD, pip=False, ensurepip=False)
    clone.put_fake(clone.folder / "tool" / "uv")
    assert clone.call("env", PATH=str(clone.folder / "tool"))[0] == 0
    asked = clone.asked("pip install --python")
    assert len(asked) == 1 and "constraints.txt -e .[test]" in asked[0]


def test_without_any_pip_a_sentence(clone):
    clone.put_environment(look=OLD, pip=False, ensurepip=False)
    for command in ("env", "lab"):
        status, _, complaint = clone.call(command, PATH="")
        assert status == 1
        assert ".venv has no pip, and its Python brings none" in sentence(complaint)
    assert (clone.venv / "letters.txt").exists()


def test_one_that_cannot_be_written_is_used_if_it_fits(inside, monkeypatch):
    def read_only(*_):
        raise PermissionError(13, "Permission denied", "/srv/course")

    inside.put_environment()
    monkeypatch.setattr(env, "write_config", read_only)
    ensure("lab")


def test_an_older_one_in_a_read_only_clone_is_used(inside, monkeypatch, capsys):
    def read_only(*_):
        raise OSError(30, "Read-only file system", "/srv/course")

    inside.put_environment()
    ensure()
    inside.change()
    inside.answer(look=OLD)
    monkeypatch.setattr(env, "install", read_only)
    ensure("lab")
    assert "Cannot write to /srv/course" in capsys.readouterr().err


def test_a_place_where_none_can_be_made(clone):
    status, _, complaint = clone.call("env", COURSE_VENV="course.py/x")
    assert status == 1
    assert "COURSE_VENV=course.py/x" in sentence(complaint)


@pytest.mark.parametrize("source", ["VENV", "COURSE_VENV"])
def test_what_is_no_environment_is_left_alone(clone, source):
    (clone.folder / "home").mkdir()
    (clone.folder / "home" / "letters.txt").touch()
    for name in ("home", "home/letters.txt"):
        words, environment = ["env", f"VENV={name}"], {}
        if source == "COURSE_VENV":
            words, environment = ["env"], {source: name}
        status, _, complaint = clone.call(*words, **environment)
        assert status == 1
        assert f"{source}={name} is there, but it is no env" in sentence(complaint)
    assert (clone.folder / "home" / "letters.txt").exists()


# -- making one ----------------------------------------------------------------------


@pytest.fixture
def maker(inside, monkeypatch):
    """The clone, where making an environment takes no time, and gives an empty one."""

    def venv(command, **_):
        if command[1:3] != ["-m", "venv"]:
            return genuine(command, **_)
        shutil.copytree(inside.folder / "base", command[3], dirs_exist_ok=True)
        return subprocess.CompletedProcess(command, 0, stdout="")

    genuine = subprocess.run
    inside.put_environment(look=OLD | {"broken": "empty"})
    inside.venv.rename(inside.folder / "base")
    monkeypatch.setattr(env.subprocess, "run", venv)
    return inside


def test_a_half_made_one_is_made_anew(maker, capsys):
    maker.answer(says=NO_NETWORK)
    with pytest.raises(env.Failed, match="No network"):
        ensure("lab")
    (maker.venv / "half.txt").touch()
    maker.answer(says="")
    ensure()
    assert "Removing what an interrupted call left" in capsys.readouterr().out
    assert not (maker.venv / "half.txt").exists()
    assert (maker.venv / ".course-stamp").exists()
    assert not (maker.venv / ".course-half-made").exists()


def test_an_empty_folder_is_filled(maker):
    maker.venv.mkdir()
    ensure()
    assert (maker.venv / ".course-stamp").exists()


def test_what_does_not_work_is_not_finished(maker, monkeypatch):
    whole = OLD | {"broken": "ImportError: half"}
    monkeypatch.setattr(env.Environment, "look", lambda *_: whole)
    with pytest.raises(env.Failed, match="does not work.*ImportError: half"):
        ensure()
    assert not (maker.venv / ".course-stamp").exists()


def test_torch_alone_comes_from_its_index_also_later(maker):
    index = "https://index.example/cpu"
    ensure(TORCH_INDEX=index)
    maker.change()
    maker.answer(look=OLD)
    ensure()
    torch = f"--no-deps --index-url {index} torch==2.13.0"
    asked = maker.asked("-m pip install")
    assert [torch in line for line in asked] == [True, False, True, False]


def test_other_pins(maker):
    (maker.folder / "newest.txt").touch()
    ensure(PINS="newest.txt")
    assert "newest.txt -e .[test]" in maker.asked("-m pip install")[0]
    with pytest.raises(env.Failed, match="nowhere.txt cannot be read"):
        ensure(PINS="nowhere.txt")


@pytest.mark.parametrize(
    "platform, index, needed",
    [("linux", "", 7), ("linux", "https://index.example", 3), ("darwin", "", 3)],
)
def test_space(maker, monkeypatch, platform, index, needed):
    monkeypatch.setattr(env.sys, "platform", platform)
    for free, enough in ((needed - 0.1, False), (needed + 0.1, True)):
        usage = SimpleNamespace(free=free * 1e9)
        monkeypatch.setattr(env.shutil, "disk_usage", lambda _, u=usage: u)
        if enough:
            ensure(TORCH_INDEX=index)
        else:
            with pytest.raises(env.Failed, match=f"Not enough space.*{needed} GB"):
                ensure(TORCH_INDEX=index)
            assert not maker.venv.exists()


def test_the_large_torch_is_announced(maker, monkeypatch, capsys):
    monkeypatch.setattr(env.sys, "platform", "linux")
    ensure()
    assert f"make env TORCH_INDEX={env.CPU_INDEX}\n" in capsys.readouterr().out
    readme = (ROOT / "README.md").read_text()
    assert f"make lab TORCH_INDEX={env.CPU_INDEX}\n" in readme
    assert f"{env.FREE_GB} GB of disk" in readme and f"{env.FREE_GB_CUDA} GB" in readme


def test_every_server_of_the_environment_saves_pictures(maker):
    """Plain `jupyter lab` and a hub's read etc/jupyter; what is there already stays."""
    ensure()
    folder = maker.venv / "etc/jupyter"
    config = PyFileConfigLoader("jupyter_server_config.py", str(folder)).load_config()
    assert config.ContentsManager.pre_save_hook.__name__ == "keep_pictures"
    # not where it looks, nor to whom it listens
    assert list(config.ServerApp) == ["contents_manager_class"]

    path = folder / "jupyter_server_config.py"
    path.write_text("c.ServerApp.port = 1\n")
    maker.change()
    ensure()
    assert path.read_text() == "c.ServerApp.port = 1\n"


def test_a_second_call_waits_for_the_first(maker, monkeypatch):
    """It starts nothing of its own then."""
    said = []

    def lock(file, wait):
        if not wait:
            raise BlockingIOError(11, "taken")
        ensure_unlocked()  # what the other call does meanwhile

    def ensure_unlocked():
        monkeypatch.setattr(env, "lock", lambda *_, **__: None)
        ensure()
        maker.asked()

    monkeypatch.setattr(env, "say", said.append)
    monkeypatch.setattr(env, "lock", lock)
    ensure()
    assert "Another call is making the environment: waiting for it" in said
    assert maker.asked() == []


def test_a_lock_is_one():
    with env.one_at_a_time(), open(env.__file__, "rb") as file:
        with pytest.raises(OSError):
            env.lock(file, wait=False)


# -- sentences -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, expected",
    [
        (PermissionError(13, "Permission denied", "/clone/.venv"), "Cannot write to"),
        (OSError(30, "Read-only file system", "/clone/.venv"), "Cannot write to"),
        (OSError(28, "No space left on device"), "The disk is full"),
        (OSError(5, "Input/output error"), "Making the environment .venv"),
        (KeyboardInterrupt(), "Interrupted"),
    ],
)
def test_the_folder_cannot_be_made(inside, monkeypatch, error, expected):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(env.Path, "mkdir", fail)
    with pytest.raises(env.Failed, match=expected):
        ensure("lab")


def test_no_venv_module(inside, monkeypatch):
    said = "The virtual environment was not created because ensurepip is not available"
    done = subprocess.CompletedProcess([], 1, stdout=said)
    monkeypatch.setattr(env.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(env.Failed, match="its venv module is missing"):
        ensure()


@pytest.mark.parametrize(
    "output, expected",
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken", "No network"),
        ("ERROR: ReadTimeoutError: Read timed out.", "The network is too slow"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED); Retrying (Retry(", "The package index"),
        (
            "  ERROR: Nothing fits x==9\nnote: from pip",
            "Installing failed: Nothing fits",
        ),
        ("x\n  cause: Because of x\nhint: y", "Installing failed: Because of x."),
        (
            "error: Cannot update time stamp of 'a.egg-info'",
            "A folder cannot be written",
        ),
        ("", "Installing failed"),
    ],
)
def test_what_pip_says_becomes_a_sentence(output, expected):
    assert env_install.reason(output).startswith(expected)


def test_large_packages_are_told():
    line = "  Downloading torch-2.13.0-cp311-none.whl (200.5 MB)\n"
    assert env_install.worth_telling(line) == "fetching torch-2.13.0, 200.5 MB"
    assert env_install.worth_telling(line.replace("200.5", "2.5")) == ""


def test_looking_finds_what_is_old(tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("# none\nnumpy==0.1\ntorch>=1\nno-such==1; python_version < '3'\n")
    found = env_look.look(pins)
    assert len(found["differs"]) == 1
    assert found["differs"][0].startswith("numpy ")
    assert found["differs"][0].endswith(" (==0.1)")
    (tmp_path / "missing.txt").write_text("no-such-package==1")
    differs = env_look.look(tmp_path / "missing.txt")["differs"]
    assert differs == ["no-such-package missing (==1)"]


def test_uv_gets_the_same_versions():
    project = (ROOT / "pyproject.toml").read_text()
    listed = project.split("constraint-dependencies = [\n")[1].split("]\n")[0]
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [f'    "{line}",' for line in pins if line and not line.startswith("#")]
    assert listed.splitlines() == pins
