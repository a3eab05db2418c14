"""Chapter 1, words that name one of two: each is chosen by what is computed.

"Beginnings" or ends, once or twice, with or against: the test computes which of them
is true, and reads which of them the sentence says.
"""

import csv
import re

import pytest
import torch
from torch import tensor

from helpers import d2l, make_regression, train
from helpers.chapters.linear_algebra_and_gradients import claims
from helpers.chapters.linear_algebra_and_gradients.exercises import gradients, matrices
from helpers.claims import Estimate
from tests.said import WORDS, said, shown
from tests.taught import holding, source_of, taught, text_of
from tools.stored import ROOT

own = taught("01", "bowl", "numeric_gradient", "squared_error", "linear_regression")
holds = holding("01")
SHARES = {2: "half", 4: "a quarter", 10: "a tenth", 100: "a hundredth"}
TIMES = {0.5: "half", 1: "once", 2: "twice"}


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# -- autograd ------------------------------------------------------------------------


def test_only_one_end_of_a_graph_gets_a_gradient():
    x = torch.ones(2, requires_grad=True)
    middle = 3 * x
    end = middle.sum()
    end.backward()
    got = [t.is_leaf and t.grad is not None for t in (x, middle, end)]
    assert got == [True, False, False]
    (which,) = said(
        "01", "graph", r"Only the (\w+) of a graph, its \*\*leaves\*\*, get"
    )
    assert which == "beginnings"
    with torch.no_grad():
        assert (2 * x).grad_fn is None
    past = end.detach()
    assert past == end and past.grad_fn is None and end.grad_fn is not None
    holds(
        "graph",
        "Under `with torch.no_grad():` nothing is recorded, and `y.detach()` is the "
        "same number without its past.",
    )


def test_how_often_differences_call_the_function():
    calls = []

    def counted(x):
        calls.append(x)
        return own.bowl(x)

    x = draw(2)
    own.numeric_gradient(counted, x)
    (often,) = said("01", "graph", r"Differences call \$f\$ (\w+) for each variable")
    assert often == TIMES[len(calls) / len(x)]


def test_what_the_engine_multiplies_is_called_the_chain_rule():
    """Of a product of a product, the slopes of both are multiplied on the way back."""
    engine = taught("01", "Value").Value
    a = engine(2.0)
    (engine(3.0) * (engine(5.0) * a)).backward()
    assert a.grad == 3 * 5
    holds("value-code", "parent.backward(slope * local) # the chain rule")


def test_when_the_gradient_is_cleared():
    """Two steps end where they should if it is cleared before each, and only then."""

    def steps(zero_before):
        w = tensor(2.0, requires_grad=True)
        for step in range(2):
            if step in zero_before:
                w.grad = None
            (w**2).backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
        return w.item()

    assert steps((0, 1)) == pytest.approx(2 * 0.8**2)
    assert steps((0,)) != pytest.approx(2 * 0.8**2), "once for both is not enough"
    (when,) = said(
        "01", "accumulate-read", r"clear its gradient before the next (\w+), with"
    )
    (asked,) = said(
        "01", "recall-questions", r"<code>zero_grad</code> before each (\w+)"
    )
    assert when == asked == "step"


def test_which_directions_go_down():
    point, U = tensor([1.0, 2.0]).double(), draw(1000, 2)
    slopes = U @ torch.func.grad(own.bowl)(point)
    lower = torch.stack([own.bowl(point + 1e-6 * u) < own.bowl(point) for u in U])
    below = lower.equal(slopes < 0)
    pattern = r"\\mathbf u\^\\top\\nabla f ([<>]) 0\$ "
    signs = [
        *said("01", "descent-direction", pattern + r"is a \*\*descent direction"),
        *said("01", "descent-direction", pattern + r"go down: about half"),
    ]
    assert signs == ["<" if below else ">"] * 2
    assert 0.4 < lower.double().mean() < 0.6


# -- the loop ------------------------------------------------------------------------


