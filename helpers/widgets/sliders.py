"""Declared hyperparameters as labeled ipywidgets controls."""

import math
from functools import singledispatch

import ipywidgets

from helpers.tuning.ranges import (
    Choice,
    IntSlider,
    LogSlider,
    Range,
    Slider,
    Typed,
    label_of,
)


def control_of(name: str, declared: Range) -> ipywidgets.Widget:
    """A labeled control whose ``value`` is the hyperparameter, or its label."""
    look = {
        "description": label_of(name),
        "style": {"description_width": "96px"},
        "layout": ipywidgets.Layout(width="100%", margin="2px 0"),
    }
    return _control(declared, value=declared.start, **look)


def number_box(name: str, declared: IntSlider) -> ipywidgets.Widget:
    """A narrow labeled box for a whole number, of which three stand side by side."""
    return ipywidgets.BoundedIntText(
        value=declared.start,
        min=declared.low,
        max=declared.high,
        description=label_of(name),
        style={"description_width": "28px"},
        layout=ipywidgets.Layout(width="94px", margin="2px 2px"),
    )


@singledispatch
def _control(declared: Range, **look) -> ipywidgets.Widget:
    raise TypeError(f"no control for {declared!r}")


@_control.register
def _(declared: Slider, **look):
    return ipywidgets.FloatSlider(
        min=declared.low,
        max=declared.high,
        step=_step(declared),
        readout_format=".3g",
        **look,
    )


@_control.register
def _(declared: LogSlider, **look):
    low, high = math.log10(declared.low), math.log10(declared.high)
    return ipywidgets.FloatLogSlider(
        min=low, max=high, step=0.05, readout_format=".3g", **look
    )


@_control.register
def _(declared: IntSlider, **look):
    return ipywidgets.IntSlider(min=declared.low, max=declared.high, **look)


@_control.register
def _(declared: Choice, **look):
    # To a Dropdown None means that nothing is chosen: its label stands for it.
    options = [(k, k if v is None else v) for k, v in declared.options.items()]
    if look["value"] is None:
        look["value"] = declared.text(None)
    return ipywidgets.Dropdown(options=options, **look)


@_control.register
def _(declared: Typed, **look):
    return ipywidgets.Text(placeholder="type here", **look)


def _step(declared: Slider) -> float:
    """A hundred steps, if one of them meets the start; else a power of ten.

    The browser moves a value that lies between two stops to the next of them.
    """
    step = (declared.high - declared.low) / 100
    stops = (declared.start - declared.low) / step
    if math.isclose(stops, round(stops), abs_tol=1e-6):
        return step
    return 10 ** math.floor(math.log10(2 * step))
