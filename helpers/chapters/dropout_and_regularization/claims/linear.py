"""Claims of chapter 4 on linear models, and the one on the speed of masks."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.claims import level, ratio
from helpers.data import Examples, ImageData
from helpers.seeds import seeded
from helpers.training import train
from helpers.widgets.predict import claim

NUM_FEATURES, NUM_TRUE = 50, 5


def lines() -> ImageData:
    """A regression of 50 features, of which 5 have weight 1 and the others none."""

    def draw(n, seed):
        generator = torch.Generator().manual_seed(seed)
        X = torch.randn(n, NUM_FEATURES, generator=generator)
        noise = 0.5 * torch.randn(n, generator=generator)
        return Examples(X, X[:, :NUM_TRUE].sum(1) + noise)

    return ImageData(
        "lines", ("",) * 50, draw(12_000, 0), draw(2_000, 1), draw(10_000, 2)
    )


def task(examples, n_train: int, seed: int):
    """A regression drawn from a data set, of about 50 features.

    Images are shrunk to 7x7 gray values; the target is 1 for the first half of the
    classes and -1 for the others. Points and their targets are taken as they are.

    Returns
    -------
    X (n, d) float64 with mean 0 and standard deviation 1 in every column, y (n,)
    with mean 0 and standard deviation 1.
    """
    generator = torch.Generator().manual_seed(seed)
    own = torch.randperm(len(examples), generator=generator)[:n_train]
    X, y = examples.X[own].double(), examples.y[own]
    if X.ndim == 4:
        X = F.avg_pool2d(X, 4).flatten(1)
        y = torch.where(y < 5, 1.0, -1.0)
    X, y = X[:, X.std(0) > 1e-3], y.double()  # a pixel that never changes has no weight
    return (X - X.mean(0)) / X.std(0), (y - y.mean()) / y.std()


# -- noise and the size of the weights ------------------------------------------------


def least_squares(X, y):
    """The weights (d,) with the least squared error; of several, the shortest."""
    return torch.linalg.lstsq(X, y[:, None], driver="gelsd").solution[:, 0]


def network_weights(X, y, num_epochs, seed):
    """Weights of a network with 64 hidden units, after training on squared error."""
    with seeded(seed):
        net = nn.Sequential(nn.Linear(X.shape[1], 64), nn.ReLU(), nn.Linear(64, 1))
    examples = Examples(X.float(), y[:, None].float())
    train(net, examples, loss=F.mse_loss, num_epochs=num_epochs, lr=0.05,
          batch_size=50, seed=seed, device="cpu")  # fmt: skip
    return torch.cat([net[0].weight.flatten(), net[2].weight.flatten()]).detach()


def noisy(X, y, kind: str, seed: int):
    """Spoil a regression: its labels, some labels' signs, or its inputs."""
    generator = torch.Generator().manual_seed(1_000 + seed)
    if kind == "label noise":
        return X, y + torch.randn(y.shape, generator=generator, dtype=y.dtype)
    if kind == "input noise":
        return X + torch.randn(X.shape, generator=generator, dtype=X.dtype), y
    if kind == "flipped labels":
        flipped = torch.rand(y.shape, generator=generator) < 0.3
        return X, torch.where(flipped, -y, y)
    return X, y


# norms of weights differ from five percent on
NORMS = {
    "the weights are smaller": 0.95,
    "within 5 %": 1.05,
    "the weights are larger": None,
}


def norm_ratio(quantity, kind, model):
    """Ask what a kind of noise does to the length of the weight vector."""
    return ratio((kind, model), ("no noise", model), NORMS, quantity)


@claim(
    "Noise in the labels makes the learned weights larger.",
    norm_ratio(
        "Norm of the least-squares weights, noisy labels over clean ones",
        "label noise",
        "least squares",
    ),
    true="the weights are larger",
    also=[
        norm_ratio(
            "The same, noise in the inputs instead", "input noise", "least squares"
        ),
        norm_ratio(
            "The same, 30 % of the labels with the other sign instead",
            "flipped labels",
            "least squares",
        ),
        norm_ratio(
            "Norm of a network's weights, noisy labels over clean ones",
            "label noise",
            "network",
        ),
        norm_ratio(
            "The same, noise in the inputs instead, for the network",
            "input noise",
            "network",
        ),
    ],
    live=(100, 40, 8),
    full=(100, 200, 20),
    sets={"lines": lines},
    anew=("training examples", "noise", "first weights", "order"),
)
def noise_weights(data, n_train, num_epochs, seed):
    """Fit the same examples without noise and with three kinds of it."""
    X, y = task(data.train, n_train, seed)
    results = {}
    for kind in ("no noise", "label noise", "flipped labels", "input noise"):
        spoiled = noisy(X, y, kind, seed)
        results[kind] = {
            "least squares": least_squares(*spoiled).norm(),
            "network": network_weights(*spoiled, num_epochs, seed).norm(),
        }
    return results


# -- zeros by L1 ----------------------------------------------------------------------


def descend(X, y, num_steps, l1=0.0, l2=0.0, threshold=0.0):
    """Gradient descent on 1/2 mean squared error + l1 |w| + l2 / 2 |w|^2 from small w.

    ``threshold`` is the weight of an L1 penalty that is not in the gradient: after
    every step each weight moves towards zero by lr times it, and stops there.
    """
    n = len(X)
    H, g = X.T @ X / n, X.T @ y / n
    lr = 1 / (torch.linalg.eigvalsh(H)[-1] + l2)  # stable for all of them
    generator = torch.Generator().manual_seed(0)
    w = 0.01 * torch.randn(X.shape[1], generator=generator, dtype=X.dtype)
    for _ in range(num_steps):
        w = w - lr * (H @ w - g + l1 * w.sign() + l2 * w)
        if threshold:
            w = w.sign() * (w.abs() - lr * threshold).clamp(min=0)
    return w


