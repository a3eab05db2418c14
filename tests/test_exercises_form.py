"""The form of exercises: swaps, kinds, and how an exercise is found."""

import types

import pytest
import torch
from torch import tensor

from helpers.exercises import cells, checker, exercise, progress


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def as_a_learner_writes_it(x):
    total = 0.0
    for value in x:
        total = total + value
    return total / len(x)


@exercise(
    "The mean",
    cases=[(tensor([1.0, 2.0, 6.0]),), (tensor([4.0, 0.0]),)],
    hint="How many numbers are there?",
    usual=r"""
        / len(x) =>
            The sum is divided
            by their number.
        return (x ** 2).sum()
            No squares.
        len(x) => 2
        ` / ` => `*1.0/ `
            Two is not always right.
        return => x = x.flip(0)\n    return -1 *
            The sign is turned.
    """,
    others={"This is the largest one.": max},
)
def mean(x):
    # the sum and not a loop
    return x.sum() / len(x)


def test_a_swap_is_a_mistake_with_its_sentence():
    assert [m.says for m in mean.mistakes] == [
        "The sum is divided by their number.",
        "No squares.",
        "Two is not always right.",
        "The sign is turned.",
        "This is the largest one.",
    ]
    x = tensor([1.0, 2.0, 6.0])
    assert [float(m.wrong(x)) for m in mean.mistakes] == [9.0, 41.0, 4.5, -3.0, 6.0]
    for mistake in mean.mistakes:
        assert mean.check(mistake.wrong).means == mistake.says


def test_the_solution_is_shown_without_its_decorator():
    shown = mean.check(mean.solution).solution
    assert shown == (
        "def mean(x):\n    # the sum and not a loop\n    return x.sum() / len(x)"
    )


def test_swaps_may_be_made_in_another_right_answer():
    @exercise(
        "The mean",
        cases=[(tensor([1.0, 2.0, 6.0]),)],
        hint="",
        of=as_a_learner_writes_it,
        name="average",
        usual="""
            total + value => value
                Only the last one is kept.
        """,
    )
    def mean(x):
        return x.mean()

    assert mean.name == "average"
    assert mean.mistakes[0].wrong(tensor([1.0, 2.0, 6.0])) == 2.0
    assert "x.mean()" in mean.check(lambda x: x.mean()).solution


def made(usual, **more):
    @exercise("T", hint="", usual=usual, cases=[(1,), (3,)], **more)
    def twice(x):
        return x + x

    return twice


@pytest.mark.parametrize(
    ("usual", "more", "words"),
    [
        ("x => y\n    Why?", {}, "'x' stands 3 times, not once, in\ndef twice"),
        ("z => y\n    Why?", {}, "'z' stands 0 times"),
        ("x + x => 2", {}, "a usual mistake without a sentence"),
        ("* x + x => 2\n    Why?\n* (x) => (y)\n    Why?", {}, "no other exercise"),
        ("* x + x => 2\n    Why?", {"kind": "repair"}, "two bugs or more"),
        ("x + x => 2\n    Why?", {"kind": "guess"}, "kind is 'guess'"),
        ("x + x => 2\n    Why?", {"stars": 0}, "stars are 0"),
    ],
)
def test_a_form_that_cannot_be_is_an_error_at_once(usual, more, words):
    with pytest.raises(ValueError) as caught:
        made(usual, **more)
    assert words in str(caught.value)


# -- values -------------------------------------------------------------------------


@exercise(
    "A shape",
    kind="predict",
    stars=2,
    hint="Rows come first.",
    then="So it is in torch.",
    usual="""
        (3, 2) => (2, 3)
            The axes are exchanged.
    """,
)
def shape():
    return (3, 2)


@exercise(
    "Which curve?",
    kind="diagnose",
    options=("A", "B", "C"),
    shows=lambda: "a figure",
    hint="Look at the end.",
    usual="""
        "B" => "A"
            A has the rate too low.
        "B" => "C"
            C overfits.
    """,
)
def which_curve():
    return "B"


@pytest.mark.parametrize(
    ("answer", "state", "text"),
    [
        ((3, 2), "solved", "Right. So it is in torch."),
        (torch.Size([3, 2]), "solved", "Right."),
        (tensor([3, 2]), "solved", "Right."),
        ((2, 3), "wrong", "It is not (2, 3).\nThe axes are exchanged."),
        ((2, 3, 1), "wrong", "It is not (2, 3, 1)."),
        (6, "wrong", "What is asked for is a tuple; got 6."),
        (len, "wrong", "Give the answer itself; got a builtin_function_or_method."),
        (..., "open", "Not attempted yet."),
    ],
)
def test_a_value_is_predicted(answer, state, text):
    feedback = checker([shape])(shape=answer)
    assert feedback.state == state and feedback.text.startswith(text)
    assert state == "solved" or "3, 2" not in feedback.text, "the answer is not shown"