def test_what_a_batch_costs_of_all_examples():
    loop = source_of("01", "loop-code")
    size = int(re.search(r"minibatches\(data\.train, (\d+), generator\)", loop)[1])
    all_of_them = int(re.search(r"n_train=(\d+)", source_of("01", "preview-code"))[1])
    few, cost = said(
        "01",
        "loop-read",
        r"the gradient of (\w+) random examples is a noisy estimate of the gradient of "
        r"all thousand, at (a \w+) of the cost",
    )
    assert WORDS.index(few) == size and all_of_them == 1000
    assert cost == SHARES[all_of_them // size]


def test_which_rate_takes_the_same_steps_without_the_half():
    y_hat, y = draw(6).requires_grad_(), draw(6, seed=1)
    (ours,) = torch.autograd.grad(own.squared_error(y_hat, y), y_hat)
    (theirs,) = torch.autograd.grad(torch.nn.functional.mse_loss(y_hat, y), y_hat)
    larger = (theirs / ours).mean().item()
    grows, rate = said(
        "01",
        "loop-read",
        r"has no ½, so its gradients are (\w+) as large: (\w+) the rate takes the same",
    )
    assert (grows, rate) == (TIMES[round(larger, 6)], TIMES[round(1 / larger, 6)])


def test_where_d2l_divides_by_the_batch():
    y_hat, y = draw(4, 1), draw(4, 1, seed=1)
    assert d2l.squared_loss(y_hat, y).shape == y.shape, "no mean is taken"
    w = torch.zeros(1, requires_grad=True)
    w.grad = tensor([12.0])
    d2l.sgd([w], lr=0.5, batch_size=4)
    assert w.item() == -0.5 * 12 / 4
    holds(
        "d2l-linear",
        "It adds the losses of a batch up, without the mean, and its `sgd` divides by "
        "the batch size; so its first step from zero equals ours.",
    )


def test_which_curve_lies_higher_at_first():
    data = make_regression(noise=0.5)
    torch.manual_seed(0)
    history = train(
        own.linear_regression(),
        data.train,
        data.val,
        loss=own.squared_error,
        num_epochs=2,
        lr=0.005,
        batch_size=10,
    )
    (while_learning, after), *_ = zip(history.train_loss, history.val_loss, strict=True)
    (where,) = said("01", "baseline-more", r"still change, so at first it lies (\w+)\.")
    assert where == ("higher" if while_learning > after else "lower")


# -- regression ----------------------------------------------------------------------


def test_which_shortage_leaves_no_unique_solution():
    """Three examples and five weights, or the other way round."""
    has_inverse = {
        (n, d): torch.linalg.matrix_rank(draw(n, d).T @ draw(n, d)).item() == d
        for n, d in ((3, 5), (5, 3))
    }
    assert has_inverse == {(3, 5): False, (5, 3): True}
    fewer, more = said("01", "normal-more", r"there are fewer (\w+) than (\w+), \$\\ma")
    assert (fewer, more) == ("examples", "weights")
    X, y = draw(3, 5), draw(3, seed=1)
    shortest = torch.linalg.pinv(X) @ y
    near = torch.linalg.solve(X.T @ X + 1e-6 * torch.eye(5).double(), X.T @ y)
    torch.testing.assert_close(near, shortest, atol=1e-4, rtol=0)
    holds("normal-more", "makes the solution unique, and it lies close to the shortest")


def test_the_losses_beside_the_likelihoods_are_squared_errors():
    few = make_regression(w=(2.0,), b=1.0, n_train=25, noise=0.8).train
    x, y = few.X.squeeze(1), few.y.squeeze(1)
    rows = re.findall(
        r"([\d.]+): loss ([\d.]+), ln likelihood (-[\d.]+)",
        shown("01", "likelihood-code"),
    )
    assert len(rows) == 4
    for slope, loss, log_likelihood in (map(float, row) for row in rows):
        assert loss == pytest.approx(
            own.squared_error(slope * x + 1, y).item(), abs=6e-4
        )
        noise = torch.distributions.Normal(slope * x + 1, 0.8)
        assert log_likelihood == pytest.approx(noise.log_prob(y).sum().item(), abs=0.06)
    holds(
        "likelihood-code", "r = slope * x_few + 1 - y_few", "loss {0.5 * (r**2).mean()"
    )


# -- claims --------------------------------------------------------------------------


def stored(name: str, data: str, question: str) -> float:
    """The mean that the full experiment found, out of the stored table."""
    with (ROOT / "data" / "claims.csv").open(encoding="utf-8") as file:
        rows = [
            row for row in csv.reader(file) if row[:4] == ["01", name, data, question]
        ]
    (row,) = rows
    return float(row[6])


def test_how_much_nearer_a_falling_rate_ends():
    (times,) = said(
        "01", "claim-floor-read", r"falls to 0 ends about (\w+) times nearer"
    )
    sets = ("digits", "fashion_mnist", "regression")
    nearer = [1 / stored("noise-floor", data, "d") for data in sets]
    assert WORDS.index(times) == pytest.approx(sum(nearer) / 3, abs=0.5)


def test_how_many_times_more_steps_raw_inputs_need():
    seven, sixty, fifteen, many = said(
        "01",
        "claim-standardizing-read",
        r"still about (\w+) times \(clothes\) to (\w+) times \(digits\)\. To 0\.1 % "
        r"it is (\d+) and more than (\d+) times",
    )
    clothes, digits = (
        [10 ** stored("standardizing", data, letter) for letter in "ab"]
        for data in ("fashion_mnist", "digits")
    )
    assert clothes == pytest.approx([WORDS.index(seven), int(fifteen)], rel=0.08)
    assert sixty == "sixty" and digits[0] == pytest.approx(60, rel=0.08)
    assert int(many) < digits[1] < int(many) + 100
    assert 10 ** stored("standardizing", "units", "a") > 10_000
    holds("claim-standardizing-read", "descent needs more than ten thousand times as m")
    report = " ".join(shown("01", "claim-standardizing-test").split())
    assert "on digits, fashion_mnist and units" in report
    holds(
        "claim-standardizing-read",
        "In the picture, `units` are the apartments and `fashion_mnist` images of clot",
    )
    centered = [stored("standardizing", d, "c") for d in ("digits", "units")]
    assert min(centered) > 1, "a power of ten or more"
    assert abs(stored("standardizing", "fashion_mnist", "c")) < 0.05
    holds(
        "claim-standardizing-read",
        "On the clothes that is then all the gain",
        "on the digits and the apartments division gains another power of ten or more.",
    )


def test_which_part_of_an_interval_must_lie_on_a_side():
    question = claims.far_positives.questions["a"]
    cut = question.cuts[0]
    beyond, across = (
        Estimate.of([cut - 0.02, cut - 0.021, cut - 0.019]),
        Estimate.of([cut - 0.02, cut - 0.021, cut + 0.015]),
    )
    assert across.mean < cut < across.interval[1], "most of it lies below the cut"
    assert len(question.possible(beyond)) == 1 < len(question.possible(across))
    holds(
        "claims-how",
        "An answer counts if the whole interval lies on its side; otherwise the claim "
        "stays undecided.",
    )
    holds(
        "claims-how", "The dashed cuts between the answers were fixed before the run."
    )


# -- what exercises ask --------------------------------------------------------------


def test_an_eigenvalue_counts_as_0_where_the_exercise_says_so():
    (exponent,) = said(
        "01", "ex-definite", r"as 0 if it is within \$10\^\{(-\d+)\}\$ of"
    )
    near = 10.0 ** int(exponent)
    for share, kind in ((0.5, "semidefinite"), (-0.5, "semidefinite"), (2, "definite")):
        matrix = torch.diag(tensor([share * near, 1.0]))
        assert matrices.definiteness.solution(matrix) == kind


def test_the_quadratic_of_the_exercise_is_flat_at_its_solution():
    (sign,) = said(
        "01", "ex-stationary-point", r"A\\mathbf x([+-])\\mathbf b\^\\top\\mat"
    )
    A, b = tensor([[2.0, 1.0], [1.0, -3.0]]), tensor([4.0, 5.0])
    x, kind = gradients.stationary_point.solution(A, b)
    assert kind == "saddle"

    def f(x):
        return 0.5 * x @ A @ x + float(sign + "1") * (b @ x)

    assert torch.func.grad(f)(x).abs().max() < 1e-5
    assert r"\tfrac12\mathbf x^\top\mathbf A\mathbf x" in text_of(
        "01", "ex-stationary-point"
    )
