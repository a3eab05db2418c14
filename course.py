"""The course's commands: `python course.py lab`, or `make lab` where there is make.

Settings are words like CHAPTER=02; every other word is passed on to what runs:
`python course.py test CHAPTER=02 -x`. Written so that any Python can read it: one
that does not fit gets a sentence.
"""

from __future__ import print_function

import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST, NEWEST = (3, 10), (3, 13)
COMMANDS = (
    ("help", "list these commands"),
    ("env", "make or refresh the environment in .venv (PYTHON=, TORCH_INDEX=)"),
    ("lab", "open the course in JupyterLab (LAB_ARGS=--no-browser)"),
    ("test", "run every test, or one chapter's (CHAPTER=02)"),
    ("data", "fetch a real data set (DATA=fashion_mnist)"),
    ("execute", "run the notebooks and store their outputs (CHAPTER=02)"),
    ("claims", 'measure every claim at full size (CHAPTER=02, ARGS="--only NAME")'),
    ("bench", 'measure how fast it is (ARGS="--only fit --write")'),
    ("chapter", "begin a chapter (N=05 NAME=convolution)"),
    ("mutants", 'plant faults one by one and see which test notices (ARGS="--only X")'),
    ("present", "show a chapter's explorers and panels live, large (CHAPTER=02)"),
    ("slides", "write a chapter's slides into build/slides (CHAPTER=02)"),
    ("handout", "print a chapter into build/handout, as a PDF (CHAPTER=02)"),
    ("lint", "check style and format, notebooks too"),
    ("doctor", "check this machine and the environment, line by line"),
    ("clean", "remove caches; the environment and the data stay"),
)
SETTINGS = (
    "VENV TORCH_INDEX PINS CHAPTER NOTEBOOKS JUNIT JOBS DATA N NAME ARGS LAB_ARGS"
).split()
# What an environment of this course has while it is being made for the first time.
HALF_MADE = ".course-half-made"


def main(words):
    """Run a command; return its exit status."""
    name = words[0] if words else "help"
    if name not in dict(COMMANDS):
        names = " ".join(command for command, _ in COMMANDS)
        return complain("There is no command %r; there are: %s." % (name, names))
    given, passed_on = dict.fromkeys(SETTINGS, ""), []
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if equals and key in given:
            given[key] = value
        else:
            passed_on.append(word)
    for key in ("ARGS", "LAB_ARGS"):
        passed_on += shlex.split(given[key], posix=os.name != "nt")
    os.chdir(ROOT)
    if name in ("help", "clean"):
        globals()[name]()
        return 0
    chosen = os.environ.get("COURSE_VENV")
    source = "VENV" if given["VENV"] else "COURSE_VENV" if chosen else ""
    folder = os.path.expanduser(given["VENV"] or chosen or ".venv")
    python = python_of(folder)
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        # What stands there was made with a Python that fits, and knows what to do.
        half_made = os.path.exists(os.path.join(folder, HALF_MADE))
        itself = os.path.abspath(sys.executable) == os.path.abspath(python)
        if itself or half_made or not os.path.exists(python):
            return complain(other_python())
        return run(python, [os.path.join(ROOT, "course.py")] + words)
    # The course's scripts find one another by the folder that they lie in.
    os.environ.pop("PYTHONSAFEPATH", None)
    sys.path.insert(0, ROOT)
    from tools import env

    if name == "doctor" and not os.path.exists(python):
        return complain("There is no environment yet: the command env makes it.")
    if name != "doctor":
        try:
            env.ensure(source, folder, python, name, given)
        except env.Failed as failed:
            return complain(str(failed))
    if name == "lint":
        if run(python, ["-m", "ruff", "check", "."], last=False):
            return 1
    arguments = to_run(name, given)
    return run(python, arguments + passed_on) if arguments else 0


