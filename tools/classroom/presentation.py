"""The notebook that `make present` shows: a chapter's explorers, panels and pads.

Each stands on a page of its own, with the heading of its section and the line that
introduces it. Of the rest of the chapter only the statements are kept that they need.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

import nbformat.v4 as v4
from nbformat import NotebookNode

from tools.classroom.chapters import read, slide_type, title_of
from tools.classroom.needed import Statement, needed, statements_of, text_of

INSTRUMENTS = ("TuningPanel", "SketchPad")
ASKED = re.compile(r"\*[A-Z][^*]*:\*")  # *Before you touch it:*
LIST = re.compile(r"\d+\. |- ")


def is_instrument(statement: Statement) -> bool:
    """Whether a statement makes an explorer, a panel or a pad, not in a function."""
    if isinstance(statement.node, ast.FunctionDef | ast.ClassDef):
        return False
    calls = (n.func for n in ast.walk(statement.node) if isinstance(n, ast.Call))
    return any(
        getattr(called, "id", "") in INSTRUMENTS
        or isinstance(called, ast.Attribute)
        and getattr(called.value, "id", "") == "explorers"
        for called in calls
    )


def instruments(notebook: NotebookNode) -> list[int]:
    """Return the positions of the cells that show an explorer, a panel or a pad."""
    made = {s.cell for s in statements_of(sources(notebook)) if is_instrument(s)}
    return sorted(made)


def sources(notebook: NotebookNode) -> list[str]:
    """Return the code of each cell, "" where it has none."""
    return [c.source if c.cell_type == "code" else "" for c in notebook.cells]


def presentation_of(path: Path) -> NotebookNode:
    """Return the presentation of a chapter.

    Raises
    ------
    SystemExit : the chapter has nothing to present.
    """
    notebook = read(path)
    statements = statements_of(sources(notebook))
    shown = instruments(notebook)
    if not shown:
        raise SystemExit(
            f"{path.name} has no explorer, panel or pad, so there is nothing to present"
        )
    last = {s.cell: k for k, s in enumerate(statements)}
    kept = needed(statements, [last[cell] for cell in shown])
    code = defaultdict(list)
    for k in sorted(kept):
        code[statements[k].cell].append(text_of(statements[k], kept[k]))

    heading, *rest = notebook.cells[0].source.strip().split("\n\n")
    titles = [f"- [{section_of(notebook, cell)[3:]}](#{page(cell)})" for cell in shown]
    cells = [marked("\n\n".join([heading, *rest, "\n".join(titles)]), "first")]
    for cell in sorted(code):
        if cell in shown:
            cells.append(marked(introduction(notebook, cell), "begin", page(cell)))
        made = v4.new_code_cell("\n".join(code[cell]))
        if cell in shown:
            made.metadata["present"] = {"place": "end"}
        cells.append(made)
    for k, cell in enumerate(cells):
        cell.id = f"present-{k}"
    metadata = {
        "kernelspec": notebook.metadata.kernelspec,
        "language_info": {"name": "python"},
        "title": title_of(notebook),
    }
    return v4.new_notebook(cells=cells, metadata=metadata)


def page(cell: int) -> str:
    """Return the name of a page, by which it can be linked."""
    return f"page-{cell}"


def marked(source: str, place: str, name: str = "") -> NotebookNode:
    """Return a cell of text that says to the template where it stands on a page."""
    cell = v4.new_markdown_cell(source)
    cell.metadata["present"] = {"place": place, "name": name}
    return cell


def section_of(notebook: NotebookNode, cell: int) -> str:
    """Return the heading of the section that a cell is in."""
    text = "\n".join(
        c.source for c in notebook.cells[:cell] if c.cell_type == "markdown"
    )
    return re.findall(r"(?m)^## .*$", text)[-1]


def introduction(notebook: NotebookNode, cell: int) -> str:
    """Return the heading of an instrument, one line of its text, the rest folded.

    The line is the question that is asked before it moves, else the first paragraph.
    """
    parts = paragraphs_above(notebook, cell)
    asked = next(filter(ASKED.search, parts), "")
    if asked:
        k = parts.index(asked)
        start = ASKED.search(asked).start()
        before, line = asked[:start].strip(), asked[start:]
        parts[k : k + 1] = [before] if before else []
    else:
        line = parts.pop(0) if parts and not LIST.match(parts[0]) else ""
    text = [section_of(notebook, cell), line]
    if parts:
        name = "Questions" if any(map(LIST.match, parts)) else "More"
        text += [f"<details><summary>{name}</summary>", *parts, "</details>"]
    return "\n\n".join(filter(None, text))


def paragraphs_above(notebook: NotebookNode, cell: int) -> list[str]:
    """Return the paragraphs of the text that leads to an instrument."""
    for above in notebook.cells[cell - 1 :: -1]:
        if above.cell_type != "markdown" or "<details" in above.source:
            continue
        heading = above.source.startswith("## ")
        parts = [p for p in above.source.split("\n\n") if not p.startswith("#")]
        if heading or slide_type(above) != "notes":
            return [p.strip() for p in parts]
    return []
