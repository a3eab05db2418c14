"""Exercises that ask for a class, an error or what is reached; and how they show."""

from dataclasses import replace

import pytest
import torch
from torch import tensor

from helpers.exercises import Exercise, Loose, Mistake, Table, progress
from helpers.exercises.comparing import show
from tests.asked import DOUBLE, NUMBER


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "deep/progress.json"))


# -- classes, and cases judged by what they reach -----------------------------------


class Squares:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i**2


class StubSquares(Squares):
    def __len__(self):
        return ...

    def __getitem__(self, i):
        return ...


class OffByOne(Squares):
    def __len__(self):
        return self.n + 1


class Broken(Squares):
    def __getitem__(self, i):
        return self.missing[i]


def use(cls, length):
    dataset = cls(length)
    return dataset.__len__(), dataset.__getitem__(length - 1)


DATASET = Exercise(
    name="squares",
    chapter="99",
    title="Squares",
    cases=[(3,), (5,)],
    solution=Squares,
    call=use,
    mistakes=[Mistake(OffByOne, "One too many.")],
    hint="",
    without=("split",),
)


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (Squares, "solved", "Right."),
        (StubSquares, "open", "Not attempted yet"),
        (OffByOne, "wrong", "One too many."),
        (Broken, "wrong", "no attribute 'missing' (line "),
        (Squares(3), "wrong", "Give the class itself; got a Squares."),
        (lambda n: Squares(n), "wrong", "Give the class itself; got a function."),
        (type("None_", (), {}), "wrong", "It is called with 1 argument; yours takes"),
    ],
)
def test_an_exercise_may_ask_for_a_class(answer, state, words):
    feedback = DATASET.check(answer)
    assert feedback.state == state
    assert words in feedback.text


def test_what_is_shown_has_the_names_of_the_call():
    assert "\n  length: 3\n  yours: (4, 4)" in DATASET.check(OffByOne).text


def root(x):
    if x < 0:
        raise ValueError("no root")
    return x**0.5


def root_of_anything(x):
    return abs(x) ** 0.5


def without_large(x):
    return root(x) if x < 9 else 0.0


def other_words(x):
    if x < 0:
        raise ValueError
    return x**0.5 if x < 9 else 0.0


def another_exception(x):
    return root(x) if x >= 0 else {}["root"]


ROOT_OF = Exercise(
    name="root",
    chapter="99",
    title="Root",
    cases=[(4.0,), (9.0,), (-1.0,)],
    solution=root,
    mistakes=[
        Mistake(root_of_anything, "A negative number has none."),
        Mistake(without_large, "A large one is lost."),
    ],
    hint="",
)


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (root, "solved", "Right."),
        (lambda x: x**0.5 if x >= 0 else int("x"), "solved", "Right."),
        (
            root_of_anything,
            "wrong",
            "It returned a value; here it must raise ValueError.\n  x: -1.0\n"
            "  yours: 1.0\n  expected: ValueError\nA negative number has none.",
        ),
        (lambda x: x**0.5 if x >= 0 else None, "wrong", "It returned a value; here"),
        (other_words, "wrong", "A large one is lost."),
        (another_exception, "wrong", "It raised KeyError: 'root' (line "),
        (another_exception, "wrong", "Here it must raise ValueError."),
    ],
)
def test_an_answer_must_raise_where_the_solution_does(answer, state, words):
    feedback = ROOT_OF.check(answer)
    assert feedback.state == state, feedback
    assert words in feedback.text


NEAR = Exercise(
    name="near",
    chapter="99",
    title="Near",
    cases=[(2.0,), Loose((4.0,))],
    solution=lambda x: x,
    reached=lambda value, right, x: "too far." if abs(value - right) > 1 else "",
    mistakes=[
        Mistake(lambda x: -x, "The sign is turned."),
        Mistake(lambda x: x + 5 * (x > 3), "Large ones are far off."),
    ],
    hint="",
)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: x + 0.5 * (x > 3), "Right."),
        (lambda x: x + 2 * (x > 3), "Too far."),
        (lambda x: -x - 0.5 * (x > 3), "The sign is turned."),
        (lambda x: str(x) if x > 3 else x, "It returned text, expected a number."),
        (lambda x: x + 5 * (x > 3), "Large ones are far off."),
    ],
)
def test_a_loose_case_is_judged_by_what_it_reaches(answer, words):
    assert words in NEAR.check(answer).text


