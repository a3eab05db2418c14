"""The drawings of chapter 3 show what they are given, read from their numbers."""

import math

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from helpers import fit, load_images, seeded
from helpers.chapters.multilayer_perceptrons import figures
from helpers.chapters.multilayer_perceptrons.exercises import runs
from helpers.figures.described import described
from helpers.models import MLP
from helpers.training import Step
from tests.taught import taught


def lines(ax):
    return {line.get_label(): line.get_xydata().T for line in ax.lines}


def words(ax):
    return {text.get_gid(): text.get_text() for text in ax.texts if text.get_gid()}


# -- networks and chains ---------------------------------------------------------------

X = torch.tensor([1.0, 2.0], dtype=torch.float64)
W1 = torch.tensor([[0.1, 0.2], [0.3, -0.4], [0.0, 0.5]], dtype=torch.float64)
W2 = torch.tensor([[0.5, 0.6, -0.7]], dtype=torch.float64)


def test_a_pass_shows_every_value_and_every_weight():
    a1 = torch.tanh(W1 @ X)
    sums = [W1 @ X + 0.5, W2 @ a1 + 0.5]
    figure = figures.show_pass([X, a1, W2 @ a1], [W1, W2], sums, bias=0.5)
    (ax,) = figure.axes
    found = words(ax)
    for k, W in enumerate((W1, W2)):
        for j, row in enumerate(W.tolist()):
            for i, w in enumerate(row):
                assert found[f"on {k} {i} {j}"] == f"{w:.3g}".replace("-", "−")
    assert found["value 0 1"] == "2"
    assert found["value 1 0"] == f"{math.tanh(0.5):.4g}"
    assert len([line for line in ax.lines if line.get_gid()]) == 9
    assert "On the lines its weights: 0.1, 0.2, 0.3, −0.4, 0" in described(figure)
    assert [found[f"sum 1 {i}"] for i in range(3)] == ["z = 1", "z = 0", "z = 1.5"]
    assert not [name for name in found if name.startswith("sum 0")], "inputs have none"
    assert found["bias"] == "all biases 0.5"
    said = "In the units the sums, biases of 0.5 included: 1, 0, 1.5; "
    assert said in described(figure)


def test_a_line_joins_the_two_units_of_its_weight():
    a1 = torch.tanh(W1 @ X)
    sums = [W1 @ X, W2 @ a1]
    (ax,) = figures.show_pass([X, a1, W2 @ a1], [W1, W2], sums, bias=0.0).axes
    at = {t.get_gid(): t.get_position() for t in ax.texts if t.get_gid()}
    for line in ax.lines:
        _, k, i, j = line.get_gid().split()
        ends = at[f"value {k} {i}"], at[f"value {int(k) + 1} {j}"]
        assert np.allclose(line.get_xydata(), ends)
        (x0, y0), (x1, y1) = ends
        x, y = at[f"on {k} {i} {j}"]
        assert (y1 - y0) * (x - x0) == pytest.approx((y - y0) * (x1 - x0)), "on it"
    assert at["value 0 0"][1] > at["value 0 1"][1], "the first unit stands at the top"
    for place in ("1 0", "1 2", "2 0"):
        (x, y), (below_x, below_y) = at[f"value {place}"], at[f"sum {place}"]
        assert below_x == x and y - 0.5 < below_y < y, "a sum is below its unit"


def test_a_chain_multiplies_from_the_right():
    figure = figures.show_chain(
        ["x", "z_1", "a_1", "y"], [2.0, 6.0, 36.0, 72.0], [3.0, 12.0, 2.0], {1: "w_1"}
    )
    found = words(figure.axes[0])
    assert [found[f"gradient {k}"] for k in (1, 2, 3)] == ["24", "2", "1"]
    assert "gradient 0" not in found, "an input is not trained"
    assert [found[f"value {k}"] for k in range(4)] == ["2", "6", "36", "72"]
    assert (found["slope 2"], found["slope 3"]) == ("× 12", "× 2")
    assert found["weight 1"] == "$w_1$ = 3"
    assert found["weight's gradient 1"] == "48", "what came back times what came in"
    back = {t.get_gid(): t for t in figure.axes[0].texts if "back" in str(t.get_gid())}
    assert set(back) == {"back 2", "back 3"}, "as far as a gradient stands"
    for k in (2, 3):
        tip, start = back[f"back {k}"].xy[0], back[f"back {k}"].xyann[0]
        assert k - 1 < tip < start < k, "from one gradient to the one before it"
    assert described(figure) == (
        "A chain from left to right: x = 2; z1 = 6, gradient 24; weight w1 = 3, "
        "gradient 48; a1 = 36, gradient 2; y = 72, gradient 1."
    )


