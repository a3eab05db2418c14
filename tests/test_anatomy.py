"""The anatomy of a chapter: how long it is, what a slide holds, what it consists of."""

import re

import nbformat
import pytest

from helpers.chapters.welcome.overview import all_exercises
from helpers.exercises.checking import KINDS
from tests.test_stored_notebooks import PATHS

CHAPTERS = [path for path in PATHS if path.name[:2] != "00"]  # not the welcome notebook
MOST_SLIDES, MOST_WORDS, MOST_LINES = 45, 80, 15  # and of these, on one slide
MAIN_LINE, SECTION = 4_500, 500  # words that are not folded
RECALL, CLAIMS = 8, (2, 5)


of_every_chapter = pytest.mark.parametrize(
    "path", CHAPTERS, ids=lambda path: path.stem, indirect=True
)


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.reads(path.read_text("utf-8"), as_version=4).cells


def words(cell):
    """How many words of a cell are read without unfolding anything."""
    if cell.cell_type != "markdown":
        return 0
    return len(re.sub(r"<details>.*?</details>", "", cell.source, flags=re.S).split())


def parts(cells, starts):
    """The cells in parts, each from a cell that starts one; what is before is left."""
    found = []
    for cell in cells:
        if starts(cell):
            found.append([])
        if found:
            found[-1].append(cell)
    return found


def kind(cell):
    return cell.metadata["slideshow"]["slide_type"]


def pictures(cells):
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_slides_make_a_lecture(cells):
    slides = parts(cells, lambda cell: kind(cell) in ("slide", "subslide"))
    assert len(slides) <= MOST_SLIDES
    for slide in slides:
        shown = [cell for cell in slide if kind(cell) not in ("notes", "skip")]
        code = [cell.source for cell in shown if cell.cell_type == "code"]
        lines = sum(bool(x.strip()) for source in code for x in source.splitlines())
        assert sum(map(words, shown)) <= MOST_WORDS, slide[0].id
        assert lines <= MOST_LINES, slide[0].id
        assert pictures(shown) <= 1, slide[0].id


def test_it_can_be_read_in_an_hour(cells):
    assert sum(map(words, cells)) <= MAIN_LINE
    sections = parts(cells, lambda c: re.search(r"(?m)^## ", c.source) is not None)
    for section in sections:
        assert sum(map(words, section)) <= SECTION, section[0].id


@of_every_chapter
def test_half_of_the_sections_have_a_picture(cells):
    sections = parts(cells, lambda c: re.search(r"(?m)^## ", c.source) is not None)
    assert 2 * sum(pictures(section) > 0 for section in sections) >= len(sections)


def test_something_trains_in_the_first_quarter(cells):
    quarter = cells[: len(cells) // 4]
    assert any(re.search(r"\btrain\(", c.source) for c in quarter if "outputs" in c)


@of_every_chapter
def test_exercises_of_all_kinds_and_questions_to_remember(path, cells):
    exercises = all_exercises()[path.name[:2]]
    assert {exercise.kind for exercise in exercises} == set(KINDS)
    (recall,) = [c for c in cells if c.id == "recall-questions"]
    assert recall.source.count("<summary>") == RECALL
    claims = [c for c in cells if re.match(r"claims\.\w+\.test\(", c.source)]
    assert CLAIMS[0] <= len(claims) <= CLAIMS[1]


def test_what_was_found_is_folded(cells):
    """Nobody reads an answer before the question: neither in a report nor below it."""
    for cell in cells:
        if re.fullmatch(r"claim-.*-read", cell.id):
            assert cell.source.startswith("<details>"), cell.id
        if re.match(r"claims\.\w+\.test\(", cell.source):
            assert cell.outputs[0].data["text/html"].startswith("<details"), cell.id
