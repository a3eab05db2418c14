"""The instruments: tuning panel, explorer, live chart."""

from helpers.tuning.ranges import Choice, IntSlider, LogSlider, Slider
from helpers.widgets.explorer import Explorer
from helpers.widgets.panel import TuningPanel
from helpers.widgets.plane_view import DecisionView

__all__ = [
    "Choice",
    "DecisionView",
    "Explorer",
    "Slider",
    "LogSlider",
    "TuningPanel",
    "IntSlider",
]
