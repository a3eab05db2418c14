"""Print a chapter for paper: the script behind `make handout`.

The whole chapter, speaker's notes and exercises too, as a PDF by Chromium. What the
notebook folds (hints, answers, what a claim found) stands at the end under a number:
who reads on paper cannot unfold, and should not see an answer beside its question.
"""

import argparse
import copy
import html
import shutil
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

from tools.browser import NO_BROWSER, find_browser
from tools.classroom.chapters import notebooks_of, read, title_of
from tools.classroom.npm import MATHJAX, NotFetched, put
from tools.stored import ROOT
from tools.waiting import PATIENCE

HERE = Path(__file__).parent
BUILD = ROOT / "build/handout"
NOTES = "Folded in the notebook"
FOOTER = """<div style="font: 8px sans-serif; color: #616161; width: 100%;
padding: 0 16mm; display: flex; justify-content: space-between">
<span>{title}</span><span class="pageNumber"></span></div>"""


def html_of(notebook: NotebookNode) -> str:
    """Return the page that is printed."""
    notebook.metadata.title = title_of(notebook)
    exporter = HTMLExporter(
        template_name="handout",
        extra_template_basedirs=[str(HERE / "templates")],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    page = BeautifulSoup(exporter.from_notebook_node(notebook)[0], "html.parser")
    to_the_end(page)
    return str(page)


def to_the_end(page: BeautifulSoup) -> None:
    """Move what is folded to the end, each under its number and its section.

    What is folded inside of something folded, as the tables of a claim, stays in the
    notebook: on paper it would be a third of the pages.
    """
    notes = page.new_tag("section", attrs={"class": "notes"})
    heading, section = page.new_tag("h1"), None
    heading.string = NOTES
    notes.append(heading)
    outer = [d for d in page.select("details") if d.find_parent("details") is None]
    for number, folded in enumerate(outer, start=1):
        summary = folded.find("summary").extract()
        above = folded.find_previous("h2")
        if above is not None and above is not section:
            section = above
            title = page.new_tag("h3")
            title.string = above.get_text().removesuffix("¶")
            notes.append(title)
        link = page.new_tag("a", href=f"#note-{number}", id=f"to-note-{number}")
        link.string = f"note {number}"
        line = page.new_tag("p", attrs={"class": "folded"})
        note = page.new_tag("div", attrs={"class": "note"}, id=f"note-{number}")
        back = page.new_tag("a", href=f"#to-note-{number}")
        back.string = f"{number}"
        bold = page.new_tag("p")
        bold.extend([back, " ", *copy.copy(summary).contents[:]])
        line.extend(["▸ ", *summary.contents[:], ", at the end: ", link])
        folded.replace_with(line)
        for inner in folded.select("details"):
            inner.decompose()
        note.append(bold)
        note.extend(folded.contents[:])
        notes.append(note)
    if outer:
        page.body.append(notes)


def write(path: Path, folder: Path, chromium: str) -> Path:
    """Write the handout of a notebook into a folder.

    Raises
    ------
    NotFetched : MathJax is not here and cannot be fetched.
    """
    from tools.lab import launched  # needs Playwright

    notebook = read(path)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{path.stem}.pdf"
    with tempfile.TemporaryDirectory() as made:
        put(MATHJAX, Path(made))
        for name in ("handout.css", "handout.js"):
            shutil.copy(HERE / name, made)
        source = Path(made, "handout.html")
        source.write_text(html_of(notebook), encoding="utf-8")
        browser = launched(chromium)
        try:
            page = browser.new_page()
            page.set_default_timeout(1000 * PATIENCE)
            page.goto(source.as_uri())
            page.wait_for_selector("html[data-ready]", state="attached")
            page.pdf(
                path=target,
                format="A4",
                margin=dict(top="16mm", bottom="18mm", left="16mm", right="16mm"),
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER.format(
                    title=html.escape(notebook.metadata.title)
                ),
                outline=True,
                tagged=True,
            )
        finally:
            browser.close()
    return target


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="02; without it all chapters")
    paths, chromium = notebooks_of(parser.parse_args().chapter), find_browser()
    if chromium is None:
        print(f"A handout is printed by a browser, but {NO_BROWSER}", file=sys.stderr)
        return 1
    try:
        for path in paths:
            print(write(path, BUILD, chromium).relative_to(ROOT))
    except NotFetched as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
