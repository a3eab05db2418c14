"""Pictures have the course's look, whatever a learner set, and leave his to him."""

import ast
import io
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image, ImageColor

import helpers
from helpers import IntSlider, LogSlider, SoftmaxRegression, TuningPanel, show_images
from helpers.chapters.linear_algebra_and_gradients import explorers
from helpers.figures import COLORS, Interval, Scale, plot_intervals, to_png
from helpers.figures.card import CARD_CORNER
from helpers.figures.style import course_style, plain, to_webp
from tests.test_curves import DATA
from tests.test_scale import DIVERGES

ROOT = Path(helpers.__file__).parents[1]
# What a learner may have set for his own plots, or a style that he likes.
HIS = {
    **{"figure.autolayout": True, "figure.dpi": 50, "figure.facecolor": "black"},
    **{"savefig.facecolor": "black", "savefig.dpi": 30, "savefig.transparent": True},
    **{"text.color": "white", "font.size": 25, "font.family": "serif"},
    **{"axes.grid": False, "axes.unicode_minus": False, "axes.facecolor": "red"},
    **{"lines.linewidth": 9, "xtick.labelsize": 25, "ytick.color": "white"},
    **{"xtick.major.size": 20, "image.cmap": "jet", "axes.labelcolor": "white"},
}


def panel_picture() -> Figure:
    panel = TuningPanel(
        lambda: SoftmaxRegression(16, 2),
        DATA,
        lr=LogSlider(0.01, 100, start=1.0),
        num_epochs=IntSlider(1, 9, start=2),
        first_run=DIVERGES["run 1"],  # its seconds are the same in every picture
    )
    return panel.picture()


