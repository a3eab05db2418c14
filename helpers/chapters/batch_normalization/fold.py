"""The explorer `fold`: one channel of a convolution, normalized, scaled and shifted."""

from functools import cache

import numpy as np
import torch
from torch.nn import functional as F

from helpers.chapters.batch_normalization.networks import digits
from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane
from helpers.words import number

EPS, NUM_IMAGES, REACH = 1e-5, 64, 6.0  # values are drawn from -6 to 6
KERNELS = {
    "vertical edge": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "horizontal edge": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "mean": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
}


@cache
def convolved(kernel: str) -> np.ndarray:
    """The channel before the normalization, (64, 12, 12)."""
    weight = torch.tensor(KERNELS[kernel], dtype=torch.float32)[None, None] / 4
    X = digits().X[:NUM_IMAGES].unflatten(1, (1, 14, 14))
    with torch.no_grad():
        return F.conv2d(X, weight)[:, 0].double().numpy()


@explorer(width=740, height=300)
def fold(
    kernel=Choice(*KERNELS),
    gamma=Slider(-2, 3, start=1.0),
    beta=Slider(-3, 3, start=0.0),
    mean_off=Slider(-1, 1, start=0.0),
    std_ratio=Slider(0.5, 2, start=1.0),
):
    """A channel of 64 digits through a convolution and batch normalization.

    At the start it is normalized by its own statistics, as in training. Running
    statistics are others: their mean lies `mean_off` of the channel's standard
    deviations above its own, and their standard deviation is `std_ratio` times its own.
    """
    z = convolved(kernel)
    mu, sigma = z.mean() + mean_off * z.std(), std_ratio * z.std()
    factor = gamma / np.sqrt(sigma**2 + EPS)
    bias = beta - factor * mu
    out = factor * z + bias
    image = Pane("one image, red > 0", xticks={}, yticks={}, grid=False,
                 equal=True, share=0.9)  # fmt: skip
    one = out[3] / REACH
    rgb = np.stack(
        [1 + one.clip(-1, 0), 1 - abs(one).clip(0, 1), 1 - one.clip(0, 1)], 2
    )
    image.image(rgb, (0, 1), (0, 1), name="image")
    says = (
        f"The output has mean {number(out.mean(), 2)} and standard deviation "
        f"{number(out.std(), 2)}; its values lie in {number(out.min(), 2)} to "
        f"{number(out.max(), 2)}. The convolution alone gives it with weights "
        f"{number(factor, 2)} times as large and the bias {number(bias, 2)}."
    )
    return (
        says,
        _histogram("convolution", z, COLORS[0]),
        _histogram("normalized", out, COLORS[1]),
        image,
    )


def _histogram(title: str, values: np.ndarray, color: str) -> Pane:
    """Shares of the values, those beyond ±6 at the edge, and mean ± deviation."""
    edges = np.linspace(-REACH, REACH, 49)
    counts, _ = np.histogram(values.clip(-REACH, REACH), edges)
    shares = counts / values.size
    top = 0.5 if shares.max() < 0.5 else 1.0
    pane = Pane(title, (-REACH, REACH), (0, top), labels=("value", "share"))
    pane.bars((edges[:-1] + edges[1:]) / 2, shares, color=color,
              width=edges[1] - edges[0], name=f"{title} shares")  # fmt: skip
    mean, std, high = values.mean(), values.std(), 0.9 * top
    pane.line([(mean - std, high), (mean + std, high)], name=f"{title} spread",
              label="mean ± standard deviation")  # fmt: skip
    pane.dots([(mean, high)], size=4)
    return pane
