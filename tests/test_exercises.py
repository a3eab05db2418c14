"""The checker, and for every exercise: stub, solution, usual wrong answers."""

import time

import pytest
import torch

from helpers import progress
from helpers.chapters.softmax_regression import exercises as chapter_02
from helpers.exercises import Exercise, Mistake, checker

ALL = [*chapter_02.EXERCISES]
MISTAKES = [
    pytest.param(e, m, id=f"{e.name}-{k}")
    for e in ALL
    for k, m in enumerate(e.mistakes, 1)
]


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "deep/progress.json"))


# -- every exercise -----------------------------------------------------------------


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_stub_is_not_attempted_and_solution_is_right(exercise):
    assert exercise.check(lambda *_: ...).state == "open"
    assert exercise.check(...).state == "open"
    assert progress.solved() == {}
    assert exercise.check(exercise.solution).state == "solved"
    assert progress.solved() == {exercise.chapter: [exercise.name]}
    assert len(exercise.mistakes) >= 2


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_every_usual_mistake_gets_its_own_message(exercise, mistake):
    feedback = exercise.check(mistake.wrong)
    assert feedback.state == "wrong"
    assert feedback.text.endswith(mistake.says)
    assert sum(m.says in feedback.text for m in exercise.mistakes) == 1


# -- the checker --------------------------------------------------------------------

DOUBLE = Exercise(
    name="double",
    chapter="99",
    title="Double it",
    cases=[(torch.tensor([1.0, 2.0]),), (torch.tensor([0.0]),)],
    solution=lambda x: 2 * x,
    mistakes=[
        Mistake(lambda x: x**2, "You squared."),
        Mistake(lambda x: x + x.mean(), "You added the mean."),
    ],
    hint="Add it to itself.",
)


def raises(x):
    raise ValueError("no <idea>")


def for_ever(x):
    while True:
        try:
            x = x + 1
        except Exception:
            continue


def in_place(x):
    x *= 2
    return x


def prints(x):
    print("debug")
    return x


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, "it returned None. Is the `return` missing?"),
        (lambda x: [2.0, 4.0], "it returned a list, expected a tensor"),
        (lambda x: 2 * x[:1], "it returned shape (1,), expected shape (2,)"),
        (lambda x: 3 * x, "For x = [1.0, 2.0]"),
        (lambda x: 3 * x, "yours: [3.0, 6.0]"),
        (lambda x: 3 * x, "expected: [2.0, 4.0]"),
        (lambda x: x**2, "You squared."),
        (lambda x: (2 * x).to("meta"), "its tensor is on meta, expected cpu"),
        (raises, "it raised ValueError: no <idea>"),
        (lambda x, y: x, "it raised TypeError"),
        (in_place, "it changed its argument x in place"),
        (prints, "It prints; a check looks only at what it returns"),
        (3.0, "Give the function itself, without calling it; got 3.0"),
        (lambda x: exit(), "it raised SystemExit"),
    ],
)
def test_feedback_says_what_is_wrong(answer, words, capsys):
    feedback = DOUBLE.check(answer)
    assert feedback.state == "wrong"
    assert words in feedback.text
    assert "debug" not in capsys.readouterr().out
    assert "<idea>" not in feedback._repr_html_()


def test_code_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("helpers.guarded.LIMIT_SECONDS", 0.3)
    monkeypatch.setattr("helpers.guarded.call_guarded.__defaults__", (0.3,))
    begin = time.monotonic()
    feedback = DOUBLE.check(for_ever)
    assert "did not end within 0.3 seconds" in feedback.text
    assert time.monotonic() - begin < 5


def test_learner_code_does_not_move_the_random_state():
    before = torch.get_rng_state()
    DOUBLE.check(lambda x: 2 * x + 0 * torch.rand(1))
    assert torch.equal(before, torch.get_rng_state())


def test_numbers_pass_where_a_single_number_is_wanted():
    half = Exercise("half", "99", "Half", [(4.0,)], lambda x: x / 2, (), "")
    assert half.check(lambda x: 2).state == "solved"
    assert half.check(lambda x: torch.tensor(2.0)).state == "wrong"


def test_the_feedback_folds_hint_and_solution():
    html = DOUBLE.check(lambda x: 3 * x)._repr_html_()
    assert html.index("Hint") < html.index("Add it to itself.") < html.index("Solution")
    assert repr(DOUBLE.check(...)) == "Double it: Not attempted yet."


def test_an_unknown_name_is_said():
    with pytest.raises(KeyError, match="no exercise 'triple'; there are double"):
        checker([DOUBLE])("triple", ...)


# -- the progress file --------------------------------------------------------------


def test_progress_survives_damage_and_a_folder_that_cannot_be_written(
    tmp_path, monkeypatch
):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    for text in ("", "[1, 2]", '{"02": 3}', "{"):
        path.write_text(text)
        assert progress.solved() == {}
    progress.record_solved("02", "a")
    progress.record_solved("02", "b")
    progress.record_solved("02", "a")
    assert progress.solved() == {"02": ["a", "b"]}
    monkeypatch.setenv("COURSE_PROGRESS", str(path / "not-a-folder/progress.json"))
    progress.record_solved("02", "c")
    assert progress.solved() == {}
