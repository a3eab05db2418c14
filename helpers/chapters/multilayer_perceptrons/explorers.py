"""Explorers of chapter 3, multilayer perceptrons; two have a module of their own."""

from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib.figure import Figure

from helpers.chapters.multilayer_perceptrons.approximation import approximation
from helpers.chapters.multilayer_perceptrons.depth import depth
from helpers.chapters.multilayer_perceptrons.reading import readable
from helpers.figures import COLORS
from helpers.widgets.controls import Choice, IntSlider, LogSlider, Slider
from helpers.widgets.explorer import ClientExplorer

__all__ = ["activations", "approximation", "depth"]

REACH = 6.0  # z lies in -6 to 6
DECADES = 12  # the chain is drawn from 1e-12 to 1e12


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


# name -> (the function, its slope); at 0 the slopes are those that torch uses
FUNCTIONS = {
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "ReLU": (lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "LeakyReLU": (
        lambda z: np.where(z > 0, z, z / 100),
        lambda z: np.where(z > 0, 1.0, 0.01),
    ),
}


def chain(slope: float, weight: float, layers) -> np.ndarray:
    """The factor slope^n weight^(n-1) of a gradient, n layers with one unit each."""
    layers = np.asarray(layers)
    return slope**layers * weight ** (layers - 1.0)


class _Dropdown(ipywidgets.Dropdown):
    """A drop-down that also tells the browser the chosen value, not only its place."""

    value = traitlets.Any().tag(sync=True)


class _Named(Choice):
    """A choice among texts that a drawing of the browser can follow."""

    def control(self, name):
        plain = super().control(name)
        return _Dropdown(
            options=plain.options,
            value=plain.value,
            description=plain.description,
            style={"description_width": plain.style.description_width},
            layout=plain.layout,
        )


class _ActivationsView(anywidget.AnyWidget):
    """The three pictures that activations.js draws."""

    _esm = Path(__file__).with_name("activations.js")
    activation = traitlets.Unicode("sigmoid").tag(sync=True)
    z = traitlets.Float(0.0).tag(sync=True)
    layers = traitlets.Int(10).tag(sync=True)
    weight = traitlets.Float(1.0).tag(sync=True)


def activations() -> ClientExplorer:
    """An activation and its slope at z, and what a chain of layers makes of it.

    The chain has one unit in each layer, all with the same z and the same weight
    between them, so its first bias gets the gradient slope^n weight^(n-1).
    """
    return ClientExplorer(
        _ActivationsView(),
        _draw_activations,
        _read_activations,
        figsize=(7, 2.6),
        activation=_Named(*FUNCTIONS, start="sigmoid"),
        z=Slider(-REACH, REACH, start=0.0),
        layers=IntSlider(1, 30, start=10),
        weight=LogSlider(0.1, 100, start=1.0),
    )


def _at(activation: str, z: float) -> tuple[float, float]:
    """Value and slope; z to three decimals, for the slider's 0 is not quite 0."""
    return tuple(float(g(round(z, 3))) for g in FUNCTIONS[activation])


def _read_activations(activation: str, z: float, layers: int, weight: float) -> str:
    value, slope = _at(activation, z)
    factor = float(chain(slope, weight, layers))
    count = "1 layer" if layers == 1 else f"{layers} layers"
    return (
        f"{activation}({round(z, 3) + 0.0:.2f}) is {value:.4f} and its slope there is "
        f"{readable(slope)}. Through {count} with weight {readable(weight)} between "
        f"them the gradient is multiplied by {readable(factor)}."
    ).replace("-", "−")


def _draw_activations(figure: Figure, activation, z, layers, weight) -> None:
    z_axis = np.linspace(-REACH, REACH, 241)
    value, slope = _at(activation, z)
    axes = figure.subplots(1, 3)
    for k, (ax, at, title) in enumerate(
        zip(axes, (value, slope), (activation, f"slope of {activation}"), strict=False)
    ):
        ax.plot(z_axis, FUNCTIONS[activation][k](z_axis), color=COLORS[k])
        ax.plot([z], [at], "o", color=COLORS[k])
        ax.set(xlabel="z", title=title)
    ends = np.array([z - 1.2, z + 1.2])
    axes[0].plot(ends, value + slope * (ends - z), "--", color=COLORS[1])
    axes[0].set_ylim(-1.2, 6 if "ReLU" in activation else 1.2)
    axes[1].set_ylim(-0.05, 1.05)
    n = np.arange(1, layers + 1)
    low, high = 10.0**-DECADES, 10.0**DECADES
    shown = np.clip(chain(slope, weight, n), low, high)
    axes[2].semilogy(n, shown, "o", color=COLORS[2], markersize=3)
    axes[2].set(xlabel="layers", title="gradient factor")
    axes[2].set(xlim=(0, 31), ylim=(low, high))