# -- units -----------------------------------------------------------------------------


def test_hinges_add_up_to_the_polygon_through_the_kinks():
    own = taught("03", "hinges", "wave")
    knots, weights = own.hinges(own.wave, 5)
    figure = figures.show_hinges(own.wave, knots, weights)
    left, right = figure.axes
    units, drawn = lines(left), lines(right)
    starts = [units.pop(f"knot {k}").tolist() for k in range(1, 6)]
    assert starts == [[[knot], [0]] for knot in knots.tolist()]
    assert set(units) == {f"unit {k}" for k in range(1, 6)}
    x, total = drawn["sum + output bias"]
    first = own.wave(knots[:1]).item()
    added = sum(np.nan_to_num(u[1]) for u in units.values())
    assert np.allclose(first + added, total, atol=1e-5)
    numbers = sorted(left.texts, key=lambda text: -text.get_position()[1])
    order = sorted(units, key=lambda name: -units[name][1][-1])
    assert [text.get_gid() for text in numbers] == order, "each beside its own end"
    heights = np.array([text.get_position()[1] for text in numbers])
    assert (np.diff(heights) < 0).all(), "none on another"
    at, kinks = drawn["knots"]
    assert len(at) == 6 and at[0] == -1 and at[-1] == 1
    assert described(figure) == (
        "Left, 5 weighted hinges, which begin at −1, −0.6, −0.2, 0.2, 0.6. Right, "
        "their sum with the output bias: it meets the function at all 6 knots."
    )
    assert np.allclose(np.interp(x, at, kinks), total, atol=1e-5)
    assert np.allclose(drawn["function"][1], np.sin(6 * x), atol=1e-5)
    for k, (_, unit) in enumerate(units.values()):
        begun = x >= knots[k].item() - 1e-6
        assert (np.isfinite(unit) == begun).all(), "not drawn where it is still 0"


def test_units_are_images_on_one_scale():
    weights = torch.zeros(3, 4, 4)
    weights[0, 0, 0], weights[1, 1, 2], weights[2, 3, 3] = 0.1, -0.3, 0.2
    figure = figures.show_units(weights, reach=0.2, shades=4)
    images = [ax.images[0] for ax in figure.axes]
    drawn = np.stack([image.get_array() for image in images])
    expected = weights.clamp(-0.2, 0.2)  # the full color from there on
    assert np.allclose(drawn, expected)
    assert [image.get_clim() for image in images] == 3 * [pytest.approx((-0.2, 0.2))]
    orange, white, blue = (images[0].to_rgba([v])[0] for v in (-0.2, 0.0, 0.2))
    assert orange[0] > 0.8 and blue[2] > 0.6 and (white == 1).all()
    levels = figures.show_units(torch.rand(1, 9, 9) - 0.5, shades=3).axes[0].images[0]
    assert len(np.unique(levels.get_array())) <= 7
    assert described(figure).endswith("Largest magnitude in each: 0.10, 0.30, 0.20.")


def test_activations_have_their_slopes_beside_them():
    gates = {"SiLU": torch.nn.functional.silu, "GELU": torch.nn.functional.gelu}
    left, right = figures.show_slopes(gates).axes
    for name in gates:
        z, value = lines(left)[name]
        at, slope = lines(right)[name]
        assert np.array_equal(z, at) and (z[0], z[-1]) == (-3, 2)
        slopes = np.gradient(value.astype(float), z.astype(float))
        assert np.allclose(slopes[1:-1], slope[1:-1], atol=2e-3)
        assert value.min() < 0 and slope.min() < 0, "it dips below 0"


