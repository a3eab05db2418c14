"""The list of faults: reading it, and planting one in the text of a file."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from types import SimpleNamespace

try:
    import tomllib
except ImportError:  # Python 3.10, where pytest brings this one
    import tomli as tomllib


class Unplantable(Exception):
    """The file does not hold the line, or holds it more than once."""


@dataclass(frozen=True)
class Fault:
    """One line that makes the course wrong.

    Parameters
    ----------
    name : unique, in words joined by hyphens, the first of which says where.
    file : a Python file or a notebook, from the root of the repository.
    before, after : the line as it stands and as it is planted, without indentation.
    expect : the test that should notice, as pytest names it; a notebook's path
        means that one of its own cells does.
    """

    name: str
    file: str
    before: str
    after: str
    expect: str


def read_faults(path: Path) -> list[Fault]:
    """Read the list.

    Raises
    ------
    ValueError : an entry with a key too many or too few.
    """
    names = {field.name for field in fields(Fault)}
    faults = []
    for entry in tomllib.loads(path.read_text("utf-8"))["fault"]:
        if entry.keys() != names:
            raise ValueError(f"an entry of {path.name} is not {sorted(names)}: {entry}")
        faults.append(Fault(**entry))
    return faults


def source_of(path: Path) -> list[SimpleNamespace]:
    """Return the code cells of a notebook: id, and lines without their ends."""
    notebook = json.loads(path.read_text("utf-8"))
    return [
        SimpleNamespace(id=cell["id"], lines="".join(cell["source"]).split("\n"))
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def planted(fault: Fault, root: Path) -> str:
    """Return the file's text with the fault in it.

    Raises
    ------
    Unplantable : the line is not there exactly once.
    """
    path = root / fault.file
    if not path.is_file():
        raise Unplantable(f"{fault.file} is not there")
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return "\n".join(_exchanged(fault, [text.split("\n")])[0])
    notebook = json.loads(text)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]).split("\n") for cell in cells]
    for cell, lines in zip(cells, _exchanged(fault, sources), strict=True):
        cell["source"] = "\n".join(lines)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _exchanged(fault: Fault, sources: list[list[str]]) -> list[list[str]]:
    """Exchange the line in the one source that holds it."""
    count = sum(line.strip() == fault.before for lines in sources for line in lines)
    if count != 1:
        raise Unplantable(
            f"{fault.file} holds this line {count} times, not once: {fault.before}"
        )
    return [
        [
            line.replace(fault.before, fault.after)
            if line.strip() == fault.before
            else line
            for line in lines
        ]
        for lines in sources
    ]
