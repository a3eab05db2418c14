"""The map of the welcome notebook says what the chapters say of themselves."""

import re

import nbformat
import pytest

from helpers.chapters.welcome import chapter_map
from helpers.chapters.welcome.overview import ASKED, TITLES
from tests.taught import notebook_path
from tests.test_stored_notebooks import PATHS

WORDS = {"an hour and a half": 90, "half an hour": 30, "an hour": 60}
WORDS |= {"two hours": 120, "three hours": 180}


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def minutes(text):
    """The minutes of reading, exercises, lab and claims in a chapter's "Time"."""
    told = re.search(r"\*Time:\* ([^;]*);", text)[1]
    for words, number in WORDS.items():
        told = re.sub(rf"\b{words}\b", str(number), told)
    return sum(map(int, re.findall(r"\d+", told)))


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem[:2])
def test_the_map_says_what_the_chapters_say(path):
    cells = nbformat.read(path, as_version=4).cells
    (cell,) = [cell for cell in cells if "hours" in cell.metadata]
    needs, hours = cell.metadata["needs"], cell.metadata["hours"]
    named = re.findall(r"chapter (\d+)", cell.source.partition("*Time:*")[0])
    assert sorted({*map(int, named)}) == needs
    assert abs(60 * hours - minutes(cell.source)) <= 15
    row = repr(chapter_map()).splitlines()[int(path.name[:2])]
    shown = f"{hours:g}".replace(".5", "½").removeprefix("0")
    assert re.search(rf" {shown}\s+\d+ of \d+ solved", row)
    assert ", ".join(map(str, needs)) in row


def test_the_welcome_takes_what_it_says():
    """Its hours are those of its first sentence, to the minute, as on the map."""
    (cell,) = [
        cell
        for cell in nbformat.read(notebook_path("00"), as_version=4).cells
        if "hours" in cell.metadata
    ]
    assert cell.metadata["hours"] == minutes(cell.source) / 60 == 0.5
    read, tried = re.search(
        r": (\w+) minutes to read, (\w+) to try", cell.source
    ).groups()
    assert {"ten": 10, "twenty": 20}[read] + {"ten": 10, "twenty": 20}[tried] == 30
    assert re.search(r"^00 Welcome +½ ", repr(chapter_map()), re.M)


def test_each_chapter_has_a_question_of_its_own_on_the_map():
    questions = list(ASKED.values())
    assert len(set(questions)) == len(TITLES) == 15
    html, lines = chapter_map()._repr_html_(), repr(chapter_map()).splitlines()
    for title, question, line in zip(TITLES, questions, lines, strict=True):
        assert question.endswith("?") and len(question.split()) <= 10
        assert title in line and line.endswith(question)
        assert re.search(rf"{title}(</a>)?<br>{re.escape(question)}</td>", html)
