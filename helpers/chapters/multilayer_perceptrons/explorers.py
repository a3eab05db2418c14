"""Explorers of chapter 3, multilayer perceptrons; three have a module of their own."""

import numpy as np

from helpers.chapters.multilayer_perceptrons.approximation import approximation
from helpers.chapters.multilayer_perceptrons.depth import depth
from helpers.chapters.multilayer_perceptrons.passes import passes
from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider, LogSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane
from helpers.words import number

__all__ = ["activations", "approximation", "depth", "passes"]

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


@explorer(width=640, height=240)
def activations(
    activation=Choice(*FUNCTIONS, start="sigmoid"),
    z=Slider(-REACH, REACH, start=0.0),
    layers=IntSlider(1, 30, start=10),
    weight=LogSlider(0.1, 100, start=1.0),
):
    """An activation and its slope at z, and what a chain of layers makes of it.

    The chain has one unit in each layer, all with the same z and the same weight
    between them, so its first bias gets the gradient slope^n weight^(n-1).
    """
    z = round(z, 3) + 0.0  # the slider's 0 is not quite 0
    value, slope = (float(g(z)) for g in FUNCTIONS[activation])
    around, ends = np.linspace(-REACH, REACH, 241), np.array([z - 1.2, z + 1.2])
    high = 6 if "ReLU" in activation else 1.2
    curve = Pane(activation, (-REACH, REACH), (-1.2, high), labels=("z", ""))
    slopes = Pane(
        f"slope of {activation}", (-REACH, REACH), (-0.05, 1.05), labels=("z", "")
    )
    for k, (pane, at, name) in enumerate(
        ((curve, value, "value"), (slopes, slope, "slope"))
    ):
        xy = np.c_[around, FUNCTIONS[activation][k](around)]
        pane.line(xy, color=COLORS[k], width=2, name=f"{name}s")
        pane.dots([(z, at)], color=COLORS[k], size=5, name=name)
        pane.handle((z, at), "z")
    tangent = np.c_[ends, value + slope * (ends - z)]
    curve.line(tangent, color=COLORS[1], width=2, dash=(5, 3), name="tangent")
    factors = chain(slope, weight, np.arange(1, layers + 1))
    factor, inside = float(factors[-1]), factors.clip(10.0**-DECADES, 10.0**DECADES)
    low, most = (10.0 ** (sign * (DECADES + 0.8)) for sign in (-1, 1))
    product = Pane(
        "gradient factor", (0, 31), (low, most), labels=("layers", ""), log="y",
        xticks={n: str(n) for n in (1, 10, 20, 30)},
    )  # fmt: skip
    points = np.c_[np.arange(1, layers + 1), inside]
    at_edge = inside != factors
    for name, chosen, alpha in (("inside", ~at_edge, 1), ("outside", at_edge, 0.35)):
        product.dots(points[chosen], color=COLORS[2], alpha=alpha, name=name)
    if at_edge.any():
        note = "pale: outside the picture" if factor else "zero: below the picture"
        at, shift = ((30.5, low), -8) if slope * weight > 1 else ((30.5, most), 16)
        product.text(at, note, align="right", size=11, shift=(0, shift), name="note")
    count = "1 layer" if layers == 1 else f"{layers} layers"
    says = (
        f"{activation}({z:.2f}) is {value:.4f} and its slope there is "
        f"{number(slope)}. Through {count} with weight {number(weight)} between "
        f"them the gradient is multiplied by {number(factor)}."
    ).replace("-", "−")
    return says, curve, slopes, product
