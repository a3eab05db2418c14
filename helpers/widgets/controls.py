"""The declared ranges where explorers look for them."""

from helpers.tuning.ranges import Choice, IntSlider, LogSlider, Range, Slider, label_of
from helpers.widgets.sliders import control_of

__all__ = ["Choice", "IntSlider", "LogSlider", "Range", "Slider", "label_of"]

Range.control = lambda declared, name: control_of(name, declared)
