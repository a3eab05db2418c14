"""Chapter 1, from the matrix product to learning rates: words that name one of two.

As in `test_statements_learning`: which of them is true is computed, and which of them
the sentence says is read.
"""

import numpy as np
import pytest
import torch
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients import descent as quadratic
from helpers.chapters.linear_algebra_and_gradients import explorers
from tests.said import said, shown
from tests.taught import holding, taught

own = taught("01", "bowl", "descend")
A = tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
holds = holding("01")


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# -- matrices ------------------------------------------------------------------------


def test_which_of_two_moves_comes_first():
    """A stretch and a quarter turn: their order shows in where a point ends."""
    first, then = said(
        "01",
        "moved-twice",
        r"Move by \$\\mathbf (\w)\$ first, then by \$\\mathbf (\w)\$",
    )
    moves = {
        "A": tensor([[3.0, 0.0], [0.0, 1.0]]),
        "B": tensor([[0.0, -1.0], [1.0, 0.0]]),
    }
    x = tensor([1.0, 2.0])
    one_by_one = moves[then] @ (moves[first] @ x)
    assert torch.equal(one_by_one, (moves["A"] @ moves["B"]) @ x)
    assert not torch.equal(one_by_one, (moves["B"] @ moves["A"]) @ x)
    holds("moved-twice", r"$\mathbf A(\mathbf{Bx})=(\mathbf{AB})\mathbf x$.")


def test_solving_is_more_accurate_than_the_inverse():
    n = torch.arange(1, 7)
    hilbert = 1 / (n[:, None] + n - 1).double()  # nearly singular
    x, off = torch.ones(6).double(), {"solve": [], "inverse": []}
    for k in range(20):
        M = (hilbert + 1e-6 * draw(6, 6, seed=k)).float()
        b = M @ x.float()
        off["solve"].append((M @ torch.linalg.solve(M, b) - b).norm().item())
        off["inverse"].append((M @ (torch.linalg.inv(M) @ b) - b).norm().item())
    assert np.median(off["solve"]) < np.median(off["inverse"]) / 2
    speed, how = said(
        "01", "adjugate-read", r"it is (\w+) and (\w+ accurate) than compu"
    )
    assert (speed, how) == ("faster", "more accurate")


def test_what_a_row_of_the_jacobian_holds():
    def outputs(x):
        return torch.stack([x[0] * x[1], x[2] ** 2])

    x = draw(3)
    J = torch.func.jacrev(outputs)(x)
    gradients = [torch.func.grad(lambda x, i=i: outputs(x)[i])(x) for i in range(2)]
    lines = {"row": J, "column": J.T}
    (line,) = said(
        "01", "hessian-read", r"holds in (\w+) \$i\$ the gradient of output \$i"
    )
    for i, gradient in enumerate(gradients):
        torch.testing.assert_close(lines[line][i], gradient)


# -- curvature -----------------------------------------------------------------------


def test_what_grows_at_the_rate_of_the_curvature():
    x, v, h = tensor([1.0, 2.0]).double(), tensor([0.6, 0.8]).double(), 1e-4
    curvature = v @ A @ v

    def slope(t):
        return v @ (A @ (x + t * v))

    value = [own.bowl(x + t * v) for t in (0, h)]
    rates = {"slope": slope(h) - slope(0), "value": value[1] - value[0]}
    (grows,) = said("01", "curvature", r"the rate at which the (\w+) grows")
    torch.testing.assert_close(rates[grows] / h, curvature, rtol=1e-6, atol=1e-6)
    assert abs(rates["value"] / h - curvature) > 0.1


def test_which_way_the_largest_curvature_bounds_the_others():
    d, largest = draw(200, 2), torch.linalg.eigvalsh(A).max()
    form, bound = ((d @ A) * d).sum(1), largest * (d**2).sum(1)
    bounds = {"most": (form <= bound).all(), "least": (form >= bound).all()}
    (which,) = said(
        "01", "taylor-more", r"is at (\w+) \$\\lambda_\{\\max\}\\lVert\\mathbf g"
    )
    assert bounds[which] and sum(bounds.values()) == 1


def test_which_small_step_goes_lower():
    x = tensor([1.0, 2.0]).double()
    g = A @ x
    ends = {"against": x - 1e-3 * g, "along": x + 1e-3 * g}
    (which,) = said(
        "01", "stationary", r"a small step (\w+) the gradient would go lower"
    )
    assert own.bowl(ends[which]) < own.bowl(x)


