"""For every exercise of the course: its stub, its solution, its usual mistakes."""

import inspect
import os
import re

import pytest

from helpers.chapters.welcome.overview import all_exercises
from helpers.exercises import progress
from helpers.exercises.checking import definition
from helpers.exercises.guarded import call_guarded

CHAPTER = os.environ.get("COURSE_CHAPTER", "")
ALL = [
    exercise
    for chapter, exercises in all_exercises().items()
    if chapter.startswith(CHAPTER)
    for exercise in exercises
]
MISTAKES = [
    pytest.param(e, m, id=f"{e.name}-{k}")
    for e in ALL
    for k, m in enumerate(e.mistakes, 1)
]


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "deep/progress.json"))


def stub_of(exercise):
    """Return what stands in the notebook: every function returns `...`."""
    solution = exercise.solution
    if exercise.kind == "repair":
        return exercise.broken
    if exercise.asks_for_value:
        return ...
    if not inspect.isclass(solution):
        return lambda *_: ...
    own = {name for name, member in vars(solution).items() if callable(member)}
    unwritten = dict.fromkeys(own - {"__init__"}, lambda *_: ...)
    return type("Stub", (solution,), unwritten)


def answer_of(exercise, function):
    """Return what a learner gives who means the same as a function."""
    return function() if exercise.asks_for_value else function


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_stub_is_not_attempted_and_solution_is_right(exercise):
    solution = exercise.solution
    for case in exercise.cases:
        error = call_guarded(solution, case, 5.0, exercise.call, solution).error
        meant = error is None or "raise " in definition(solution)
        assert meant, f"the solution fails on {case}: {error}"
    feedback = exercise.check(stub_of(exercise))
    assert feedback.state == "open", f"its stub: {feedback}"
    assert exercise.check(...).state == "open"
    assert progress.states() == {}
    feedback = exercise.check(answer_of(exercise, exercise.solution))
    assert feedback.state == "solved", feedback
    assert progress.states() == {exercise.chapter: {exercise.name: "solved"}}
    assert len(exercise.mistakes) >= 2


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_an_answer_for_one_size_is_found_out(exercise):
    """No two cases, or at least not all of them, have arguments of equal sizes."""
    if exercise.asks_for_value:
        assert list(exercise.cases) == [()]
        return
    sizes = {str([getattr(a, "shape", a) for a in case]) for case in exercise.cases}
    assert len(sizes) > 1


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_every_usual_mistake_gets_its_own_message(exercise, mistake):
    feedback = exercise.check(answer_of(exercise, mistake.wrong))
    assert feedback.state == "wrong"
    assert feedback.means == mistake.says
    assert feedback.text.count(mistake.says) == 1
    assert progress.states() == {exercise.chapter: {exercise.name: "wrong"}}


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_the_hint_does_not_hold_the_solution(exercise):
    source = definition(exercise.solution)
    for line in re.findall(r"return (.+)", source):
        assert line not in exercise.hint


def test_names_are_unique_and_chapters_agree():
    for chapter, exercises in all_exercises().items():
        names = [e.name for e in exercises]
        assert len(set(names)) == len(names)
        assert {e.chapter for e in exercises} == {chapter}
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
