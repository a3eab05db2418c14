"""Which notebook a command of the classroom means, and how it is read."""

from pathlib import Path

import nbformat

from tools.stored import ROOT, drop_dead_widgets


def notebooks_of(chapter: str) -> list[Path]:
    """Return the notebook of a chapter, or all of them where none is named.

    Raises
    ------
    SystemExit : there is no such chapter.
    """
    number = f"{chapter:0>2}-" if chapter else ""
    found = sorted((ROOT / "notebooks").glob(f"{number}*.ipynb"))
    if not found:
        there = ", ".join(path.name[:2] for path in notebooks_of(""))
        raise SystemExit(f"There is no chapter {chapter}; there are: {there}")
    return found


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook as it is stored; every widget is its still picture."""
    notebook = nbformat.read(path, as_version=4)
    drop_dead_widgets(notebook)
    notebook.metadata.pop("widgets", None)
    return notebook


def title_of(notebook: nbformat.NotebookNode) -> str:
    """Return the first heading of a notebook."""
    lines = (line for cell in notebook.cells for line in cell.source.splitlines())
    return next((line[2:] for line in lines if line.startswith("# ")), "")


def slide_type(cell: nbformat.NotebookNode) -> str:
    """Return the slide type of a cell, "" if it has none."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "")
