"""The instruments: tuning panel, explorer, live chart, sketch pad."""

from helpers.tuning.ranges import Choice, IntSlider, LogSlider, Slider
from helpers.widgets.cost_view import CostView
from helpers.widgets.panel import TuningPanel
from helpers.widgets.plane_view import DecisionView
from helpers.widgets.sketchpad import SketchPad

__all__ = [
    "Choice",
    "CostView",
    "DecisionView",
    "Slider",
    "LogSlider",
    "SketchPad",
    "TuningPanel",
    "IntSlider",
]
