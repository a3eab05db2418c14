"""Chapter 1: what stands on axes and beside marks, what moves, and what is told.

The numbers of figures and scenes are held elsewhere; here it is their names: of axes,
of sliders that a handle drags, of arms that a question compares, and the sentences of
mistakes, each against what the mistake computes.
"""

import pytest
import torch
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients import (
    claims,
    exercises,
    explorers,
    figures,
)
from helpers.chapters.linear_algebra_and_gradients.exercises import gradients, steps

A = tensor([[2.0, 1.0], [1.0, 2.0]])


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- axes ----------------------------------------------------------------------------

X, Y = tensor([0.0, 1.0, 2.0]), tensor([1.0, 2.0, 7.0])
AXES = {
    "fits": (
        lambda: figures.show_fits([(1.0, 2.0)], {"a": 0.5}, lambda w: w**2),
        ("x", "y"),
    ),
    "secants": (
        lambda: figures.show_secants(torch.square, 1.0, [2, 1]),
        ("x", "value"),
    ),
    "taylor": (
        lambda: figures.show_taylor(torch.exp, 0.0, 1.6),
        ("x", "value"),
    ),
    "path": (
        lambda: figures.show_path(lambda x: x[0] ** 2 + x[1] ** 2, torch.eye(2), A),
        ("$x_1$", "$x_2$"),
    ),
    "noise": (lambda: figures.show_noise(X, Y, 2.0, 1.0, 0.8), ("x", "y")),
    "thresholds": (
        lambda: figures.show_thresholds(X, X, {"a": tensor([1.0, 0.2])}),
        ("x", "class, and line"),
    ),
    "sum": (lambda: figures.show_sum(*torch.eye(2)), ("$x_1$", "$x_2$")),
    "moved": (lambda: figures.show_moved(A), ("$x_1$", "$x_2$")),
    "gradient": (lambda: figures.show_gradient(A, X[1:]), ("$x_1$", "$x_2$")),
    "axes": (lambda: figures.show_axes(A), ("$x_1$", "$x_2$")),
}


@pytest.mark.parametrize("name", AXES)
def test_axes_are_named_after_what_they_show(name):
    draw, labels = AXES[name]
    ax = draw().axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels


def test_the_axes_of_the_explorers():
    for explorer, labels in (
        (explorers.norm_balls, [("x₁", "x₂")]),
        (explorers.regression, [("x", "y"), ("w", "b")]),
        (explorers.descent, [("x₁", "x₂"), ("step", "")]),
        (explorers.taylor, [("x", "y"), ("distance along the line", "")]),
    ):
        assert [pane.labels for pane in explorer.scene().panes] == labels


# -- handles -------------------------------------------------------------------------

PLACES = {
    "plane_map": {"a11": 1.0, "a12": -2.0, "a21": 0.5, "a22": 1.5},
    "norm_balls": {"x1": 0.7, "x2": -1.3},
    "taylor": {"x": 0.3, "y": -0.6},
}


@pytest.mark.parametrize("name", PLACES)
def test_a_handle_drags_the_sliders_of_its_own_place(name):
    values = PLACES[name]
    scene = getattr(explorers, name).scene(**values)
    handles = [m for p in scene.panes for m in p.marks if m["kind"] == "handle"]
    assert {m[axis] for m in handles for axis in "xy"} == set(values)
    for mark in handles:
        assert mark["xy"][0].tolist() == [values[mark["x"]], values[mark["y"]]]


# -- claims --------------------------------------------------------------------------


def arms(question):
    """What a question reads of a table, in order, found by asking it."""
    asked = []

    class Table:
        def __getitem__(self, key):
            asked.append(key)
            return tensor([1.0, 2.0])

        def __contains__(self, key):
            return True

    question.measure(Table())
    return [key if isinstance(key, str) else key[0] for key in asked]


ARMS = {
    "far_positives": [
        ["linear regression, near and far", "logistic regression, near and far"],
        ["linear regression, near", "logistic regression, near"],
    ],
    "noise_floor": [
        ["batch 16, rate 0.1"],
        ["all examples, rate 0.1"],
        ["batch 16, rate 0.1, no noise"],
        ["batch 16, rate falling to 0", "batch 16, rate 0.1"],
    ],
    "standardizing": [
        ["as they are", "standardized"],
        ["as they are", "standardized"],
        ["centered", "standardized"],
    ],
}
QUANTITIES = {
    "far_positives": ["linear minus logistic", "without far positives"],
    "noise_floor": ["batches of 16", "all examples in", "free of noise", "falls to 0"],
    "standardizing": ["without standardizing", "0.1 %", "for centered inputs over"],
}


@pytest.mark.parametrize("name", ARMS)
def test_a_question_compares_what_its_words_name(name):
    questions = list(getattr(claims, name).questions.values())
    for question, wanted, said in zip(
        questions, ARMS[name], QUANTITIES[name], strict=True
    ):
        assert arms(question) == wanted and said in question.quantity