# -- layer by layer --------------------------------------------------------------------


def test_histograms_stand_at_their_layer_and_magnitude():
    one, two = torch.full((50, 4), 0.01), torch.full((50, 4), -100.0)
    one[0, 0] = 0.0  # has no logarithm and is left out
    figure = figures.show_histograms({"a": ([one, two], [two, one])})
    left, right = figure.axes
    for ax, logs in ((left, (-2, 2)), (right, (2, -2))):
        for level, log in enumerate(logs, 1):
            (ridge,) = [p for p in ax.patches if p.get_gid() == f"a {level}"]
            values, edges, baseline = ridge.get_data()
            assert ridge.get_edgecolor()[3] == 1, "an outline"
            assert baseline == level and values.max() == pytest.approx(level + 0.85)
            middle = edges[values.argmax() :][:2].mean()
            assert middle == pytest.approx(log, abs=0.26)
    assert described(figure).endswith(
        "a, activations: 0.01 in the first layer, 100 in the last; "
        "a, error signals: 100 in the first layer, 0.01 in the last."
    )


def test_ridges_can_be_told_apart_without_their_colors():
    one = torch.ones(50, 4)
    starts = {name: ([one], [one]) for name in "abc"}
    for ax in figures.show_histograms(starts).axes:
        assert len({ridge.get_linestyle() for ridge in ax.patches}) == 3


def test_spread_is_drawn_from_the_input_on():
    spreads = {"tanh": {"s": [1.0, 0.5, 0.25]}, "ReLU": {"s": [1.0, 1e3, 1e9]}}
    axes = figures.show_spread(spreads).axes
    for ax, (name, starts) in zip(axes, spreads.items(), strict=True):
        assert ax.get_title(loc="left") == name and ax.get_yscale() == "log"
        x, y = lines(ax)["s"]
        assert x.tolist() == [0, 1, 2] and y.tolist() == starts["s"]
        low, high = ax.get_ylim()
        assert low < min(y) and max(y) < high
    assert axes[0].get_ylim()[1] < 10, "a bounded activation is drawn larger"


def test_arrivals_are_drawn_against_the_depth():
    figure = figures.show_arrivals({"f": {1: 0.5, 3: 0.1}, "g": {1: 1.0, 3: 2.0}})
    (ax,) = figure.axes
    assert lines(ax)["f"].tolist() == [[1, 3], [0.5, 0.1]]
    assert lines(ax)["g"].tolist() == [[1, 3], [1, 2]]
    assert ax.get_yscale() == "log"
    named = {t.get_text(): (t.xy, to_hex(t.get_color())) for t in ax.texts}
    drawn = {line.get_label(): to_hex(line.get_color()) for line in ax.lines}
    assert {name: color for name, (_, color) in named.items()} == drawn
    for name, end in (("f", 0.1), ("g", 2.0)):
        assert named[name][0] == pytest.approx((3, end)), "the name points at its end"
    assert described(figure).endswith("with 3 hidden layers: f 0.1, g 2.")


def test_seven_lines_of_arrivals_look_different():
    seven = {name: {1: 1.0, 3: 0.9} for name in "abcdefg"}
    (ax,) = figures.show_arrivals(seven).axes
    assert len({to_hex(line.get_color()) for line in ax.lines}) == 7
    assert len({line.get_marker() for line in ax.lines}) == 7
    heights = sorted(math.log10(text.xyann[1]) for text in ax.texts)
    low, high = map(math.log10, ax.get_ylim())
    assert min(np.diff(heights)) > 0.09 * (high - low), "names are moved apart"


