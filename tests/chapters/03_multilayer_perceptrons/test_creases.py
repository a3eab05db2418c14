"""Chapter 3: creases of hidden units, ways back, and keys that cover nothing."""

import ast

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.text import Text
from torch import nn, tensor

from helpers import make_points, models
from helpers.chapters.multilayer_perceptrons import exercises, explorers, figures
from helpers.figures import COLORS
from helpers.figures.described import described
from tests.taught import holding, source_of

holds = holding("03")


def net_of(W, b, V, c):
    """A network of two inputs and two classes with these weights."""
    net = models.MLP((len(W),), 2, 2)
    first, last = (m for m in net if isinstance(m, nn.Linear))
    with torch.no_grad():
        for p, value in zip(
            (first.weight, first.bias, last.weight, last.bias),
            (W, b, V, c),
            strict=True,
        ):
            p.copy_(tensor(value))
    return net


# The border is x2 = |x1| - 1/2, from two units; the third one is 0 in all the picture.
W = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]
NET = net_of(W, [0.0, 0.0, -99.0], [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], [0.0, -0.5])


@pytest.fixture
def drawn():
    return figures.show_creases(NET, make_points("moons"), num_points=20)


def test_a_crease_is_where_a_unit_begins(drawn):
    (ax,) = drawn.axes
    lines = {x.get_label(): x.get_xydata() for x in ax.lines}
    assert {name for name in lines if name.startswith("unit")} == {"unit 1", "unit 2"}
    (low, high), middle = ax.get_ylim(), np.mean(ax.get_ylim())
    for name in ("unit 1", "unit 2"):
        assert lines[name][:, 0] == pytest.approx([0, 0], abs=1e-6)
        ends = sorted(lines[name][:, 1])
        assert ends == pytest.approx([low, high], abs=0.02 * (high - low)), middle
    for name, w in zip(("unit 1", "unit 2"), W, strict=False):
        (arrow,) = (t for t in ax.texts if t.get_gid() == f"{name} is above 0")
        assert np.dot(w, arrow.xyann) == pytest.approx(0, abs=1e-6), "from the line"
        assert np.dot(w, arrow.xy) > 0, "to the side where the unit is above 0"


def test_the_border_is_where_the_classes_are_level(drawn):
    (ax,) = drawn.axes
    (border,) = ax.collections
    x, _ = np.concatenate([path.vertices for path in border.get_paths()]).T
    assert np.abs(x) == pytest.approx(0.5, abs=0.01), "where |x1| is 1/2"
    points = sum(
        len(line.get_xdata()) for line in ax.lines if line.get_marker() in "os"
    )
    assert points == 20 and len(ax.lines) == 4
    assert described(drawn) == (
        "The plane with the creases of 3 hidden units, each with an arrow to where the "
        "unit is above 0. The border between the classes is straight from one crease "
        "that it crosses to the next."
    )


