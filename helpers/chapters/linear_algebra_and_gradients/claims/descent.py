"""Claims of chapter 1 on gradient descent for linear regression.

As in classifiers.py the examples are drawn with replacement, by the seed.
"""

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


def batches(n: int, batch_size: int, num_steps: int, again: bool, generator):
    """Indices of one batch a step: passes in new order, or ``again`` from all."""
    step = 0
    while step < num_steps:
        if again:
            parts = [torch.randint(n, (batch_size,), generator=generator)]
        else:
            parts = torch.randperm(n, generator=generator).split(batch_size)
        for index in parts[: num_steps - step]:
            yield index
            step += 1


def descent(X, y, batch_size, lr, num_steps, seed, again=False, falling=False):
    """Minibatch gradient descent on half the mean squared error, from zero.

    Returns
    -------
    distance : from the least-squares solution, as a share of that at the start; root of
        its mean square over the last tenth of the steps.
    excess : loss above that of the solution, its mean over the last half of the steps.
    """
    goal = least_squares(X, y)
    w = torch.zeros_like(goal)
    generator, late = torch.Generator().manual_seed(seed), []
    for step, index in enumerate(
        batches(len(X), batch_size, num_steps, again, generator)
    ):
        rate = lr * (1 - step / num_steps) if falling else lr
        x = X[index]
        w = w - rate / len(index) * x.T @ (x @ w - y[index])
        if step >= num_steps // 2:
            late.append(w)
    error = torch.cat(late, 1) - goal  # (d, num_steps / 2)
    distances = error.norm(dim=0) / goal.norm()
    last = distances[-max(num_steps // 10, 1) :]
    excess = 0.5 * ((X @ error) ** 2).mean()
    return last.square().mean().sqrt().item(), excess.item()


# a distance counts from a thousandth of the way on
ENDS = {"it ends there": 0.1, "it stays away from it": None}
DISTANCE, EXCESS = "distance, %", "excess, % of the least loss"
FALLS = {
    "it falls less than in proportion": 5.0,
    "it falls about in proportion": 20.0,
    "it falls more than in proportion": None,
}


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
        ratio(
            ("batch 16, rate 0.1", EXCESS),
            ("batch 16, rate 0.01", EXCESS),
            FALLS,
            "Excess loss at rate 0.1 over that at 0.01",
        ),
        ratio(
            ("batch 16, rate 0.1, drawn again", EXCESS),
            ("batch 16, rate 0.01, drawn again", EXCESS),
            FALLS,
            "The same where each batch is drawn from all examples",
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
    least_loss = 0.5 * ((exact - y) ** 2).mean().item()
    small = {"batch_size": 16, "lr": 0.1}
    num_steps = num_epochs * -(-n_train // 16)
    configurations = {
        "batch 16, rate 0.1": small,
        "batch 16, rate 0.01": small | {"lr": 0.01},
        "batch 64, rate 0.1": small | {"batch_size": 64},
        "batch 16, rate falling to 0": small | {"falling": True},
        "batch 16, rate 0.1, drawn again": small | {"again": True},
        "batch 16, rate 0.01, drawn again": small | {"lr": 0.01, "again": True},
        "all examples, rate 0.1": small | {"batch_size": n_train},
    }
    runs = {
        name: descent(X, y, num_steps=num_steps, seed=seed, **settings)
        for name, settings in configurations.items()
    }
    runs["batch 16, rate 0.1, no noise"] = descent(
        X, exact, num_steps=num_steps, seed=seed, **small
    )
    return {
        name: {DISTANCE: 100 * distance, EXCESS: 100 * excess / least_loss}
        for name, (distance, excess) in runs.items()
    }


SHARES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.01)


def excess_after(hessian: Tensor, goal: Tensor, lr: float, *num_steps: int):
    """Excess loss after so many steps of full-batch descent from zero.

    Of half the mean squared error, with the gradient hessian @ (w - goal). Each excess
    is a power of ten of that at the start.
    """
    error, excess = -goal, []  # w - goal, for w = 0
    start = error.T @ hessian @ error
    for step in range(1, max(num_steps) + 1):
        error = error - lr * hessian @ error
        if step in num_steps:
            ratio = (error.T @ hessian @ error) / start
            # nobody who computes the loss in float64 sees less than 1e-16 of it
            excess.append(ratio.clamp(1e-16, 1e16).log10().item())
    return excess


FIRST, LATER = "excess, power of ten", "ten times the steps"
FASTER = {
    "the rate near the limit is faster": -0.1,
    "about equally fast (within a factor of 1.26)": 0.1,
    "the smaller rate is faster": None,
}


def faster(quantity, share, measure):
    """Ask whether 0.99 of the limit leaves less excess loss than a smaller rate."""
    return difference(
        ("0.99 of the limit", measure),
        (f"{share} of the limit", measure),
        FASTER,
        quantity,
    )


@claim(
    "Of all learning rates at which gradient descent is stable, the largest has come "
    "furthest after 100 steps.",
    faster(
        "Powers of ten of excess loss, none counted below −16, 0.99 minus 0.9 of the "
        "limit",
        "0.9",
        FIRST,
    ),
    true="the rate near the limit is faster",
    also=[
        faster("The same against half the limit", "0.5", FIRST),
        faster("The same against 0.9 of it, ten times the steps", "0.9", LATER),
        faster("The same against half of it, ten times the steps", "0.5", LATER),
    ],
    live=(1_000, 100, 3),
    full=(2_000, 100, 10),
    sets={"regression": regression},
    anew=("training examples",),
)
def near_the_limit(data, n_train, num_epochs, seed):
    """Excess loss left at shares of the limit 2 / lambda_max.

    After ``num_epochs`` steps of full-batch descent, and after ten times as many.
    """
    examples = drawn(data.train, n_train, seed)
    X, y = features(examples.X), targets(examples)
    hessian, goal = X.T @ X / n_train, least_squares(X, y)
    limit = 2 / torch.linalg.eigvalsh(hessian).max()
    results = {}
    for share in SHARES:
        lr = share * limit
        first, later = excess_after(hessian, goal, lr, num_epochs, 10 * num_epochs)
        results[f"{share:g} of the limit"] = {FIRST: first, LATER: later}
    return results
