"""The drawings of chapter 2 show what they are given, read from their numbers."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from torch.nn import functional as F

from helpers.chapters.softmax_regression import figures
from helpers.chapters.softmax_regression.exercises import runs
from helpers.figures import COLORS, plot_network, show_images
from helpers.figures.described import described
from helpers.words import number


def lines(ax):
    return {line.get_label(): line.get_xydata().T for line in ax.lines}


def test_the_price_of_an_answer():
    (ax,) = figures.show_log_loss([0.1, 0.5]).axes
    p, loss = lines(ax)["−ln p"]
    assert np.allclose(np.exp(-loss), p) and loss[0] > 5 and abs(loss[-1]) < 1e-9
    p, loss = lines(ax)["examples"]
    assert p.tolist() == [0.1, 0.5] and np.allclose(loss, [np.log(10), np.log(2)])
    texts = {text.get_text() for text in ax.texts}
    assert texts == {"0.1 costs 2.30", "0.5 costs 0.69"}


def test_the_gradient_is_the_slope_of_the_loss_beside_it():
    losses = {"a": lambda z: 0.5 * torch.sigmoid(z) ** 2, "b": lambda z: F.softplus(z)}
    figure = figures.show_gradients(losses)
    left, right = figure.axes
    sigmoid = 1 / (1 + np.exp(-5))
    there = sigmoid**2 * (1 - sigmoid)  # and at most 4 / 27, where sigmoid is 2 / 3
    assert described(figure) == (
        "Loss against z: a rises to 0.5; b rises to 8. Gradient against z: a rises to "
        f"{4 / 27:.2g} at z = {np.log(2):.1f} and falls back to {there:.2g} at the "
        "start, 5; b rises to 1."
    )
    for name in losses:
        z, loss = lines(left)[name]
        at, gradient = lines(right)[name]
        assert np.array_equal(z, at) and z[0] == -8 and z[-1] == 8
        slopes = np.gradient(loss.astype(float), z.astype(float))
        assert np.allclose(slopes[1:-1], gradient[1:-1], atol=2e-3)


def test_a_difference_below_the_prediction_and_the_label():
    """Each row of bars, its numbers and colors; the label is one-hot."""
    y_hat = torch.tensor([0.25, 0.625, 0.125, 0.0])
    figure = figures.show_difference(y_hat, 1)
    rows = {
        "prediction ŷ": ([0.25, 0.625, 0.125, 0.0], "0.25 0.62 0.12 0"),
        "label y": ([0, 1, 0, 0], "0 1 0 0"),
        "difference ŷ − y": ([0.25, -0.375, 0.125, 0.0], "+0.25 −0.38 +0.12 0"),
    }
    assert [ax.get_ylabel() for ax in figure.axes] == list(rows)
    said = []
    for ax, (name, (heights, words)) in zip(figure.axes, rows.items(), strict=True):
        assert [bar.get_height() for bar in ax.patches] == heights
        for bar in ax.patches:
            color = COLORS[int(bar.get_height() < 0)].lower()
            assert to_hex(bar.get_facecolor()) == color
        assert [text.get_text() for text in ax.texts] == words.split()
        said.append(f"{name}: {', '.join(words.split())}")
    assert described(figure) == (
        "Three rows of bars, one bar for each class; the true class is 1. "
        f"{'; '.join(said)}."
    )
    named = [text.get_text() for text in figure.axes[-1].get_xticklabels()]
    assert named == ["class 0", "class 1 (true)", "class 2", "class 3"]


def test_the_rows_of_a_difference_share_their_scale():
    """A unit is equally many pixels high in each, and no bar is cut off."""
    figure = figures.show_difference(torch.tensor([0.09, 0.24, 0.67]), 2)
    figure.draw_without_rendering()
    units = []
    for ax in figure.axes:
        low, high = ax.get_ylim()
        units.append(ax.get_window_extent().height / (high - low))
        heights = [bar.get_height() for bar in ax.patches]
        assert low < min(heights) and max(heights) < high
    assert units == pytest.approx([units[0]] * 3, rel=1e-3)


def test_a_confusion_matrix_has_the_true_classes_as_rows():
    counts = torch.tensor([[8, 2, 0], [1, 3, 0], [0, 5, 5]])
    figure = figures.show_confusion(counts, ["a", "b", "c"])
    (ax,) = figure.axes
    found = {text.get_position(): text.get_text() for text in ax.texts}
    for i in range(3):
        for j in range(3):
            assert found[j, i] == str(counts[i, j].item())
    drawn = np.asarray(ax.images[0].get_array())
    assert np.allclose(drawn, counts / torch.tensor([[10.0], [4.0], [10.0]]))
    assert ax.yaxis_inverted(), "row 0 stands at the top"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("guess", "true class")
    assert described(figure) == (
        "A confusion matrix; named correctly: a 8 of 10, b 3 of 4, c 5 of 10; most "
        "often wrong: c called b 5 times, a called b 2 times, b called a 1 times."
    )


def test_reliability_by_hand():
    confidence = torch.tensor([0.31, 0.39, 0.35, 0.35] * 3 + [0.92, 1.0])
    right = torch.tensor([True, False, False, False] * 3 + [True, True])
    figure = figures.show_reliability(confidence, right)
    assert described(figure).endswith(": 0.35: 0.25 of 12, 0.96: 1.00 of 2 (hollow).")
    above, below = figure.axes
    assert np.allclose(lines(above)["measured"], [[0.35], [0.25]])
    x, y = lines(above)["calibrated"]
    assert np.array_equal(x, y)
    heights = [bar.get_height() for bar in below.patches]
    assert heights == [0, 0, 0, 12, 0, 0, 0, 0, 0, 2]
    assert [bar.get_x() + bar.get_width() / 2 for bar in below.patches] == (
        pytest.approx([0.05 + 0.1 * k for k in range(10)])
    )


def test_a_bin_with_few_images_is_a_hollow_dot_off_the_line():
    """Nine images are few, ten are not; and where none is, nothing is said of them."""
    confidence = torch.tensor([0.25] * 9 + [0.75] * 10)
    above, _ = figures.show_reliability(confidence, confidence < 0.5).axes
    found = {line.get_label(): line for line in above.lines}
    hollow, full = found["fewer than 10 images"], found["measured"]
    assert np.allclose(hollow.get_xydata(), [[0.25, 1.0]])
    assert (hollow.get_markerfacecolor(), hollow.get_linestyle()) == ("white", "None")
    assert np.allclose(full.get_xydata(), [[0.75, 0.0]])
    assert to_hex(full.get_markerfacecolor()) == COLORS[0].lower()
    above, _ = figures.show_reliability(confidence[9:], confidence[9:] < 0.5).axes
    assert [t.get_text() for t in above.get_legend().get_texts()] == [
        "calibrated",
        "measured",
    ]


def test_an_honest_guesser_lies_on_the_diagonal():
    generator = torch.Generator().manual_seed(0)
    confidence = torch.rand(50_000, generator=generator)
    right = torch.rand(50_000, generator=generator) < confidence
    above, _ = figures.show_reliability(confidence, right, num_bins=20).axes
    sure, hits = lines(above)["measured"]
    assert len(sure) == 20 and np.abs(sure - hits).max() < 0.04


def test_intervals_are_sorted_by_whether_they_hold_the_truth():
    means, reach = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 0.5, 2.0])
    (ax,) = figures.show_many_intervals(means, reach, truth=1.2).axes
    found = {}
    for container in ax.containers:
        points, _, (bars,) = container
        ends = [(s[0, 1], s[1, 1]) for s in bars.get_segments()]
        x = points.get_xdata().tolist()
        found[container.get_label()] = (x, ends, to_hex(points.get_color()))
    assert found["holds the true mean"][:2] == ([1, 3], [(0.5, 1.5), (1.0, 5.0)])
    assert found["misses it"][:2] == ([2], [(1.5, 2.5)])
    assert found["misses it"][2] == COLORS[1].lower()
    assert ax.lines[-1].get_ydata() == [1.2, 1.2]


# -- what the alternative text says ----------------------------------------------------


def test_the_words_of_images_begin_with_what_they_show():
    look = {"rows": ["above", "below"], "num_cols": 1}
    figure = figures.show_named(torch.rand(2, 1, 3, 4), ["a,\nnot b", "c"], "x", **look)
    assert described(figure) == (
        "x. 2 images: a, not b; c. Rows, from the top: above; below."
    )


def test_the_forward_computation_with_its_bias():
    """Two inputs, three classes; the numbers by hand, e to 1, to 0 and to -2."""
    x, b = torch.tensor([[2.0, -1.0]]), torch.tensor([0.0, 0.0, -3.0])
    W = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, -1.0]])
    figure = figures.show_forward(x, W, b)
    shares = np.exp([1, 0, -2]) / np.exp([1, 0, -2]).sum()
    y_hat = ", ".join(f"{p:.2f}" for p in shares)
    assert described(figure) == (
        "A network from left to right. Inputs x: 2, −1, and a gray 1 for the bias; "
        f"logits o: 1, 0, −2; probabilities ŷ: {y_hat}, each joined with all logits. "
        "Weights: 1 from input 1 to logit 1, 1 from input 2 to logit 1, −1 from input "
        "2 to logit 3, −3 from the gray 1 to logit 3."
    )
    (ax,) = figure.axes
    gray = [p.center for p in ax.patches if to_hex(p.get_facecolor()) == figures.PALE]
    drawn = {line.get_gid(): line.get_xydata() for line in ax.lines}
    assert np.allclose([drawn["weight 2 2"][0]], gray), "the bias starts at the gray 1"
    texts = {t.get_text() for t in ax.texts}
    assert {"bias", "inputs x", "logits o", "probabilities ŷ"} <= texts


# -- networks ------------------------------------------------------------------------


def test_a_network_has_a_line_for_each_weight_that_is_not_0():
    W = torch.tensor([[1.0, 0.0, -2.0], [0.0, 0.5, 1.0]])
    figure = plot_network([["1", "2"], ["a", "b", "c"]], [W], ["x", "o"])
    (ax,) = figure.axes
    units = {t.get_text(): t.get_position() for t in ax.texts}
    drawn = {line.get_gid(): line for line in ax.lines}
    assert set(drawn) == {f"weight {i} {j}" for i, j in W.nonzero().tolist()}
    for i, j in W.nonzero().tolist():
        line = drawn[f"weight {i} {j}"]
        start, end = units[("1", "2")[i]], units[("a", "b", "c")[j]]
        assert np.allclose(line.get_xydata(), [start, end])
        assert line.get_color() == COLORS[W[i, j].item() < 0]
    assert units["1"][1] > units["2"][1], "the first unit stands at the top"
    assert drawn["weight 0 2"].get_linewidth() > drawn["weight 1 1"].get_linewidth()
    assert units["−2"] == pytest.approx(
        np.add(units["1"], 0.3 * np.subtract(units["c"], units["1"])).tolist()
    )
    assert described(figure).endswith("x: 1, 2; o: a, b, c.")


def test_without_weights_every_unit_is_joined_with_every_unit():
    (ax,) = plot_network([["1", "2"], ["a", "b", "c"]], [None], ["x", "o"]).axes
    assert len(ax.lines) == 6


@pytest.mark.parametrize(
    ("weights", "titles", "words"),
    [
        ([torch.ones(3, 2)], ["x", "o"], r"expected shape \(2, 3\), got \(3, 2\)"),
        ([], ["x", "o"], "1 weights, got 0"),
        ([None], ["x"], "2 layers need as many titles, got 1"),
    ],
)
def test_a_network_whose_parts_do_not_fit(weights, titles, words):
    with pytest.raises(ValueError, match=words):
        plot_network([["1", "2"], ["a", "b", "c"]], weights, titles)


# -- the four runs of the exercises ----------------------------------------------------


def test_the_runs_show_what_the_exercises_ask_for():
    """What the answers and their sentences rest on."""
    histories = runs.histories()
    loss = {name: np.array(h.step_loss) for name, h in histories.items()}
    start = {name: values[0] for name, values in loss.items()}
    assert all(abs(start[name] - np.log(10)) < 0.1 for name in "ABC")
    assert start["D"] > 2 * np.log(10) and loss["D"][-10:].mean() < start["D"] / 2
    assert loss["A"].max() > 10 * np.log(10), "the rate is too high"
    assert loss["B"].min() > 1.4612, "softmax twice"
    assert histories["B"].val_accuracy[-1] > 0.5
    assert loss["C"].min() < 1.4612


def test_the_picture_of_the_runs():
    figure = runs.four_runs()
    for ax, (name, history) in zip(figure.axes, runs.histories().items(), strict=True):
        assert (
            ax.get_title(loc="left")
            == f"{name}: accuracy {history.val_accuracy[-1]:.2f}"
        )
        _, loss = lines(ax)["loss"]
        assert np.allclose(loss, history.step_loss)
        assert ax.get_ylim()[1] >= max(history.step_loss)


def test_the_words_of_the_runs_tell_how_far_each_loss_rises():
    """It is the jump of A that tells it from the others."""
    said = described(runs.four_runs())
    for name, history in runs.histories().items():
        first, last = history.step_loss[0], history.step_loss[-1]
        assert (
            f"{name}: accuracy {history.val_accuracy[-1]:.2f}, loss from "
            f"{number(first)} to {number(last)}, at most "
            f"{number(max(history.step_loss))}."
        ) in said
    most = {name: max(h.step_loss) for name, h in runs.histories().items()}
    assert most["A"] > 4 * max(most[name] for name in "BCD")


# -- rows of images --------------------------------------------------------------------


def test_each_row_of_images_has_its_own_range_of_colors():
    """Gray above, signed below; together they share the range of the largest."""
    images = torch.stack([torch.full((2, 2), v) for v in (0.5, 1.0, -0.2, 0.1)])
    look = {"num_cols": 2, "rows": ["a", "b"]}
    apart = show_images(images, each_row=True, **look).axes
    ranges = [ax.images[0].get_clim() for ax in apart]
    assert np.allclose(ranges, [(0, 1), (0, 1), (-0.2, 0.2), (-0.2, 0.2)])
    assert len({ax.images[0].get_cmap().name for ax in apart}) == 2
    together = show_images(images, **look).axes
    assert {ax.images[0].get_clim() for ax in together} == {(-1.0, 1.0)}