def test_a_crease_that_hardly_bends_the_border_is_dashed():
    """How much the slope of the lead changes there: weights before and after."""
    net = net_of(
        [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [[0.0, 0.0], [2.0, 0.1]], [0.0, -0.1]
    )
    (ax,) = figures.show_creases(net, make_points("moons")).axes
    dashes = {line.get_label(): line.get_linestyle() for line in ax.lines}
    assert (dashes["unit 1"], dashes["unit 2"]) == ("-", "--")
    holds(
        "creases-read",
        "Dashed creases belong to units that hardly tell the classes apart; there it "
        "hardly turns.",
    )


def test_between_creases_a_network_is_linear():
    """Halfway between two places it gives the mean, if no crease is between them."""
    torch.manual_seed(0)
    net = models.MLP((8,), 2, 2)
    first = next(m for m in net if isinstance(m, nn.Linear))
    with torch.no_grad():
        a, b = 2 * torch.randn(400, 2), 2 * torch.randn(400, 2)
        same = ((first(a) > 0) == (first(b) > 0)).all(1)
        off = (net((a + b) / 2) - (net(a) + net(b)) / 2).abs().amax(1)
    assert 10 < same.sum() < 390
    assert off[same].max() < 1e-5 < off[~same].max()
    holds(
        "creases-text", "A ReLU unit is 0 on one side of a line and rises on the other"
    )
    holds(
        "creases-read",
        "Between creases the network is linear, so the border is straight. It can turn "
        "only where it crosses one.",
    )


def test_the_first_run_of_the_panel_is_the_one_whose_creases_are_drawn():
    source, panel = source_of("03", "creases"), source_of("03", "playground")
    assert 'points("moons", 0.1, 0)' in source and "build(8, 1, nn.ReLU)" in source
    assert "num_epochs=200, lr=0.3, batch_size=50" in source
    for start in (
        'Choice("moons", ', "noise=Slider(0.0, 0.5, start=0.1)", "32, start=8)",
        "layers=IntSlider(1, 3, start=1)", "lr=LogSlider(0.01, 10, start=0.3)",
        "batch_size=Choice(10, 50, 200, start=50)", "IntSlider(10, 500, start=200)",
    ):  # fmt: skip
        assert start in panel


# -- the way back ----------------------------------------------------------------------


def test_arrows_lead_back_from_the_output():
    scene = explorers.passes().scene
    (pane,) = scene.panes
    arrows = {m["name"]: m for m in pane.marks if m["kind"] == "arrow"}
    lines = {m["name"]: m["xy"] for m in pane.marks if m["kind"] == "line"}
    assert len(arrows) == len(lines) == 6
    for name, xy in lines.items():
        arrow = arrows[name.replace("line", "back")]
        (x0, _), (x1, _) = arrow["xy"]
        (left, _), (right, _) = xy
        assert left < x1 < x0 < right and arrow["color"] == COLORS[1]
    for step, seen in ((3, 0), (4, 2), (5, 2), (6, 6)):
        (pane,) = explorers.passes.scene(step=step).panes
        assert sum(m["kind"] == "arrow" for m in pane.marks) == seen


def test_the_target_and_the_loss_stand_at_the_output():
    hidden = torch.sigmoid(tensor([0.6, 1.2], dtype=torch.float64))
    y_hat = torch.sigmoid(hidden @ tensor([0.5, 0.6], dtype=torch.float64) + 0.1)
    loss = f"{0.5 * (y_hat - 1) ** 2:.4g}"
    scene = explorers.passes.scene(step=2)
    assert scene["target"]["text"] == f"target 1, ℓ = {loss}"
    assert scene.says.endswith(f"and the loss is ½({y_hat:.4g} − 1)² = {loss}.")
    holds("by-hand", f"0.70764 - 1)^2 = {float(loss):.5f}$")
    holds("by-hand", "(as in the chain: weight, what came back, slope)")


# -- keys that cover nothing -----------------------------------------------------------


def test_the_key_stands_beside_the_lines():
    """A legend over a curve hides what it names."""
    curves = {"tanh": torch.tanh, "ReLU": torch.relu}
    figure = figures.show_slopes(curves)
    left, right = figure.axes
    assert left.get_legend() is None
    figure.draw_without_rendering()
    assert right.get_legend().get_window_extent().x0 >= right.get_window_extent().x1


def test_numbers_of_hinges_can_be_read():
    """Six weighted units end close to each other, and their numbers do not."""
    knots = torch.linspace(-1, 1, 7)[:-1]
    figure = figures.show_hinges(torch.sin, knots, tensor([0.3, 0.3, -0.2, 0, 0, 0.1]))
    left, _ = figure.axes
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(t) for t in left.texts]  # without their lines
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 6
    for below, above in zip(boxes, boxes[1:], strict=False):
        assert above.y0 >= below.y1 - 2
    colors = {line.get_label(): line.get_color() for line in left.lines}
    for text in left.texts:
        assert to_hex(text.get_color()) == to_hex(colors[text.get_gid()])


# -- names and mistakes ----------------------------------------------------------------


def assigned(cell_id):
    names = ast.walk(ast.parse(source_of("03", cell_id)))
    return {
        n.id for n in names if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def test_the_weights_of_xor_are_not_those_of_the_next_network():
    """Cells of the second network, run after one of the first, keep their weights."""
    assert {"W_xor", "b_xor"} < assigned("hidden-code")
    assert not {"W1", "W2", "x", "a1"} & assigned("hidden-code")
    for cell_id in ("to-code", "shapes-code"):  # then `forward-code` runs again
        assert not {"W1", "W2", "x"} & assigned(cell_id)


def test_softplus_applied_again_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))

    def softplus_slope(a):
        return nn.functional.softplus(a)

    says = " ".join(exercises.check(softplus_slope).text.split())
    assert "You applied softplus again: a is already its value." in says
