"""The explorer `batch_statistics`: how far a batch's statistics lie from the truth."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import torch

from helpers.chapters.batch_normalization.networks import digits, network
from helpers.figures import COLORS
from helpers.training import train_side_by_side
from helpers.tuning.ranges import Choice, IntSlider, LogSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

SIZES = tuple(2**k for k in range(1, 9))  # 2 to 256
NUM_BATCHES, STEPS, EPS = 200, 100, 1e-5
REACH = 4.0  # normalized values are drawn from -4 to 4
MIDDLE = 14 * 7 + 7  # of 14 x 14 pixels
STATISTICS = ("mean", "variance")


class Feature(NamedTuple):
    """Values of one feature, and what is true of all of them.

    Parameters
    ----------
    values : (n,); batches are drawn from them with replacement.
    kurtosis : mean fourth power of the standardized values; 3 for a normal one.
    """

    values: np.ndarray
    mean: float
    std: float
    kurtosis: float


@cache
def feature(name: str) -> Feature:
    """The feature of this name in FEATURES."""
    values = FEATURES[name]()
    mean, std = values.mean(), values.std()
    kurtosis = (((values - mean) / std) ** 4).mean()
    return Feature(values, float(mean), float(std), float(kurtosis))


def _unit() -> np.ndarray:
    net = network(2, "ReLU", "Kaiming", "")
    train_side_by_side([net], digits(), 0.1, num_epochs=10, batch_size=64)
    with torch.no_grad():
        X = digits().X.to(net[0].weight.device)
        return net[:3](X)[:, 0].double().cpu().numpy()


FEATURES = {
    "normal": lambda: np.random.default_rng(0).normal(1, 1, 100_000),
    "skewed": lambda: np.random.default_rng(0).exponential(1, 100_000),
    "a hidden unit before ReLU": _unit,
    "a pixel of digits": lambda: digits().X[:, MIDDLE].double().cpu().numpy(),
}


@lru_cache(maxsize=64)
def batches(name: str, batch_size: int, num_batches: int) -> np.ndarray:
    """Batches of a feature, drawn with replacement, (num_batches, batch_size)."""
    rng = np.random.default_rng(batch_size)
    return rng.choice(feature(name).values, (num_batches, batch_size))


def deviations(name: str, batch_size: int, num_batches: int, of: str) -> np.ndarray:
    """Error of each batch's mean in true sigma, or of its variance in true sigma^2."""
    drawn, true = batches(name, batch_size, num_batches), feature(name)
    if of == "mean":
        return (drawn.mean(1) - true.mean) / true.std
    return drawn.var(1) / true.std**2 - 1


def law(name: str, batch_size, of: str) -> tuple:
    """Mean and standard deviation of `deviations`, exact for drawing with replacement.

    The mean's is 1 / sqrt(B). The biased variance is too small by 1 / B on average.
    """
    B = np.asarray(batch_size, float)
    if of == "mean":
        return 0 * B, 1 / np.sqrt(B)
    fourth = feature(name).kurtosis - (B - 3) / (B - 1)
    return -1 / B, (B - 1) / B * np.sqrt(fourth / B)


def normalized(name: str, batch_size: int, example: float) -> np.ndarray:
    """One example's normalized value beside different batch mates, (200,).

    Parameters
    ----------
    example : its value, in true standard deviations from the true mean.
    """
    true = feature(name)
    rows = (batches(name, batch_size, NUM_BATCHES) - true.mean) / true.std
    rows = np.c_[rows[:, :-1], np.full(len(rows), example)]  # it takes the last place
    eps = EPS / true.std**2
    return (example - rows.mean(1)) / np.sqrt(rows.var(1) + eps)


def running_mean(means: np.ndarray, momentum: float) -> np.ndarray:
    """The running mean before each batch and after the last, (len(means) + 1,)."""
    course = [0.0]
    for mean in means:
        course.append((1 - momentum) * course[-1] + momentum * mean)
    return np.array(course)


