"""Write the slides of a chapter: the script behind `make slides`.

nbconvert makes the slides from the cells' slide types and reveal.js shows them. Both
reveal.js and MathJax lie beside them, so that the folder works without a network and
can be copied. Cells of the type "skip" are left out, "notes" are the speaker's (key S).
"""

import argparse
import shutil
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert.exporters import SlidesExporter
from nbformat import NotebookNode

from tools.classroom.chapters import notebooks_of, read, slide_type, title_of
from tools.classroom.npm import MATHJAX, REVEAL, NotFetched, put
from tools.stored import ROOT

HERE = Path(__file__).parent
BUILD = ROOT / "build/slides"


def html_of(notebook: NotebookNode) -> str:
    """Return the page with the slides of a notebook.

    Raises
    ------
    ValueError : no cell of it is to be shown.
    """
    notebook.metadata.title = title_of(notebook)
    notebook.cells = [cell for cell in notebook.cells if slide_type(cell) != "skip"]
    exporter = SlidesExporter(
        template_name="slides",
        extra_template_basedirs=[str(HERE / "templates")],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    page = BeautifulSoup(exporter.from_notebook_node(notebook)[0], "html.parser")
    for slide in page.select(".slides > section > section"):
        part_notes(page, slide)
    return str(page)


def part_notes(page: BeautifulSoup, slide) -> None:
    """Put all notes of a slide into one, and what is seen into a box that can shrink.

    The speaker's view shows the notes of a fragment instead of the slide's, and of
    several only the first.
    """
    notes = page.new_tag("aside", attrs={"class": "notes"})
    for note in slide.select("aside.notes"):
        notes.extend(note.extract().contents[:])
    seen = page.new_tag("div", attrs={"class": "seen"})
    seen.extend(slide.contents[:])
    slide.append(seen)
    if notes.contents:
        slide.append(notes)


def write(path: Path, folder: Path) -> Path:
    """Write the slides of a notebook into a folder, with all that they need.

    Raises
    ------
    NotFetched : reveal.js or MathJax is not here and cannot be fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for package in (REVEAL, MATHJAX):
        put(package, folder)
    for name in ("slides.css", "slides.js"):
        shutil.copy(HERE / name, folder)
    target = folder / f"{path.stem}.html"
    target.write_text(html_of(read(path)), encoding="utf-8")
    return target


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="02; without it all chapters")
    try:
        for path in notebooks_of(parser.parse_args().chapter):
            print(write(path, BUILD).relative_to(ROOT))
    except NotFetched as error:
        print(error, file=sys.stderr)
        return 1
    print("Open it in a browser. Keys: arrows, F full screen, O overview, S notes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
