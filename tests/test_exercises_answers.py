"""The checker: whatever an answer is or does, it gets a sentence that helps."""

import functools
import random
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn, tensor

from helpers.exercises import Exercise, Mistake
from helpers.exercises.comparing import show
from tests.asked import COUNT, DOUBLE, NUMBER, PAIR


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "deep/progress.json"))


SCALE = 2.0


def raises(x):
    y = x + 1
    raise ValueError("no <idea>", y.shape[0])


def in_a_helper(x):
    return helper(x)


def helper(x):
    return x[7]


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("not even that")


def silent(x):
    raise Silent


def in_place(x):
    x *= 2
    return x


def prints(x):
    for _ in range(20_000):
        print("debug" * 10)
    print("debug", file=sys.stderr)
    return x


def recursive(x):
    return recursive(x)


def generator(x):
    yield 2 * x


async def promise(x):
    return 2 * x


def asks(x):
    return float(input("x?")) * x


def multiplies(x):
    return x.mul(2)


def reads_the_notebook(x):
    return SCALE * x + 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        # What is returned
        (lambda x: None, "It returned None. Is the `return` missing?"),
        (lambda x: 2 * x if x[0] else ..., "It still returns `...` here."),
        (lambda x: [2.0, 4.0], "It returned a list, expected a tensor."),
        (lambda x: (2 * x,), "It returned a tuple, expected a tensor."),
        (
            lambda x: 2 * x.numpy(),
            "It returned a NumPy array, expected a tensor: torch",
        ),
        (lambda x: 4.0, "It returned a number, expected a tensor."),
        (lambda x: "4", "It returned text, expected a tensor."),
        (lambda x: 2 * x[:1], "It returned shape (1,), expected shape (2,)."),
        (lambda x: 2 * x[None], "expected shape (2,): an axis of length 1 is too many"),
        (lambda x: (2 * x).to("meta"), "Its tensor is on meta, expected cpu, where"),
        (lambda x: (2 * x).long(), "Its tensor holds whole numbers (torch.int64)"),
        (lambda x: 2 * x > 1, "Its tensor holds torch.bool, expected numbers as"),
        (lambda x: 2 * x + 0j, "Its tensor holds torch.complex64, expected numbers"),
        (lambda x: x / 0 - x / 0, "It holds nan, “not a number”"),
        (lambda x: 2 * x / 0, "It holds inf or -inf: an overflow"),
        (generator, "It returned a generator, which has computed nothing yet."),
        (promise, "It returned a coroutine."),
        (lambda x: x.sum, "It returned a function. Are the parentheses of a call"),
        (lambda x: nn.Linear, "It returned the class Linear, not a value."),
        (lambda x: nn.Linear(1, 1), "It returned a Linear, expected a tensor."),
        (lambda x: 3 * x, "The values differ.\n  x: [1.0, 2.0]\n  yours: [3.0, 6.0]"),
        (lambda x: 3 * x, "expected: [2.0, 4.0]"),
        (lambda x: 2 * x if len(x) == 2 else x, "1 of 2 cases right"),
        (lambda x: x**2, "You squared."),
        (reads_the_notebook, "It reads `SCALE` from the notebook; all it needs"),
        # What is done besides
        (in_place, "It changed its argument x in place; work on a copy."),
        (lambda x: x.resize_(1), "It changed its argument x in place"),
        (prints, "It prints; a check looks only at what it returns"),
        (
            multiplies,
            "The results are right, but the exercise asks you to do without `mul`",
        ),
        # What goes wrong
        (raises, "It raised ValueError: ('no <idea>', 2) (line "),
        (raises, ': `raise ValueError("no <idea>", y.shape[0])`)'),
        (in_a_helper, ": `return x[7]`)"),
        (silent, "It raised Silent (line "),
        (recursive, "It calls itself without end (RecursionError) (line "),
        (asks, "It asks for input(); all it needs is in its arguments (line "),
        (lambda x: sys.exit(), "It ends the program (SystemExit)"),
        (lambda x, y: x, "It is called with 1 argument; yours takes: x, y."),
        (lambda: 1, "It is called with 1 argument; yours takes: none."),
        (lambda x: x + x[5], "There is no sixth."),
        # What is given
        (3.0, "Give the function itself, without calling it; got 3.0."),
        (None, "Give the function itself, without calling it; got None."),
        (tensor([2.0, 4.0]), "without calling it; got [2.0, 4.0]."),
        (nn.Linear, "Give a function; got the class Linear."),
    ],
)
def test_feedback_says_what_is_wrong(answer, words, capfd):
    feedback = DOUBLE.check(answer)
    assert feedback.state == "wrong"
    assert words in feedback.text
    assert capfd.readouterr() == ("", "")
    assert "<idea>" not in feedback._repr_html_()
    assert "helpers" not in feedback.text.replace("helpers are", "")


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: (2 * x).double(),
        lambda x: 2 * x + 1e-6,
        lambda x: (2 * x).requires_grad_(),
        lambda x: nn.Parameter(2 * x),
        lambda x: torch.stack([x, x]).sum(0),
        lambda x: x.expand(2, -1).sum(0),
        lambda x, factor=2, **options: factor * x,
        functools.partial(lambda factor, x: factor * x, 2),
        functools.partial(torch.add, tensor(0.0), alpha=2),
        lambda *arguments: 2 * arguments[0],
        lambda x: 2 * x.clone().requires_grad_(),
        type("Doubler", (), {"__call__": lambda self, x: 2 * x})(),
    ],
)
def test_right_answers_in_other_ways_pass(answer):
    feedback = DOUBLE.check(answer)
    assert feedback.state == "solved", feedback
    assert feedback.text == "Right. Twice as much."


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (NUMBER, lambda x: x / 2, ""),
        (NUMBER, lambda x: np.float32(x / 2), ""),
        (NUMBER, lambda x: np.float64(x / 2), ""),
        (NUMBER, lambda x: tensor(x / 2), ""),
        (
            NUMBER,
            lambda x: tensor([x / 2]),
            "a tensor of shape (1,), expected a number",
        ),
        (NUMBER, lambda x: str(x / 2), "It returned text, expected a number."),
        (NUMBER, lambda x: True, "It returned a truth value, expected a number."),
        (NUMBER, lambda x: float("nan"), "It holds nan"),
        (NUMBER, lambda x: x // 2, "The values differ."),
        (COUNT, lambda x: float(len(x)), ""),
        (COUNT, lambda x: np.int64(len(x)), ""),
        (COUNT, lambda x: len(x) + 1e-5, "The values differ."),
        (COUNT, lambda x: x.append(1) or len(x), "It changed its argument x in place"),
        (PAIR, lambda x: [x, x.sum()], ""),
        (PAIR, lambda x: (x, x.sum().item()), ""),
        (PAIR, lambda x: x, "It returned a tensor of shape (2,), expected 2 values."),
        (PAIR, lambda x: (x, x, x), "It returned 3 values, expected 2."),
        (PAIR, lambda x: (x, x), "Look at value 2 of 2: it returned shape (2,), exp"),
    ],
)
def test_numbers_and_pairs(exercise, answer, words):
    feedback = exercise.check(answer)
    assert feedback.state == ("wrong" if words else "solved"), feedback
    assert words in feedback.text


