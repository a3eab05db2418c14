"""Chapter 4, from fitting to penalties: its sentences, each computed first.

A number beside a cell is held by that cell; here it is the words "larger", "falls",
"included" and the signs of formulas, which no cell computes.
"""

import ast
import re
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn, tensor

from helpers.chapters.dropout_and_regularization import explorers, penalties
from helpers.chapters.dropout_and_regularization.exercises import (
    fitting,
)
from helpers.chapters.dropout_and_regularization.exercises import (
    penalties as tasks,
)
from tests.said import lines_shown, shown
from tests.taught import source_of, taught, text_of

own = taught("04", "sample", "fit", "error", "fit_with_penalty", "best_coin")


def holds(cell_id: str, *sentences: str) -> None:
    text = text_of("04", cell_id)
    for sentence in sentences:
        assert sentence in text, f"{cell_id} should say: {sentence}"


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def numbers(text):
    return [float(n) for n in re.findall(r"\d+\.\d+", text)]


# -- fitting ---------------------------------------------------------------------------


def test_two_models_of_three_points():
    assert [1 - x**2 for x in (-1, 0, 1)] == [0, 1, 0] and 1 - 2**2 == -3
    holds("fitting", "the parabola $1 - x^2$, and the constant ⅓.", "$y = 0$ at $x = 2")
    holds(
        "two-models-read",
        "The parabola is perfect on the points that it was made for, and misses the "
        "fourth by 3. The constant is wrong everywhere, and much closer on the fourth.",
    )


def test_what_the_two_errors_are():
    holds(
        "two-errors",
        "The **training error** is the mean loss on the examples that the weights were "
        "fitted to.",
        "The **generalization error** is the expected loss on a new example",
        "by the mean over examples that took no part in the fitting, the *test error*.",
    )
    holds(
        "two-errors-more",
        "An *optimizer* looks for the minimum of a function that it can compute, the "
        "training error. *Learning* wants a low generalization error, which nobody can",
    )


def test_a_hundred_times_the_points_a_tenth_of_the_spread():
    w = own.fit(*own.sample(20, seed=3), degree=3)
    spreads = [
        np.std([own.error(w, *own.sample(n, seed)) for seed in range(100)])
        for n in (100, 10_000)
    ]
    assert spreads[0] / spreads[1] == pytest.approx(10, rel=0.25)
    assert own.error(w, *own.sample(20, seed=3)) < 0.2**2
    holds(
        "many-test-sets-read",
        r"One of 100 points is off by 0.006 or so, one of 10,000 by a tenth of that: "
        r"the spread goes as $1/\sqrt n$.",
        "no model can get below 0.04 on average, the variance $0.2^2$ of the noise. The"
        " training error is *lower* than that: part of the noise was fitted.",
    )


def test_errors_over_the_degree():
    lines = lines_shown("04", "sweep-code")
    on_training, on_new = (np.array([*lines[f"{k} points"].values()])
                           for k in ("training", "new"))  # fmt: skip
    assert (np.diff(on_training) < 0).all()
    assert on_new.argmin() + 1 == 3 and (np.diff(on_new[2:]) > 0).all()
    assert 300 < on_new[-1] / on_new[2] < 400
    assert on_training[-1] < on_new[-1] / 1000 and on_training[0] > 5 * on_training[2]
    holds(
        "sweep-read",
        "The training error falls with every degree, and it must: each polynomial is al"
        "so one of the next degree, with a last weight of 0.",
        "The error on new points is lowest at degree 3, and from there it rises more th"
        "an three hundredfold.",
        "the simpler the model the more likely it underfits, the richer the more likely"
        " it overfits.",
    )
    holds(
        "three-errors-read",
        "**Underfitting**, degree 1: even the training error stays high, since no line",
        "**Overfitting**, degree 12: the training error is much lower than the error on"
        " new points.",
    )
    holds("summary", "Too little capacity leaves both high; too much can drive them ap")


def test_what_was_to_be_seen_of_the_polynomials():
    def on_new(points, noise):
        return explorers.fits(*explorers.sample(points, noise), noise)[2]

    start = {k: r.start for k, r in explorers.polynomial.ranges.items()}
    few = on_new(start["points"], start["noise"])
    assert few[15] / few[3] == pytest.approx(25_000, rel=0.02)
    ratios = {n: on_new(n, start["noise"]) for n in (60, 120, 140, 160)}
    ratios = {n: new[15] / new[3] for n, new in ratios.items()}
    assert ratios.pop(60) > 1.2 and max(ratios.values()) < 1.1
    assert on_new(start["points"], 0.0).argmin() == 15
    holds(
        "polynomial-read",
        "with 24 points degree 15 is some 25,000 times worse; from about 120 on it is "
        "as good as degree 3. What is too rich for few points is right for many",
        "Without noise degree 15 is the best of all",
    )


