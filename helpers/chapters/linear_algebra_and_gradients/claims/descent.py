"""Claims of chapter 1 on gradient descent for linear regression.

As in classifiers.py the examples are drawn with replacement, by the seed.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.chapters.linear_algebra_and_gradients.claims.classifiers import (
    SIZES,
    drawn,
    features,
    least_squares,
)
from helpers.claims import difference, level, ratio
from helpers.data import Examples, PointData, make_regression
from helpers.widgets.predict import claim


def regression() -> PointData:
    """Two features, and a target that is linear but for noise of deviation 0.5."""
    return make_regression(n_train=SIZES[0], noise=0.5)


def targets(examples: Examples) -> Tensor:
    """Numbers (n, 1) to predict: y itself, or 1 for the upper half of the classes."""
    if examples.y.is_floating_point():
        return examples.y.double()
    return (examples.y >= (examples.y.max() + 1) // 2).double()[:, None]


def whitened(X: Tensor) -> Tensor:
    """Make columns, but for the last of ones, uncorrelated, of mean 0 and variance 1.

    Then the Hessian of half the mean squared error is the identity: no direction is
    slower than another, and what keeps descent from its end is not the curvature.
    """
    centered = X[:, :-1] - X[:, :-1].mean(0)
    factor = torch.linalg.cholesky(centered.T @ centered / len(X))
    white = torch.linalg.solve_triangular(factor, centered.T, upper=False).T
    return F.pad(white, (0, 1), value=1.0)


def batches(n: int, batch_size: int, num_steps: int, generator):
    """Indices of one batch a step, in passes over all examples, each in a new order."""
    step = 0
    while step < num_steps:
        parts = torch.randperm(n, generator=generator).split(batch_size)
        for index in parts[: num_steps - step]:
            yield index
            step += 1


def descent(X, y, batch_size, lr, num_steps, seed, falling=False) -> float:
    """Minibatch gradient descent on half the mean squared error, from zero.

    Returns the distance from the least-squares solution, as a share of that at the
    start; root of its mean square over the last tenth of the steps.
    """
    goal = least_squares(X, y)
    w, last = torch.zeros_like(goal), []
    generator = torch.Generator().manual_seed(seed)
    for step, index in enumerate(batches(len(X), batch_size, num_steps, generator)):
        rate = lr * (1 - step / num_steps) if falling else lr
        x = X[index]
        w = w - rate / len(index) * x.T @ (x @ w - y[index])
        if step >= num_steps - max(num_steps // 10, 1):
            last.append((w - goal).norm() / goal.norm())
    return torch.stack(last).square().mean().sqrt().item()


# a distance counts from a thousandth of the way on
ENDS = {"it ends there": 0.1, "it stays away from it": None}
DISTANCE = "distance, %"


@claim(
    "With a constant learning rate, minibatch gradient descent ends at the "
    "least-squares solution.",
    level(
        "Distance left in percent of that at the start, batches of 16, rate 0.1",
        ("batch 16, rate 0.1", DISTANCE),
        ENDS,
    ),
    true="it ends there",
    also=[
        level(
            "The same with all examples in a batch",
            ("all examples, rate 0.1", DISTANCE),
            ENDS,
        ),
        level(
            "The same with targets free of noise",
            ("batch 16, rate 0.1, no noise", DISTANCE),
            ENDS,
        ),
        ratio(
            ("batch 16, rate falling to 0", DISTANCE),
            ("batch 16, rate 0.1", DISTANCE),
            {"less than a quarter is left": 0.25, "more than a quarter is left": None},
            "Distance left by a rate that falls to 0, as a share of the first",
        ),
    ],
    live=(1_000, 60, 3),
    full=(2_000, 100, 5),
    sets={"regression": regression},
    anew=("training examples", "order"),
)
def noise_floor(data, n_train, num_epochs, seed):
    """Where descent ends, by batch size and learning rate, after equally many steps."""
    examples = drawn(data.train, n_train, seed)
    X, y = whitened(features(examples.X, 7)), targets(examples)
    exact = X @ least_squares(X, y)  # targets that a linear function can reach
    small = {"batch_size": 16, "lr": 0.1}
    num_steps = num_epochs * -(-n_train // 16)
    configurations = {
        "batch 16, rate 0.1": small,
        "batch 16, rate 0.01": small | {"lr": 0.01},
        "batch 64, rate 0.1": small | {"batch_size": 64},
        "batch 16, rate falling to 0": small | {"falling": True},
        "all examples, rate 0.1": small | {"batch_size": n_train},
    }
    runs = {
        name: descent(X, y, num_steps=num_steps, seed=seed, **settings)
        for name, settings in configurations.items()
    }
    runs["batch 16, rate 0.1, no noise"] = descent(
        X, exact, num_steps=num_steps, seed=seed, **small
    )
    return {name: {DISTANCE: 100 * distance} for name, distance in runs.items()}


# -- inputs in different units -------------------------------------------------------


def units() -> PointData:
    """Flats: square meters and rooms, and a price that is linear but for noise."""

    def draw(n, seed):
        generator = torch.Generator().manual_seed(seed)
        size, more, noise = torch.randn(3, n, generator=generator)
        rooms = 0.8 * size + 0.6 * more  # large flats have more of them
        X = torch.stack([90 + 25 * size, 3 + rooms], 1)
        return Examples(X, (5 + 2 * size + rooms + 0.5 * noise)[:, None])

    return PointData("units", (), *(draw(n, seed) for seed, n in enumerate(SIZES[:2])))


def centred(X: Tensor) -> Tensor:
    """Subtract its mean from each column, but for the last of ones."""
    return F.pad(X[:, :-1] - X[:, :-1].mean(0), (0, 1), value=1.0)


def standardized(X: Tensor) -> Tensor:
    """The same, and divide each column by its standard deviation, if it varies."""
    columns = centred(X)[:, :-1]
    spread = columns.std(0, correction=0)
    return F.pad(columns / torch.where(spread > 0, spread, 1), (0, 1), value=1.0)


SHARES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99)  # of the largest stable rate


def steps_needed(X: Tensor, y: Tensor, left: float, most: int) -> int:
    """Steps of full-batch descent from zero until so much of the excess loss is left.

    Of half the mean squared error, with the best of `SHARES`. Along each eigenvector
    of the Hessian a step multiplies the distance from the solution by 1 - lr * lambda,
    so that the steps need not be taken to count them.

    Parameters
    ----------
    X : (n, d) float64; y : (n, 1).
    left : share of the excess loss at the start, in 0..1.
    most : where counting stops.
    """
    curvatures, axes = torch.linalg.eigh(X.T @ X / len(X))
    slopes = (axes.T @ (X.T @ y / len(X))).squeeze(1)  # along each axis, at zero
    there = curvatures > 1e-12 * curvatures.max()  # the others change no loss
    curvatures = curvatures[there]
    start = slopes[there] ** 2 / curvatures  # twice the excess loss along each axis

    def enough(lr, num_steps):
        factors = (1 - lr * curvatures).abs() ** (2 * num_steps)
        return (start * factors).sum() <= left * start.sum()

    best = most
    for share in SHARES:
        lr, low, high = share * 2 / curvatures.max(), 0, best
        while low < high:  # the loss falls with every step, so that halving finds it
            middle = (low + high) // 2
            low, high = (low, middle) if enough(lr, middle) else (middle + 1, high)
        best = low
    return best


HUNDREDTH, THOUSANDTH = "steps to 1 %, power of ten", "steps to 0.1 %, power of ten"
SPEEDS = {
    "it slows descent down": -0.1,
    "about as many steps (within a factor of 1.26)": 0.1,
    "it speeds descent up": None,
}


@claim(
    "Standardizing the inputs speeds up gradient descent.",
    difference(
        ("as they are", HUNDREDTH),
        ("standardized", HUNDREDTH),
        SPEEDS,
        "How many times as many steps without standardizing (powers of ten, to 1 % of "
        "the excess loss)",
    ),
    true="it speeds descent up",
    also=[
        difference(
            ("as they are", THOUSANDTH),
            ("standardized", THOUSANDTH),
            SPEEDS,
            "The same, to 0.1 %",
        ),
        difference(
            ("centered", HUNDREDTH),
            ("standardized", HUNDREDTH),
            SPEEDS,
            "Steps for centered inputs over standardized (powers of ten, to 1 %)",
        ),
    ],
    live=(1_000, 1_000_000, 5),
    full=(2_000, 1_000_000, 10),
    sets={"units": units},
    anew=("training examples",),
)
def standardizing(data, n_train, num_epochs, seed):
    """How many steps full-batch descent needs, each kind of input at its best rate.

    A step is an epoch here, and ``num_epochs`` the most that are counted.
    """
    examples = drawn(data.train, n_train, seed)
    X, y = features(examples.X), targets(examples)
    ways = {"as they are": X, "centered": centred(X), "standardized": standardized(X)}
    goals = {HUNDREDTH: 0.01, THOUSANDTH: 0.001}
    return {
        way: {
            measure: math.log10(steps_needed(inputs, y, left, num_epochs))
            for measure, left in goals.items()
        }
        for way, inputs in ways.items()
    }
