"""The course's look: colours, line styles, and figures as small PNGs."""

import io
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from helpers.figures.described import described

# Okabe and Ito's palette without yellow and black, which vanish on one of the themes.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# On-off lengths in points; four patterns and six colours give twelve distinct pairs.
DASHES = ((), (6, 3), (2, 2), (8, 3, 2, 3))


def use_course_style() -> None:
    """Apply the style file, and show figures as small PNGs from the first one on."""
    matplotlib.style.use(Path(__file__).with_name("course.mplstyle"))
    try:
        from IPython import get_ipython
    except ImportError:  # helpers used outside Jupyter
        return
    if (shell := get_ipython()) is not None:
        shell.display_formatter.formatters["image/png"].for_type(Figure, _shown)


def _shown(figure: Figure) -> tuple[bytes, dict]:
    """A figure and what stands beside it in a notebook: its words."""
    return to_png(figure), {"alt": described(figure)}


def to_png(figure: Figure) -> bytes:
    """The figure as PNG with a palette, where 64 or 256 colours are enough for it.

    That is so for everything but photographs, and takes a third of the space; stored
    notebooks stay small.
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight", metadata={"Software": None})
    image = Image.open(file).convert("RGB")
    for colors, most in ((64, 0.3), (256, 1)):  # gray levels that a pixel is off
        # A median cut by itself washes out the colour of a thin line; means do not.
        palette = image.quantize(
            colors, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE
        )
        error = np.asarray(image, int) - np.asarray(palette.convert("RGB"), int)
        if np.abs(error).mean() < most:
            image = palette
            break
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return file.getvalue()


def to_webp(figure: Figure) -> bytes:
    """The figure in 32 colours as lossless WebP, a third of its PNG.

    For pictures of lines and texts inside of HTML, where no front end asks for a PNG.
    """
    png, file = io.BytesIO(to_png(figure)), io.BytesIO()
    image = Image.open(png).convert("RGB")
    image = image.quantize(32, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    # The search for the smallest file takes 200 times as long and saves 2 %.
    image.convert("RGB").save(file, "webp", lossless=True, quality=100, method=4)
    return file.getvalue()


def line_style(index: int) -> dict:
    """Colour and dash pattern of the line with this number, as plot arguments."""
    dashes = DASHES[index % len(DASHES)]
    return {
        "color": COLORS[index % len(COLORS)],
        "linestyle": (0, dashes) if dashes else "-",
    }
