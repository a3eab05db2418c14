"""Explorers of chapter 2, softmax regression."""

from functools import lru_cache

import numpy as np
import torch
from matplotlib.colors import to_rgb
from torch.nn import functional as F

from helpers.figures import COLORS
from helpers.tuning.ranges import IntSlider, LogSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane

NAMES = ("cat", "chicken", "dog")


@explorer(width=600, height=260, twin="softmax.js")
def softmax_temperature(
    logit_cat=Slider(-5, 5, start=1.0),
    logit_chicken=Slider(-5, 5, start=2.0),
    logit_dog=Slider(-5, 5, start=3.0),
    temperature=LogSlider(0.1, 10, start=1.0),
):
    """Three logits and a temperature: drag them and watch the probabilities."""
    o = [logit_cat, logit_chicken, logit_dog]
    y_hat = torch.softmax(torch.tensor(o) / temperature, 0).tolist()
    look = {"x": (-0.6, 2.6), "xticks": dict(enumerate(NAMES)), "yticks": {}}
    left = Pane("logits o", y=(-6, 6), grid=False, **look)
    left.line([(-0.6, 0), (2.6, 0)], color=FAINT, width=1)
    title = f"softmax(o / T), T = {temperature:.3g}"
    right = Pane(title, y=(0, 1.12), grid=False, name="right", **look)
    for pane, heights, digits, name in (
        (left, o, 1, "logits"),
        (right, y_hat, 3, "probabilities"),
    ):
        look = {"color": COLORS[:3], "digits": digits, "name": name}
        pane.bars(range(3), heights, **look)
    parts = ", ".join(f"{n} {p:.3f}" for n, p in zip(NAMES, y_hat, strict=True))
    says = f"At temperature {temperature:.3g} the probabilities are {parts}."
    return says, left, right


# -- where the borders run ----------------------------------------------------------

FEATURES = ("feature 1", "feature 2")
SIDE = 80  # grid points along each side of the picture
REACH = 3.0  # the picture shows -3 to 3 in both features
_AT = (torch.arange(SIDE) + 0.5) / SIDE * 2 * REACH - REACH  # middles of its cells
GRID = torch.cartesian_prod(-_AT, _AT).flip(1)  # rows from the top, (x1, x2)


@explorer(width=360, height=330)
def decision_borders(
    training_steps=IntSlider(0, 100, start=100),
    weight_factor=LogSlider(0.1, 10, start=1.0),
):
    """Three classes in the plane: the borders while softmax regression trains."""
    X, y, W, b = border_path()
    weights, bias = (weight_factor * p[training_steps] for p in (W, b))
    y_hat = torch.softmax(GRID @ weights + bias, 1)  # (SIDE * SIDE, 3)
    ends = (-REACH, REACH)
    pane = Pane(x=ends, y=ends, labels=FEATURES, grid=False, equal=True)
    colors = torch.tensor([to_rgb(c) for c in COLORS[:3]])
    mixed = (y_hat @ colors).view(SIDE, SIDE, 3)
    pane.image(mixed, ends, ends, alpha=0.75, smooth=True, name="regions")
    if weights.any():  # before the first step all classes are equal everywhere
        pane.line(border_lines(weights, bias), color="#ffffff", name="borders")
    for k, shape in enumerate("os^"):
        look = {"color": COLORS[k], "shape": shape, "edge": "#ffffff", "size": 4}
        pane.dots(X[y == k], **look, name=f"class {k}")
    logits = X @ weights + bias
    right = (logits.argmax(1) == y).float().mean().item()
    loss = F.cross_entropy(logits, y).item()
    return f"Accuracy {right:.2f}, cross-entropy {loss:.3f}.", pane


def border_lines(W, b):
    """Where the two most probable classes are equally probable, inside of the picture.

    Returns
    -------
    (n, 2) points: the two ends of each border, and a gap behind them.
    """
    along, pieces = torch.linspace(-2 * REACH, 2 * REACH, 961)[:, None], []
    for j, k, third in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        w, c = W[:, j] - W[:, k], b[j] - b[k]  # on the border w x + c = 0
        nearest, direction = -c * w / w.dot(w), torch.stack([-w[1], w[0]]) / w.norm()
        points = nearest + along * direction
        logits, inside = points @ W + b, (points.abs() <= REACH).all(1)
        kept = points[inside & (logits[:, third] <= logits[:, j])]
        if len(kept):
            pieces += [kept[0], kept[-1], torch.full((2,), torch.nan)]
    return torch.stack(pieces)


@lru_cache
def border_path(num_steps: int = 100, lr: float = 0.3):
    """Train softmax regression on three clouds from zero weights, keeping every step.

    Returns
    -------
    X (90, 2) points, y (90,) classes, W (num_steps + 1, 2, 3) and b (num_steps + 1, 3)
    before the first and after every step of gradient descent on the mean loss.
    """
    generator = torch.Generator().manual_seed(2)
    centers = torch.tensor([[-1.2, -0.8], [1.3, -0.6], [0.1, 1.3]])
    y = torch.arange(3).repeat_interleave(30)
    X = centers[y] + 0.6 * torch.randn(90, 2, generator=generator)
    W, b = [torch.zeros(2, 3)], [torch.zeros(3)]
    for _ in range(num_steps):
        error = torch.softmax(X @ W[-1] + b[-1], 1) - F.one_hot(y, 3)
        W.append(W[-1] - lr * X.T @ error / len(X))
        b.append(b[-1] - lr * error.mean(0))
    return X, y, torch.stack(W), torch.stack(b)


# -- the focal factor ---------------------------------------------------------------


@explorer(width=500, height=300)
def focal_factor(
    gamma=Slider(0, 5, start=2.0), probability=Slider(0.01, 0.99, start=0.7)
):
    """Focal loss against the probability of the true class, beside cross-entropy."""
    p, p_t = np.linspace(0.005, 1, 200), probability
    here, plain = focal_loss_of(p_t, gamma), -np.log(p_t)
    pane = Pane(y=(0, 5), labels=("pₜ, probability of the true class", "loss"))
    pane.line(
        np.c_[p, -np.log(p)], color=COLORS[0], name="plain", label="cross-entropy"
    )
    focal = np.c_[p, focal_loss_of(p, gamma)]
    pane.line(focal, color=COLORS[1], dash=(6, 3), name="focal", label="focal loss")
    pane.line([(p_t, here), (p_t, plain)], color=FAINT, width=1.2)
    pane.dots([(p_t, here)], color=COLORS[1], size=4.5, name="here")
    pane.handle((p_t, here), "probability")
    says = (
        f"At probability {p_t:.3g} cross-entropy is {plain:.4f}; the factor "
        f"{(1 - p_t) ** gamma:.4f} makes it {here:.4f}."
    )
    return says, pane


def focal_loss_of(p_t, gamma: float):
    """Focal loss of an example whose true class has probability p_t; alpha is 1."""
    return -((1 - p_t) ** gamma) * np.log(p_t)
