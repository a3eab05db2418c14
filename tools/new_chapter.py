"""Begin a chapter: the script behind `make chapter N=05 NAME=convolution`.

Writes a notebook with the parts of a chapter in their order, its folder in helpers,
and its tests, all small and running. Overwrites nothing.
"""

import argparse
import keyword
import re
import sys
from pathlib import Path

import nbformat
from nbformat import v4

sys.path.insert(0, str(Path(__file__).resolve().parent))
from stored import ROOT, clean  # noqa: E402

TEMPLATES = Path(__file__).resolve().parent / "templates"
ROOM = ("__init__", "explorers", "claims", "exercises")
TESTS = ("test_taught", "test_explorers", "test_claims", "test_systems")
# A cell begins with: === id, kind, slide type, and "checked" where nbval compares it.
HEAD = re.compile(
    r"^=== (\S+) (code|markdown) (slide|subslide|fragment|notes|skip)( checked)?\n",
    re.MULTILINE,
)
NEXT = """\
Begun: {notebook}
       {room}/
       {tests}/
It runs as it stands. Write the chapter, then:
  make execute CHAPTER={number}   stores its outputs
  make test CHAPTER={number}      is red until the notebook teaches every row of its
                            syllabus: the ids stand in each cell's metadata"""


class Refused(Exception):
    """Why no chapter was begun, in one sentence."""


def words_of(number: str, name: str) -> dict[str, str]:
    """Check number and name; return what the templates' placeholders stand for.

    Raises
    ------
    Refused : one of them cannot be a chapter's.
    """
    if not re.fullmatch(r"\d{1,2}", number, re.ASCII) or int(number) == 0:
        raise Refused(f"N={number!r} is no chapter's number: expected 01 to 99.")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise Refused(
            f"NAME={name!r} is no chapter's name: expected small letters and digits, "
            "words joined by hyphens, as in residual-networks."
        )
    package = name.replace("-", "_")
    if keyword.iskeyword(package):
        raise Refused(f"NAME={name!r} is a word of Python, so it cannot be imported.")
    title = name.replace("-", " ").capitalize()
    number = f"{int(number):02}"
    plain = str(int(number))
    words = {"number": number, "plain": plain, "name": name}
    return words | {"package": package, "title": title}


def fill(template: str, words: dict[str, str]) -> str:
    """Return a template's text with {{number}}, {{title}} and so on filled in."""
    text = (TEMPLATES / template).read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text)


def notebook_of(text: str) -> str:
    """Return a notebook as it is stored, from the text of its template."""
    _, *parts = HEAD.split(text)
    cells = []
    for id, kind, slide, checked, source in zip(
        *(parts[k::5] for k in range(5)), strict=True
    ):
        make = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
        metadata = {"slideshow": {"slide_type": slide}}
        if checked:
            metadata["tags"] = ["nbval-check-output"]
        if id == "needs":  # for the map of the welcome notebook
            metadata |= {"needs": [2], "hours": 1}
        cells.append(make(source.strip("\n"), id=id, metadata=metadata))
    notebook = v4.new_notebook(cells=cells)
    clean(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1).rstrip("\n") + "\n"


def begin(number: str, name: str, root: Path = ROOT) -> dict[str, str]:
    """Write the files of a new chapter; return the paths, from the root.

    Raises
    ------
    Refused : a bad number or name, or a file of that chapter is there already.
    """
    words = words_of(number, name)
    number, package = words["number"], words["package"]
    paths = {
        "notebook": f"notebooks/{number}-{name}.ipynb",
        "room": f"helpers/chapters/{package}",
        "tests": f"tests/chapters/{number}_{package}",
    }
    taken = [root / paths["room"]] if (root / paths["room"]).exists() else []
    taken += root.glob(f"notebooks/{number}-*.ipynb")
    taken += root.glob(f"tests/chapters/{number}_*")
    if taken:
        there = taken[0].relative_to(root).as_posix()
        raise Refused(f"{there} is there already, and nothing is overwritten.")
    files = {
        f"{paths['room']}/{module}.py": fill(f"{module}.py.txt", words)
        for module in ROOM
    }
    files |= {
        f"{paths['tests']}/{module}.py": fill(f"{module}.py.txt", words)
        for module in TESTS
    }
    files[paths["notebook"]] = notebook_of(fill("notebook.txt", words))
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with open(root / path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return paths


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", help="two digits, 05")
    parser.add_argument("name", help="small letters and hyphens, residual-networks")
    options = parser.parse_args()
    try:
        paths = begin(options.number, options.name)
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    print(NEXT.format(**paths, number=f"{int(options.number):02}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
