"""What a notebook teaches, as Python: its own definitions, without running the rest."""

import ast
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from tools.stored import ROOT


def notebook_path(chapter: str) -> Path:
    """The notebook of a chapter; as committed, where `make test` chose that."""
    folder = Path(os.environ.get("COURSE_NOTEBOOKS") or ROOT / "notebooks")
    (path,) = folder.glob(f"{chapter}-*.ipynb")
    return path


def text_of(chapter: str, cell_id: str) -> str:
    """The source of one cell of a chapter's notebook, without its line breaks."""
    return " ".join(source_of(chapter, cell_id).split())


def source_of(chapter: str, cell_id: str) -> str:
    """The code or text of one cell of a chapter's notebook."""
    cells = json.loads(notebook_path(chapter).read_text("utf-8"))["cells"]
    (source,) = (cell["source"] for cell in cells if cell["id"] == cell_id)
    return "".join(source)


def holding(chapter: str) -> Callable[..., None]:
    """Return a function that demands sentences of a cell of a chapter."""

    def holds(cell_id: str, *sentences: str) -> None:
        text = text_of(chapter, cell_id)
        for sentence in sentences:
            assert sentence in text, f"{cell_id} should say: {sentence}"

    return holds


def taught(chapter: str, *names: str) -> SimpleNamespace:
    """Return functions and classes by the names under which the notebook defines them.

    Its imports and definitions are run in their order, and nothing else of it; of a
    name defined twice the last one counts.

    Raises
    ------
    LookupError : the notebook defines no such name.
    """
    path = notebook_path(chapter)
    wanted = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    space = {"__name__": path.stem}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        nodes = ast.parse("".join(cell["source"])).body
        kept = [node for node in nodes if isinstance(node, wanted)]
        module = ast.Module(body=kept, type_ignores=[])
        exec(compile(module, f"{path.name}, cell {cell['id']}", "exec"), space)
    missing = [name for name in names if name not in space]
    if missing:
        raise LookupError(f"{path.name} does not define {', '.join(missing)}")
    return SimpleNamespace(**{name: space[name] for name in names})


def terms_of(chapter: str) -> list[tuple[str, str, str]]:
    """Rows of a chapter's table of terms: English, Chinese, in one line."""
    row = r"^\| (.*?) \| (.*?) \| (.*?) \|$"
    return re.findall(row, source_of(chapter, "terms"), re.M)
