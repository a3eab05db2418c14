"""The instruments: tuning panel, explorer, live chart."""

from helpers.widgets.controls import Choice, Linear, Log, Whole
from helpers.widgets.decision import DecisionView
from helpers.widgets.explorer import Explorer
from helpers.widgets.panel import TuningPanel

__all__ = [
    "Choice",
    "DecisionView",
    "Explorer",
    "Linear",
    "Log",
    "TuningPanel",
    "Whole",
]
