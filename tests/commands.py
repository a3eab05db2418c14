"""A clone in which nothing is installed: its environments only say what they have."""

import json
import os
import platform
import shutil
import stat
import subprocess
import sys

from tools.stored import ROOT

# What would give pip packages without a network, or make for another folder.
UNSET = "PIP_FIND_LINKS PIP_EXTRA_INDEX_URL MAKEFLAGS MAKELEVEL COURSE_VENV".split()
# A test that fails may come to pip itself, which must not begin to install.
NO_INDEX = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9",
    "PIP_RETRIES": "1",
}
PYTHON = platform.python_version()
WHOLE = {"python": PYTHON, "torch": "2.13.0+cpu", "broken": "", "differs": []}
NO_NETWORK = "WARNING: Retrying (Retry(total=0)) after connection broken"
# The Python of an environment, and uv. Its file of answers says what stands there and
# what pip says (nothing: it works); what it was asked is noted.
FAKE = """\
#!{python}
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
answers = json.loads((folder / "answers.json").read_text())
asked = " ".join(sys.argv[1:]) + os.environ.get("PYTHONSAFEPATH", "")
with open(folder / "asked.txt", "a") as file:
    print(asked, file=file)
if asked.startswith("-I"):
    print(json.dumps(answers["look"]))
elif asked == "-m pip --version":
    sys.exit(not answers["pip"])
elif asked == "-m ensurepip":
    sys.exit(not answers["ensurepip"])
elif "pip install" in asked:
    if answers["says"]:
        sys.exit(answers["says"])
    answers["look"] = {whole!r}
    (folder / "answers.json").write_text(json.dumps(answers))
else:
    sys.exit(answers.get("status", 0))
"""
# This Python, which says that it is another version.
OLDER = """\
#!{python}
import runpy, sys
sys.version_info, sys.argv = {version}, sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Clone:
    """A copy of what the commands read, in a folder with a space in its name."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        for name in ("Makefile", "course.py", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, folder)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "tools", folder / "tools", ignore=ignored)
        self.venv = folder / ".venv"

    def put_environment(self, **answers):
        """Put an environment of somebody's own there, one that fits but for answers."""
        python = self.venv / "bin/python"
        python.parent.mkdir(parents=True)
        (self.venv / "pyvenv.cfg").touch()
        (self.venv / "letters.txt").touch()
        self.put_fake(python)
        self.answer(
            **{"look": WHOLE, "pip": True, "ensurepip": True, "says": ""} | answers
        )

    def put_fake(self, path):
        text = FAKE.format(python=sys.executable, folder=str(self.folder), whole=WHOLE)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def answer(self, **answers):
        """Change what the environment says from now on."""
        path = self.folder / "answers.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(before | answers))

    def asked(self, start=""):
        """Return what it was asked since the last time, line by line."""
        path = self.folder / "asked.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if line.startswith(start)]

    def change(self, name="constraints.txt"):
        """Add a line to a list, as `git pull` might."""
        with open(self.folder / name, "a") as file:
            file.write("# one line more\n")

    def call(self, *words, **environment):
        """Run course.py; return the status, what it said and what it complained of."""
        command = [sys.executable, "course.py", *words]
        return self.run(command, environment)

    def make(self, *words, **environment):
        """Run make in the same way."""
        python = f"PYTHON={environment.pop('PYTHON', sys.executable)}"
        return self.run([shutil.which("make"), *words, python], environment)

    def run(self, command, environment):
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=kept | NO_INDEX | environment,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr


def sentence(complaint):
    """Return what stderr says; all but make's own last line, and only one line."""
    lines = [line for line in complaint.splitlines() if not line.startswith("make")]
    assert len(lines) == 1, complaint
    return lines[0]