def test_a_loose_case_alone_does_not_name_a_mistake():
    """Two answers that are both too far are not the same mistake."""
    assert "Large ones" not in NEAR.check(lambda x: x + 2 * (x > 3)).text


# -- how it shows -------------------------------------------------------------------


def test_each_level_of_help_lies_behind_the_one_before():
    wrong = DOUBLE.check(lambda x: 3 * x)._repr_html_()
    order = ["The values differ.", "[3.0, 6.0]", "Hint", "Add it to itself."]
    order += ["Show the solution", "lambda x: 2 * x"]
    places = [wrong.index(part) for part in order]
    assert places == sorted(places)
    assert wrong.endswith("</details></details></div>"), "the solution is in the hint"
    untried = DOUBLE.check(...)._repr_html_()
    assert "Add it to itself." in untried and "2 * x" not in untried
    solved = DOUBLE.check(lambda x: 2 * x)._repr_html_()
    assert "Compare with our solution" in solved and "Hint" not in solved
    assert repr(DOUBLE.check(...)) == "Double it: Not attempted yet."


def with_two_lines(x):
    return x


def test_the_solution_keeps_its_indentation():
    exercise = Exercise("a", "99", "A", [(1.0,)], with_two_lines, (), "")
    html = exercise.check(lambda x: 2 * x)._repr_html_()
    assert "def with_two_lines(x):\n    return x</pre>" in html


def test_values_are_shown_whatever_they_are():
    class Awkward:
        def __repr__(self):
            raise RuntimeError

    assert show(Awkward()) == "an Awkward"
    assert show([Awkward()]) == "(an Awkward)"
    assert show([[1] * 10_000]) == "([1, 1, 1, 1, 1, 1, 1, 1, ...])"
    assert len(show("x" * 10_000)) < 200 and len(show(10**1000)) < 200
    assert show(tensor([0.1234567, 1e-6, 1000.0])) == "[0.1235, 1.00e-06, 1000.0]"
    assert show(torch.zeros(5, 5)) == "a tensor of shape (5, 5)"


def test_the_table_tells_the_state_of_each():
    exercises = [DOUBLE, replace(NUMBER, kind="build", stars=3), DATASET]
    assert repr(Table(exercises)) == (
        "0 of 3 exercises solved\n"
        "  ○ Double it  write     ★☆☆  not attempted\n"
        "  ○ Half       build     ★★★  not attempted\n"
        "  ○ Squares    write     ★☆☆  not attempted"
    )
    DOUBLE.check(lambda x: 2 * x)
    DOUBLE.check(lambda x: x)
    NUMBER.check(lambda x: x)
    text = repr(Table(exercises))
    assert text.startswith(
        "1 of 3 exercises solved\n  ✓ Double it  write     ★☆☆  solved"
    )
    assert "✎ Half       build     ★★★  attempted" in text
    html = Table(exercises)._repr_html_()
    assert 'href="#cell-id=ex-double"' in html and html.count("<tr>") == 4
    assert 'aria-label="difficulty 3 of 3"' in html


def test_what_cannot_be_saved_is_said(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file/progress.json"))
    feedback = DOUBLE.check(lambda x: 2 * x)
    assert feedback.state == "solved"
    assert "Your progress could not be saved" in feedback.text
    assert "Your progress could not be saved" in feedback._repr_html_()
    assert progress.states() == {}


class Counter:
    def __init__(self, start, step):
        self.value, self.step = start, step

    def advance(self):
        self.value += self.step
        return self.value


class StubCounter(Counter):
    def advance(self):
        return ...


def counted(cls, start):
    return cls(start, 2).advance()


def test_cases_may_be_those_of_the_call_alone():
    """A class takes other arguments than the cases; its stub is no right answer."""
    cases = [(3,), (5,)]
    exercise = Exercise("c", "99", "C", cases, Counter, (), "", call=counted)
    assert exercise.check(Counter).state == "solved"
    assert exercise.check(StubCounter).state == "open"