def test_bias_and_variance():
    lines = lines_shown("04", "bias-code")
    bias2, variance, total = (
        np.array([*lines[name].values()])
        for name in ("bias squared", "variance", "their sum")
    )
    assert (bias2[:2] > 2 * variance[:2]).all() and (bias2[2:] < 0.004).all()
    assert (np.diff(variance[2:]) > 0).all() and total.argmin() + 1 == 3
    holds(
        "bias-read",
        "Lines and parabolas miss it in the same way each time. From degree 3 on the "
        "bias is small, and the variance grows. The sum is lowest at 3",
    )
    holds("bias", "At each $x$ their mean may miss the curve: the **bias**. And they s")
    holds("bias", "they scatter about their mean: the **variance**.")
    found, true = draw(1000), 0.7
    mean = found.mean()
    parts = (mean - true) ** 2 + ((found - mean) ** 2).mean()
    torch.testing.assert_close(((found - true) ** 2).mean(), parts)
    holds(
        "bias-more",
        r"$$\overline{(\hat f - f)^2} = (\bar f - f)^2 + \overline{(\hat f - \bar f)^2"
        r"} ,$$",
        r"multiply out $(\hat f - \bar f) + (\bar f - f)$, and the mixed term has the "
        "mean 0.",
        "What lowers the variance? More points, a simpler model, or a penalty; and the",
    )


# -- how much data, how many epochs ----------------------------------------------------


def test_the_gap_closes_and_the_gate_stands_below_a_fifth_of_the_images():
    lines = lines_shown("04", "gap")
    on_train, on_val = (lines[f"{k} images"] for k in ("training", "validation"))
    gaps = [on_val[n] - on_train[n] for n in sorted(on_val)]
    assert gaps == sorted(gaps, reverse=True)
    holds("gap-read", "The distance between the lines is the gap: it closes as the set")
    bands = ast.literal_eval(re.findall(r"\{.*?\}", source_of("04", "gate-gap"))[0])
    low, high = bands["digits"]
    assert low < on_val[3840] < high < on_val[768]
    holds("gate-gap-read", "With 768 images in place of 3,840 the loss would be above")


def test_sixty_steps():
    rows = [numbers(row) for row in shown("04", "sixty-code").strip().splitlines()]
    on_train, on_val, gaps = zip(*rows, strict=True)
    assert on_train[-1] == max(on_train) and list(gaps) == sorted(gaps, reverse=True)
    assert max(on_val[1:]) < on_val[0]
    holds(
        "sixty-read",
        "The training loss is indeed highest on the largest set.",
        "**under-trained**, which is not the same as too simple. And the more images, t"
        "he smaller the gap. On new images both larger sets end with a lower loss than",
        "Too little computing is an argument for more computing, none against data.",
    )


def test_first_the_pattern_then_the_noise():
    told = shown("04", "best-epoch")
    (lowest, best) = map(int, re.findall(r"in epoch (\d+)", told))
    highest, last, fitted = numbers(told)
    assert lowest == 30 > 2 * best and last < highest - 0.05 and fitted > 1 - 0.4 + 0.2
    holds(
        "best-epoch-read",
        "Too few epochs underfit, too many overfit: the training loss falls to the end,"
        " while the validation loss turns and rises.",
        "a classifier that is always *right* would score 0.600 on these training labels"
        ", and whatever is above that is memory.",
        "keep the weights of the epoch with the best validation score: **early stopping"
        "**.",
    )
    assert fitting.early_stopping.solution([3.0, 1.0, 2.0, 2.0, 0.5], 2) == 1
    holds(
        "ex-early-stopping",
        "`patience` epochs in a row have brought no loss *lower* than the lowest so far"
        ". Return the index, from 0, of the epoch whose weights are kept",
    )


# -- parts -----------------------------------------------------------------------------


def test_homework_mock_exam_and_exam():
    holds(
        "parts",
        "| **training set** | homework | gradient steps, nothing else |",
        "| **validation set** | mock exam | choices: degree, epoch, learning rate, mod",
        "| **test set** | final exam | the report, read once |",
    )
    on_val, on_test = tensor([own.best_coin(seed) for seed in range(100)]).mean(0)
    assert on_val > 0.6 and abs(on_test - 0.5) < 0.03
    holds(
        "coins-read",
        "because it was picked for it; on images that did not pick it, it is a coin aga"
        "in. A score that was used to choose promises too much.",
        "train on the training set, choose by the validation score, and report the test"
        " score of the one that was chosen.",
    )


def test_each_point_fits_four_times_and_judges_once():
    """By the notebook's own folds; the error on what was fitted would be too low."""
    x, y = own.sample(20, seed=3)
    seen = {"fitted": [], "judged": []}

    def fit(x, y, degree):
        seen["fitted"] += x.tolist()
        return own.fit(x, y, degree)

    def error(w, x, y):
        assert not {*x.tolist()} & {*seen["fitted"][-16:]}
        seen["judged"] += x.tolist()
        return own.error(w, x, y)

    exec(source_of("04", "kfold-code"), locals() | {"torch": torch, "print": str})
    for part, times in (("fitted", 4), ("judged", 1)):
        assert {seen[part].count(point) for point in x.tolist()} == {4 * times}
    errors = dict(re.findall(r"degree (\d): ([\d.]+)", shown("04", "kfold-code")))
    assert min(errors, key=lambda d: float(errors[d])) == "3" and len(errors) == 4
    holds(
        "kfold-read",
        "It picks degree 3, from 20 points and no others. Each point helps to fit four "
        "times and judges once, never both at a time.",
    )
    holds(
        "kfold-more",
        "The price is $k$ trainings for each candidate",
        "The smallest of several averages is again a bit too good: for the report a te",
    )


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
