"""Chapter 4, penalties, decay and noise: its sentences, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import re
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn, tensor

from helpers.chapters.dropout_and_regularization import (
    explorers,
    penalties,
)
from helpers.chapters.dropout_and_regularization.exercises import penalties as tasks
from tests.said import lines_shown, shown
from tests.taught import holding, taught, text_of

own = taught("04", "sample", "error", "fit_with_penalty")


holds = holding("04")


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
        r" weight: it adds $n\lambda w_k^2$ to the sum of squares.",
    )
    holds(
        "regularization",
        "meant to lower the generalization error, though not the training error.",
        r"$$\frac1{2n}\sum_{i=1}^n (\hat y_i - y_i)^2 + \frac\lambda2 \lVert \mathbf w"
        r"\rVert^2 .$$",
    )
    X, y = draw(n, 4, seed=1), draw(n, seed=2)
    squares = (X @ w - y).square().sum()
    torch.testing.assert_close(
        (squares + n * lam * w.square().sum()) / (2 * n),
        squares / (2 * n) + lam / 2 * w.square().sum(),
    )


def test_a_penalty_is_a_normal_distribution_of_the_weights():
    """Where the penalized loss is lowest, the weights are most probable."""
    n, sigma, tau = 30, 0.5, 0.8
    X, y = draw(n, 4, seed=1), draw(n, seed=2)

    def likely(w, prior):
        noise = torch.distributions.Normal(X @ w, sigma)
        return noise.log_prob(y).sum() + prior.log_prob(w).sum()

    lam = sigma**2 / (n * tau**2)
    w = tasks.ridge.solution(X, y, n * lam).requires_grad_()
    prior = torch.distributions.Normal(torch.zeros(4, dtype=w.dtype), tau)
    (slope,) = torch.autograd.grad(likely(w, prior), w)
    assert slope.abs().max() < 1e-9
    assert likely(w, prior) > max(
        likely(w + 0.1 * draw(4, seed=k), prior) for k in range(20)
    )
    b = 0.8  # of Laplace: the log of its density falls as |w| / b does
    prior = torch.distributions.Laplace(torch.zeros(4, dtype=w.dtype), b)
    v = draw(4, seed=3)
    fallen = prior.log_prob(0 * v).sum() - prior.log_prob(v).sum()
    torch.testing.assert_close(fallen, v.abs().sum() / b)
    holds(
        "penalty",
        r"Let the noise have variance $\sigma^2$, and let the weights themselves be dra"
        r"wn from a normal distribution with mean 0 and variance $\tau^2$.",
        r"the most probable weights, given the examples, minimize the formula above wit"
        r"h $\lambda = \sigma^2/(n\tau^2)$: the more data, the less penalty. L1 assumes"
        " a Laplace distribution of the weights in the same way.",
    )


def test_what_grows_and_what_falls_with_the_strength():
    sets = [own.sample(20, seed) for seed in range(40)]
    new = own.sample(2000, seed=1)
    on_training, on_new, sizes = [], [], []
    for lam in (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0):
        w = [own.fit_with_penalty(*s, 12, lam) for s in sets]
        pairs = zip(w, sets, strict=True)
        on_training.append(median(own.error(v, *s) for v, s in pairs))
        on_new.append(median(own.error(v, *new) for v in w))
        sizes.append(median(v.norm().item() for v in w))
    assert on_training == sorted(on_training) and sizes == sorted(sizes, reverse=True)
    lowest = int(np.argmin(on_new))
    assert on_new[: lowest + 1] == sorted(on_new[: lowest + 1], reverse=True)
    assert on_new[lowest:] == sorted(on_new[lowest:]) and 1 < lowest < 5
    lines = shown("04", "ridge-sweep").splitlines()
    (head,) = (k for k, line in enumerate(lines) if line.split()[:1] == ["λ"])
    assert lines[head].split() == "λ norm of w training new error its spread".split()
    rows = [[*map(float, line.split())] for line in lines[head + 1 : head + 8]]
    strengths, norms, fitted, errors, spreads = zip(*rows, strict=True)
    assert list(strengths) == sorted(strengths)
    assert list(norms) == sorted(norms, reverse=True)
    assert [spreads[0], spreads[-1]] == [5, 0.025] and spreads[3] < spreads[2] / 3
    degrees = lines_shown("04", "sweep-code")["new points"]
    assert [degrees[12], degrees[3]] == pytest.approx([16.8, 0.052], abs=0.002)
    assert errors[strengths.index(0.001)] == 0.064
    assert "degree 12, medians over 100 sets" in lines[head - 1]
    holds(
        "ridge-sweep-won",
        "Over the hundred sets degree 12 had the error 16.8 on new points without a pen"
        r"alty; with $\lambda = 0.001$ it has 0.064, nearly that of degree 3 (0.052).",
    )
    holds(
        "ridge-sweep-read",
        "The weights shrink, and the spread of the error over the sets falls from 5 to "
        "0.025: the result becomes *stable and reliable*",
        r"Reliable is not yet good: at $\lambda = 1$ it is reliably bad.",
        "a small $\\lambda$ also chooses among them: the shortest",
    )


def test_what_the_drawn_fits_of_a_penalty_show():
    """At both ends 0.001 is off by less than 0.8, no penalty by more than 2."""
    x, y = own.sample(20, seed=3)
    grid = torch.linspace(-1, 1, 401, dtype=torch.float64)
    true, powers = torch.sin(3 * grid), torch.linalg.vander(grid, N=13)
    off = {
        lam: powers @ own.fit_with_penalty(x, y, 12, lam) - true
        for lam in (0.0, 0.001, 1.0)
    }
    inside = grid.abs() < 0.9
    for end in (0, -1):
        assert off[0.0][end] < -2 and abs(off[0.001][end]) < 0.8
    assert off[0.001][inside].abs().max() < 0.3
    flat = off[1.0] + true
    assert flat.max() - flat.min() < 0.5 * (true.max() - true.min())
    told = shown("04", "penalty-fits-code")
    rows = re.findall(r"λ = ([\d.]+) *: ([\d.]+) on these points, ([\d.]+) on", told)
    x_new, y_new = own.sample(10_000, seed=1)
    for (lam, *errors), given in zip(rows, off, strict=True):
        w = own.fit_with_penalty(x, y, 12, given)
        here = own.error(w, x, y), own.error(w, x_new, y_new)
        assert float(lam) == given
        assert [*map(float, errors)] == pytest.approx(here, abs=0.002)
    fitted, on_new = zip(*(map(float, row[1:]) for row in rows), strict=True)
    assert on_new[1] < min(on_new) + 0.001 and fitted[2] > 10 * fitted[1]
    holds("penalty-fits", "Degree 12 again, on the same 20 points, with no penalty and")
    holds(
        "penalty-fits-read",
        "Without a penalty the curve plunges at both ends.",
        r"With $\lambda = 0.001$ the same twelve powers follow $\sin 3x$ nearly to the "
        "ends.",
        r"At $\lambda = 1$ the curve is far too flat and misses even its own points: "
        "it underfits.",
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
        r"- **L1**, or lasso: $\lambda\sum_k|w_k|$",
        r"- **L2**, or ridge: $\frac{\lambda}{2}\sum_k w_k^2$",
        r"minimize $\frac12(w-a)^2$ plus the penalty",
    )
    holds(
        "l1l2-read",
        r"L1 takes 1 off and stops at 0. L2 divides by $1+\lambda$, and never reaches "
        "0.",
    )
    holds(
        "l1l2-slopes",
        r"L1 pulls with the force $\lambda$, however small the weight. L2 pulls"
        r" with $\lambda w$, ever more gently.",
    )
    holds(
        "l1l2-why",
        r"So under L1 a weight on which the loss pulls with less than $\lambda$ goes to"
        " 0 and is held there: L1 selects features. L2 spreads weight over all",
        "The L1 norm is $3 + 4 = 7$.",
    )


def test_an_edge_of_the_diamond_keeps_both_weights():
    for optimum in ((1.2, 0.6), (-0.8, 1.9)):
        assert all(penalties.lasso(optimum, 0.5, 0.0)), "both larger than the strength"
    assert 0 in penalties.lasso((1.2, 0.4), 0.5, 0.0)
    assert all(penalties.ridge((1.2, 0.4), 0.5, 0.0))
    for name, order in (("L1", 1), ("L2", 2)):  # the solution is on the edge
        scene = explorers.penalties.scene(strength=0.5)
        (w,), ball = (scene[k]["xy"] for k in (name, f"{name} ball"))
        sizes = np.linalg.norm(ball, order, axis=1)
        assert sizes == pytest.approx(np.full(len(ball), np.linalg.norm(w, order)))
    holds(
        "penalties",
        "all weights whose penalty is no larger than the solution's. They fill a diamon"
        "d for L1, a disk for L2.",
    )
    holds(
        "penalties-read",
        "At a corner of the diamond one weight is exactly 0",
        "If both weights of the minimum exceed the strength in size, and the "
        "correlation is 0, L1 meets an edge and keeps both.",
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
        r"each step takes $\alpha\lambda\,\mathrm{sign}(w)$ from a weight",
        "The **proximal step** does the step for the loss alone and then the soft thres"
        "hold, which stops at 0.",
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
        r"$$\mathbf w - \alpha(\mathbf g + \lambda \mathbf w) = (1 - \alpha\lambda)\,"
        r"\mathbf w - \alpha\,\mathbf g .$$",
        "let each weight **decay** by a factor a little below 1, then step.",
    )
    layer = nn.Linear(2, 1)
    nn.init.ones_(layer.bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, weight_decay=0.5)
    layer.bias.grad = torch.zeros(1)
    optimizer.step()
    assert layer.bias.item() == pytest.approx(0.95)
    nn.init.ones_(layer.bias)
    groups = [{"params": [layer.weight], "weight_decay": 0.5}, {"params": [layer.bias]}]
    torch.optim.SGD(groups, lr=0.1).step()
    assert layer.bias.item() == 1
    holds(
        "decay-read",
        "The option keeps parameters near 0, biases included, unless they stand in a *p"
        "arameter group* with `weight_decay=0`.",
    )


def test_momentum_sums_up_the_pull_of_the_penalty():
    def left(momentum, steps=400, lr=0.01, decay=0.01):
        w = nn.Parameter(torch.ones(1, dtype=torch.float64))
        optimizer = torch.optim.SGD([w], lr=lr, momentum=momentum, weight_decay=decay)
        for _ in range(steps):
            w.grad = torch.zeros_like(w)
            optimizer.step()
        return w.item()

    assert np.log(left(0.9)) / np.log(left(0.0)) == pytest.approx(10, rel=0.05)
    assert '"momentum": 0.9' in text_of("04", "gap"), "as in our runs"
    holds(
        "decay-read",
        "With momentum 0.9, as in our runs, the penalty's pull is summed up as well: it"
        " shrinks weights about ten times as fast. The loss's pull is sped up by the sa"
        "me factor, so the minimum stays where it is.",
    )


def test_which_run_ends_higher():
    told = shown("04", "decay-curves-code").strip().splitlines()
    without, with_decay = (numbers(line)[-2:] for line in told[:2])
    assert 0 <= with_decay[0] - without[0] < 0.05 < with_decay[1] - without[1]
    assert 2 * (with_decay[0] - with_decay[1]) < without[0] - without[1]
    holds(
        "decay-curves-read",
        "The accuracy falls far less.",
        "Early stopping takes the weights before they have grown to fit single images; "
        "with decay they end smaller than they began, as the norms show.",
    )
    start, stopped, end, _, decayed = numbers(told[2])
    assert decayed < start < stopped < 0.7 * end
    code = text_of("04", "decay-curves-code")
    assert "stopped, decayed = after[at.item() + 1], mlp()" in code, "at its best"


def test_steps_of_adam_and_adamw():
    one_step = taught("04", "one_step").one_step
    assert one_step(torch.optim.SGD) == pytest.approx([1 - 0.11, 1 - 10.01], abs=1e-3)
    assert one_step(torch.optim.Adam) == pytest.approx([0.9, 0.9], abs=1e-3)
    shrunk = 1 - 0.1 * 0.1
    assert one_step(torch.optim.AdamW) == pytest.approx([shrunk - 0.1] * 2, abs=1e-3)
    holds(
        "adam",
        "**Adam**, which later chapters use, divides each gradient by its own recent "
        "size; `AdamW` is Adam with the decay applied directly to the weights.",
    )
    holds(
        "adam-found",
        "Adam's first step is 0.1 whatever the gradient, so the penalty in it is divide"
        r"d away. AdamW first takes $0.1 \cdot 0.1$ of each weight away, then steps 0.1"
        ".",
    )
    holds("adam-read", "For Adam, L2 and weight decay are two different methods")


def test_twenty_examples_move_the_weights_in_twenty_directions():
    X = draw(20, 200)
    assert torch.linalg.matrix_rank(X) == 20
    rows = shown("04", "wide-regression-code").strip().splitlines()
    *rows, without = rows
    on_train, on_new, norms = zip(*[numbers(row)[1:] for row in rows], strict=True)
    assert list(on_train) == sorted(on_train) and on_train[0] < on_train[-1] < 0.01
    assert 5_000 < on_new[0] / on_new[-1] < 20_000
    assert list(norms) == sorted(norms, reverse=True)
    pieces = re.findall(
        r"shortest weights ([\d.]+), always answering 0 ([\d.]+)", without
    )
    shortest, always_0 = map(float, *pieces)
    assert shortest <= on_new[-1] < always_0 < 1.15 * on_new[-1]
    w = draw(200, seed=1)
    moved = X.T @ draw(20, seed=2)  # what a step on 20 examples can add to weights
    off = w - torch.linalg.pinv(X) @ (X @ w)  # in the other 180 directions
    assert (off @ moved).abs() < 1e-10 * off.norm() * moved.norm()
    assert off.square().sum() / w.square().sum() == pytest.approx(180 / 200, abs=0.05)
    holds(
        "wide-regression-read",
        "The 20 examples correct them in 20 directions; in the other 180 nothing but th"
        "e decay moves them.",
        "So decay cures the bad start, and no more: the shortest weights that fit do as"
        " well without any decay, and whoever always answers 0 is nearly as good.",
    )
    holds("wide-regression", "The true weights are all 0.01, and descent starts from l")
    one = torch.ones(50, 1, dtype=torch.float64)  # the column of the bias
    X, y = torch.cat([draw(50, 4), one], 1), draw(50, 1, seed=3)
    change = torch.linalg.pinv(X) @ (y + 5) - torch.linalg.pinv(X) @ y
    assert change[:, 0].tolist() == pytest.approx([0, 0, 0, 0, 5], abs=1e-9)
    holds(
        "wide-regression-read",
        "in a regression with a bias it moves the bias by that constant and leaves the "
        "weights alone. Decay changes the weights.",
    )


def test_noise_in_labels_and_in_inputs():
    X, w, sigma = draw(50, 5), torch.full((5, 1), 0.5, dtype=torch.float64), 2.0
    noisy = X @ w + sigma * draw(4000, 50, 1, seed=1)
    found = torch.linalg.pinv(X) @ noisy
    formula = w.norm() ** 2 + sigma**2 * torch.linalg.inv(X.T @ X).trace()
    assert (found**2).sum(1).mean() == pytest.approx(formula.item(), rel=0.02)
    holds(
        "noise-read",
        r"$$\mathbb E\lVert\hat{\mathbf w}\rVert^2 = \lVert\mathbf w\rVert^2 + \sigma^2"
        r"\, \mathrm{tr}\big((\mathbf X^\top \mathbf X)^{-1}\big) .$$",
    )
    X = draw(40_000, 5, seed=2)
    fitted = torch.linalg.lstsq(X + sigma * draw(40_000, 5, seed=3), X @ w).solution
    assert fitted.mean() == pytest.approx(0.5 / (1 + sigma**2), rel=0.05)
    n, w = 8, draw(5, 1, seed=4)  # averaged over the noise, the loss of ridge
    X, y = draw(n, 5, seed=5), draw(n, 1, seed=6)
    noise = sigma * draw(40_000, n, 5, seed=7)
    mean = ((X + noise) @ w - y).square().sum((1, 2)).mean() / (2 * n)
    ridge = (X @ w - y).square().sum() / (2 * n) + sigma**2 / 2 * w.square().sum()
    assert mean == pytest.approx(ridge.item(), rel=0.01)
    holds(
        "noise",
        "## Input noise acts as a penalty, label noise does not",
        r"$$\mathbb{E}\big(y-\mathbf w\cdot(\mathbf x+\mathbf e)\big)^2=(y-\mathbf w"
        r"\cdot\mathbf x)^2+\sigma^2\lVert\mathbf w\rVert^2.$$",
        "Expand the square: the mixed term has mean 0. The rest is ridge.",
    )
    holds(
        "noise-read",
        "The part of the weights that fits noise has a random direction, and on average"
        " it only adds to the squared norm.",
        r"the loss *is* that of ridge regression, with $\lambda = \sigma^2$.",
        r"the weights become $\mathbf w/(1 + \sigma^2)$, and a random rest.",
    )
    holds(
        "noise-found",
        "Label noise lengthens the weights; input noise shortens them, as ridge does: "
        "an unreliable input is used less.",
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
        r"athbf w\rVert^2$, without descent. (The loss here is a sum and not a mean"
        r", so $\lambda$ is $n$ times the one above.)",
    )
    x, y = own.sample(20, seed=3)
    powers = torch.linalg.vander(x, N=4)
    torch.testing.assert_close(
        tasks.ridge.solution(powers, y, len(x) * lam),
        own.fit_with_penalty(x, y, 3, lam),
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
