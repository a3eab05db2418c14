"""What stands in the stored notebooks is complete, clean and within budget."""

import json
import os
import re
from pathlib import Path
from statistics import median

import nbformat
import pytest

from tests.syllabus import ROWS, ids
from tools import stored

FOLDER = Path(os.environ.get("COURSE_NOTEBOOKS") or stored.ROOT / "notebooks")
CHAPTER = os.environ.get("COURSE_CHAPTER", "")
PATHS = sorted(FOLDER.glob(f"{CHAPTER}*-*.ipynb"))
MOST_BYTES = 450_000
MEDIAN_LINES = 6
LEAST_CHECKED = 4
SLIDE_TYPES = {"slide", "subslide", "fragment", "notes", "skip"}
# Written in pieces, so that this file does not hold what it forbids.
MACHINE_PATH = re.compile(
    "(?<![\\w.~-])/(" + "|".join(["work", "root", "home", "Users", "tmp", "opt"]) + ")/"
)


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.reads(path.read_text("utf-8"), as_version=4)


def code_cells(notebook):
    """Return the cells that hold code, with their place in the notebook."""
    return [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]


def outputs(notebook):
    return [
        (index, output)
        for index, cell in code_cells(notebook)
        for output in cell.outputs
    ]


def is_chapter(path):
    return not path.name.startswith("00-")


def test_notebooks_are_there():
    assert PATHS, f"no notebook {CHAPTER or 'at all'} in {FOLDER}"


def test_names(path):
    assert re.fullmatch(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*", path.stem)


def test_valid_with_cell_ids(path):
    raw = json.loads(path.read_text("utf-8"))
    assert (raw["nbformat"], raw["nbformat_minor"] >= 5) == (4, True)
    nbformat.validate(raw)


def test_executed_from_first_to_last(notebook):
    counts = [cell.execution_count for _, cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "run `make execute`"


def test_no_errors_and_no_warnings(notebook):
    for index, output in outputs(notebook):
        assert output.output_type != "error", f"cell {index}: {output.evalue}"
        on_stderr = output.output_type == "stream" and output.name == "stderr"
        assert not on_stderr, f"cell {index} wrote to stderr: {output.text}"


def test_as_execute_leaves_it(path):
    """Cleaning finds nothing: no widget state, dead view, timing or split stream."""
    raw = json.loads(path.read_text("utf-8"))
    cleaned = json.loads(json.dumps(raw))
    for cell in cleaned["cells"]:
        for output in cell.get("outputs", []):
            if isinstance(output.get("text"), list):
                output["text"] = "".join(output["text"])
    joined = json.loads(json.dumps(cleaned))
    stored.clean(cleaned)
    assert cleaned == joined, "run `make execute`"


def test_widgets_are_stored_as_pictures(notebook):
    """A view left over is a widget that has no picture to stand for it."""
    for index, output in outputs(notebook):
        data = output.get("data", {})
        assert stored.WIDGET_VIEW not in data, f"cell {index}: a widget without a png"
        if "image/png" in data:
            assert data.get("text/plain", "").strip(), f"cell {index}: no text"
            assert " at 0x" not in data["text/plain"], f"cell {index}: an address"
            words = output.metadata.get("image/png", {}).get("alt", "")
            assert words.strip(), f"cell {index}: a picture without alternative text"
        assert "image/svg+xml" not in data, f"cell {index}: SVG carries dates"


def test_size(path):
    size = path.stat().st_size
    assert size <= MOST_BYTES, f"{size:,} bytes; smaller or fewer figures"


def test_every_cell_has_a_slide_type(notebook):
    missing = [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.metadata.get("slideshow", {}).get("slide_type") not in SLIDE_TYPES
    ]
    assert not missing, f"cells {missing}"


def test_checked_outputs(path, notebook):
    """Cells that nbval compares: enough of them, and each can be compared."""
    checked = [
        (index, cell)
        for index, cell in code_cells(notebook)
        if "nbval-check-output" in cell.metadata.get("tags", [])
    ]
    if is_chapter(path):
        assert len(checked) >= LEAST_CHECKED
    for index, cell in checked:
        assert cell.outputs, f"cell {index}: nothing to compare"
        for output in cell.outputs:
            kinds = set(output.get("data", {}))
            pictures = kinds & {"image/png", "image/jpeg", stored.WIDGET_VIEW}
            assert not pictures, f"cell {index}: nbval does not compare {pictures}"


def test_code_cells_are_short(notebook):
    lines = [
        sum(bool(line.strip()) for line in cell.source.splitlines())
        for _, cell in code_cells(notebook)
    ]
    assert median(lines) <= MEDIAN_LINES


def test_no_magics_and_no_installing(notebook):
    for index, cell in code_cells(notebook):
        found = re.search(r"^\s*[%!]|\bpip3? install\b", cell.source, re.MULTILINE)
        assert not found, f"cell {index}: {found.group()}"


def test_outputs_hold_no_machine_path(notebook):
    for index, output in outputs(notebook):
        data = output.get("data", {})
        shown = [data[kind] for kind in data if kind.startswith("text/")]
        text = "\n".join([output.get("text", ""), *shown])
        found = MACHINE_PATH.search(text)
        assert not found, f"cell {index}: ...{text[found.start() :][:60]}"


def test_every_syllabus_row_is_taught(path, notebook):
    chapter = path.name[:2]
    named = {id for cell in notebook.cells for id in cell.metadata.get("syllabus", [])}
    missing = ids(chapter) - named
    assert not missing, f"not taught: {sorted(missing, key=_row)}"
    own = {id for id in named if id.split(".")[0] == str(int(chapter))}
    assert own <= ids(chapter), f"no such rows: {sorted(own - ids(chapter))}"


def _row(id):
    return int(id.split(".")[1])


def test_every_chapter_has_a_syllabus():
    chapters = {path.name[:2] for path in PATHS if is_chapter(path)}
    assert chapters <= set(ROWS)
