"""Explorers of chapter 2, softmax regression."""

from pathlib import Path

import anywidget
import numpy as np
import torch
import traitlets
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from torch.nn import functional as F

from helpers.figures import COLORS
from helpers.widgets.controls import IntSlider, LogSlider, Slider
from helpers.widgets.explorer import ClientExplorer, Explorer

NAMES = ("cat", "chicken", "dog")


class _SoftmaxView(anywidget.AnyWidget):
    """The bars that softmax.js draws."""

    _esm = Path(__file__).with_name("softmax.js")
    logit_cat = traitlets.Float(1.0).tag(sync=True)
    logit_chicken = traitlets.Float(2.0).tag(sync=True)
    logit_dog = traitlets.Float(3.0).tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)


def softmax_temperature() -> ClientExplorer:
    """Three logits and a temperature: drag them and watch the probabilities."""
    return ClientExplorer(
        _SoftmaxView(),
        _draw_softmax,
        _read_softmax,
        figsize=(6, 2.5),
        logit_cat=Slider(-5, 5, start=1.0),
        logit_chicken=Slider(-5, 5, start=2.0),
        logit_dog=Slider(-5, 5, start=3.0),
        temperature=LogSlider(0.1, 10, start=1.0),
    )


def _probabilities(temperature: float, logits) -> list[float]:
    return torch.softmax(torch.tensor([*logits]) / temperature, 0).tolist()


def _read_softmax(temperature: float, **logits: float) -> str:
    y_hat = _probabilities(temperature, logits.values())
    parts = ", ".join(f"{n} {p:.3f}" for n, p in zip(NAMES, y_hat, strict=True))
    return f"At temperature {temperature:.2g} the probabilities are {parts}."


def _draw_softmax(figure: Figure, temperature: float, **logits: float) -> None:
    left, right = figure.subplots(1, 2)
    y_hat = _probabilities(temperature, logits.values())
    for ax, heights, title, form in (
        (left, list(logits.values()), "logits o", "{:.1f}"),
        (right, y_hat, f"softmax(o / T), T = {temperature:.2g}", "{:.3f}"),
    ):
        bars = ax.bar(NAMES, heights, color=COLORS[:3], width=0.6)
        ax.bar_label(bars, fmt=form, fontsize=8)
        ax.set_title(title)
        ax.grid(visible=False)
    left.set_ylim(-5.6, 5.6)
    left.axhline(0, color="#999999", linewidth=0.8)
    right.set_ylim(0, 1.1)


# -- where the borders run ----------------------------------------------------------

SIDE = 80  # grid points along each side of the picture
REACH = 3.0  # the picture shows -3 to 3 in both features


def decision_borders() -> Explorer:
    """Three classes in the plane: the borders while softmax regression trains."""
    return Explorer(
        _make_borders,
        figsize=(4.2, 4),
        training_steps=IntSlider(0, 100, start=100),
        weight_factor=LogSlider(0.1, 10, start=1.0),
    )


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


def _make_borders(figure: Figure):
    X, y, W, b = border_path()
    ticks = torch.linspace(-REACH, REACH, SIDE)
    grid = torch.cartesian_prod(ticks, ticks).flip(1)  # rows from below, (x1, x2)
    colors = torch.tensor([to_rgb(c) for c in COLORS[:3]])
    ax = figure.subplots()
    ax.set(xlabel="feature 1", ylabel="feature 2", aspect="equal")
    ax.grid(visible=False)
    picture = ax.imshow(
        torch.ones(SIDE, SIDE, 3).numpy(),
        extent=(-REACH, REACH, -REACH, REACH),
        origin="lower",
        interpolation="bilinear",
        animated=True,
    )
    for k, marker in enumerate("os^"):
        ax.plot(
            *X[y == k].T.numpy(),
            marker,
            color=COLORS[k],
            markeredgecolor="white",
            markersize=6,
            animated=True,
        )

    def update(training_steps: int, weight_factor: float) -> str:
        weights, bias = (weight_factor * p[training_steps] for p in (W, b))
        y_hat = torch.softmax(grid @ weights + bias, 1)  # (SIDE * SIDE, 3)
        mixed = 1 - 0.75 * (1 - y_hat @ colors)
        picture.set_data(mixed.view(SIDE, SIDE, 3).numpy())
        logits = X @ weights + bias
        right = (logits.argmax(1) == y).float().mean().item()
        loss = F.cross_entropy(logits, y).item()
        return f"Accuracy {right:.2f}, cross-entropy {loss:.3f}."

    return update


# -- the focal factor ---------------------------------------------------------------


def focal_factor() -> Explorer:
    """Focal loss against the probability of the true class, beside cross-entropy."""
    return Explorer(
        _make_focal,
        figsize=(5, 3),
        gamma=Slider(0, 5, start=2.0),
        probability=Slider(0.01, 0.99, start=0.7),
    )


def focal_loss_of(p_t, gamma: float):
    """Focal loss of an example whose true class has probability p_t; alpha is 1."""
    return -((1 - p_t) ** gamma) * np.log(p_t)


def _make_focal(figure: Figure):
    p = np.linspace(0.005, 1, 200)
    ax = figure.subplots()
    ax.set(xlim=(0, 1), ylim=(0, 5), ylabel="loss")
    ax.set_xlabel("$p_t$, probability of the true class")
    ax.plot(p, -np.log(p), color=COLORS[0], label="cross-entropy")
    (curve,) = ax.plot(
        [], [], color=COLORS[1], linestyle="--", label="focal loss", animated=True
    )
    ax.legend(loc="upper right")
    (mark,) = ax.plot([], [], "o", color=COLORS[1], animated=True)
    (stem,) = ax.plot([], [], color="#666666", linewidth=1, animated=True)

    def update(gamma: float, probability: float) -> str:
        p_t = probability
        curve.set_data(p, focal_loss_of(p, gamma))
        here, plain = focal_loss_of(p_t, gamma), -np.log(p_t)
        mark.set_data([p_t], [here])
        stem.set_data([p_t, p_t], [here, plain])
        return (
            f"At probability {p_t:.3g} cross-entropy is {plain:.4f}; the factor "
            f"{(1 - p_t) ** gamma:.4f} makes it {here:.4f}."
        )

    return update
