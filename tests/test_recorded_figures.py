"""What matplotlib draws: its numbers, on data without any symmetry.

A figure is right if its lines, points, areas, images and words stand where they stood
when somebody looked at it; where letters fall is left out.
"""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from helpers.chapters.dropout_and_regularization import figures as ch04
from helpers.chapters.linear_algebra_and_gradients import figures as ch01
from helpers.chapters.multilayer_perceptrons import figures as ch03
from helpers.claims import Estimate, Question, Report, Table
from helpers.data import Examples, PointData
from helpers.figures import plot_curves, plot_regions, show_images
from helpers.training import History
from helpers.widgets.predict import claim
from tests.recorded import same_as_recorded
from tests.test_recorded_scenes import coarse, kept


def of_axes(ax):
    words = [t.get_text() for t in ax.texts]
    legend = ax.get_legend()
    return {
        "title": ax.get_title(),
        "labels": [ax.get_xlabel(), ax.get_ylabel()],
        "scales": [ax.get_xscale(), ax.get_yscale()],
        "x": list(ax.get_xlim()),
        "y": list(ax.get_ylim()),
        "words": words,
        "word colors": [to_hex(t.get_color()) for t in ax.texts],
        "key": [t.get_text() for t in legend.get_texts()] if legend else [],
        "lines": [of_line(line) for line in ax.lines],
        "patches": [of_patch(patch) for patch in ax.patches],
        "collections": [of_collection(each) for each in ax.collections],
        "images": [
            coarse(np.atleast_3d(image.get_array())) + [list(image.get_extent())]
            for image in ax.images
        ],
    }


def of_line(line):
    look = [line.get_linestyle(), line.get_marker(), to_hex(line.get_color())]
    width = float(line.get_linewidth())
    return {"look": look, "width": width} | kept(np.stack(line.get_data(), 1))


def of_patch(patch):
    color = to_hex(patch.get_facecolor(), keep_alpha=True)
    path = patch.get_path().transformed(patch.get_patch_transform())
    return {"color": color} | kept(path.vertices)


def of_collection(each):
    color = [to_hex(c, keep_alpha=True) for c in each.get_facecolor()[:3]]
    edges = [to_hex(c, keep_alpha=True) for c in each.get_edgecolor()[:3]]
    paths = [path.vertices for path in each.get_paths()]
    where = np.concatenate(paths) if paths else np.empty((0, 2))
    return {
        "colors": [*color, *edges],
        "offsets": kept(each.get_offsets()),
        "paths": kept(where),
    }


def of_figure(figure):
    return [of_axes(ax) for ax in figure.axes]


def history(shift=0.0, val=True):
    loss, on_val = (2.0 + shift, 1.1, 0.7), (1.8, 1.4 + shift, 1.6)
    return History(
        (10, 20, 30, 40, 50, 60),
        (2.5 + shift, 1.9, 1.3, 1.0, 0.8, 0.65),
        (20, 40, 60),
        loss,
        (0.31, 0.62, 0.8),
        on_val if val else (),
        (0.28, 0.55 - shift, 0.5) if val else (),
        1.0,
        {"num_epochs": 3},
    )


def points(classes=("blue", "orange")):
    X = torch.tensor([[0.0, 0.2], [2.0, 0.5], [1.0, 3.0], [3.0, 2.0]])
    y = torch.tensor([0, 1, 0, 1])
    if not classes:
        y = X[:, :1] - X[:, 1:]
    return PointData("four", classes, Examples(X, y), Examples(X[:2] + 0.4, y[:2]))


def images():
    stack = torch.zeros(3, 1, 4, 4)
    stack[0, 0, 0, 3] = stack[1, 0, 3, 0] = 1.0
    stack[2, 0, 1] = 0.5
    return stack


def linear(X):  # another answer at every corner of the plane
    return torch.stack([X[:, 0] - 1, 0.5 * X[:, 1]], 1)


def table():
    values = {"first": (0.70, 0.74, 0.71), "second": (0.60, 0.55, 0.59)}
    return Table((0, 1, 2), {k: {"accuracy": v} for k, v in values.items()})


@claim(
    "The first is better.",
    Question(
        "First minus second",
        lambda t: t["first"] - t["second"],
        {"worse": -0.05, "the same": 0.05, "better": None},
    ),
    true="better",
    also=[
        Question("Second", lambda t: t["second"], {"below a half": 0.5, "more": None})
    ],
    live=(10, 1, 3),
    full=(100, 2, 5),
)
def toy(data, n_train, num_epochs, seed):
    return {}


def report():
    return Report(toy, table(), "digits", None)


A, x = torch.tensor([[3.0, 1.0], [1.0, 2.0]]), torch.tensor([1.0, -2.0])
line = torch.linspace(-1, 1, 9)
FIGURES = {
    "curves": lambda: plot_curves(history()),
    "curves-of-two": lambda: plot_curves({"a": history(), "b": history(0.3, False)}),
    "images": lambda: show_images(images(), titles=["right", "left", "row"]),
    "regions": lambda: plot_regions(linear, points()),
    "regions-of-a-regression": lambda: plot_regions(lambda X: X[:, :1], points(())),
    "report": lambda: report().picture(),
    "prediction": lambda: toy.predict().picture(),
    "ch01-gradient": lambda: ch01.show_gradient(A, x),
    "ch01-axes": lambda: ch01.show_axes(A),
    "ch01-thresholds": lambda: ch01.show_thresholds(
        line, (line > 0.2).float(), {"far": torch.tensor([0.5, 0.2])}
    ),
    "ch03-planes": lambda: ch03.show_planes(
        torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.5], [2.0, 1.0]]),
        torch.tensor([[0.0], [1.0], [1.0], [0.0]]),
    ),
    "ch03-slopes": lambda: ch03.show_slopes({"tanh": torch.tanh, "exp": torch.exp}),
    "ch04-fits": lambda: ch04.show_fits(
        line.double(),
        line.double() ** 2,
        {"line": torch.tensor([0.5, 2.0]).double(), "flat": torch.ones(1).double()},
    ),
    "ch04-errors": lambda: ch04.show_errors(
        [1, 2, 3], {"new": torch.tensor([3.0, 0.5, 9.0]), "old": torch.ones(3)}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_what_it_showed(name):
    same_as_recorded(f"figure-{name}", of_figure(FIGURES[name]()), fine=5e-3)


def test_a_report_says_what_it_said():
    shown = report()
    same_as_recorded(
        "report",
        [
            shown.headline,
            shown.guess,
            shown.beside,
            shown.sizes,
            repr(shown),
            shown.described,
            Estimate.of([1.0, 2.0, 4.0]).interval,
        ],
    )
