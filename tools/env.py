"""Make the course's environment: the script behind `make env`.

It installs what pyproject.toml lists, in the versions of constraints.txt, into
`.venv` (or the folder in COURSE_VENV), and then leaves a stamp there. While the
stamp fits, a call does nothing. A call that was cut short leaves a marker instead,
and the next one starts anew; what pip had fetched is still in pip's cache.

Written so that any Python can read it: one that is too old gets a sentence.
"""

from __future__ import print_function

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

from pip_run import FULL, Failed, last_line, pip, say

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST, NEWEST = (3, 10), (3, 13)
LISTS = ("pyproject.toml", "constraints.txt")
# With the CPU build; the CUDA builds need more (see announce).
MIN_FREE_GB = 3.0
PROBE = "import torch, matplotlib, ipywidgets, jupyterlab, nbformat, nbclient, pytest"


class Venv(object):
    """The folder of the environment, and what state it is in."""

    def __init__(self, folder):
        self.folder = os.path.join(ROOT, folder)
        self.name = os.path.relpath(self.folder, ROOT)
        # Only an environment inside the clone is ours to remove.
        self.ours = not self.name.startswith(os.pardir)
        if not self.ours:
            self.name = self.folder
        self.python = os.path.join(self.folder, "bin", "python")
        self.stamp = os.path.join(self.folder, ".course-stamp")
        self.unfinished = os.path.join(self.folder, ".course-unfinished")
        self.log = os.path.join(self.folder, "course-install.log")

    def wanted(self):
        """Return the stamp of a finished environment: both lists, and the place.

        The place counts because a moved environment is a broken one.
        """
        digest = hashlib.sha256(ROOT.encode("utf-8", "replace"))
        for name in LISTS:
            with open(os.path.join(ROOT, name), "rb") as file:
                digest.update(file.read())
        return digest.hexdigest()

    def finished(self):
        try:
            with open(self.stamp) as file:
                return file.read() == self.wanted() and os.path.exists(self.python)
        except (IOError, OSError):
            return False

    def usable(self):
        """Tell whether a whole environment stands here, if not the newest."""
        return os.path.exists(self.python) and not os.path.exists(self.unfinished)

    def remove(self):
        """Remove what an earlier call left, and nothing that is not ours."""
        marks = (self.unfinished, os.path.join(self.folder, "pyvenv.cfg"))
        if not (self.ours and any(os.path.exists(mark) for mark in marks)):
            raise Failed(
                "%s is there, but it is no environment that this script made:"
                " move it away, or name another folder with VENV=<folder>." % self.name
            )
        shutil.rmtree(self.folder)


