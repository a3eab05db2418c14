"""Chapter 1, words that pick one of several: which variable, which factor, which loss.

Each is found out by a computation, and the sentence is read for what it picks.
"""

import ast
import re

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients import explorers, figures
from helpers.chapters.linear_algebra_and_gradients.claims import descent as speeds
from helpers.chapters.linear_algebra_and_gradients.exercises import matrices, runs
from tests.said import said
from tests.taught import holding, source_of, taught, terms_of, text_of

holds = holding("01")
own = taught("01", "bowl", "numeric_gradient", "descend")


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# -- slopes --------------------------------------------------------------------------


def test_which_variable_is_nudged_for_one_entry_of_the_gradient():
    """One at a time, or all others at once: only one of them gives the gradient."""
    x, h = draw(2), 1e-4
    nudges = {"only": torch.eye(2).double(), "all but": 1 - torch.eye(2).double()}
    slopes = {
        name: [(own.bowl(x + h * u) - own.bowl(x - h * u)) / (2 * h) for u in steps]
        for name, steps in nudges.items()
    }
    gradient = torch.func.grad(own.bowl)(x)
    right = [n for n, s in slopes.items() if torch.allclose(torch.stack(s), gradient)]
    which = said("01", "gradient", r"`slope` with (.*?) \$x_i\$ nudged")
    assert list(which) == right


# -- matrices ------------------------------------------------------------------------


def test_what_the_determinant_is_a_factor_on_and_when_there_is_no_inverse():
    """To make all twice as long makes areas four times as large."""
    A = torch.diag(tensor([2.0, 2.0]))
    factors = {"areas": 4.0, "lengths": A[0, 0].item()}
    what, value, word, kept = said(
        "01",
        "inverse",
        r"the factor on (\w+), tells whether it exists\. If it is (\d), \$\\mathbf A\$ "
        r"is \*\*(\w+)\*\*: it has (\w+) inverse",
    )
    assert factors[what] == torch.det(A).item()
    flat = tensor([[1.0, 2.0], [2.0, 4.0]])
    assert torch.det(flat).item() == float(value)
    with pytest.raises(RuntimeError, match=word):
        torch.linalg.inv(flat)
    assert kept == "no"


def test_for_which_matrices_a_determinant_of_0_hides_the_answer():
    text = next(
        mistake.says
        for mistake in matrices.definiteness.mistakes
        if "a 0 among them" in mistake.says
    )
    (kind,) = re.search(r"a 0 among them makes it 0, as in (\w+) ones", text).groups()
    A = torch.diag(tensor([0.0, 2.0]))
    assert torch.det(A) == 0 and matrices.definiteness.solution(A) == kind
    two_negative = torch.diag(tensor([-1.0, -2.0]))
    (sign,) = re.search(r"two negative ones make it (\w+),", text).groups()
    assert sign == ("positive" if torch.det(two_negative) > 0 else "negative")


# -- claims --------------------------------------------------------------------------


def test_above_which_loss_the_excess_loss_is_counted():
    """Steps taken one by one, until so much of the loss above the least is left."""
    X, y = draw(40, 2) * tensor([1.0, 4.0]).double(), draw(40, 1, seed=1)
    percent, above = said(
        "01",
        "claim-standardizing",
        r"until (\d+) % of the \*\*excess loss\*\* is left, the loss above (.*?)\.",
    )
    assert percent in speeds.HUNDREDTH and above == "the least possible"

    def loss(w):
        return ((X @ w - y) ** 2).mean() / 2

    least, start = loss(torch.linalg.pinv(X) @ y), torch.zeros(2, 1).double()
    H, needed = X.T @ X / len(X), []
    for share in speeds.SHARES:
        w, k = start, 0
        while loss(w) - least > int(percent) / 100 * (loss(start) - least):
            w = w - share * 2 / torch.linalg.eigvalsh(H).max() * (H @ w - X.T @ y / 40)
            k += 1
        needed.append(k)
    assert speeds.steps_needed(X, y, int(percent) / 100, 10_000) == min(needed)


# -- what words stand for --------------------------------------------------------------


def test_what_standard_deviation_and_variance_are_wherever_they_are_said():
    """Of numbers around 5, three times as far apart as those of `torch.randn`."""
    x = 5 + 3 * draw(10_000)
    spread = ((x - x.mean()) ** 2).mean()
    assert torch.allclose(spread.sqrt(), x.std(correction=0))
    assert torch.allclose(spread, x.var(correction=0))
    deviation, variance = (
        "the root of the mean squared distance from the mean",
        "square",
    )
    assert said("01", "creating-more", r"standard deviation 1 \((.*?)\)") == (
        deviation,
    )
    lines = {english: line for english, _, line in terms_of("01")}
    assert lines["standard deviation, variance"] == f"{deviation}, and its {variance}"
    holds("baseline-read", r"half its **variance** (the standard deviation, squared)")
    holds(
        "likelihood",
        r"noise** $\varepsilon$ around 0, of **standard deviation** $\sigma$, the root "
        r"of the mean of $\varepsilon^2$.",
    )