def test_whole_numbers_are_not_rounded():
    many = Exercise("many", "99", "Many", [(100_000,)], lambda n: tensor(n), (), "")
    assert many.check(lambda n: n).state == "solved"
    assert many.check(lambda n: n + 1).state == "wrong"
    assert many.check(lambda n: tensor(n + 1)).state == "wrong"


def test_of_large_tensors_the_first_difference_is_shown():
    large = Exercise(
        "large", "99", "Large", [(torch.zeros(9, 9),)], lambda x: x + 0.5, (), ""
    )

    def answer(x):
        y = x + 0.5
        y[3, 1:] = 7
        return y

    text = large.check(answer).text
    assert "differ in 8 of 81 places, first at [3, 1]: 7.0, expected 0.5" in text


def test_shapes_with_exchanged_axes():
    rows = Exercise("r", "99", "R", [(torch.zeros(2, 3),)], lambda x: x, (), "")
    assert (
        "expected shape (2, 3): the axes are exchanged."
        in rows.check(lambda x: x.T).text
    )


# -- words --------------------------------------------------------------------------


def test_an_exception_is_known_by_its_type_whatever_its_words():
    def refuses(x):
        if x.sum() == 0:
            raise ValueError("no sum")
        return x / x.sum()

    def in_other_words(x):
        if (x < 0).any():
            raise ValueError("I do not like this")
        return x / x.sum()

    def usual(x):
        if (x < 0).any():
            raise ValueError("no negative numbers")
        return x / x.sum()

    shares = Exercise(
        "shares",
        "99",
        "Shares",
        [(tensor([1.0, 3.0]),), (tensor([-1.0, 3.0]),)],
        refuses,
        [Mistake(usual, "Negative numbers are allowed.")],
        "",
    )
    assert "Negative numbers are allowed." in shares.check(in_other_words).text


@pytest.mark.parametrize("base", [tensor([2.0]), 2.0])
def test_a_power_is_not_written_with_a_caret(base):
    asked = replace(DOUBLE, cases=[(base,)])
    assert "in Python a power is written `**`" in asked.check(lambda x: x ^ 2).text


def test_a_value_of_several_is_named():
    def both(x):
        doubled, total = 2 * x, x.sum()
        return doubled, total

    asked = Exercise("both", "99", "Both", [(tensor([1.0, 3.0]),)], both, (), "")
    text = asked.check(lambda x: (2 * x, x.sum() + 1)).text
    assert "look at value 2 of 2 (`total`): the values differ" in text.lower()


def test_minus_zero_is_shown_as_zero():
    assert show(tensor([-0.0, 0.0])) == "[0.0, 0.0]" and show(-0.0) == "0.0"


@pytest.mark.parametrize("code", ["x.double_it(out=1)", "double_it(x)", "x.double_it"])
def test_names_that_are_not_to_be_used_are_found(code):
    asked = replace(DOUBLE, without=("double_it", "out"))
    space = {"double_it": lambda x, out=None: 2 * x}
    exec(f"def answer(x):\n    str(lambda: {code})\n    return 2 * x", space)
    assert "asks you to do without" in asked.check(space["answer"]).text


def test_random_numbers_are_the_same_each_time():
    def noisy(x):
        seen.append((torch.rand(1).item(), random.random(), np.random.rand()))
        return 2 * x

    seen = []
    for seed in (1, 2):  # whatever the notebook has drawn before
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        DOUBLE.check(noisy)
    assert seen[:2] == seen[2:]