def to_run(name, given):
    """Return what the environment's Python runs for a command; nothing for env."""
    chapter = given["CHAPTER"]
    if name == "lab":
        start_lab()
    test = ["tools/run_tests.py", "--chapter", chapter]
    test += ["--notebooks", given["NOTEBOOKS"]]
    return {
        "env": [],
        "lab": ["-m", "jupyterlab"],
        "test": test + option("--junit", given["JUNIT"]),
        "data": ["-m", "helpers.data", given["DATA"] or "fashion_mnist"],
        "execute": ["tools/execute.py"] + chapter.split(),
        "claims": ["tools/claims.py"]
        + option("--chapter", chapter)
        + option("--jobs", given["JOBS"]),
        "bench": ["-m", "tools.bench"],
        "chapter": ["tools/new_chapter.py", given["N"], given["NAME"]],
        "mutants": ["tools/mutants.py"] + option("--jobs", given["JOBS"]),
        "present": ["-m", "tools.classroom.present"] + option("--chapter", chapter),
        "slides": ["-m", "tools.classroom.slides"] + option("--chapter", chapter),
        "handout": ["-m", "tools.classroom.handout"] + option("--chapter", chapter),
        "lint": ["-m", "ruff", "format", "--check", "."],
        "doctor": ["helpers/doctor.py"],
    }[name]


def option(name, value):
    """Return an option's words; none without a value."""
    return [name, value] if value else []


def start_lab():
    """Give JupyterLab its settings, and a home where there is none."""
    own = [os.path.join(ROOT, "tools", "jupyter_config")]
    path = own + [p for p in [os.environ.get("JUPYTER_CONFIG_PATH")] if p]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(path)
    if not os.access(os.path.expanduser("~"), os.W_OK):
        os.environ["HOME"] = tempfile.mkdtemp(prefix="course-home-")
        print(
            "You have no home folder that can be written to: settings and progress are"
            " kept in %s until that is removed" % os.environ["HOME"]
        )
    print("Starting JupyterLab; stop it with Ctrl-C")


def run(python, arguments, last=True):
    """Run the environment's Python and return its status.

    What runs last takes the place of this process where systems have that, so that
    signals reach it as if it had been called itself. Windows has not; there, as
    everywhere, Ctrl-C reaches the child as well, which may have a question then.
    """
    sys.stdout.flush()
    if last and os.name != "nt":
        os.execv(python, [python] + arguments)
    child = subprocess.Popen([python] + arguments)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            pass


def python_of(folder):
    """Return the path of an environment's Python, there or to be."""
    if os.name == "nt":  # the second is conda's
        places = [("Scripts", "python.exe"), ("python.exe",)]
    else:
        places = [("bin", "python")]
    paths = [os.path.join(ROOT, folder, *place) for place in places]
    return (list(filter(os.path.exists, paths)) + paths)[0]


def other_python():
    """Say which Python the course needs, and which of those here is one."""
    names = ["python3.%d" % n for n in range(NEWEST[1], OLDEST[1] - 1, -1)]
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = [n for n in names if any(starts(os.path.join(f, n)) for f in folders)]
    version = tuple(sys.version_info[:2])
    return (
        "This is Python %d.%d, which is too %s: the course needs Python %d.%d to %d.%d;"
        " %s, so give it: make env PYTHON=%s (or: %s course.py env)."
        % (
            version
            + ("old" if version < OLDEST else "new",)
            + OLDEST
            + NEWEST
            + ("%s is here" % found[0] if found else "install one",)
            + 2 * ((found + ["python3.12"])[0],)
        )
    )


def starts(path):
    """Whether this is a Python that starts: pyenv leaves names that do not."""
    if not os.access(path, os.X_OK):
        return False
    with open(os.devnull, "w") as null:
        return subprocess.call([path, "-c", ""], stdout=null, stderr=null) == 0


def help():
    """List the commands."""
    print("make <command>, or python course.py <command>:")
    for command, text in COMMANDS:
        print("  %-9s %s" % (command, text))


def clean():
    """Remove what tools left behind."""
    left = [".pytest_cache", ".ruff_cache", "build", "dist"] + glob.glob("*.egg-info")
    for folder, inside, files in os.walk("."):
        found = {"__pycache__", ".ipynb_checkpoints"}.intersection(inside)
        if "pyvenv.cfg" in files or folder == os.path.join(".", ".git"):
            found, inside[:] = set(), []
        left += [os.path.join(folder, name) for name in found]
        inside[:] = [name for name in inside if name not in found]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    print("Caches removed; .venv and data/ were left")


def complain(sentence):
    """Print a sentence on stderr, and return the status of a failure."""
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
