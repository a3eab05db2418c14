"""The instruments: tuning panel, explorer, live chart."""

from helpers.tuning.ranges import Choice, IntSlider, LogSlider, Slider
from helpers.widgets.panel import TuningPanel
from helpers.widgets.plane_view import DecisionView

__all__ = [
    "Choice",
    "DecisionView",
    "Slider",
    "LogSlider",
    "TuningPanel",
    "IntSlider",
]