@explorer(width=760, height=320)
def batch_statistics(
    batch_size=IntSlider(2, 256, start=16),
    values=Choice(*FEATURES),
    statistic=Choice(*STATISTICS),
    example=Slider(-2, 3, start=1.5),
    momentum=LogSlider(0.01, 1, start=0.1),
):
    """One feature's batch statistics around the true ones, for a chosen batch size.

    Left, each dot is a batch, between dashed lines at two standard deviations of the
    1 / sqrt(B) law. In the middle, one fixed example is normalized with 200 different
    batches. Right, the running mean follows the means of 100 batches.
    """
    true = feature(values)
    errors = deviations(values, batch_size, NUM_BATCHES, statistic)
    expected = float(law(values, batch_size, statistic)[1])
    moved = normalized(values, batch_size, example)
    means = batches(values, batch_size, NUM_BATCHES).mean(1)[:STEPS]
    course = running_mean(means, momentum)
    unit = "σ" if statistic == "mean" else "σ²"
    says = (
        f"The {statistic}s of batches of {batch_size} spread by {number(errors.std())} "
        f"{unit} (the law: {number(expected)}). The example at {number(example, 2)} σ "
        f"becomes {number(moved.mean(), 2)} ± {number(moved.std(), 2)}. After {STEPS} "
        f"batches the running mean is {number(course[-1])}, the true mean "
        f"{number(true.mean)}."
    )
    panes = (
        _funnel(values, batch_size, statistic, errors),
        _histogram(moved, example),
        _course(means, course, true),
    )
    return says, *panes


def _funnel(values: str, batch_size: int, statistic: str, errors: np.ndarray) -> Pane:
    unit = "σ" if statistic == "mean" else "σ²"
    pane = Pane(
        f"error of the {statistic}, in {unit}", (1.6, 320), (-2, 3),
        labels=("batch size", ""), log="x", xticks={b: str(b) for b in SIZES[::2]},
    )  # fmt: skip
    sizes = np.geomspace(2, 256, 50)
    center, spread = law(values, sizes, statistic)
    for sign, label in ((-1, ""), (1, "±2 standard deviations")):
        pane.line(np.c_[sizes, center + 2 * sign * spread], color=COLORS[1], width=1.5,
                  dash=(5, 3), name=f"law {sign}", label=label)  # fmt: skip
    for size in SIZES:
        found = deviations(values, size, 30, statistic)
        pane.dots(np.c_[np.full(30, size), found], color=FAINT, size=1.5, alpha=0.5)
    pane.dots(np.c_[np.full(len(errors), batch_size), errors], color=COLORS[0],
              size=2, name="errors")  # fmt: skip
    return pane


def _histogram(moved: np.ndarray, example: float) -> Pane:
    edges = np.linspace(-REACH, REACH, 33)
    counts, _ = np.histogram(moved.clip(-REACH, REACH), edges)
    shares = counts / len(moved)
    pane = Pane(
        "one example, normalized", (-REACH, REACH), (0, 1),
        labels=("normalized value", "share of batches"), share=0.9,
    )  # fmt: skip
    pane.bars((edges[:-1] + edges[1:]) / 2, shares, color=COLORS[0],
              width=edges[1] - edges[0], name="shares")  # fmt: skip
    pane.line([(example, 0), (example, 1)], color=COLORS[1], dash=(5, 3),
              name="true", label="by the true statistics")  # fmt: skip
    pane.handle((example, 0), "example")
    return pane


def _course(means: np.ndarray, course: np.ndarray, true: Feature) -> Pane:
    reach = 2 * true.std
    low, high = min(0, true.mean) - reach / 2, max(0, true.mean) + reach / 2
    pane = Pane("running mean", (0, STEPS), (low, high), labels=("batch", ""))
    steps = np.arange(STEPS + 1)
    pane.line([(0, true.mean), (STEPS, true.mean)], color=COLORS[1], dash=(5, 3),
              width=1.5, name="true mean")  # fmt: skip
    pane.dots(np.c_[steps[1:], means], color=FAINT, size=1.5, alpha=0.5, name="means",
              label="means of batches")  # fmt: skip
    pane.line(
        np.c_[steps, course], color=COLORS[0], name="course", label="running mean"
    )
    return pane
