"""Check the machine and the environment, line by line: fine, or what to do.

``doctor()`` in a notebook, ``make doctor`` in a terminal. This file also runs as a
script, without the rest of the package, because what it looks for may be the reason
why the package does not import. Taught in chapter 0.
"""

from __future__ import annotations

import html
import importlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAKE = "make" if shutil.which("make") else "python course.py"
RUN = f"run `{MAKE} env`"
# One that lies elsewhere is somebody's own.
REMAKE = (
    f"remove the folder {Path(sys.prefix).relative_to(ROOT)} and {RUN}"
    if Path(sys.prefix).is_relative_to(ROOT)
    else "reinstall it, or make this environment anew"
)
# The first numbers that belong together: a kernel-side and a browser-side half.
WIDGET_PARTS = {"ipywidgets": 8, "jupyterlab_widgets": 3, "jupyterlab": 4}
LAB_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
LEAST_MEMORY_GB = 2.0
LEAST_DISK_GB = 1.0


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: what was found, or what to do about it."""

    name: str
    ok: bool
    text: str

    def __str__(self):
        """Return the line for a terminal, folded at 88 columns."""
        mark = "fine " if self.ok else "CHECK"
        return textwrap.fill(
            self.text,
            88,
            initial_indent=f"{mark}  {self.name:<12}",
            subsequent_indent=" " * 19,
        )


class Lines(list):
    """The lines of `doctor`, readable in a terminal and in a notebook."""

    def __repr__(self):
        """Return one line below the other."""
        return "\n".join(map(str, self))

    def _repr_html_(self):
        rows = "".join(
            "<tr><td style='white-space:nowrap'>"
            f"{'✓ fine' if line.ok else '<b>✗ check</b>'}</td>"
            f"<td style='text-align:left'>{html.escape(line.name)}</td>"
            f"<td style='text-align:left'>{_prose(line.text)}</td></tr>"
            for line in self
        )
        return f"<table>{rows}</table>"


def _prose(text: str) -> str:
    """Text as HTML, with what stands in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))


class Trouble(Exception):
    """What was found, and what to do."""


def doctor() -> Lines:
    """Look at everything that the course needs.

    Returns
    -------
    A list of `Line`, one per subject; it never raises.
    """
    return Lines(_line(name, check) for name, check in CHECKS.items())


def _line(name: str, check: Callable[[], str]) -> Line:
    try:
        return Line(name, True, check())
    except Trouble as trouble:
        return Line(name, False, str(trouble))
    except ModuleNotFoundError as error:
        return Line(name, False, f"{error.name} is not installed: {RUN}")
    except BaseException as error:  # a broken package may raise anything
        first = (str(error).strip().splitlines() or [""])[0]
        if first.startswith("COURSE_"):
            return Line(name, False, first)
        return Line(name, False, f"{type(error).__name__}: {first}; {REMAKE}")