def test_minima_whose_neighbors_share_their_value_are_weak():
    x = torch.zeros(2)
    trough, bowl = (lambda x: x[0] ** 2), own.bowl
    beside = tensor([0.0, 0.5])
    assert trough(x) == trough(beside) and bowl(x) < bowl(beside)
    shared, other = said(
        "01",
        "classify-table",
        r"They are called \*(\w+)\*, because neighbors share the value; a strict "
        r"minimum is called \*(\w+)\*",
    )
    assert (shared, other) == ("weak", "strong")


# -- learning rates ------------------------------------------------------------------


def fate(lr: float, curvature: float) -> str:
    """What becomes of a path in the steepest direction, in the words of the answers."""
    factor = 1 - lr * curvature
    if abs(factor) > 1:
        return "one that grows"
    if factor > 0:
        return "a smooth path along the valley"
    return "a zigzag that dies out soon" if abs(factor) < 0.8 else "hardly shrinks"


def test_what_becomes_of_the_path_at_each_rate():
    asked = said(
        "01", "descent-explore", r"\*\*condition number\*\* (\d+), .* the path zigzags "
        r"at the rate ([\d.]+)\. .* at a rate of ([\d.]+), ([\d.]+), and ([\d.]+)\?"
    )  # fmt: skip
    condition, first, *rates = map(float, asked)
    starts = {n: c.value for n, c in explorers.descent().controls.items()}
    assert starts == {"learning_rate": first, "condition": condition}
    assert fate(first, condition) == "hardly shrinks"
    (product, factor) = said(
        "01", "descent-explore-read", r"At 0.19 a step multiplies \$x_2\$ by "
        r"\$1-([\d.]+)=(-[\d.]+)\$: it changes sides each time and hardly shrinks\."
    )  # fmt: skip
    assert float(product) == pytest.approx(first * condition)
    paths = {
        lr: explorers.descent.scene(learning_rate=lr, condition=int(condition))
        for lr in (first, *rates)
    }
    y = paths[first]["path"]["xy"][:, 1]
    assert y[1:] / y[:-1] == pytest.approx(np.full(30, float(factor)))
    (answers,) = said(
        "01", "descent-explore-read", r"At the other rates: (.*?)\. The smooth"
    )
    assert answers.split("; ") == [fate(lr, condition) for lr in rates]
    for lr in (first, *rates):
        y = paths[lr]["path"]["xy"][:, 1]
        assert (abs(y[-1]) < abs(y[0])) == (fate(lr, condition) != "one that grows")
    holds("descent-explore-read", "With condition number 1, rate 1 gets there at once")


def test_which_way_down_is_the_slowest():
    pattern = (
        r"The (\w+) path is the slowest way down: after (\d+) steps \$f\$ is ([\d.]+) "
        r"at the rate ([\d.]+), ([\d.]+) at ([\d.]+), and ([\d.]+) at ([\d.]+)\."
    )
    kind, steps, *pairs = said("01", "descent-explore-read", pattern)
    assert int(steps) == quadratic.STEPS
    left = {
        float(lr): (said_f, quadratic.descent_path(float(lr), 10)[1][-1])
        for said_f, lr in zip(pairs[::2], pairs[1::2], strict=True)
    }
    for said_f, f in left.values():
        assert f"{f:.{len(said_f.split('.')[1])}f}" == said_f
    slowest = max(left, key=lambda lr: left[lr][1])
    assert f"a {kind} path" in fate(slowest, 10)
    assert {fate(lr, 10) for lr in left} == {
        "a smooth path along the valley",
        "a zigzag that dies out soon",
        "hardly shrinks",
    }


def test_the_stored_picture_of_descent_zigzags():
    picture = shown("01", "descent-explorer")
    assert "learning rate 0.19, condition 10" in picture
    assert "x₂ by −0.90, changing its sign each time: both shrink" in picture


def test_what_of_a_narrow_valley_forbids_large_steps():
    """Along the larger curvature only smaller steps are stable."""
    stable = {"walls": 2 / 10, "floor": 2 / 1}
    forbids, needs = said(
        "01", "stable-more", r"its(?: flat)? (\w+) forbids? the large steps that its "
        r"(?:flat )?(\w+) needs?"
    )  # fmt: skip
    assert stable[forbids] < stable[needs]
    (steep,) = said(
        "01", "stable-more", r"a column of large numbers makes a (\w+) wall"
    )
    scaled = torch.linalg.eigvalsh(torch.diag(tensor([1.0, 100.0]) ** 2))
    assert steep == "steep" and scaled.max() > 100
