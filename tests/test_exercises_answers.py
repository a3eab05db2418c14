"""The checker: whatever an answer is or does, it gets a sentence that helps."""

import asyncio
import functools
import os
import random
import select
import signal
import sys
import threading
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn, tensor

from helpers.exercises import Exercise, Loose, Mistake, Table, progress
from helpers.exercises.comparing import show
from tools.waiting import PATIENCE, Patience


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "deep/progress.json"))


DOUBLE = Exercise(
    name="double",
    chapter="99",
    title="Double it",
    cases=[(tensor([1.0, 2.0]),), (tensor([0.0, 0.0, 3.0]),)],
    solution=lambda x: 2 * x,
    mistakes=[
        Mistake(lambda x: x**2, "You squared."),
        Mistake(lambda x: x + x.mean(), "You added the mean."),
        Mistake(lambda x: x + x[5], "There is no sixth."),
    ],
    hint="Add it to itself.",
    then="Twice as much.",
    without=("mul",),
    seconds=0.5,
)
NUMBER = Exercise(
    "half", "99", "Half", [(4.0,), (3.0,)], lambda x: x / 2, (), "", seconds=0.5
)
COUNT = Exercise(
    "count", "99", "Count", [([1, 2],), ([],)], lambda x: len(x), (), "", seconds=0.5
)
PAIR = Exercise(
    "pair", "99", "Pair", [(tensor([1.0, 3.0]),)], lambda x: (x, x.sum()), (), ""
)
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
        (multiplies, "The results are right, but `mul` is what you are to do without"),
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


# -- code that does not end ---------------------------------------------------------


def for_ever(x):
    patience = Patience()  # so that a broken limit is a red test
    while patience:
        try:
            x = x + 1
        except Exception:
            continue


def catches_everything(x):
    patience = Patience()
    while patience:
        try:
            select.select([], [], [], PATIENCE)
        except:  # noqa: E722
            pass


def prints_for_ever(x):
    patience = Patience()
    while patience:
        print(x)


def in_another_function(x):
    list(iter(lambda: catches_everything(x), None))


ENDLESS = [for_ever, catches_everything, prints_for_ever, in_another_function]


@pytest.mark.parametrize("answer", ENDLESS)
def test_code_that_never_ends_is_stopped_once(answer):
    before = signal.getsignal(signal.SIGALRM), sys.gettrace()
    tried = []

    def counted(x):
        tried.append(x)
        return answer(x)

    feedback = DOUBLE.check(counted)
    assert "It was stopped after 0.5 seconds" in feedback.text
    assert len(tried) == 1, "the second case need not be tried"
    assert (signal.getsignal(signal.SIGALRM), sys.gettrace()) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("answer", [for_ever, prints_for_ever])
def test_it_is_stopped_without_an_interval_timer(answer, monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    assert "It was stopped after 0.5 seconds" in DOUBLE.check(answer).text


@pytest.mark.parametrize("answer", [for_ever, prints_for_ever])
def test_it_is_stopped_in_another_thread(answer):
    found = []
    thread = threading.Thread(target=lambda: found.append(DOUBLE.check(answer)))
    thread.start()
    thread.join(PATIENCE)
    assert "It was stopped after 0.5 seconds" in found[0].text


def test_the_limit_is_for_all_cases_together(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def slow(x):
        now[0] += 0.3
        while now[0] > 0.5:
            pass
        return 2 * x

    assert "It was stopped after 0.2 seconds" in DOUBLE.check(slow).text


def test_an_interrupt_is_a_sentence():
    calls = []

    def interrupted(x):
        calls.append(x)
        signal.raise_signal(signal.SIGINT)
        return 2 * x

    assert "It was interrupted before it ended." in DOUBLE.check(interrupted).text
    assert len(calls) == 1, "whoever interrupts wants no further case"


# -- what a check leaves as it was --------------------------------------------------


def test_learner_code_does_not_move_the_state_of_the_notebook():
    def moves(x):
        random.random()
        np.random.rand()
        torch.manual_seed(5)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        return 2 * x

    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    answer = input
    assert DOUBLE.check(moves).state == "solved"
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert (before[2] == np.random.get_state()[1]).all()
    assert torch.is_grad_enabled() and torch.get_default_dtype() is torch.float32
    assert input is answer


SETS = {
    "folder": (os.getcwd, lambda tmp: os.chdir(tmp)),
    "recursion": (sys.getrecursionlimit, lambda _: sys.setrecursionlimit(555)),
    "threads": (torch.get_num_threads, lambda _: torch.set_num_threads(7)),
    "device": (torch.get_default_device, lambda _: torch.set_default_device("meta")),
    "style": (lambda: plt.rcParams["lines.linewidth"], lambda _: plt.rc("lines", lw=9)),
}


@pytest.mark.parametrize("name", SETS)
def test_what_an_answer_sets_is_set_back(name, tmp_path):
    read, put = SETS[name]
    before, seen = read(), []

    def sets(x):
        result = 2 * x
        put(tmp_path)
        seen.append(read())
        return result

    assert DOUBLE.check(sets).state == "solved"
    assert seen[0] != before == read()


def test_where_the_notebook_makes_tensors_elsewhere():
    torch.set_default_device("meta")
    try:
        feedback = DOUBLE.check(lambda x: x + torch.ones(len(x)))
        assert "expected: [2.0, 4.0]" in feedback.text
        assert torch.get_default_device().type == "meta"
    finally:
        torch.set_default_device(None)


class Evil:
    """An object that raises at whatever it is asked."""

    def fails(self, *_):
        raise RuntimeError("evil")

    __len__ = __eq__ = __iter__ = __bool__ = __float__ = __index__ = __repr__ = fails
    __hash__ = None
    __class__ = property(fails)


def inside_itself():
    found = []
    found.append(found)
    return found


UNLIKELY = {
    "evil": Evil,
    "5,000 digits": lambda: 10**5000,
    "inside itself": inside_itself,
    "quantized": lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8),
    "sparse": lambda: torch.ones(2).to_sparse(),
    "nested": lambda: [[[[[1]]]]] * 3,
}


@pytest.mark.parametrize("asked", [DOUBLE, NUMBER, COUNT, PAIR], ids=lambda e: e.name)
@pytest.mark.parametrize("name", UNLIKELY)
def test_nothing_that_is_returned_makes_a_check_raise(name, asked):
    value = UNLIKELY[name]()
    feedback = asked.check(lambda x: value)
    assert feedback.state == "wrong" and feedback.text and feedback._repr_html_()


def test_a_function_with_an_evil_signature():
    def double(x):
        return 2 * x

    double.__signature__ = Evil()
    assert DOUBLE.check(double).state in ("wrong", "solved")


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
    assert "what you are to do without" in asked.check(space["answer"]).text


def test_random_numbers_are_the_same_each_time():
    def noisy(x):
        seen.append((torch.rand(1).item(), random.random(), np.random.rand()))
        return 2 * x

    seen = []
    DOUBLE.check(noisy)
    DOUBLE.check(noisy)
    assert seen[:2] == seen[2:]


def test_under_a_running_event_loop_as_in_a_notebook():
    async def cell():
        return DOUBLE.check(for_ever)

    assert "It was stopped" in asyncio.run(cell()).text


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
