"""Chapter 4, from fitting to the parts of the data: its sentences, each computed first.

A number beside a cell is held by that cell; here it is the words "larger", "falls",
"included" and the signs of formulas, which no cell computes.
"""

import ast
import re

import numpy as np
import pytest
import torch
from torch import tensor

from helpers import load_images
from helpers.chapters.dropout_and_regularization import explorers
from helpers.chapters.dropout_and_regularization.exercises import fitting
from tests.said import lines_shown, shown
from tests.taught import holding, source_of, taught

own = taught("04", "sample", "fit", "error", "best_coin")


holds = holding("04")


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
        "fourth by 3. The constant is wrong everywhere, yet much closer on the fourth.",
    )


def test_what_the_two_errors_are():
    holds(
        "two-errors",
        "The **training error** is the mean loss on the examples that the weights were "
        "fitted to.",
        "The **generalization error** is the expected loss on a new example",
        "The *test error* estimates it: the mean over examples that took no part in the"
        " fitting.",
        "Generalization error minus training error is the **generalization gap**.",
    )
    rows = [numbers(row) for row in shown("04", "sixty-code").strip().splitlines()]
    for on_train, on_new, gap in rows:
        assert gap == pytest.approx(on_new - on_train, abs=0.0011)
    holds(
        "two-errors-more",
        "An *optimizer* looks for the minimum of a function that it can compute, the "
        "training error. *Learning* wants a low generalization error",
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
        "The training error must fall: each polynomial is also one of the next degree, "
        "with a last weight of 0. The simpler the model, the more likely it underfits; "
        "the richer, the more likely it overfits.",
    )
    holds(
        "sweep-found",
        "The training error falls with every degree. The error on new points is lowest "
        "at degree 3, and from there it rises more than three hundredfold.",
        "**Capacity** is the richness of what a model can express.",
    )
    holds(
        "three-errors-read",
        "**Underfitting**, degree 1: even the training error stays high: no line fol",
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
        "With 24 points degree 15 is some 25,000 times worse; from about 120 on it is "
        "as good as degree 3. What is too rich for few points is right for many",
        "Without noise degree 15 is the best of all",
    )


def test_which_penalty_makes_degree_15_as_good_as_degree_3():
    start = {k: r.start for k, r in explorers.polynomial.ranges.items()}
    assert (start["points"], start["penalty"]) == (24, 0.0)
    few = explorers.sample(start["points"], start["noise"])
    strengths = explorers.polynomial.ranges["penalty"].options.values()
    new = {lam: explorers.fits(*few, start["noise"], lam)[2] for lam in strengths}
    told = [round(new[lam][15], 2) for lam in (1e-6, 1e-4, 1e-3, 0.01)]
    assert told == [0.22, 0.12, 0.12, 0.15]
    assert round(new[0.0][15]) == pytest.approx(2820, abs=5)
    assert round(new[0.0][3], 2) == 0.11
    assert all(min(new[lam]) > 2 * new[0.0][3] for lam in (0.1, 1.0))
    holds(
        "ridge-sweep-read",
        "with 24 points, which penalty makes degree 15 nearly as good as degree 3?",
        "From $10^{-4}$ to 0.01: 0.12, 0.12 and 0.15, against 0.11. Even $10^{-6}$ bri"
        "ngs the error on new points from 2,820 down to 0.22. From 0.1 on all degrees "
        "underfit.",
    )


def test_bias_and_variance():
    lines = lines_shown("04", "bias-code")
    bias2, variance, noise, total = (
        np.array([*lines[name].values()])
        for name in ("bias squared", "variance", "noise", "sum of the three")
    )
    assert (bias2[:2] > 2 * variance[:2]).all() and (bias2[2:] < 0.004).all()
    assert (np.diff(variance[2:]) > 0).all() and total.argmin() + 1 == 3
    assert noise == pytest.approx(0.2**2)
    assert total == pytest.approx(bias2 + variance + noise, abs=0.001)
    holds(
        "bias-read",
        "Lines and parabolas cannot follow the curve: the bias is large. From degree 3 "
        "on it is small, and the variance grows. The sum is lowest at 3.",
    )
    holds("bias", "At each $x$ their mean may miss the curve: the **bias**. The fits")
    holds("bias", "The fits scatter about their mean: the **variance**.")
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
    gaps = [on_val[n] - on_train[n] for n in (256, 3840)]
    assert gaps == pytest.approx([1.13, 0.37], abs=0.006)
    holds("gap-read", "the gap: it shrinks as the set grows, from 1.13 to 0.37.")
    holds("gap-read", "the more images there are, the less an accident explains.")
    bands = ast.literal_eval(re.findall(r"\{.*?\}", source_of("04", "gate-gap"))[0])
    low, high = bands["digits"]
    assert low < on_val[3840] < high < on_val[768]
    holds("gate-gap", "# with 768 images in place of 3,840 the loss would be above its")


def test_drawings_of_the_same_originals():
    data = load_images("digits")
    origin = data.train.origin
    assert len(origin[:1149].unique()) == 1149 == len(origin.unique())
    assert not set(origin.tolist()) & {*data.val.origin.tolist()}, "in one part"
    assert len(origin) / 1149 == pytest.approx(10, abs=0.5)
    holds(
        "gap-read",
        "(From 1,149 images on, the digits are new drawings of the same originals.",
    )
    assert (3840 - 1149) / (3840 - 768) > 0.8, "mostly"
    holds("sixty-read", "(The step to 3,840 digits was mostly of this kind: changed co")
    holds(
        "panel-answers", "On the digits, about ten drawings of each original vote toge"
    )
    holds("parts-read", "such as several drawings of one original, as in our digits,")


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
        "Too little computing is an argument for more computing, not against data.",
    )


def test_first_the_pattern_then_the_noise():
    told = shown("04", "best-epoch")
    (lowest, best) = map(int, re.findall(r"in epoch (\d+)", told))
    highest, last, fitted = numbers(told)
    assert lowest == 30 > 2 * best and last < highest - 0.05 and fitted > 1 - 0.4 + 0.2
    holds(
        "best-epoch-read",
        "Too few epochs leave a network under-trained, too many overfit: the training "
        "loss falls to the end, while the validation loss turns and rises.",
        "A classifier that is always *right* would score 0.600 on these training labels"
        ", and what is above that can only be memory.",
    )
    holds(
        "best-epoch-why",
        "What most images of a class share is learned first, because their gradients "
        "all pull that way. Meanwhile, and more so later, single images are learned by "
        "heart. So keep the weights of the epoch with the best validation score: "
        "**early stopping**.",
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
        "coins-found",
        "because it was picked for its score. On other images it is a coin again. A sco"
        "re that was used to choose promises too much",
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
        "Cross-validation picks degree 3, from 20 points and no others. Each point help"
        "s to fit four times and judges once, never both at once.",
    )
    holds(
        "kfold-more",
        "The price is $k$ trainings for each candidate",
        "The smallest of several averages is again a bit too good: for the report a te",
    )
