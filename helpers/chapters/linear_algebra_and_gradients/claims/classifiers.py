"""Claims of chapter 1 on linear classifiers.

The examples are drawn with replacement, by the seed, so that the spread over seeds is
that over training sets; all configurations get the same ones. Images are reduced to the
means of square blocks of pixels, which brings the exact solutions within reach.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.claims import SAME, difference
from helpers.data import Examples, ImageData
from helpers.widgets.predict import claim

SIZES = (12_000, 10_000, 10_000)  # of the sets made here: train, val, test


def features(X: Tensor, block: int = 4) -> Tensor:
    """Inputs as a matrix (n, d + 1) in float64, whose last column is 1, for the bias.

    Images become the means of their blocks of ``block`` x ``block`` pixels.
    """
    if X.ndim == 4:
        X = F.avg_pool2d(X, block).flatten(1)
    return F.pad(X.double(), (0, 1), value=1.0)


def drawn(examples: Examples, n: int, seed: int) -> Examples:
    """Draw n of the examples, with replacement."""
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(len(examples), (n,), generator=generator)
    return Examples(examples.X[index], examples.y[index])


def least_squares(X: Tensor, Y: Tensor) -> Tensor:
    """Weights (d, K) of the smallest squared error; of several, the shortest."""
    return torch.linalg.pinv(X) @ Y


def descended(loss, shape: tuple[int, int], num_epochs: int) -> Tensor:
    """Weights that make a loss small, by L-BFGS from zero.

    A pass over the data is one of its iterations; a line search chooses the step, so
    that no learning rate can favor one of the losses.
    """
    W = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [W], max_iter=num_epochs, history_size=20, line_search_fn="strong_wolfe",
        tolerance_grad=1e-9, tolerance_change=0,
    )  # fmt: skip

    def closure():
        optimizer.zero_grad()
        value = loss(W) + 0.5e-4 * (W**2).sum()  # keeps separable classes finite
        value.backward()
        return value

    optimizer.step(closure)
    return W.detach()


def logistic(X: Tensor, Y: Tensor, num_epochs: int) -> Tensor:
    """Weights (d, K) of K logistic regressions, one for each column of 0 and 1."""

    def loss(W):
        each = F.binary_cross_entropy_with_logits(X @ W, Y, reduction="none")
        return each.mean(0).sum()  # the columns share no weight: K separate problems

    return descended(loss, (X.shape[1], Y.shape[1]), num_epochs)


# -- a few positives that lie far away -----------------------------------------------


def points() -> ImageData:
    """Numbers of two classes: negative ones, positive ones, and a gap around 0."""

    def draw(n, seed):
        y = torch.arange(n) % 2
        x = 0.2 + 1.8 * torch.rand(n, generator=torch.Generator().manual_seed(seed))
        return Examples(torch.where(y == 1, x, -x)[:, None], y)

    parts = (draw(n, seed) for seed, n in enumerate(SIZES))
    return ImageData("points", ("negative", "positive"), *parts)


def two_classes(examples: Examples, seed: int, num_classes: int) -> list[Examples]:
    """Two neighboring classes, others for the next seed, relabeled 0 and 1."""
    first = 2 * seed % num_classes
    chosen = [examples.X[examples.y == first + k] for k in (0, 1)]
    return [Examples(X, torch.full((len(X),), k)) for k, X in enumerate(chosen)]


def joined(parts: list[Examples]) -> Examples:
    """All examples of several parts."""
    return Examples(torch.cat([p.X for p in parts]), torch.cat([p.y for p in parts]))


def far(examples: Examples) -> Examples:
    """The same, moved by 28 (points) or made 10 times as bright (images)."""
    X = examples.X
    return Examples(X + 28 if X.ndim == 2 else 10 * X, examples.y)


SIDES = {
    "linear regression is worse": -0.01,
    SAME: 0.01,
    "linear regression is better": None,
}


@claim(
    "Linear regression makes a good binary classifier, even where some positives lie "
    "far away.",
    difference(
        "linear regression, near and far",
        "logistic regression, near and far",
        SIDES,
        "Accuracy, linear minus logistic regression, with far positives in training",
    ),
    true=[SAME, "linear regression is better"],
    also=[
        difference(
            "linear regression, near",
            "logistic regression, near",
            SIDES,
            "The same without far positives in training",
        )
    ],
    live=(1_000, 50, 5),
    full=(1_000, 50, 10),
    sets={"points": points},
    anew=("the two classes", "training examples"),
)
def far_positives(data, n_train, num_epochs, seed):
    """Two classifiers without and with far positives, tested on examples as usual."""
    K, y_test = len(data.classes), data.test.y
    first = 2 * seed % K
    others = (y_test != first) & (y_test != first + 1)  # take no part in the test
    # As many of each class: with far examples, the border of least squares is moved
    # by the least imbalance of the near ones, which is not what is asked.
    parts = [
        drawn(part, n_train // 2, seed) for part in two_classes(data.train, seed, K)
    ]
    near, added = joined(parts), far(parts[1].take(n_train // 10))
    X_test, results = features(data.test.X), {}
    for name, examples in (("near", near), ("near and far", joined([near, added]))):
        X, Y = features(examples.X), examples.y[:, None].double()
        for model, w, border in (
            ("linear regression", least_squares(X, Y), 0.5),
            ("logistic regression", logistic(X, Y, num_epochs), 0.0),
        ):
            right = ((X_test @ w).squeeze(1) > border) == (y_test == first + 1)
            results[f"{model}, {name}"] = {
                "accuracy": right.double().masked_fill(others, math.nan)
            }
    return results
