"""The instruments: tuning panel, explorer, live chart."""

from helpers.widgets.controls import Choice, IntSlider, LogSlider, Slider
from helpers.widgets.decision import DecisionView
from helpers.widgets.panel import TuningPanel

__all__ = [
    "Choice",
    "DecisionView",
    "Slider",
    "LogSlider",
    "TuningPanel",
    "IntSlider",
]