STRENGTH = 0.1  # of both penalties, where targets have standard deviation 1
PENALTIES = {
    "no penalty": {},
    "L1 in the loss": {"l1": STRENGTH},
    "L1 by soft threshold": {"threshold": STRENGTH},
    "L2 in the loss": {"l2": STRENGTH},
}
ZEROS = {"none, or hardly any": 0.02, "some": 0.2, "a fifth or more": None}
EXACTLY = "share exactly zero"


@claim(
    "Gradient descent on loss plus λ times the sum of absolute weights makes weights "
    "exactly zero.",
    level(
        "Share of weights that are exactly zero, L1 in the loss",
        ("L1 in the loss", EXACTLY),
        ZEROS,
    ),
    true=["some", "a fifth or more"],
    also=[
        level(
            "The same, L1 by soft threshold", ("L1 by soft threshold", EXACTLY), ZEROS
        ),
        level("The same, L2 in the loss", ("L2 in the loss", EXACTLY), ZEROS),
        level(
            "Share of weights below 0.01, L1 in the loss",
            ("L1 in the loss", "share below 0.01"),
            ZEROS,
        ),
    ],
    live=(100, 1_000, 5),
    full=(100, 10_000, 20),
    sets={"lines": lines},
    anew=("training examples",),
)
def l1_zeros(data, n_train, num_epochs, seed):
    """Count weights that are exactly zero, and nearly, after each kind of descent."""
    X, y = task(data.train, n_train, seed)
    results = {}
    for name, penalty in PENALTIES.items():
        w = descend(X, y, num_epochs, **penalty)
        results[name] = {
            EXACTLY: (w == 0).double().mean(),
            "share below 0.01": (w.abs() < 0.01).double().mean(),
            "norm": w.norm(),
        }
    return results


# -- how fast a mask is applied -------------------------------------------------------


@dataclass(frozen=True)
class Masks:
    """The same mask in three forms: kept as 1.0, kept as True, dropped as True."""

    numbers: Tensor
    keep: Tensor
    drop: Tensor


FACTOR = 2.0  # 1 / (1 - p) at p = 0.5; every way scales, so that all do the same work


def multiply(X, masks):
    """Multiply by a mask of 0.0 and 1.0."""
    return masks.numbers * X * FACTOR


def multiply_bool(X, masks):
    """Multiply by a mask of True and False, which is converted on the way."""
    return masks.keep * X * FACTOR


def index(X, masks):
    """Choose the dropped numbers and set them to 0; the input stays as it is."""
    X = X * FACTOR
    X[masks.drop] = 0
    return X


def fill(X, masks):
    """The same with masked_fill."""
    return (X * FACTOR).masked_fill_(masks.drop, 0)


def where(X, masks):
    """The same with torch.where."""
    return torch.where(masks.drop, 0.0, X * FACTOR)


WAYS = {
    "multiply": multiply,
    "multiply, bool mask": multiply_bool,
    "x[mask] = 0": index,
    "masked_fill": fill,
    "where": where,
}


def shortest_times(ways, arguments, num_repeats):
    """Seconds of the fastest repeat of each function, taken in turns.

    Whatever else the machine does can only lengthen a repeat, so the shortest is the
    one that was disturbed least; taking turns gives every function the same moments.
    """
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(num_repeats):
        for name, way in ways.items():
            begin = time.perf_counter()
            way(*arguments)
            best[name] = min(best[name], time.perf_counter() - begin)
    return best


FASTER = {
    "not faster": 1.0,
    "faster, but less than twice": 2.0,
    "at least twice as fast": None,
}
TIME = "milliseconds"


@claim(
    "Multiplying by the mask is at least twice as fast as x[mask] = 0.",
    ratio(
        ("x[mask] = 0", TIME),
        ("multiply", TIME),
        FASTER,
        "Time of x[mask] = 0 over time of the product",
    ),
    true="at least twice as fast",
    also=[
        ratio(
            ("x[mask] = 0", TIME),
            ("multiply, bool mask", TIME),
            FASTER,
            "The same with a mask of True and False in the product",
        ),
        ratio(
            ("masked_fill", TIME),
            ("multiply", TIME),
            FASTER,
            "Time of masked_fill over time of the product",
        ),
        ratio(
            ("where", TIME),
            ("multiply", TIME),
            FASTER,
            "Time of torch.where over time of the product",
        ),
    ],
    live=(500, 30, 5),
    full=(2_000, 60, 10),
    anew=("the mask",),
    alone=True,
)
def mask_speed(data, n_train, num_epochs, seed):
    """Time dropout's mask on a batch of examples, in five ways, with one thread."""
    X = data.train.X[:n_train].flatten(1).cpu()
    generator = torch.Generator().manual_seed(seed)
    keep = torch.rand(X.shape, generator=generator) > 0.5
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        arguments = (X, Masks(keep.float(), keep, ~keep))
        best = shortest_times(WAYS, arguments, num_epochs)
    finally:
        torch.set_num_threads(threads)
    return {
        name: {"time over multiply": t / best["multiply"], TIME: 1e3 * t}
        for name, t in best.items()
    }
