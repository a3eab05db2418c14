"""Chapter 4, penalties, decay and noise: its sentences, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import re
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn, tensor

from helpers.chapters.dropout_and_regularization import penalties
from helpers.chapters.dropout_and_regularization.exercises import penalties as tasks
from tests.said import shown
from tests.taught import taught, text_of

own = taught("04", "sample", "error", "fit_with_penalty")


def holds(cell_id: str, *sentences: str) -> None:
    text = text_of("04", cell_id)
    for sentence in sentences:
        assert sentence in text, f"{cell_id} should say: {sentence}"


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def numbers(text):
    return [float(n) for n in re.findall(r"\d+\.\d+", text)]


# -- penalties -------------------------------------------------------------------------


def test_an_invented_example_costs_what_the_penalty_does():
    n, lam, w = 30, 0.1, draw(4)
    rows = (n * lam) ** 0.5 * torch.eye(4, dtype=w.dtype)
    torch.testing.assert_close(((rows @ w) ** 2).sum(), n * lam * (w**2).sum())
    holds(
        "penalty",
        r"whose target is 0 and whose only non-zero input is $\sqrt{n\lambda}$, at that"
        r" weight: it costs $n\lambda w_k^2$.",
    )
    holds(
        "regularization",
        "meant to lower the generalization error and not the training error.",
        r"$$\frac1n\sum_{i=1}^n (\hat y_i - y_i)^2 + \lambda \lVert \mathbf w\rVert^2 "
        ".$$",
    )


def test_what_grows_and_what_falls_with_the_strength():
    sets = [own.sample(20, seed) for seed in range(40)]
    new = own.sample(2000, seed=1)
    on_training, on_new, sizes = [], [], []
    for lam in (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0):
        w = [own.fit_with_penalty(*s, 9, lam) for s in sets]
        pairs = zip(w, sets, strict=True)
        on_training.append(median(own.error(v, *s) for v, s in pairs))
        on_new.append(median(own.error(v, *new) for v in w))
        sizes.append(median(v.norm().item() for v in w))
    assert on_training == sorted(on_training) and sizes == sorted(sizes, reverse=True)
    lowest = int(np.argmin(on_new))
    assert on_new[: lowest + 1] == sorted(on_new[: lowest + 1], reverse=True)
    assert on_new[lowest:] == sorted(on_new[lowest:]) and 1 < lowest < 5
    spreads = re.findall(r"error ([\d.]+)$", shown("04", "ridge-sweep"), re.M)
    assert [*map(float, spreads)] == sorted(map(float, spreads), reverse=True)
    holds(
        "ridge-sweep-read",
        "From left to right the training error rises all the way; the error on new poin"
        r"ts falls first, and then rises as well, since with $\lambda = 1$ the model "
        "underfits. In the printed columns the weights shrink, and so does the spread",
        "a small $\\lambda$ also chooses among them: the shortest",
    )


def test_one_weight_under_each_penalty():
    w = torch.linspace(-4, 4, 80_001, dtype=torch.float64)
    for a, lam in ((3.0, 1.0), (-1.2, 0.5), (0.4, 0.5)):
        loss = 0.5 * (w - a) ** 2
        l1, l2 = w[(loss + lam * w.abs()).argmin()], w[(loss + lam / 2 * w**2).argmin()]
        assert l1 == pytest.approx(np.sign(a) * max(abs(a) - lam, 0), abs=1e-3)
        assert l2 == pytest.approx(a / (1 + lam), abs=1e-3)
    holds(
        "l1l2",
        r"- **L1**, or lasso: $\lambda \sum_k |w_k|$",
        r"- **L2**, or ridge: $\frac{\lambda}{2} \sum_k w_k^2$",
        r"Minimize $\frac12 (w - a)^2$ plus the penalty",
    )
    holds(
        "l1l2-read",
        r"L1 takes 1 off and stops at 0. L2 divides by $1 + \lambda$: half of each is "
        "left, and never 0.",
    )
    holds(
        "l1l2-why",
        r"L1 pulls with the same force $\lambda$ however small the weight is, so a weig"
        "ht on which the loss pulls with less than that goes to 0 and is held there.",
        r"L2 pulls with $\lambda w$: hard on large weights, and ever more gently toward"
        " 0. So L1 selects features and L2 does not. L2 spreads weight over all",
        "The L1 norm is $3 + 4 = 7$.",
    )


def test_an_edge_of_the_diamond_keeps_both_weights():
    for optimum in ((1.2, 0.6), (-0.8, 1.9)):
        assert all(penalties.lasso(optimum, 0.5, 0.0)), "both larger than the strength"
    assert 0 in penalties.lasso((1.2, 0.4), 0.5, 0.0)
    assert all(penalties.ridge((1.2, 0.4), 0.5, 0.0))
    holds("penalties", "a diamond for L1, a disk for L2.")
    holds(
        "penalties-read",
        "At a corner of the diamond one weight is exactly 0",
        "If both weights of the minimum are larger than the strength, and the correlati"
        "on is 0, L1 meets an edge and keeps both.",
    )


def test_zeros_by_the_kind_of_step():
    told = re.findall(r"(\d+) of 50 are zero, norm ([\d.]+)", shown("04", "zeros-code"))
    zeros, norms = zip(*[(int(a), float(b)) for a, b in told], strict=True)
    assert zeros[:3] == (0, 0, 0) and zeros[3] == 45 and norms[1] < norms[0]
    w, lam, lr = draw(5).requires_grad_(), 0.2, 0.1
    (slope,) = torch.autograd.grad(lam * w.abs().sum(), w)
    torch.testing.assert_close(lr * slope, lr * lam * w.detach().sign())
    holds(
        "zeros-read",
        r"each step takes $\eta\lambda\,\mathrm{sign}(w)$ from a weight",
        "The **proximal step** does the step for the loss alone and then the soft thres"
        "hold, which stops at 0.",
        "L2 makes the norm smaller and no weight 0.",
    )


# -- decay -----------------------------------------------------------------------------


def test_decay_is_the_step_on_the_penalized_loss_with_biases():
    w, g, eta, lam = draw(4), draw(4, seed=1), 0.1, 0.5
    torch.testing.assert_close(
        w - eta * (g + lam * w), (1 - eta * lam) * w - eta * g, rtol=1e-12, atol=0
    )
    holds(
        "decay",
        r"Gradient descent on $\text{loss} + \frac\lambda2 \lVert\mathbf w\rVert^2$",
        r"$$\mathbf w - \eta(\mathbf g + \lambda \mathbf w) = (1 - \eta\lambda)\,\math"
        r"bf w - \eta\,\mathbf g .$$",
        "let each weight **decay** by a factor a little below 1, then step.",
    )
    layer = nn.Linear(2, 1)
    nn.init.ones_(layer.bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, weight_decay=0.5)
    layer.bias.grad = torch.zeros(1)
    optimizer.step()
    assert layer.bias.item() == pytest.approx(0.95)
    holds("decay-read", "It keeps parameters near 0, biases included. To spare those, ")


def test_which_curve_ends_higher():
    told = shown("04", "decay-curves-code")
    without, with_decay = (numbers(part) for part in told.split("; "))
    assert abs(without[0] - with_decay[-2]) < 0.05 < with_decay[-1] - without[-1]
    holds(
        "decay-curves-read",
        "With decay the curve climbs about as high, and ends higher; the dots mark the "
        "best epochs.",
        "decay never lets them grow that far.",
    )


def test_steps_of_adam_and_adamw():
    one_step = taught("04", "one_step").one_step
    assert one_step(torch.optim.SGD) == pytest.approx([1 - 0.11, 1 - 10.01], abs=1e-3)
    assert one_step(torch.optim.Adam) == pytest.approx([0.9, 0.9], abs=1e-3)
    shrunk = 1 - 0.1 * 0.1
    assert one_step(torch.optim.AdamW) == pytest.approx([shrunk - 0.1] * 2, abs=1e-3)
    holds(
        "adam",
        "**Adam** (chapter 11) divides each gradient by its own recent size; `AdamW` is"
        " Adam with the decay done apart from the gradient.",
    )
    holds(
        "adam-read",
        "Adam's first step is 0.1 whatever the gradient, so the penalty that was added "
        r"to it is divided away. AdamW first shrinks the weights by $0.1 \cdot 0.1$.",
        "For Adam, L2 and weight decay are two different methods",
    )


def test_twenty_examples_move_the_weights_in_twenty_directions():
    X = draw(20, 200)
    assert torch.linalg.matrix_rank(X) == 20
    rows = shown("04", "wide-regression-code").strip().splitlines()
    on_train, on_new, norms = zip(*[numbers(row)[1:] for row in rows], strict=True)
    assert list(on_train) == sorted(on_train) and on_train[0] < on_train[-1] < 0.01
    assert 5_000 < on_new[0] / on_new[-1] < 20_000
    assert list(norms) == sorted(norms, reverse=True)
    holds(
        "wide-regression-read",
        "20 examples correct them in 20 directions of 200; in all others nothing but th"
        "e decay ever moves them. The training error rises from nothing to a little, an"
        "d the error on new points falls by a factor of thousands.",
    )
    holds(
        "baseline-constant-text",
        "adding a constant to all targets moves the bias by that constant and leaves th"
        "e weights alone; weight decay changes the weights.",
    )


def test_noise_in_labels_and_in_inputs():
    X, w, sigma = draw(50, 5), torch.full((5, 1), 0.5, dtype=torch.float64), 2.0
    noisy = X @ w + sigma * draw(4000, 50, 1, seed=1)
    found = torch.linalg.pinv(X) @ noisy
    formula = w.norm() ** 2 + sigma**2 * torch.linalg.inv(X.T @ X).trace()
    assert (found**2).sum(1).mean() == pytest.approx(formula.item(), rel=0.02)
    holds(
        "noise",
        r"$$\mathbb E\lVert\hat{\mathbf w}\rVert^2 = \lVert\mathbf w\rVert^2 + \sigma^2"
        r"\, \mathrm{tr}\big((\mathbf X^\top \mathbf X)^{-1}\big) .$$",
        "## Noise in the labels makes weights larger, noise in the inputs smaller",
    )
    X = draw(40_000, 5, seed=2)
    fitted = torch.linalg.lstsq(X + sigma * draw(40_000, 5, seed=3), X @ w).solution
    assert fitted.mean() == pytest.approx(0.5 / (1 + sigma**2), rel=0.05)
    holds(
        "noise-read",
        "label noise makes weights larger",
        "Noise in the *inputs* does the opposite: an input that cannot be trusted is u",
        r"the weights become $\mathbf w/(1 + \sigma^2)$.",
    )


# -- what the exercises ask for --------------------------------------------------------


def test_exercises_ask_for_what_their_solutions_do():
    X, y, lam = draw(6, 3).float(), draw(6, seed=1).float(), 0.7
    w = tasks.ridge.solution(X, y, lam).requires_grad_()
    loss = 0.5 * (X @ w - y).square().sum() + 0.5 * lam * w.square().sum()
    assert torch.autograd.grad(loss, w)[0].abs().max() < 1e-5
    holds(
        "ex-ridge",
        r"$\frac12\lVert\mathbf X\mathbf w - \mathbf y\rVert^2 + \frac12\lambda\lVert\m"
        r"athbf w\rVert^2$, without descent.",
    )
    still = tasks.weight_decay_step.solution(tensor([2.0, 2.0]), torch.zeros(2), 1, 0.1)
    assert still.tolist() == pytest.approx([1.8, 2.0])
    holds(
        "ex-weight-decay-step",
        r"The last entry of `w` is a bias, which the penalty leaves out: it is "
        r"$\frac12$ `weight_decay` times the sum of the squares of the others.",
    )
    assert [len(part) for part in torch.arange(10).tensor_split(4)] == [3, 3, 2, 2]
    holds("ex-k-fold", "whose sizes differ by at most one, the larger ones first.")
    holds("ex-k-fold", "fitted to the other folds, and `loss(predict(X), y)` measures")
    assert "a, b = len(X) * 3 // 5, len(X) * 4 // 5" in text_of(
        "04", "ex-three-bugs-code"
    )
    holds(
        "ex-three-bugs",
        "fit on the first three fifths of the examples, choose the strength on the next"
        " fifth, and report the chosen strength with its error on the last fifth.",
        "three are wrong.",
    )
    holds("ex-soft-threshold", "(3, 0.5, −0.2) becomes (2, 0, 0) with `lam` = 1.")
