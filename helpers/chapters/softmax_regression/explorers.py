"""Explorers of chapter 2, softmax regression."""

from pathlib import Path

import anywidget
import torch
import traitlets
from matplotlib.figure import Figure

from helpers.figures import COLORS
from helpers.widgets.controls import Linear, Log
from helpers.widgets.explorer import ClientExplorer

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
        logit_cat=Linear(-5, 5, start=1.0),
        logit_chicken=Linear(-5, 5, start=2.0),
        logit_dog=Linear(-5, 5, start=3.0),
        temperature=Log(0.1, 10, start=1.0),
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
