"""Make the course's environment, or bring it up to date: what `make env` does.

It installs what pyproject.toml lists, in the versions of constraints.txt, and leaves a
stamp. While the stamp fits, a call does nothing. Only a folder that was made here and
never finished is ever removed; a file in it says so. Every other environment, finished
here or somebody's own, is changed in place and stays, whatever comes of it.
"""

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.env_install import (
    FREE_GB,
    FREE_GB_CUDA,
    FULL,
    Failed,
    in_words,
    install,
    last_line,
    say,
)

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "pyproject.toml"
LOOK = Path(__file__).with_name("env_look.py")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# The others measure, or are measured, by versions.
GO_ON_WITH_OLD = ("lab", "data", "present")
# Plain `jupyter lab` in the environment, or a hub that starts it, reads this.
CONFIG = """\
# Written by `make env`: notebooks are saved as by `make lab`, with widgets' pictures.
load_subconfig("jupyter_server_config.py", path={folder!r})
"""


class Environment:
    """A folder that holds an environment, or will.

    Parameters
    ----------
    folder : as it was named, from the course's folder.
    python : its Python.
    source : the setting that named it, if one did.
    """

    def __init__(self, folder: str, python: str, source: str = ""):
        self.folder, self.python = ROOT / folder, Path(python)
        self.name = folder
        self.setting = f"{source}={folder}" if source else folder
        self.stamp = self.folder / ".course-stamp"
        self.half_made = self.folder / ".course-half-made"
        self.log = self.folder / "course-install.log"

    def made_of(self) -> dict:
        """Return what the stamp says; nothing where there is none that we can read."""
        try:
            found = json.loads(self.stamp.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def stands(self) -> bool:
        """Whether there is an environment to change; raise if it cannot be made."""
        if self.half_made.exists() or not self.folder.exists():
            return False
        if self.python.exists():
            return True
        if (self.folder / "pyvenv.cfg").exists():
            raise Failed(
                f"The Python that {self.name} was made with is gone: remove that folder"
                " and call again."
            )
        if not self.folder.is_dir() or any(self.folder.iterdir()):
            raise Failed(
                f"{self.setting} is there, but it is no environment: name one, or a"
                " folder that does not exist yet, with VENV=<folder>."
            )
        return False

    def look(self, pins: Path) -> dict:
        """Return what stands there, as env_look.py says it."""
        command = [self.python, "-I", LOOK, pins]
        done = subprocess.run(command, capture_output=True, text=True)
        try:
            return json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            return {"broken": last_line(done.stderr), "differs": []}


def ensure(source: str, folder: str, python: str, command: str, given: dict) -> None:
    """Bring the environment to the state that the lists ask for.

    Parameters
    ----------
    source, folder, python : see `Environment`.
    command : the command that needs it; some go on with an older one.
    given : the settings TORCH_INDEX and PINS.

    Raises
    ------
    Failed : there is no environment to go on with.
    """
    env = Environment(folder, python, source)
    pins = ROOT / (given["PINS"] or "constraints.txt")
    try:
        lists = hashlib.sha256(PROJECT.read_bytes() + pins.read_bytes())
    except OSError as error:
        raise Failed(f"{error.filename} cannot be read: {error.strerror}.") from None
    lists.update(os.fsencode(ROOT))  # a moved environment knows another place
    wanted = {"lists": lists.hexdigest()}
    if up_to_date(env, wanted):
        made = env.made_of()
        say(
            f"{env.name} is up to date (Python {made['python']}, torch {made['torch']})"
        )
        say_what_stays(made, given["TORCH_INDEX"], command)
        return
    try:
        with one_at_a_time():
            if not up_to_date(env, wanted):  # by the call that we waited for
                bring_up_to_date(env, pins, given["TORCH_INDEX"], wanted)
    except KeyboardInterrupt:
        again = "the next call starts anew"
        if not env.half_made.exists():
            again = f"{env.name} was there before and stays"
        raise Failed(f"Interrupted: {again}.") from None
    except (Failed, OSError) as error:
        sentence = in_words(error, env.setting)
        finished = env.stamp.exists() and env.python.exists()
        if not finished or command not in GO_ON_WITH_OLD:
            raise Failed(sentence) from None
        found = env.look(pins)
        old = "; ".join(found["differs"] or [found["broken"] or "all else"])
        warning = f"{sentence}\n{env.name} is used as it stands. Not as wanted: {old}"
        print(warning, file=sys.stderr, flush=True)


def up_to_date(env: Environment, wanted: dict) -> bool:
    """Whether the stamp fits; it is not looked at what stands there."""
    same_lists = env.made_of().get("lists") == wanted["lists"]
    return same_lists and env.python.exists() and not env.half_made.exists()


def say_what_stays(made: dict, torch_index: str, command: str) -> None:
    """Say that a finished environment keeps its Python and its torch."""
    stays = []
    mine, here = made["python"].split("."), platform.python_version_tuple()
    if command == "env" and mine[:2] != list(here[:2]):
        stays.append(f"its Python, and not {platform.python_version()}")
    if torch_index and torch_index != made.get("torch_index"):
        stays.append(f"its torch, and not that of {torch_index}")
    if stays:
        say(
            f"  It keeps {'; '.join(stays)}. To change that, remove its folder first,"
            " or make\n  another beside it with VENV=<folder>."
        )


def bring_up_to_date(
    env: Environment, pins: Path, torch_index: str, wanted: dict
) -> None:
    """Make the environment, or change it in place, and leave its stamp."""
    start = time.monotonic()
    torch_index = torch_index or env.made_of().get("torch_index", "")
    if env.stands():
        found = env.look(pins)
    else:
        make(env, torch_index)
        found = {"broken": "empty"}
    if found["broken"] or found["differs"]:
        say(f"Installing into {env.name}")
        if torch_index:
            # Only torch itself: such an index has little else, and that old.
            pin = re.search(r'"(torch==[^"]+)"', PROJECT.read_text())[1]
            install(env, "--no-deps", "--index-url", torch_index, pin)
        install(env, "-c", str(pins), "-e", ".[test]")
        say("  ... trying it out")
        found = env.look(pins)
        if found["broken"]:
            raise Failed(
                f"All was installed into {env.name}, but it does not work"
                f" ({found['broken']}): remove that folder and call again."
            )
    env.half_made.unlink(missing_ok=True)
    stamp = wanted | {"torch_index": torch_index}
    stamp |= {name: found[name] for name in ("python", "torch")}
    with contextlib.suppress(OSError):  # one that fits may be somebody's, and read-only
        write_config(env)
        env.stamp.write_text(json.dumps(stamp))
    say(f"{env.name} is ready ({time.monotonic() - start:.0f} s)")


def make(env: Environment, torch_index: str) -> None:
    """Make an empty environment with the Python that runs this."""
    if env.half_made.exists():
        say(f"Removing what an interrupted call left in {env.name}")
        shutil.rmtree(env.folder)
    cuda = sys.platform == "linux" and not torch_index
    needed = FREE_GB_CUDA if cuda else FREE_GB
    above = next(folder for folder in env.folder.parents if folder.exists())
    free = shutil.disk_usage(above).free / 1e9
    if free < needed:
        raise Failed(
            f"Not enough space: {free:.1f} GB are free in {above}, and the environment"
            f" needs {needed} GB; free some and call again."
        )
    say(f"Making the environment in {env.name} with Python {platform.python_version()}")
    env.folder.mkdir(parents=True, exist_ok=True)
    env.half_made.touch()
    command = [sys.executable, "-m", "venv", env.folder]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        if "No space left" in done.stdout:
            raise Failed(FULL)
        if re.search("ensurepip|No module named '?(venv|pip)", done.stdout):
            raise Failed(
                f"This Python ({sys.executable}) cannot make environments, its venv"
                " module is missing: install it (Debian, Ubuntu: apt install"
                " python3-venv), or give another Python: make env PYTHON=python3.12."
            )
        raise Failed(f"Making {env.name} failed: {last_line(done.stdout)}")
    if torch_index:
        say(f"  torch comes from {torch_index}")
    if cuda:
        say(
            "  About 0.6 GB will be fetched with a torch for the CPU, 3 GB with the"
            " torch for CUDA\n  that the public index gives on Linux; without an NVIDIA"
            " GPU stop here (Ctrl-C) and call\n  make env"
            f" TORCH_INDEX={CPU_INDEX}"
        )
    else:
        say("  About 0.6 GB will be fetched.")


def write_config(env: Environment) -> None:
    """Let every JupyterLab of the environment save as that of `make lab` does."""
    path = env.folder / "etc/jupyter/jupyter_server_config.py"
    text = CONFIG.format(folder=str(ROOT / "tools/jupyter_config"))
    first = text.splitlines()[0].encode()
    if path.exists() and not path.read_bytes().startswith(first):
        return  # somebody's own
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@contextlib.contextmanager
def one_at_a_time():
    """Wait for another call: `make lab` beside `make test` on a fresh clone."""
    with open(__file__, "rb") as file:
        try:
            lock(file, wait=False)
        except OSError as error:
            # Any other error is that of a file system without locks.
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                say("Another call is making the environment: waiting for it")
                lock(file, wait=True)
        yield


def lock(file, wait: bool) -> None:
    """Lock a file until it is closed; without waiting, raise OSError if it is taken."""
    if os.name != "nt":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return
    import msvcrt

    file.seek(1 << 30)  # what is locked cannot be read there
    while True:  # its own wait ends after ten seconds
        try:
            msvcrt.locking(
                file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1
            )
            return
        except OSError:
            if not wait:
                raise
