"""Chapter 1, short sentences on which others stand: what they say is computed first."""

import json

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers import make_regression, train
from helpers.chapters.linear_algebra_and_gradients import claims
from helpers.chapters.linear_algebra_and_gradients.claims import classifiers, descent
from tests.said import WORDS, said, shown
from tests.taught import holding, notebook_path, source_of, taught

own = taught("01", "fit_line", "squared_error", "linear_regression")
A = tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
holds = holding("01")
TIMES = {"twice": 2} | {f"{word} times": k for k, word in enumerate(WORDS)}
TEENS = {"eleven": 11, "twelve": 12, "thirteen": 13} | {
    w: k for k, w in enumerate(WORDS)
}


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# -- slopes --------------------------------------------------------------------------


def test_slopes_of_two_steps_multiply_in_words_too():
    inner, outer, both = said(
        "01",
        "chain",
        r"If \$y\$ changes (.+?) as fast as \$x\$, and \$z\$ (.+?) as fast as \$y\$, "
        r"then \$z\$ changes (.+?) as fast as \$x\$",
    )
    assert TIMES[both] == TIMES[inner] * TIMES[outer]


def test_the_slope_in_each_entry_of_twice_a_sum_of_squares():
    factor, inner, whole = said(
        "01",
        "autograd-read",
        r"Here \$y=(\d)\\sum_ix_i\^2\$, and its slope in \$x_i\$ is \$2\\cdot(\d)x_i\$"
        r": the gradient is \$(\d)\\mathbf x\$",
    )
    space = {"torch": torch}
    exec(source_of("01", "autograd-code"), space)
    x, y = space["x"].detach(), space["y"].item()
    assert y == int(factor) * (x**2).sum()
    assert torch.equal(space["x"].grad, 2 * int(inner) * x)
    assert torch.equal(space["x"].grad, int(whole) * x)


def test_what_a_column_of_ones_does():
    x, w, b = draw(5, 2), draw(2, seed=1), draw(1, seed=2)
    X = torch.cat([x, torch.ones_like(x[:, :1])], 1)
    torch.testing.assert_close(X @ torch.cat([w, b]), x @ w + b)
    assert "torch.stack([x, torch.ones_like(x)], 1)" in source_of("01", "normal-code")
    holds(
        "normal",
        r"A column of ones in $\mathbf X$ makes the bias one of the weights: "
        r"$\hat{\mathbf y}=\mathbf{Xw}$",
    )


def test_what_descent_will_ask_of_a_norm():
    """How long a step is, how large an error: both are told as norms, further down."""
    holds("norms", "Descent will soon ask how long a step is, and how large an error.")
    ids = [cell["id"] for cell in json.loads(notebook_path("01").read_text())["cells"]]
    order = [ids.index(cell) for cell in ("norms", "descent", "path-read", "normal")]
    assert order == sorted(order)
    holds("path-read", r"a step is $\alpha\lVert\nabla f\rVert$ long")
    holds("normal", r"\lVert\mathbf{Xw}-\mathbf y\rVert^2")


def test_the_slope_of_the_squared_error():
    first, second = said("01", "loop", r"is \$(\\hat y|y)-(\\hat y|y)\$, also 2")
    y_hat, y = tensor([3.0], requires_grad=True), tensor([1.0])
    own.squared_error(y_hat, y).backward()
    values = {r"\hat y": 3.0, "y": 1.0}
    assert values[first] - values[second] == y_hat.grad.item() == 2


def test_the_order_in_which_the_record_is_read():
    """From the end: what the operations are called, as the next cell prints them."""
    names = {"MulBackward0": "a product", "DotBackward0": "an inner product"}
    printed = [
        names[name] for name in shown("01", "graph-code").split() if name in names
    ]
    order = said(
        "01", "graph", r"from the end: (.+?), (.+?), and the place where the gr"
    )
    assert list(order) == printed and len(printed) == 2


def test_which_of_sum_and_mean_grows_with_the_examples():
    def gradient(n, reduce):
        w, x = tensor(2.0, requires_grad=True), torch.ones(n)
        reduce(0.5 * (w * x - 1) ** 2).backward()
        return w.grad.item()

    grows = {
        name: gradient(20, reduce) > 1.5 * gradient(10, reduce)
        for name, reduce in (("sum", torch.sum), ("mean", torch.mean))
    }
    (which,) = said("01", "scalar-only", r"The (\w+) grows with the number of examples")
    assert grows == {"sum": True, "mean": False} and grows[which]