def test_each_fold_is_drawn_with_twice_the_pieces():
    fold = taught("03", "fold").fold
    folded = [torch.linspace(0, 1, 1025, dtype=torch.float64)]
    for _ in range(3):
        folded.append(fold(folded[-1]))
    figure = figures.show_folds(folded[1:])
    for k, (ax, heights) in enumerate(zip(figure.axes, folded[1:], strict=True), 1):
        (line,) = ax.lines
        x, y = line.get_data()
        assert (x[0], x[-1], len(x)) == (0, 1, 1025)
        assert np.array_equal(y, heights)
        # It is 1 at the odd multiples of a half, of a quarter, of an eighth.
        tops = x[np.flatnonzero(np.isclose(y, 1))]
        assert np.allclose(tops, (2 * np.arange(2 ** (k - 1)) + 1) / 2**k)
        assert ax.get_title("left") == f"{2**k} pieces"
    assert "2, 4, 8 straight pieces, each from 0 to 1 or" in described(figure)


def test_search_shows_every_seed_and_the_mean():
    rates, widths = {0.1: 0.5, 1.0: 0.2}, {"none": [0.6, 0.7], "16": [0.8, 0.7]}
    left, right = figures.show_search(rates, widths).axes
    assert lines(left)["accuracy"].tolist() == [[0.1, 1.0], [0.5, 0.2]]
    dots = [line.get_xydata().tolist() for line in right.lines[:2]]
    assert dots == [[[0, 0.6], [0, 0.7]], [[1, 0.8], [1, 0.7]]]
    assert lines(right)["mean"][1].tolist() == pytest.approx([0.65, 0.75])
    assert [t.get_text() for t in right.get_xticklabels()] == ["none", "16"]


# -- the four runs of the exercises ----------------------------------------------------


def test_the_deep_runs_show_what_the_exercises_ask_for():
    """What the answers and their sentences rest on."""
    histories = runs.histories()
    loss = {name: np.array(h.step_loss) for name, h in histories.items()}
    guess = math.log(10)
    assert loss["A"][0] > 1.5 * guess and loss["A"][-10:].mean() < 0.7 * guess
    assert abs(loss["B"][0] - guess) < 0.2 and loss["B"][-10:].mean() < 0.7 * guess
    assert loss["C"].max() > 1.3 * guess and abs(loss["C"][-10:].mean() - guess) < 0.1
    assert np.abs(loss["D"] - guess).max() < 0.15, "nothing ever happens"
    assert histories["C"].val_accuracy[-1] < 0.2 > histories["D"].val_accuracy[-1]
    assert loss["C"].argmax() < 10, "the jump comes first"


@pytest.mark.parametrize("seed", range(6))
def test_the_units_of_the_third_run_die_and_no_loss_becomes_nan(seed):
    """Another processor rounds otherwise, as another seed starts otherwise."""
    shape, lr = runs.RUNS["C"]
    data, dead_shares = load_images("digits"), taught("03", "dead_shares").dead_shares
    with seeded(seed):
        net = MLP(**shape)
    losses, dead = [], []
    for record in fit(net, data.train.take(4_000), num_epochs=4, lr=lr, batch_size=128,
                    device="cpu"):  # fmt: skip
        if isinstance(record, Step):
            losses.append(record.loss)
        if len(losses) == 4:
            dead = dead_shares(net, data.val.X)
    assert np.isfinite(losses).all() and max(losses) > 1.05 * math.log(10)
    assert abs(np.mean(losses[-10:]) - math.log(10)) < 0.1
    last = dead_shares(net, data.val.X)
    assert np.mean(last) > 0.5 and last[-1] > 0.8
    if seed == 0:  # what the answer says of the picture
        assert np.mean(dead) > 0.5 and np.mean(last) > np.mean(dead)


def test_the_picture_of_the_deep_runs():
    figure = runs.four_deep_runs()
    assert len({ax.get_ylim() for ax in figure.axes}) == 1, "one scale for all"
    for ax, (name, history) in zip(figure.axes, runs.histories().items(), strict=True):
        assert ax.get_title(loc="left").startswith(f"{name}: accuracy")
        assert np.allclose(lines(ax)["loss"][1], history.step_loss)
        assert ax.get_ylim()[1] >= max(history.step_loss)