@pytest.mark.parametrize(
    ("answer", "state", "text"),
    [
        ("B", "solved", "Right."),
        (" b", "solved", "Right."),
        ("C", "wrong", "It is not C.\nC overfits."),
        ("D", "wrong", "Choose one of A, B, C; got 'D'."),
        (2, "wrong", "Choose one of A, B, C; got 2."),
    ],
)
def test_a_picture_is_diagnosed(answer, state, text):
    feedback = checker([which_curve])(which_curve=answer)
    assert (feedback.state, feedback.text) == (state, text)
    assert which_curve.show() == "a figure"
    with pytest.raises(ValueError, match="no picture to shape"):
        shape.show()


# -- repair -------------------------------------------------------------------------


@exercise(
    "Three bugs",
    kind="repair",
    cases=[(tensor([1.0, 2.0, 6.0]),), (tensor([4.0, 4.0]),), (tensor([5.0]),)],
    hint="Begin with the mean.",
    usual="""
        * x.mean() => x.max()
            It is the mean that is subtracted.
        * / 2 => / 3
            Half of it is asked for.
        x.mean() => x.median()
            The median is another number.
        * return y => return 1 - y
            The sign is turned.
    """,
)
def centred(x):
    y = (x - x.mean()) / 2
    return y


def test_a_stub_has_all_of_its_bugs_and_is_no_attempt():
    assert centred.stub == (
        "def centred(x):\n    y = (x - x.max()) / 3\n    return 1 - y"
    )
    feedback = centred.check(centred.broken)
    assert feedback.state == "open"
    assert feedback.text == "Not attempted yet: all of its bugs are still there."
    assert centred.check(centred.solution).state == "solved"


def mended(*swaps):
    source = centred.stub
    for before, after in swaps:
        source = source.replace(before, after)
    space = {}
    exec(source, space)
    return space["centred"]


MAX, THIRD = ("max", "mean"), ("/ 3", "/ 2")


@pytest.mark.parametrize(
    ("swaps", "means", "note"),
    [
        ([MAX], "Half of it", "Bugs left: 2 of 3."),
        ([THIRD], "It is the mean", "Bugs left: 2 of 3."),
        ([MAX, THIRD], "The sign", "Bugs left: 1 of 3."),
        ([THIRD, ("1 - y", "y")], "It is the mean", "Bugs left: 1 of 3."),
        ([("max()", "median()"), THIRD, ("1 - y", "y")], "The median", ""),
    ],
)
def test_each_bug_has_its_sentence_while_it_is_there(swaps, means, note):
    feedback = centred.check(mended(*swaps))
    assert feedback.state == "wrong"
    assert feedback.means.startswith(means)
    assert feedback.notes == ((note,) if note else ())


# -- which exercise it is -----------------------------------------------------------


def test_an_answer_is_found_by_its_name():
    check = checker([mean, shape])

    def mean_(x):
        return x.mean()

    with pytest.raises(ValueError, match="asks for mean_; did you mean mean?"):
        check(mean_)
    with pytest.raises(ValueError, match="asks for which; there are: mean, shape"):
        check(which="B")
    with pytest.raises(ValueError, match=r"Give its name, as in check\(mean=...\)"):
        check((3, 2))
    with pytest.raises(TypeError, match="one answer.*got 2"):
        check(mean_, shape=(3, 2))
    assert check(mean=mean_).state == "solved"
    mean_.__name__ = "mean"
    assert check(mean_).state == "solved"
    assert progress.states() == {"tests": {"mean": "solved"}}


def test_a_chapter_finds_its_exercises_in_order(monkeypatch):
    first, second = types.ModuleType("room.first"), types.ModuleType("room.second")
    for module in (first, second):
        monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    for name, home in (("b", second), ("a", second), ("c", first)):

        def function():
            return 1

        function.__name__, function.__module__ = name, __name__
        made = exercise(name, hint="", kind="predict")(function)
        function.__module__ = home.__name__
        setattr(home, name, made)
    first.b = second.b  # imported, not made there
    exercises, check, table = cells("room.second", "room.first")
    assert [e.title for e in exercises] == ["b", "a", "c"]
    assert check(a=1).state == "solved"
    assert repr(table()).startswith("1 of 3")
