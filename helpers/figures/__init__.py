"""The course's look, and the drawings that several chapters share.

Every function returns a matplotlib Figure made without pyplot, so that nothing is
drawn twice and no global figure is left over; as a cell's last value it shows as PNG.
"""

from helpers.figures.curves import draw_curves, plot_curves
from helpers.figures.images import show_images
from helpers.figures.intervals import Interval, Scale, plot_intervals
from helpers.figures.layers import show_layers
from helpers.figures.lines import show_lines
from helpers.figures.network import plot_network
from helpers.figures.regions import draw_regions, plot_regions
from helpers.figures.style import (
    COLORS,
    DASHES,
    SIGNED,
    course_style,
    drawn,
    line_style,
    show_figures,
    to_png,
)

__all__ = [
    "COLORS",
    "DASHES",
    "SIGNED",
    "Interval",
    "Scale",
    "course_style",
    "draw_curves",
    "draw_regions",
    "drawn",
    "line_style",
    "plot_curves",
    "plot_intervals",
    "plot_network",
    "plot_regions",
    "show_images",
    "show_layers",
    "show_lines",
    "to_png",
    "show_figures",
]