def test_which_of_two_ways_to_the_largest_also_tells_where_it_stands():
    t = draw(3, 4)
    plain, other, tells = said(
        "01",
        "creating-more",
        r"`(\w+)`, `(\w+)` and others take an axis as `sum` does below \(`(\w+)\(0\)` "
        r"also says where the largest stand\)",
    )
    for name in (plain, other):
        assert getattr(t, name)(0).shape == t.sum(0).shape
    assert torch.equal(getattr(t, tells)(0).indices, t.argmax(0))


def test_the_loss_of_a_set_is_the_one_of_the_opening():
    """Of three examples with other errors: their sum is three times their mean."""
    errors = tensor([0.5 * (1.5 * x - 2 * x) ** 2 for x in (1.0, 2.0, 3.0)])
    space = {}
    exec(source_of("01", "learn-one-weight"), space)
    found = space["mean_error"](1.5)
    (name,) = [
        name
        for name in ("mean", "sum")
        if found == pytest.approx(getattr(errors, name)().item())
    ]
    assert said(
        "01", "loop", r"The loss of a set is the (\w+), as in `mean_error`"
    ) == (name,)


def test_which_of_two_factors_of_a_product_acts_first():
    A, B, x = draw(2, 2), draw(2, 2, seed=1), draw(2, seed=2)
    first, second = said(
        "01",
        "matmul-more",
        r"does what \$\\mathbf (\w)\$ and then \$\\mathbf (\w)\$ do",
    )
    moves = {"A": A, "B": B}
    assert torch.allclose((A @ B) @ x, moves[second] @ (moves[first] @ x))
    (title,) = said("01", "matmul-more", r"and then .*? do: see \"(.*?)\"")
    assert text_of("01", "plane").startswith(f"## {title}")


def test_a_tensor_that_stays_keeps_its_gradient_and_a_new_value_has_none():
    """The loop of the engine names a new `Value` in every step."""
    w = torch.tensor(2.0, requires_grad=True)
    for _ in range(2):
        (3 * w).backward()
    assert w.grad == 2 * 3, "added up"
    (loop,) = (
        node
        for node in ast.parse(source_of("01", "engine-learns-code")).body
        if isinstance(node, ast.For)
    )
    assert ast.unparse(loop.body[-1]).startswith("w = Value(")
    holds(
        "accumulate-read",
        "Our loop made a new `Value` for every step, but a tensor stays: clear its "
        "gradient before the next step, with `w.grad.zero_()` or `optimizer.zero_grad",
    )
    w.grad.zero_()
    (3 * w).backward()
    assert w.grad == 3
    torch.optim.SGD([w], lr=0.1).zero_grad()
    assert w.grad is None, "cleared, and not a zero"


def test_how_often_nudging_and_autograd_run_what_is_differentiated():
    calls = []

    def counted(x):
        calls.append(1)
        return own.bowl(x)

    own.numeric_gradient(counted, draw(2))
    assert len(calls) == 2 * 2, "twice for every weight"
    holds(
        "summary",
        "autograd finds in one walk back what nudging would find weight by weight",
    )


# -- code and pictures ---------------------------------------------------------------


def test_the_loss_that_is_compared_is_that_of_the_rule():
    """The rule by which the examples were made, against the line in the last row."""
    w, b = re.search(
        r"make_regression\(w=\(([\d.]+),\), b=([\d.]+)",
        source_of("01", "residuals-figure"),
    ).groups()
    rules = re.findall(
        r"squared_error\(([^()]*), y_few\)", source_of("01", "normal-code")
    )
    x = draw(5)
    assert torch.allclose(eval(rules[-1], {"x_few": x}), float(w) * x + float(b))


def test_the_color_of_wrong_points_in_the_inset():
    """What is told of it, and whether the lines there mark what is told."""
    lines = {"all": tensor([0.1, 0.4])}
    figure = figures.show_thresholds(tensor([-1.0, 0.5]), tensor([0.0, 1.0]), lines)
    (inset,) = figure.axes[0].child_axes
    (wrong,) = (line for line in inset.lines if line.get_label() == "wrong")
    assert wrong.get_xdata().tolist() == [0.5]
    red, green, blue = to_rgb(wrong.get_color())
    (color,) = said("01", "far-read", r"are now wrong, (\w+) in the inset")
    assert color == ("orange" if red > green > blue else "blue")


def test_which_contours_of_the_expanded_function_are_dashed():
    contours = {name: (xy, dash) for name, xy, dash in explorers.CONTOURS}
    title = explorers.taylor().scene.panes[0].title
    (side,) = re.search(r"dashed (\w+) 0", title).groups()
    for name, (xy, dash) in contours.items():
        z = explorers.surface(*xy[~np.isnan(xy).any(1)].T)
        assert bool(dash) == (z.max() < 0 if side == "below" else z.min() > 0), name


def test_how_a_run_whose_rate_is_too_high_ends():
    (end,) = (
        re.search(r"With too high a rate it would (.*?)\.", mistake.says)
        for mistake in runs.run_with_too_high_rate.mistakes
        if "With too high" in mistake.says
    )
    loss = runs.losses()[runs.run_with_too_high_rate.solution()]
    assert loss[-1] > 1000 * loss[0] and loss[-1] > loss[-2] > loss[-3]
    assert end[1] == "end up growing without limit"