def test_the_order_of_the_steps_is_that_of_the_loop():
    code = source_of("01", "loop-code")
    calls = {
        "predict": "net(X_batch)",
        "measure the loss": "squared_error(",
        "clear the gradients": "optimizer.zero_grad()",
        "go back": "loss.backward()",
        "step": "optimizer.step()",
    }
    (told,) = said(
        "01", "loop-read", r"in place of nudging\. (.+?): `train` runs these"
    )
    order = told.lower().split(", ")
    assert set(order) == set(calls)
    last = [code.index(calls[name]) for name in order if name != "predict"]
    assert order[0] == "predict" and last == sorted(last)


# -- regression, and a classifier ----------------------------------------------------


def test_where_the_prediction_is_the_bias():
    net = nn.Linear(2, 1)
    places = {"0": torch.zeros(2), "1": torch.ones(2)}
    (place,) = said("01", "regression", r"it predicts for \$\\mathbf x=\\mathbf (\d)\$")
    assert torch.equal(net(places[place]), net.bias)
    assert not torch.allclose(net(places["1"]), net.bias, atol=1e-4)


def test_when_the_bottom_is_a_single_point():
    X = draw(6, 2)
    ranks = {
        "no": torch.linalg.matrix_rank(X).item(),
        "some": torch.linalg.matrix_rank(torch.cat([X, X @ draw(2, 1)], 1)).item(),
    }
    assert ranks == {"no": 2, "some": 2}, "with a third column that is such a sum"
    (which,) = said(
        "01", "normal-more", r"single point if (\w+) column of \$\\mathbf X\$"
    )
    assert which == "no"


def test_what_densities_of_independent_noise_do():
    noise, r = torch.distributions.Normal(0.0, 0.8), draw(3)
    together = torch.distributions.Independent(noise.expand((3,)), 1).log_prob(r).exp()
    ways = {
        "multiply": noise.log_prob(r).exp().prod(),
        "add": noise.log_prob(r).exp().sum(),
    }
    (way,) = said("01", "likelihood-formula", r"\*\*independent\*\*\), densities (\w+)")
    torch.testing.assert_close(ways[way], together)
    holds(
        "likelihood-formula", "The product of all bars is the **likelihood** of the l"
    )


def test_the_loss_of_logistic_regression():
    z = tensor([-1.0, 2.0])
    p = 1 / (1 + (-z).exp())
    (sign,) = said(
        "01", "far-why", r"Its loss is (minus )?the logarithm of the true class"
    )
    factor = -1.0 if sign else 1.0
    loss = F.binary_cross_entropy_with_logits(z, torch.ones(2), reduction="none")
    torch.testing.assert_close(factor * p.log(), loss)
    other = F.binary_cross_entropy_with_logits(z, torch.zeros(2), reduction="none")
    torch.testing.assert_close(factor * (1 - p).log(), other)


def test_the_middle_one_of_three_classes_in_a_row():
    """Its line is flat at its share; its logistic curve is flat beside the others'."""
    x = torch.cat([torch.linspace(k - 0.3, k + 0.3, 100) for k in (-1, 0, 1)])
    y = torch.arange(3).repeat_interleave(100)
    slope, height = own.fit_line(x, (y == 1).float())
    assert abs(slope) < 1e-5
    shares = {"⅓": 1 / 3, "½": 1 / 2, "¼": 1 / 4, "⅔": 2 / 3}
    (share,) = said("01", "one-vs-rest", r"line of the middle class is flat at (\S),")
    assert height.item() == pytest.approx(shares[share], abs=1e-5)
    X = classifiers.features(x[:, None])
    weights = classifiers.logistic(X, F.one_hot(y, 3).double(), 100)
    steep = weights[0].abs()
    looks = {True: "steep", False: "flat"}
    middle, outer = said(
        "01",
        "one-vs-rest",
        r"its middle curve is (\w+) as well, but the outer two are (\w+)",
    )
    assert middle == looks[bool(steep[1] > 1)]
    assert outer == looks[bool(steep[[0, 2]].min() > 1)]
    assert ((X @ weights).argmax(1) == y).all(), "it loses none of them"
    sure = torch.sigmoid(X[y == 1] @ weights)[:, [0, 2]].mean()
    assert sure < 0.1, "both are sure that the point is not theirs"


