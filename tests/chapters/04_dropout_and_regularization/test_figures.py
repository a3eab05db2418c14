"""The drawings of chapter 4 show what they are given, read from their numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.chapters.dropout_and_regularization import claims, figures
from helpers.chapters.dropout_and_regularization.exercises import runs
from helpers.figures import COLORS
from helpers.figures.described import described
from tests.taught import source_of, taught


def lines(ax):
    return {line.get_label(): line.get_xydata().T for line in ax.lines}


def history(train_accuracy, val_accuracy):
    return SimpleNamespace(train_accuracy=train_accuracy, val_accuracy=val_accuracy)


# -- what is learned ------------------------------------------------------------------


def test_memory_is_drawn_by_epoch_from_1():
    found = {
        "true": history([0.5, 1.0], [0.25, 0.75]),
        "drawn": history([0.1, 0.9], [0.2, 0.0]),
    }
    axes = figures.show_memory(found, chance=0.125).axes
    for ax, (name, run) in zip(axes, found.items(), strict=True):
        assert ax.get_title(loc="left") == name
        drawn = lines(ax)
        assert drawn["training"].tolist() == [[1, 2], run.train_accuracy]
        assert drawn["validation"].tolist() == [[1, 2], run.val_accuracy]
        assert ax.lines[-1].get_ydata() == [0.125, 0.125]


def test_the_parts_of_the_error_sum_to_it():
    bias2, variance = torch.tensor([4.0, 0.5, 0.25]), torch.tensor([0.5, 1.0, 8.0])
    figure = figures.show_bias_variance(range(1, 4), bias2, variance, noise=0.25)
    (ax,) = figure.axes
    below = torch.zeros(3)
    for bars, part in zip(ax.containers, (bias2, variance, [0.25] * 3), strict=True):
        assert [bar.get_height() for bar in bars] == list(part)
        assert [bar.get_y() for bar in bars] == below.tolist()
        middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        assert middles == pytest.approx([1, 2, 3])
        below = below + torch.as_tensor(part)
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["bias squared", "variance", "noise"]
    assert described(figure).startswith(
        "Mean squared error against degree. bias squared 1: 4, 2: 0.5, 3: 0.25;"
    )
    assert described(figure).endswith("sum of the three 1: 4.75, 2: 1.75, 3: 8.5.")


def test_bundles_have_all_fits_their_mean_and_the_curve():
    x, truth = torch.linspace(-1, 1, 3), torch.tensor([0.0, 1.0, -1.0])
    curves = torch.tensor([[0.0, 1.0, 3.0], [2.0, 1.0, -1.0]])
    figure = figures.show_bundles(x, truth, {1: curves, 4: truth[None]})
    left, right = figure.axes
    fits = [line for line in left.lines if line.get_gid() == "fit"]
    assert [line.get_ydata().tolist() for line in fits] == curves.tolist()
    assert lines(left)["their mean"][1].tolist() == [1.0, 1.0, 1.0]
    for ax in (left, right):
        assert lines(ax)["sin 3x"][1].tolist() == truth.tolist()
        assert ax.lines[-1].get_linestyle() == "--"
    off = ((1 + 0 + 4) / 3) ** 0.5  # root of the mean of squares over x
    scatter = ((1 + 0 + 4) / 3) ** 0.5
    assert (
        f"Degree 1: the mean is off the curve by {off:.2f}, the fits scatter about "
        f"their mean by {scatter:.2f}. Degree 4: the mean is off the curve by 0.00, "
        "the fits scatter about their mean by 0.00."
    ) in described(figure)


def test_the_parts_are_those_of_the_hundred_fits(monkeypatch):
    """Lines are biased; from degree 3 on the variance grows, and decides the sum."""
    own = taught("04", "sample", "fit")
    seen = {}
    space = {
        "torch": torch,
        "fit": own.fit,
        "sets": [own.sample(20, seed) for seed in range(100)],
        "figures": SimpleNamespace(
            show_bundles=lambda x, truth, bundles: seen.update(bundles=bundles),
            show_bias_variance=lambda *given, noise: seen.update(given=given),
        ),
    }
    for cell in ("bundles-code", "bias-code"):
        exec(source_of("04", cell), space)
    degrees, bias2, variance = seen["given"]
    assert list(degrees) == [1, 2, 3, 4, 5]
    assert bias2[0] > 5 * variance[0] and (bias2[2:] < 0.01).all()
    assert (variance[2:].diff() > 0).all()
    assert (bias2 + variance).argmin() == 2
    assert {d: len(c) for d, c in seen["bundles"].items()} == {1: 100, 3: 100, 5: 100}


@pytest.mark.parametrize(
    ("draw", "names", "scales"),
    [
        (figures.show_sizes, ("training images", "validation images"), "x"),
        (figures.show_rates, ("training", "validation"), ""),
    ],
)
def test_pairs_are_drawn_over_what_they_belong_to(draw, names, scales):
    figure = draw({0.5: (3.0, 5.0), 8.0: (2.0, 7.0)})
    (ax,) = figure.axes
    drawn = lines(ax)
    assert drawn[names[0]].tolist() == [[0.5, 8.0], [3.0, 2.0]]
    assert drawn[names[1]].tolist() == [[0.5, 8.0], [5.0, 7.0]]
    for axis, scale in zip("xy", (ax.get_xscale(), ax.get_yscale()), strict=True):
        assert scale == ("log" if axis in scales else "linear")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.5", "8"]
    assert f"{names[0]} 0.5: 3, 8: 2" in described(figure)


def test_early_stopping_is_a_dotted_line_beside_the_rates():
    figure = figures.show_rates({0.0: (0.9, 0.5), 0.5: (0.7, 0.6)}, stopped=0.625)
    (ax,) = figure.axes
    level = lines(ax)["early stopping, no dropout"][1]
    assert level.tolist() == [0.625, 0.625] and ax.lines[-1].get_linestyle() == ":"
    assert described(figure).startswith(
        "Accuracy against dropout p; early stopping, no dropout 0.625. training 0: 0.9"
    )
    plain = figures.show_rates({0.0: (0.9, 0.5), 0.5: (0.7, 0.6)})
    assert len(plain.axes[0].lines) == 2 and "stopping" not in described(plain)


def test_remedies_have_a_row_each_with_dots_and_a_diamond():
    found = {
        "none": [(1.0, 0.25), (0.75, 0.5), (0.875, 0.625)],
        "decay": [(0.5, 0.375), (0.625, 0.75), (0.5, 0.8125)],
    }
    figure = figures.show_remedies(found, right=0.6)
    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["none", "decay"]
    drawn = {line.get_gid(): line for line in ax.lines if line.get_gid()}
    for row, (name, scores) in enumerate(found.items()):
        for k, part in enumerate(("training labels", "validation images")):
            dots, diamond = drawn[f"{name}, {part}"], drawn[f"{name}, {part}, mean"]
            values = [score[k] for score in scores]
            assert dots.get_xydata().T.tolist() == [values[:2], [row, row]]
            ((at, below),) = diamond.get_xydata().tolist()
            assert at == values[2] and row + 0.3 < below < row + 0.5, "no dot is hidden"
            assert dots.get_color() == diamond.get_markeredgecolor() == COLORS[k]
    (dotted,) = (line for line in ax.lines if line.get_linestyle() == ":")
    assert dotted.get_xdata() == [0.6, 0.6]
    low, high = ax.get_ylim()
    assert low > high, "the first row stands at the top"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["training labels", "validation images", "networks averaged"]
    shapes = [line.get_marker() for line in ax.get_legend().legend_handles]
    assert shapes == ["o", "o", "D"]
    assert described(figure).startswith(
        "Accuracy by remedy, of single networks and of their mean; 0.6 of the training "
        "labels are right. none: training labels 1.000, 0.750, mean 0.875; validation "
        "images 0.250, 0.500, mean 0.625. decay: "
    )


def test_training_is_blue_and_new_is_orange():
    for draw in (figures.show_sizes, figures.show_rates):
        (ax,) = draw({0.5: (3.0, 5.0), 8.0: (2.0, 7.0)}).axes
        colors = [line.get_color() for line in ax.lines]
        assert colors == [*COLORS[:2]] and "training" in ax.lines[0].get_label()


# -- networks -------------------------------------------------------------------------


def test_a_dropped_unit_has_a_cross_and_no_lines():
    figure = figures.show_dropout([[1, 0, 1, 0], [0, 0, 0, 1]])
    (ax,) = figure.axes
    for panel, kept in enumerate((4, 2, 1)):
        drawn = [line for line in ax.lines if line.get_gid() == f"line {panel}"]
        crosses = [line for line in ax.lines if line.get_gid() == f"cross {panel}"]
        assert len(drawn) == kept * (3 + 2), "three inputs and two outputs"
        assert len(crosses) == 4 - kept
        gone = {tuple(line.get_xydata()[0]) for line in crosses}
        ends = {tuple(end) for line in drawn for end in line.get_xydata()}
        assert not gone & ends
    assert len(ax.patches) == 3 * (3 + 4 + 2), "the units themselves stay"
    centers = sorted((c.center for c in ax.patches), key=lambda c: (-c[1], c[0]))
    assert centers[0][1] == pytest.approx(1.2), "unit 1 stands at the top"
    assert described(figure).endswith(
        "in step 1 the units 2, 4; in step 2 the units 1, 2, 3."
    )


def test_ensembles_are_counted_from_one():
    figure = figures.show_ensembles([0.5, 0.25, 0.125], alone=[0.4375, 0.5625, 0.5])
    (ax,) = figure.axes
    mean, alone = ax.lines
    assert mean.get_xydata().T.tolist() == [[1, 2, 3], [0.5, 0.25, 0.125]]
    assert alone.get_xydata().T.tolist() == [[1, 1, 1], [0.4375, 0.5625, 0.5]]
    assert alone.get_linestyle() == "None" and ax.get_legend() is None
    colors = {text.get_text(): text.get_color() for text in ax.texts}
    assert colors == {
        "each network alone": alone.get_color(),
        "mean of the probabilities": mean.get_color(),
    }
    (label,) = (x for x in ax.texts if x.get_text() == "each network alone")
    assert label.get_position()[1] == (0.5625 + 0.5) / 2, "beside them, above the line"
    assert alone.get_color() != mean.get_color()
    assert described(figure) == (
        "Share wrong against networks averaged; each network alone 0.438 to 0.562. "
        "mean of the probabilities 1: 0.5, 2: 0.25, 3: 0.125."
    )


def test_widths_are_those_that_were_stored():
    stored = claims.wide_and_regularized.stored()
    figure, widths = figures.show_widths(stored), (8, 64, 256, 1024)
    told = described(figure)
    assert len(figure.axes) == len(stored) == 2
    for ax, (name, found) in zip(figure.axes, stored.items(), strict=True):
        title = {"digits": "digits", "fashion_mnist": "Fashion-MNIST"}[name]
        assert ax.get_title(loc="left") == title and f"{title}, its best" in told
        for k, (container, dose) in enumerate(
            zip(ax.containers, ("best", "no"), strict=True)
        ):
            points, _, (bars,) = container
            apart = [w * 1.1**k for w in widths]  # so that bars stand side by side
            assert points.get_xdata() == pytest.approx(apart)
            for w, y, bar in zip(
                widths, points.get_ydata(), bars.get_segments(), strict=True
            ):
                row = found.table[f"{w}, {dose} dose"]["test accuracy"]
                assert y == row.mean
                assert bar[1, 1] - bar[0, 1] == pytest.approx(2 * row.sd)


def test_what_the_text_says_of_widths():
    """Two and a half points by the dose on digits, less than one on clothes."""
    for name, found in claims.wide_and_regularized.stored().items():
        at = {key: row["test accuracy"].mean for key, row in found.table.items()}
        for dose in ("no dose", "best dose"):
            by_width = [at[f"{w}, {dose}"] for w in (8, 64, 256, 1024)]
            assert by_width[1] > by_width[0] + 0.03
            assert abs(by_width[3] - by_width[2]) < 0.01
        assert at["64, no dose"] > at["8, best dose"]
        gains = [at[f"{w}, best dose"] - at[f"{w}, no dose"] for w in (256, 1024)]
        for gain in gains:
            assert gain < 0.01 if name == "fashion_mnist" else 0.02 < gain < 0.03


def test_double_descent_is_drawn_with_mean_and_range():
    first, second = [[0.5, 0.7], [0.8, 1.0]], [[0.0, 0.2], [0.4, 0.2]]
    wrong = torch.tensor([[*first, [0.6, 0.8]], [*second, [0.3, 0.1]]])
    figure = figures.show_double_descent((10, 50), wrong, n=50)
    (ax,) = figure.axes
    for container, k in zip(ax.containers, (0, 1, 2), strict=True):
        points, _, (bars,) = container
        here = wrong[:, k]
        assert np.allclose(points.get_xydata().T, [[10, 50], here.mean(1)])
        ends = [[s[0, 1], s[1, 1]] for s in bars.get_segments()]
        assert np.allclose(ends, torch.stack([here.amin(1), here.amax(1)], 1))
        assert points.get_color().lower() == COLORS[k].lower()
    assert [50, 50] in [list(line.get_xdata()) for line in ax.lines]
    (text,) = ax.texts
    assert text.get_text() == "units = images"
    assert 50 < text.get_position()[0] < 60
    assert described(figure).startswith(
        "Share wrong against hidden units. training images 10: 0.60, 50: 0.10;"
    )
    assert described(figure).endswith("; new, λ = 0.01 10: 0.70, 50: 0.20.")


# -- the four runs of the exercises ----------------------------------------------------


def test_the_runs_show_what_the_exercises_ask_for():
    """What the answers and their sentences rest on.

    Measured with five seeds, as means of five epochs: B ends at .84 to .89 on its
    labels, and on new images -.03 to +.01 from what it had ten epochs before. C gains
    .04 to .08 in these ten epochs, and .08 to .13 in thirty more; its two curves are
    .02 to .06 apart. A gains -.02 to +.02, and ends at .22 to .24 and .26 to .30; the
    others have .33 at least. D ends .02 to .07 above B on new images, and from .01
    below to .03 above its own training labels.
    """
    found = runs.histories()
    last = {k: np.mean(h.train_accuracy[-5:]) for k, h in found.items()}
    new = {k: np.mean(h.val_accuracy[-5:]) for k, h in found.items()}
    before = {k: np.mean(h.val_accuracy[-15:-10]) for k, h in found.items()}
    assert last["B"] > 0.75 and new["B"] < before["B"] + 0.03, "memory"
    assert new["C"] > before["C"] + 0.03, "still rising"
    assert abs(last["C"] - new["C"]) < 0.1, "nothing learned by heart"
    assert last["A"] == min(last.values()) and new["A"] == min(new.values())
    assert new["A"] < before["A"] + 0.03, "and no longer rising"
    assert new["D"] > new["B"] and new["D"] > last["D"] - 0.03


def test_the_picture_of_the_runs():
    figure = runs.four_trainings()
    for ax, (name, run) in zip(figure.axes, runs.histories().items(), strict=True):
        assert ax.get_title(loc="left") == name
        drawn = lines(ax)
        assert np.allclose(drawn["training"][1], run.train_accuracy)
        assert np.allclose(drawn["new"][1], run.val_accuracy)