def fitting_pythons():
    """Names of installed Pythons that fit, newest first."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    names = ["python3.%d" % n for n in range(NEWEST[1], OLDEST[1] - 1, -1)]
    return [n for n in names if any(_runs(os.path.join(d, n)) for d in folders)]


def _runs(path):
    """Whether this is a Python that starts: pyenv leaves names that do not."""
    if not os.access(path, os.X_OK):
        return False
    with open(os.devnull, "w") as null:
        return subprocess.call([path, "-c", ""], stdout=null, stderr=null) == 0


def check_python():
    version = tuple(sys.version_info[:2])
    if OLDEST <= version <= NEWEST:
        return
    found = fitting_pythons()
    raise Failed(
        "This is Python %d.%d, which is too %s: the course needs Python %d.%d to"
        " %d.%d; %s."
        % (
            version
            + ("old" if version < OLDEST else "new",)
            + OLDEST
            + NEWEST
            + (
                "%s is here, so give it: make env PYTHON=%s" % (found[0], found[0])
                if found
                else "install one and give it: make env PYTHON=python3.12",
            )
        )
    )


def check_space():
    needed = float(os.environ.get("COURSE_MIN_FREE_GB") or MIN_FREE_GB)
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        raise Failed(
            "Not enough space: %.1f GB are free in %s, and the environment needs"
            " %g GB; free some and call again." % (free, ROOT, needed)
        )


def make_venv(venv):
    say("Making the environment in %s with Python %s" % (venv.name, _version()))
    os.mkdir(venv.folder)
    open(venv.unfinished, "w").close()
    done = subprocess.run(
        [sys.executable, "-m", "venv", venv.folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if done.returncode == 0:
        return
    if "No space left" in done.stdout:
        raise OSError(errno.ENOSPC, done.stdout)
    if re.search("ensurepip|No module named '?(venv|pip)", done.stdout):
        raise Failed(
            "This Python (%s) cannot make environments, its venv module is missing:"
            " install it (Debian, Ubuntu: apt install python3-venv), or give another"
            " Python: make env PYTHON=python3.12." % sys.executable
        )
    raise Failed("Making %s failed: %s" % (venv.name, last_line(done.stdout)))


def _version():
    return ".".join(str(part) for part in sys.version_info[:3])


def announce(torch_index):
    """Say beforehand what will be fetched, where that can be a surprise."""
    if torch_index:
        say("  torch comes from %s" % torch_index)
    elif sys.platform.startswith("linux"):
        say(
            "  About 0.6 GB will be fetched with a torch for the CPU, several GB with"
            " the torch for CUDA\n  that the public index gives on Linux; without an"
            " NVIDIA GPU stop here (Ctrl-C) and call\n"
            "  make env TORCH_INDEX=<address of a CPU index> (README.md, Installing)."
        )
    else:
        say("  About 0.6 GB will be fetched.")


def install(venv, torch_index):
    if torch_index:
        # Only torch itself: such an index has little else, and that old.
        with open(os.path.join(ROOT, "constraints.txt")) as file:
            pin = re.search("^torch==.*$", file.read(), re.MULTILINE).group()
        pip(venv.python, venv.log, ["--no-deps", "--index-url", torch_index, pin])
    pip(venv.python, venv.log, ["-c", "constraints.txt", "-e", ".[test]"])
    say("  ... trying it out")
    tried = subprocess.run(
        [venv.python, "-c", PROBE],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        cwd=venv.folder,
    )
    if tried.returncode != 0:
        raise Failed(
            "The environment was installed but does not work (%s): call again, it"
            " will be made anew." % last_line(tried.stdout)
        )


def ensure(venv):
    """Bring the environment to the state that the lists ask for."""
    if venv.finished():
        say("%s is up to date" % venv.name)
        return
    check_python()
    with open(os.path.abspath(__file__)) as lock:
        _wait_for(lock)
        if venv.finished():  # by the call that we waited for
            return
        start = time.time()
        torch_index = os.environ.get("TORCH_INDEX")
        if venv.usable():
            say("Bringing %s up to date" % venv.name)
            if os.path.exists(venv.stamp):
                os.remove(venv.stamp)
        else:
            check_space()
            if os.path.isdir(venv.folder):
                say("Removing what an interrupted call left in %s" % venv.name)
                venv.remove()
            make_venv(venv)
            announce(torch_index)
        if venv.ours:
            open(venv.unfinished, "w").close()
        install(venv, torch_index)
        with open(venv.stamp, "w") as file:
            file.write(venv.wanted())
        if os.path.exists(venv.unfinished):
            os.remove(venv.unfinished)
        say("%s is ready (%.0f s)" % (venv.name, time.time() - start))


def _wait_for(lock):
    """One call at a time: `make lab` beside `make test` on a fresh clone."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError) as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            return  # a file system without locks
        say("Another call is making the environment: waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def main():
    venv = Venv(os.environ.get("COURSE_VENV") or ".venv")
    try:
        ensure(venv)
    except Failed as error:
        sentence = str(error)
    except KeyboardInterrupt:
        sentence = "Interrupted: the next call starts anew."
    except (IOError, OSError) as error:
        if error.errno == errno.ENOSPC:
            sentence = FULL
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            sentence = "Cannot write to %s: make that folder writable." % (
                error.filename or ROOT
            )
        else:
            sentence = "Making the environment failed: %s" % error
    else:
        return 0
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