def version_of(package: str) -> str:
    """The installed version of a package; `Trouble` without one."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise Trouble(f"{package} is not installed: {RUN}") from None


def short(path: Path) -> str:
    """Name a folder as the reader would: from the clone, or from home."""
    home = Path(os.path.expanduser("~"))  # stays "~" where there is no home
    for start, name in ((ROOT, ""), (home, "~/")):
        if path.is_relative_to(start):
            return f"{name}{path.relative_to(start)}"
    return str(path)


def _python() -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        raise Trouble(f"{version}, and the course needs 3.10 to 3.13: {REMAKE}")
    return f"{version} in {short(Path(sys.prefix))}"


def _torch() -> str:
    version = version_of("torch")
    import torch

    _course("devices").default_device()  # raises where COURSE_DEVICE names none
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name(0)
    elif torch.backends.mps.is_available():
        device = "CPU and Apple GPU"
    else:
        device = "CPU (all that the course needs)"
    total = float(torch.ones(2, 3).sum())
    if total != 6:
        raise Trouble(f"torch {version} adds six ones to {total}: {REMAKE}")
    return f"{version} on {device}"


def _torchvision() -> str:
    version = version_of("torchvision")
    _course("compat").mend_torchvision()
    from torchvision import models, transforms  # noqa: F401

    return f"{version}, models and transforms import"


def _d2l() -> str:
    version = version_of("d2l")
    _course("compat").import_d2l()
    return f"{version}, d2l.torch imports"


def _course(module: str):
    """Import a module of the course, and only it where the package is broken."""
    try:
        return importlib.import_module(f"helpers.{module}")
    except Exception:
        path = ROOT / "helpers" / f"{module}.py"
        spec = importlib.util.spec_from_file_location(f"_doctor_{module}", path)
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found


def _helpers() -> str:
    try:
        import helpers
    except ModuleNotFoundError as error:
        if error.name == "helpers":
            raise Trouble(f"not installed in this environment: {RUN}") from None
        raise
    folder = Path(helpers.__file__).resolve().parent
    if folder != ROOT / "helpers":
        raise Trouble(f"imported from another clone, {folder}: {RUN} here")
    return f"imports, {len(helpers.__all__)} names"


def _widgets() -> str:
    versions = {name: version_of(name) for name in (*WIDGET_PARTS, "anywidget")}
    for name, first in WIDGET_PARTS.items():
        if int(versions[name].split(".")[0]) != first:
            raise Trouble(f"{name} {versions[name]}, expected {first}.x: {RUN}")
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    for name in LAB_EXTENSIONS:
        if not (folder / name).is_dir():
            raise Trouble(f"JupyterLab's extension {name} is missing: {REMAKE}")
    importlib.import_module("anywidget")
    return ", ".join(
        f"{name} {versions[name]}" for name in ("jupyterlab", "ipywidgets", "anywidget")
    )


def _data() -> str:
    spec = importlib.util.find_spec("sklearn")
    if spec is None:
        raise Trouble(f"scikit-learn, where the digits come from, is missing: {RUN}")
    digits = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if not digits.is_file():
        raise Trouble(f"scikit-learn has no digits ({digits.name}): {REMAKE}")
    data = importlib.import_module("helpers.data")
    try:
        folders = data.data_folders()
    except data.DataError as error:
        raise Trouble(f"digits fine; {error}") from None
    texts, missing = ["digits fine (built in)"], []
    for name in data.REMOTE:
        where = [folder for folder in folders if data.is_here(name, folder)]
        if where:
            texts.append(f"{name}: {short(where[0])}")
        else:
            missing.append(name)
    if missing:
        names, fetch = ", ".join(missing), f"`{MAKE} data DATA=<name>`"
        texts.append(f"not fetched, nor needed to begin: {names} ({fetch})")
    return "; ".join(texts)


def _threads() -> str:
    import psutil
    import torch

    _course("threads").num_threads()  # raises where COURSE_THREADS is no number
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    if "helpers" not in sys.modules:
        importlib.import_module("helpers")  # it sets the number
    used = torch.get_num_threads()
    names = [n for n in ("COURSE_THREADS", "OMP_NUM_THREADS") if n in os.environ]
    source = names[0] if names else "half of them; COURSE_THREADS=<n> changes it"
    text = f"training uses {used} of {physical} cores ({source})"
    if used > physical:
        raise Trouble(f"{text}: more threads than cores are slower, set fewer")
    return text


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / 1e9, memory.total / 1e9
    text = f"{free:.1f} of {total:.1f} GB free"
    if free < LEAST_MEMORY_GB:
        raise Trouble(
            f"{text}, {LEAST_MEMORY_GB:g} are needed: shut down other kernels"
        )
    return text


def _disk() -> str:
    free = shutil.disk_usage(ROOT).free / 1e9
    text = f"{free:.1f} GB free"
    if free < LEAST_DISK_GB:
        raise Trouble(f"{text}: free some, or data sets cannot be fetched")
    return text


CHECKS = {
    "Python": _python,
    "torch": _torch,
    "torchvision": _torchvision,
    "d2l": _d2l,
    "helpers": _helpers,
    "widgets": _widgets,
    "data": _data,
    "threads": _threads,
    "memory": _memory,
    "disk": _disk,
}


def main() -> int:
    """Print the lines; the exit status says whether all are fine."""
    lines = doctor()
    print(lines)
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    # As a script: else helpers/data is found as `data`.
    sys.path[:] = [str(ROOT)] + [p for p in sys.path if p != str(ROOT / "helpers")]
    sys.exit(main())
