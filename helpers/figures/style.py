"""The course's look: colors, line styles, and figures as small PNGs."""

import contextlib
import functools
import io
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgba
from matplotlib.figure import Figure
from PIL import Image, ImageColor

from helpers.figures.card import LEVELS, on_card, transparent
from helpers.figures.described import described

# Okabe and Ito's palette without yellow and black, which vanish on one of the themes.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# From orange (negative) over white (0) to blue (positive), as marks of scenes have it.
SIGNED = LinearSegmentedColormap.from_list(
    "signed",
    [COLORS[1], "white", COLORS[0]],
    N=257,  # odd, so that 0 is white itself
)
# On-off lengths in points; four patterns and six colors give twelve distinct pairs.
DASHES = ((), (6, 3), (2, 2), (8, 3, 2, 3))
PALETTE = "palette"  # id of a figure that is stored with 256 colors at most
PLAIN = "plain"  # id of a figure of words, or of lines in few colors
PLAIN_COLORS = 12  # with the corners of the card no more than 16, half a byte a pixel
# Sizes of a palette, and how many gray levels a pixel may be off with it on average.
FEW = ((32, 0.25), (64, 0.9), (256 - LEVELS, 1.5))
# A color of the course that fills so many pixels is kept within so many levels.
FILLS, NEAR = 50, 16

_STYLE = matplotlib.rc_params_from_file(
    Path(__file__).with_name("course.mplstyle"), use_default_template=False
)
_drawn: WeakSet[Figure] = WeakSet()


@contextlib.contextmanager
def course_style():
    """The course's look alone: what a learner set comes back afterwards.

    It concerns the whole process, so that nothing may be drawn in a thread that runs
    beside a cell.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def drawn(function: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let a function draw its Figure in the course's look, and be shown in it."""

    @functools.wraps(function)
    def in_course_style(*arguments, **options):
        with course_style():
            figure = function(*arguments, **options)
        _drawn.add(figure)
        return figure

    return in_course_style


def show_figures() -> None:
    """Show figures as small PNGs, from the first one on."""
    try:
        from IPython import get_ipython
    except ImportError:  # helpers used outside Jupyter
        return
    if (shell := get_ipython()) is not None:
        shell.display_formatter.formatters["image/png"].for_type(Figure, _shown)


def _shown(figure: Figure) -> tuple[bytes, dict]:
    """A figure and what stands beside it in a notebook: its words."""
    return to_png(figure), {"alt": described(figure)}


def _rendered(figure: Figure) -> tuple[Image.Image, str]:
    """The figure's pixels in RGB, and the color of its paper."""
    file, (*paper, opacity) = io.BytesIO(), to_rgba(figure.get_facecolor())
    # Ticks are made only now: they need the look as well.
    with course_style() if figure in _drawn else contextlib.nullcontext():
        figure.savefig(file, format="png", bbox_inches="tight", pad_inches=0)
    image = Image.open(file).convert("RGBA")
    below = Image.new("RGBA", image.size, "white")
    color = to_hex(paper) if opacity == 1 else "white"
    return Image.alpha_composite(below, image).convert("RGB"), color


def to_png(figure: Figure) -> bytes:
    """The figure on its card, as PNG with a palette where few colors are enough.

    That is so for everything but photographs, and takes a third of the space; stored
    notebooks stay small.
    """
    image, alpha = on_card(*_rendered(figure))
    few = ((PLAIN_COLORS, np.inf),) if figure.get_gid() == PLAIN else FEW
    for colors, most in few:
        palette = _with_palette(image, colors)
        error = np.asarray(image, int) - np.asarray(palette.convert("RGB"), int)
        if np.abs(error).mean() < most:
            image = transparent(palette, alpha)
            break
    else:
        if figure.get_gid() == PALETTE:
            image = transparent(palette, alpha)
        else:
            image.putalpha(alpha)
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return file.getvalue()


def _with_palette(image: Image.Image, colors: int) -> Image.Image:
    """The picture in so many colors, and those of the course that are merged in them.

    The mean error tells nothing of two thin lines in one color: nearly all is paper.
    """
    # A median cut by itself washes out the color of a thin line; means do not.
    few = image.quantize(
        colors, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE
    )
    shades = np.array(few.getpalette("RGB")).reshape(-1, 3)
    pixels, cells = np.asarray(image, int), np.array(few)
    for color in map(ImageColor.getrgb, COLORS):
        near = np.abs(pixels - color).max(-1)
        merged = np.abs(shades - color).max(-1).min() > NEAR
        if merged and (near <= NEAR).sum() >= FILLS and len(shades) < 256 - LEVELS:
            # Only this color, not all mixtures with white: those would take space.
            cells[near <= 2.5 * NEAR] = len(shades)
            shades = np.vstack([shades, color])
    few = Image.fromarray(cells, "P")
    few.putpalette(shades.astype(np.uint8).tobytes())
    return few


def to_webp(figure: Figure) -> bytes:
    """The figure in about twelve colors as lossless WebP, a third of its PNG.

    For pictures of lines and texts inside of HTML, where no front end asks for a PNG;
    there CARD_STYLE makes the card.
    """
    file = io.BytesIO()
    image = _with_palette(_rendered(figure)[0], PLAIN_COLORS)
    # The search for the smallest file takes 200 times as long and saves 2 %.
    image.convert("RGB").save(file, "webp", lossless=True, quality=100, method=4)
    return file.getvalue()


@drawn
def plain(width: float, height: float, **options) -> Figure:
    """Make a Figure, in inches, of words or of lines: it is stored in few colors."""
    figure = Figure(figsize=(width, height), **options)
    figure.set_gid(PLAIN)
    return figure


def line_style(index: int) -> dict:
    """Color and dash pattern of the line with this number, as plot arguments."""
    dashes = DASHES[index % len(DASHES)]
    return {
        "color": COLORS[index % len(COLORS)],
        "linestyle": (0, dashes) if dashes else "-",
    }
