"""The map of the welcome notebook says what the chapters say of themselves."""

import re

import nbformat
import pytest

from helpers.chapters.welcome import chapter_map
from helpers.chapters.welcome.overview import ASKED, TITLES, all_exercises
from tests.said import said
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


def test_a_question_is_that_of_the_chapter_that_it_stands_beside():
    """Its own words, which no other question has, are most in that chapter's title."""
    begins = {}
    for path in PATHS[1:]:
        first = nbformat.read(path, as_version=4).cells[0].source.lower()
        begins[int(path.name[:2])] = {word[:4] for word in re.findall(r"[a-z]+", first)}
    asked = [{*re.findall(r"[a-z]{3,}", ASKED[t].lower())} for t in TITLES]
    for own in begins:
        others = set().union(*asked[:own], *asked[own + 1 :])
        words = {word[:4] for word in asked[own] - others}
        shared = dict.fromkeys(begins, 0.0)
        for word in words:
            having = [chapter for chapter in begins if word in begins[chapter]]
            for chapter in having:
                shared[chapter] += 1 / len(having)
        assert shared[own] == max(shared.values()), (own, shared)


def test_the_stored_map_says_the_same_as_text_and_as_a_page():
    """And both say what the map says now to somebody who has solved nothing."""
    (cell,) = [
        cell
        for cell in nbformat.read(notebook_path("00"), as_version=4).cells
        if cell.id == "chapter-map"
    ]
    ((text, page),) = [
        (output.data["text/plain"], output.data["text/html"]) for output in cell.outputs
    ]
    now = chapter_map()
    assert text == repr(now)
    bare = re.compile(r"<[^>]*>")
    rows = [
        [bare.sub(" ", part).split() for part in re.findall(r"<td.*?</td>", row)]
        for row in page.split("<tr>")[2:]
    ]
    shown_now = now._repr_html_().split("<tr>")[2:]
    assert len(rows) == len(TITLES) == len(shown_now)
    for row, fresh in zip(rows, shown_now, strict=True):
        assert row == [
            bare.sub(" ", part).split() for part in re.findall(r"<td.*?</td>", fresh)
        ]


def test_how_long_the_course_is():
    """The sums of hours and exercises on the map, and what deep means."""
    hours = 0
    for path in PATHS:
        cells = nbformat.read(path, as_version=4).cells
        hours += sum(cell.metadata.get("hours", 0) for cell in cells)
    told, exercises = map(
        int,
        said(
            "00",
            "map",
            r"With this notebook they take about (\d+) hours, and have (\d+) exer",
        ),
    )
    assert abs(hours - told) <= 0.5
    assert sum(map(len, all_exercises().values())) == exercises
    assert said("00", "map", r"\*Deep\* means (many layers), one after the other")