# -- matrices ------------------------------------------------------------------------


def test_which_way_the_ellipse_of_the_bowl_is_longest():
    turn = torch.arange(0, 180) * torch.pi / 180
    lengths = (A @ torch.stack([turn.cos(), turn.sin()]).double()).norm(dim=0)
    degrees = {"longest": lengths.argmax().item(), "shortest": lengths.argmin().item()}
    (which,) = said("01", "moved-read", r"an ellipse, (\w+) along the diagonal")
    assert degrees[which] == 45


def test_the_equation_for_the_eigenvalues():
    sign, one, other = said(
        "01", "eigen-by-hand", r"here \$\(2-\\lambda\)\^2 ([+-]) 1 = 0\$, and "
        r"\$\\lambda\$ is (\d) or (\d)"
    )  # fmt: skip
    assert torch.linalg.eigvalsh(A).tolist() == pytest.approx(
        [float(one), float(other)]
    )
    for value in (float(one), float(other)):
        assert (2 - value) ** 2 + float(sign + "1") == 0


def test_from_which_side_a_row_operation_multiplies():
    M, E = draw(3, 3), torch.eye(3).double()
    E[2, 0] = -4.0  # subtracts 4 times the first row from the third
    by_hand = M.clone()
    by_hand[2] -= 4 * M[0]
    sides = {"left": E @ M, "right": M @ E}
    (side,) = said(
        "01", "adjugate-read", r"multiplication by a matrix from the (\w+)\."
    )
    torch.testing.assert_close(sides[side], by_hand)


# -- rates ---------------------------------------------------------------------------


def test_what_a_standardized_column_is_divided_by():
    column = 5 + 3 * draw(100)
    centered = column - column.mean()
    ways = {"standard deviation": column.std(), "variance": column.var()}
    (way,) = said("01", "stable-more", r"its mean, and divide it by its ([a-z ]+)\.")
    assert (centered / ways[way]).std().item() == pytest.approx(1)


def test_how_long_the_loss_falls_just_above_the_limit():
    data, at, seen = make_regression(noise=0.5), 2.0, []
    torch.manual_seed(0)
    for _ in range(3):
        history = train(
            own.linear_regression(), data.train, data.val, loss=own.squared_error,
            num_epochs=30, lr=at, batch_size=1000,
        )  # fmt: skip
        seen.append(min(range(30), key=history.val_loss.__getitem__) + 1)
    (epochs,) = said(
        "01", "panel-answers", r"the loss with seed 0 even falls for about (\w+) epochs"
    )
    assert sum(seen) / 3 == pytest.approx(TEENS[epochs], abs=3)
    assert history.val_loss[-1] > min(history.val_loss)


def test_when_all_batches_agree_at_the_solution():
    examples = classifiers.drawn(claims.regression().train, 200, seed=3)
    X, noisy = classifiers.features(examples.X), descent.targets(examples)
    w = classifiers.least_squares(X, noisy)

    def gradients(y):
        parts = zip(X.split(20), y.split(20), strict=True)
        return torch.stack([x.T @ (x @ w - t) / 20 for x, t in parts])

    agree = {
        "Without": gradients(X @ w).abs().max().item() < 1e-9,
        "With": gradients(noisy).abs().max().item() < 1e-9,
    }
    (which,) = said(
        "01", "claim-floor-read", r"(\w+) noise in the targets all batches agr"
    )
    assert agree[which] and sum(agree.values()) == 1
    assert gradients(noisy).sum(0).abs().max() < 1e-9, "they add up to 0"
    holds("claim-floor-read", "the gradients of the batches add up to 0, but none of t")


def test_how_curved_the_common_direction_of_raw_inputs_is():
    examples = classifiers.drawn(claims.units().train, 300, seed=3)
    X = classifiers.features(examples.X)
    raw, centered = (
        torch.linalg.eigvalsh(inputs.T @ inputs / 300)
        for inputs in (X, descent.centred(X))
    )
    (size,) = said(
        "01", "claim-standardizing-read", r"common direction has a (\w+) curva"
    )
    assert size == ("huge" if raw.max() > 10 * centered.max() else "tiny")
    standard = descent.standardized(X)
    curvatures = (standard**2).mean(0)[:-1]
    torch.testing.assert_close(curvatures, torch.ones_like(curvatures))
    holds(
        "claim-standardizing-read", "Standardized columns have the same curvature eac"
    )