# -- sentences of mistakes -------------------------------------------------------------


def told(**given) -> str:
    return words(exercises.check(**given).text)


@pytest.mark.parametrize(
    "answer, says",
    [
        ((-3.0, 6.0, -18.0), "This is the value of q. The slope of q squared is 2q."),
        ((9.0, 6.0, -18.0), "This is the value of z."),
        ((6.0, 6.0, -18.0), "q is negative: -2 + -1 = -3."),
        ((-6.0, -1.0, -18.0), "This is the slope of p alone, y."),
        ((-6.0, -6.0, -18.0), "On the way from x to p the slope is y = -1: it flips"),
        ((-6.0, -12.0, -18.0), "The slope of xy with respect to x is y; you took x."),
        ((-6.0, 6.0, -12.0), "through the product, which you have, and directly into"),
        ((-6.0, 6.0, -6.0), "directly into the sum, which you have, and through the"),
        ((-6.0, 6.0, 72.0), "The slopes of two ways are added, not multiplied."),
    ],
)
def test_a_wrong_slope_gets_the_sentence_of_its_mistake(answer, says):
    x, y = 2.0, -1.0
    slope_of_z = 2 * (x * y + y)
    parts = {"x": y * slope_of_z, "product": x * slope_of_z, "sum": slope_of_z}
    assert (parts["x"], parts["product"], parts["sum"]) == (6, -12, -6)
    assert parts["product"] * parts["sum"] == 72 and slope_of_z * x == -12
    assert says in told(slopes_on_a_graph=answer)


@pytest.mark.parametrize(
    "answer, says",
    [
        ((2.4, 1.6), "This is a step uphill"),
        ((-2.0, -5.0), "The learning rate is missing"),
        ((4.0, 6.0), "This is the gradient at (2, 1)."),
        ((-0.4, -0.6), "This is the step. Asked is where it leads"),
        (
            (1.8, 0.7),
            "The derivative of a square has a factor 2: the gradient is (4, 6",
        ),
        ((1.6, 0.8), "The factor 3 is missing in the second derivative."),
    ],
)
def test_a_wrong_step_gets_the_sentence_of_its_mistake(answer, says):
    assert says in told(one_step=answer)
    steep, flat = (1 - 0.4) / 1, (2 - 1.6) / 2
    shares = f"{100 * steep:.0f} % of the way there, {100 * flat:.0f} % along the other"
    assert "Along the steeper axis the step has the larger share" in steps.one_step.then
    assert shares in words(steps.one_step.then)


def of_stationary_point(change):
    """The solution of the exercise with a change in it: what a learner may write."""

    def stationary_point(A, b):
        return change(A, b, torch.linalg.eigvalsh(A), torch.linalg.solve(A, b))

    return words(exercises.check(stationary_point).text)


def kind(values, names=("minimum", "maximum", "saddle")):
    return names[0] if (values > 0).all() else names[1 if (values < 0).all() else 2]


@pytest.mark.parametrize(
    "change, says",
    [
        (
            lambda A, b, values, x: (x, kind(-values)),
            "Minimum and maximum are exchanged: at a minimum all curvatures are posit",
        ),
        (
            lambda A, b, values, x: (-x, kind(values)),
            "The sign is wrong. The gradient is A x *minus* b.",
        ),
        (
            lambda A, b, values, x: (A @ b, kind(values)),
            "You multiply by A. Where the gradient A x - b is 0, A x is b: solve that.",
        ),
        (
            lambda A, b, values, x: (x, kind(A.diag())),
            "The diagonal is the curvature along the axes.",
        ),
        (
            lambda A, b, values, x: (x, "minimum" if values.max() > 0 else "maximum"),
            "One positive eigenvalue makes no minimum",
        ),
    ],
)
def test_a_wrong_kind_gets_the_sentence_of_its_mistake(change, says):
    assert says in of_stationary_point(change)


@pytest.mark.parametrize(
    "factor, says",
    [
        (2, "This is twice the limit. The ½ of the loss cancels the 2 from the square"),
        (
            0.5,
            "This is half the limit. Either the 2 of 2/λ is missing, or your Hessian",
        ),
    ],
)
def test_a_wrong_rate_gets_the_sentence_of_its_mistake(factor, says):
    def largest_rate(X):
        hessian = X.T @ X / len(X)
        return factor * 2 / torch.linalg.eigvalsh(hessian).max()

    assert says in words(exercises.check(largest_rate).text)
    assert "one reason to scale inputs" in words(gradients.largest_rate.then)


def test_both_ends_of_a_rounded_cosine_must_be_limited():
    def angle(a, b):
        cosine = (a @ b) / (a.norm() * b.norm())
        return cosine.clamp(max=1).acos().rad2deg()

    feedback = exercises.check(angle)
    assert feedback.state == "wrong"
    assert "limit it at both ends" in words(feedback.text)