PICTURES = {
    "curves": lambda: helpers.plot_curves(DIVERGES),
    "images": lambda: show_images(
        np.linspace(-1, 1, 60).reshape(5, 3, 4), list("abcde")
    ),
    "panel": panel_picture,
    "explorer": lambda: explorers.norm_balls().picture(),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_a_learner_set_changes_no_picture(name):
    expected = to_png(PICTURES[name]())
    with matplotlib.rc_context(HIS), warnings.catch_warnings():
        warnings.simplefilter("error")
        before = dict.copy(matplotlib.rcParams)
        figure = PICTURES[name]()
        assert to_png(figure) == expected
        assert dict.copy(matplotlib.rcParams) == before, "they are still his"


def test_his_own_figure_has_his_settings():
    with matplotlib.rc_context({**HIS, "savefig.transparent": False}):
        figure = Figure(figsize=(2, 2), layout="none")
        figure.add_axes((0.2, 0.2, 0.6, 0.6)).set(xticks=[], yticks=[])
        image = Image.open(io.BytesIO(to_png(figure))).convert("RGBA").convert("RGB")
    # the axes, 0.6 of 60 pixels, on a card of the figure's color
    assert image.width < 100
    assert image.getpixel((image.width // 2, image.height // 2)) == (255, 0, 0)
    assert image.getpixel((6, image.height // 2)) == (0, 0, 0)


def test_importing_the_course_sets_nothing():
    code = (
        "import matplotlib, sys; before = dict.copy(matplotlib.rcParams)\n"
        "import helpers; sys.exit(dict.copy(matplotlib.rcParams) != before)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


NOISE = np.random.default_rng(0).uniform(size=(4, 3, 64, 64))


@pytest.mark.parametrize("figure", [PICTURES["curves"], lambda: show_images(NOISE)])
def test_every_picture_is_a_light_card_with_round_corners(figure):
    image = Image.open(io.BytesIO(to_png(figure()))).convert("RGBA")
    cells = np.array(image)
    alpha = cells[..., 3]
    for turned in (alpha, alpha[::-1], alpha[:, ::-1], alpha[::-1, ::-1]):
        assert turned[0, 0] == 0 and turned[CARD_CORNER, 0] == 255
        corner = turned[:CARD_CORNER, :CARD_CORNER]
        assert 0.1 < (corner < 128).mean() < 0.3, "a quarter of a circle"
        assert (np.diff(corner[0].astype(int)) >= 0).all()
    alpha[:CARD_CORNER] = alpha[-CARD_CORNER:] = 255
    assert (alpha == 255).all(), "nothing else is seen through"
    middle = image.height // 2
    edge, padding = cells[middle, 0, :3], cells[middle, 2:8, :3]
    assert (edge < 220).all() and (padding == 255).all()


def test_lines_of_a_picture_keep_their_colors():
    """The card's own colors take none of the palette away."""
    image = Image.open(io.BytesIO(to_png(PICTURES["curves"]())))
    assert image.mode == "P"
    colors = np.array(image.convert("RGBA").convert("RGB")).reshape(-1, 3).astype(int)
    for color in helpers.figures.COLORS[:2]:
        wanted = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
        assert np.abs(colors - wanted).sum(1).min() < 12


def found(file: bytes) -> dict[str, int]:
    """How many pixels of a picture have nearly each of the course's colors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of transparency, which is not asked for
        pixels = np.array(Image.open(io.BytesIO(file)).convert("RGB")).astype(int)
    near = {color: pixels - ImageColor.getrgb(color) for color in COLORS}
    return {c: int((np.abs(d).max(-1) <= 16).sum()) for c, d in near.items()}


def test_thin_lines_of_two_colors_are_not_drawn_in_one():
    """Blue and green had become one color, although the mean error was small."""
    counts = found(to_png(explorers.taylor().picture()))
    assert min(counts[color] for color in COLORS[:3]) > 100
    assert not any(counts[color] for color in COLORS[3:])


def test_a_picture_of_a_report_keeps_a_thin_line_of_each_color():
    figure = Figure(figsize=(4, 3))
    ax = figure.subplots()
    t = np.linspace(0, 3, 50)
    for k, color in enumerate(COLORS):
        ax.plot(t, np.sin(t + k), color=color, linewidth=1)
        ax.fill_between(t, k / 9, k / 9 + 0.1, color=color, alpha=0.1 + 0.1 * k)
    assert min(found(to_webp(figure)).values()) > 50


def test_a_picture_of_words_has_few_colors_and_stays_dark():
    """Half a byte a pixel: ink, paper, shades between them, and the card's corners."""
    figure = plain(4, 1)
    figure.text(0.1, 0.5, "What do you predict?", color="#333333")
    image = Image.open(io.BytesIO(to_png(figure)))
    assert image.mode == "P" and len(image.getcolors()) <= 16
    darkest = min(color for _, color in image.convert("RGBA").convert("L").getcolors())
    assert darkest == pytest.approx(0x33, abs=16)


def makers() -> list[tuple[str, ast.FunctionDef]]:
    """Every function of the course that makes a Figure."""
    found = []
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                calls = (c.func for c in ast.walk(node) if isinstance(c, ast.Call))
                names = {f.id for f in calls if isinstance(f, ast.Name)}
                if names & {"Figure", "plain"}:
                    found.append((f"{path.stem}.{node.name}", node))
    return found


@pytest.mark.parametrize(("name", "function"), makers())
def test_every_function_that_makes_a_figure_draws_in_the_look(name, function):
    assert "drawn" in [ast.unparse(d) for d in function.decorator_list], name


def share_kept(whole, cut):
    """Of the dark pixels, how many another picture has, too, as it is best laid on.

    One that is a pixel beside counts: letters fall otherwise on a moved grid.
    """
    size = np.max([whole.shape, cut.shape], 0) + 24
    old, new = (np.pad(p, [(0, a - b) for a, b in zip(size, p.shape, strict=True)])
                for p in (whole, cut))  # fmt: skip
    near = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    new = np.any([np.roll(new, move, (0, 1)) for move in near], 0)
    moves = [(dy, dx) for dy in range(-12, 13) for dx in range(-12, 13)]
    return max((old & np.roll(new, move, (0, 1))).sum() for move in moves) / old.sum()


def test_a_picture_saved_tight_loses_no_word_of_its_intervals():
    """What hangs on inches would stay where it was when the margins are cut off."""
    rows = {"A minus B": [Interval("a look: digits", 0.1, -0.2, 0.3, look=True)]}
    scale = Scale((-0.01, 0.01), ("A ends lower", "the same", "A ends higher"), rows)
    figure = plot_intervals([scale, scale])
    tight, file = io.BytesIO(to_png(figure)), io.BytesIO()
    with course_style(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there is no layout to carry out
        figure.savefig(file, format="png")
    cut, whole = (np.asarray(Image.open(f).convert("L")) < 160 for f in (tight, file))
    assert share_kept(whole, cut) > 0.99
    cut[:, -40:] = False
    assert share_kept(whole, cut) < 0.99, "a part of a line is missed"


def test_signs_are_blue_and_orange_in_images():
    (ax,) = show_images([[[-2.0, 0.0, 1.0, 2.0]]]).axes
    (image,) = ax.images
    colors = [to_hex(color).upper() for color in image.to_rgba(image.get_array())[0]]
    assert (colors[0], colors[1], colors[3]) == (COLORS[1], "#FFFFFF", COLORS[0])
    assert colors[2] not in colors[:2]


def test_an_image_that_is_white_at_its_border_has_an_edge_if_it_is_asked_for():
    white = np.ones((1, 30, 30))
    files = [to_png(show_images(white, framed=edge)) for edge in (False, True)]
    bare, framed = (
        np.array(Image.open(io.BytesIO(file)).convert("RGBA"))[..., :3]
        for file in files
    )
    assert (bare[12:-12, 12:-12] == 255).all()
    rows, columns = np.nonzero(framed[9:-9, 9:-9].max(-1) < 240)
    square = rows.max() - rows.min(), columns.max() - columns.min()
    assert min(square) >= 58, "on all four sides"
    inside = framed[18:-18, 18:-18]
    assert (inside == 255).all(), "and nowhere else"
