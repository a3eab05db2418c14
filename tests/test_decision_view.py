"""Decision regions: the numbers, the view in the panel, and the still picture."""

import base64
import io
import math

import numpy as np
import pytest
import torch
from matplotlib.collections import PathCollection
from PIL import Image
from torch import nn
from torch.nn import functional as F

from helpers import (
    MLP,
    Choice,
    DecisionView,
    Examples,
    IntSlider,
    LogSlider,
    PointData,
    Slider,
    SoftmaxRegression,
    TuningPanel,
    load_images,
    make_points,
    make_regression,
)
from helpers.figures import plot_regions
from helpers.figures.plane import SIDE, plane_of, regions_of
from tools.waiting import PATIENCE, wait_for

SMALL = SIDE // 2


def points(n_train=100, noise=0.1):
    return make_points("moons", n_train, 50, noise=noise)


def build(num_hiddens=8, dropout=0.0):
    return MLP((num_hiddens, 8), 2, 2, activation=nn.Tanh, dropout=dropout)


def make_panel(build=build, data=points, **more) -> TuningPanel:
    ranges = {
        "lr": LogSlider(0.01, 10, start=0.3),
        "batch_size": Choice(10, 50),
        "num_epochs": IntSlider(1, 500, start=3),
        "noise": Slider(0, 0.5, start=0.1),
        "num_hiddens": IntSlider(1, 40, start=8),
    }
    return TuningPanel(build, data, **({"view": DecisionView()} | ranges | more))


def cell_of(plane, point) -> tuple[int, int]:
    """Row and column of the cell that holds a point; row 0 is at the top."""
    x0, x1, y0, y1 = plane.limits
    x, y = (float(v) for v in point)
    return int((y1 - y) / (y1 - y0) * SIDE), int((x - x0) / (x1 - x0) * SIDE)


def image_of(picture, name) -> np.ndarray:
    return np.frombuffer(picture[name], np.uint8).reshape(SIDE, SIDE)


# -- the numbers --------------------------------------------------------------------


def test_the_plane_is_a_square_around_all_points():
    data = points(noise=0.3)
    x0, x1, y0, y1 = plane_of(data).limits
    X = torch.cat([data.train.X, data.val.X])
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert x0 < X[:, 0].min() and X[:, 0].max() < x1
    assert y0 < X[:, 1].min() and X[:, 1].max() < y1
    assert (x1 - x0) < 1.4 * float((X.amax(0) - X.amin(0)).max()), "not much larger"


def test_a_cell_holds_the_probability_at_its_middle():
    data = points()
    plane = plane_of(data)
    weight, bias = torch.tensor([3.0, -1.0]), 0.3
    regions = regions_of(
        lambda X: torch.stack([torch.zeros(len(X)), X @ weight + bias], 1), plane
    )
    for point in ((0.5, 1.0), (-1.2, 0.3), (0.1, -1.4)):
        row, column = cell_of(plane, point)
        p = torch.sigmoid(torch.tensor(point) @ weight + bias)
        assert regions.level[row, column] / 255 == pytest.approx(float(p), abs=0.06)
    assert regions.label is None and regions.finite


def test_regions_agree_with_the_labels_of_a_trained_network():
    panel = make_panel()
    panel.run(num_epochs=60)
    view = panel.view
    data, plane = points(), plane_of(points())
    hits = 0
    for point, label in zip(data.train.X, data.train.y, strict=True):
        row, column = cell_of(plane, point)
        hits += int(view.regions.level[row, column] > 127) == int(label)
    assert hits / len(data.train) > 0.95


def test_of_more_classes_the_likeliest_and_how_sure():
    logits = torch.tensor([0.0, 1.0, 3.0])
    regions = regions_of(lambda X: logits.expand(len(X), 3), plane_of(points()))
    sure = float(logits.softmax(0)[2])
    assert (regions.label == 2).all()
    assert regions.level[0, 0] == round(255 * (sure - 1 / 3) / (2 / 3))
    assert regions.shares(3) == [0, 0, 1]


def test_probabilities_are_taken_as_they_are():
    p = torch.tensor([0.2, 0.8])
    regions = regions_of(lambda X: p.expand(len(X), 2), plane_of(points()))
    assert regions.level[0, 0] == round(255 * 0.8)


def test_one_output_is_a_logit_or_a_prediction():
    plane = plane_of(points())
    regions = regions_of(lambda X: 0 * X[:, :1] + math.log(3), plane)
    assert regions.level[0, 0] == round(255 * 0.75)
    data = make_regression(n_train=50, n_val=20)
    low, high = float(data.train.y.min()), float(data.train.y.max())
    middle = regions_of(lambda X: 0 * X[:, :1] + (low + high) / 2, plane_of(data))
    assert abs(int(middle.level[0, 0]) - 127) <= 1


def test_an_output_that_is_no_number_is_said():
    regions = regions_of(lambda X: X * math.nan, plane_of(points()))
    assert not regions.finite and (regions.level == 128).all()


def test_hidden_units_are_the_outputs_of_the_non_linearities():
    net, plane = build(5, dropout=0.5), plane_of(points())
    first, second = regions_of(net, plane).layers
    assert (first.name, first.units, len(first.cells)) == ("Tanh", 5, 5)
    assert second.units == 8 and first.cells.shape == (5, SMALL, SMALL)
    h = torch.tanh(net[1](plane.grid)).detach().T.reshape(5, SIDE, SIDE)[:, ::2, ::2]
    expected = 128 + 127 * h / h.abs().amax((1, 2), keepdim=True)
    assert np.abs(first.cells - expected.numpy()).max() <= 0.51


def test_at_most_sixteen_units_of_three_layers_are_kept():
    regions = regions_of(MLP((40, 3, 3, 3, 3), 2, 2), plane_of(points()))
    kept = [(layer.units, len(layer.cells)) for layer in regions.layers]
    assert kept == [(40, 16), (3, 3), (3, 3)]
    assert regions.more_layers == 2


class Functional(nn.Module):
    """A network whose non-linearity is a function."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(2, 4), nn.Linear(4, 2)

    def forward(self, X):
        return self.two(F.relu(self.one(X)))


@pytest.mark.parametrize(
    ("net", "layers"),
    [
        (nn.Linear(2, 2), []),
        (SoftmaxRegression(2, 2), []),
        (Functional(), [("Linear", 4)]),
        (nn.Sequential(nn.Linear(2, 4), nn.PReLU(), nn.Linear(4, 2)), [("PReLU", 4)]),
        (nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 2), nn.Softmax(1)),
         [("Sigmoid", 3)]),
        (nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()), []),
    ],
)  # fmt: skip
def test_what_counts_as_a_hidden_layer(net, layers):
    regions = regions_of(net, plane_of(points()))
    assert [(layer.name, layer.units) for layer in regions.layers] == layers


def test_looking_changes_nothing():
    net = nn.Sequential(
        *(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5)),
        *(nn.BatchNorm1d(8), nn.Linear(8, 2)),
    )
    net[1].eval()  # frozen inside a network that trains
    modes = [m.training for m in net.modules()]
    state = {name: t.clone() for name, t in net.state_dict().items()}
    before = torch.get_rng_state()
    plane = plane_of(points())
    regions = regions_of(net, plane)
    assert torch.get_rng_state().equal(before)
    assert [m.training for m in net.modules()] == modes
    assert all(t.equal(state[name]) for name, t in net.state_dict().items())
    assert not any(m._forward_hooks for m in net) and net[0].weight.grad is None
    with torch.no_grad():
        p = net.eval()(plane.grid).softmax(1)[:, 1]
    assert np.abs(regions.level.ravel() - 255 * p.numpy()).max() < 0.51, "no dropout"

    def careless(X):
        return net(X) + torch.rand(1)

    regions_of(careless, plane_of(points()))
    assert torch.get_rng_state().equal(before)


def test_a_network_that_fails_is_left_as_it_was():
    class Failing(nn.Module):
        def forward(self, X):
            raise RuntimeError("no")

    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), Failing())
    with pytest.raises(RuntimeError, match="no"):
        regions_of(net, plane_of(points()))
    assert net.training and not net[1]._forward_hooks


# -- in the panel -------------------------------------------------------------------


def test_the_view_changes_no_training():
    """Dropout draws the same numbers, and the mode is that of training."""
    runs = [
        make_panel(dropout=Choice(0.0, 0.3, start=0.3), view=view).run(num_epochs=20)
        for view in (DecisionView(), None)
    ]
    assert runs[0].history.step_loss == runs[1].history.step_loss
    assert runs[0].history.val_loss == runs[1].history.val_loss


def test_points_are_there_before_the_first_run_and_follow_their_settings():
    panel = make_panel()
    view = panel.view
    data = points()
    xy = np.frombuffer(view.map.points, "<f4").reshape(-1, 2)
    assert view.map.num_train == 100 and len(xy) == 150
    assert (xy == torch.cat([data.train.X, data.val.X]).numpy()).all()
    labels = np.frombuffer(view.map.labels, np.uint8)
    assert (labels == torch.cat([data.train.y, data.val.y]).numpy()).all()
    assert view.map.picture == {} and "no network has trained" in view.map.summary
    panel.set(noise=0.4)
    moved = np.frombuffer(view.map.points, "<f4").reshape(-1, 2)
    assert (moved[:100] == points(noise=0.4).train.X.numpy()).all()


def test_a_run_without_a_front_end_leaves_the_final_picture():
    panel = make_panel()
    run = panel.run(num_epochs=5)
    view = panel.view
    expected = regions_of(panel.net, plane_of(points()))
    picture = view.map.picture
    assert (image_of(picture, "level") == expected.level).all()
    assert picture["title"] == "run 1, after 5 epochs" and picture["side"] == SIDE
    assert [layer["shown"] for layer in picture["layers"]] == [8, 8]
    assert len(picture["layers"][0]["cells"]) == 8 * SMALL**2
    assert view.widget.children[0] is view.map
    curves = view.widget.children[1]
    assert [r["id"] for r in curves.runs] == [run.id] and curves.live == {}
    words = view.map.summary
    assert f"Validation accuracy {run.final():.3f}." in words
    assert "Decision regions of run 1, after 5 epochs." in words and "% blue" in words
    assert "Hidden layer 1: 8 units, Tanh" in words


def test_points_of_other_settings_take_the_regions_away_and_the_same_do_not():
    panel = make_panel()
    panel.run()
    view = panel.view
    panel.set(lr=0.1)
    assert view.map.picture["title"] == "run 1, after 3 epochs"
    panel.set(noise=0.2)
    assert view.map.picture == {} and view.regions is None
    panel.run()
    assert view.map.picture["title"] == "run 2, after 3 epochs"
    panel.run(noise=0.2)
    assert len(view.widget.children[1].runs) == 3


def test_moving_a_control_while_it_trains_leaves_the_picture():
    panel = make_panel()
    panel.set(num_epochs=500)
    panel.step()
    wait_for(lambda: panel.session.state == "paused")
    before = panel.view.map.points
    panel.set(noise=0.5)
    assert panel.view.map.points == before and panel.view.map.picture
    panel.stop()
    assert panel.wait(PATIENCE)
    assert panel.view.map.points == before


def test_a_pause_shows_the_network_as_it_stands():
    panel = make_panel()
    panel.set(num_epochs=500)
    view = panel.view
    panel.start()
    wait_for(lambda: view.map.picture)
    view.rests_until = math.inf  # as if a picture had taken very long
    panel.pause()
    wait_for(lambda: panel.session.state == "paused")
    wait_for(lambda: view.rests_until != math.inf)
    shown = image_of(view.map.picture, "level")
    assert (shown == regions_of(panel.net, plane_of(points())).level).all()
    panel.stop()
    assert panel.wait(PATIENCE)


def test_a_dropped_training_takes_its_regions_with_it():
    panel = make_panel()
    panel.set(num_epochs=500)
    panel.step()
    wait_for(lambda: panel.session.state == "paused")
    assert panel.view.map.picture
    panel.reset()
    assert panel.wait(PATIENCE)
    assert panel.view.map.picture == {} and panel.picture()


def test_several_seeds_are_counted_and_have_a_band():
    panel = make_panel()
    titles = []
    panel.view.map.observe(lambda c: titles.append(c["new"].get("title")), "picture")
    panel.run(seeds=3, num_epochs=2)
    assert titles[-1] == "run 1, seed 3 of 3, after 2 epochs"
    assert len(panel.view.widget.children[1].runs[0]["band"]["val_loss"]["low"]) == 2
    panel.run(seeds=1)
    assert titles[-1] == "run 2, after 2 epochs"


def test_hidden_and_removed_runs_leave_the_regions():
    panel = make_panel()
    first, second = panel.run(), panel.run(lr=0.1)
    title = panel.view.map.picture["title"]
    panel.toggle(first.id)
    panel.remove(second.id)
    assert [r["hidden"] for r in panel.view.widget.children[1].runs] == [True]
    assert panel.view.map.picture["title"] == title == "run 2, after 3 epochs"


def test_many_units_are_told_in_words():
    panel = make_panel(lambda num_hiddens: MLP((num_hiddens,) * 4, 2, 2))
    panel.run(num_hiddens=40)
    picture, words = panel.view.map.picture, panel.view.map.summary
    assert [(x["units"], x["shown"]) for x in picture["layers"]] == [(40, 16)] * 3
    assert picture["more"] == 1 and "Not drawn: 1 more layer." in words
    assert "40 units, ReLU, 16 of them drawn" in words


def test_dead_units_are_told_in_words():
    def dead(num_hiddens):
        net = MLP((num_hiddens,), 2, 2)
        nn.init.constant_(net[1].bias, -100)
        return net

    panel = make_panel(dead)
    panel.run(num_epochs=1)
    assert "Hidden layer 1: 8 units, ReLU; 8 are constant." in panel.view.map.summary


def test_a_function_with_parameters_by_hand():
    def by_hand():
        W, b = torch.zeros(2, 2, requires_grad=True), torch.zeros(2, requires_grad=True)
        return (lambda X: X @ W + b), [W, b]

    panel = make_panel(by_hand, num_hiddens=IntSlider(1, 2), data=ignore_hiddens)
    panel.run(num_epochs=20)
    regions = panel.view.regions
    assert regions.layers == () and 0.2 < regions.shares(2)[0] < 0.8


def ignore_hiddens(num_hiddens, noise):
    return points(noise=noise)


def test_three_classes_and_a_regression():
    X = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    part = Examples(X, torch.arange(60) % 3)
    data = PointData("three", ("a", "b", "c"), part, part)
    view = DecisionView()
    panel = TuningPanel(lambda: MLP((4,), 2, 3), data, view=view,
                        num_epochs=IntSlider(1, 9, start=2))  # fmt: skip
    panel.run()
    assert len(view.map.picture["label"]) == SIDE**2 and "% c." in view.map.summary
    panel.picture()
    view = DecisionView()
    panel = TuningPanel(
        lambda: nn.Linear(2, 1),
        make_regression(n_train=50),
        view=view,
        loss=F.mse_loss,
        num_epochs=IntSlider(1, 9, start=5),
    )
    panel.run()
    assert view.num_axes == 2 and view.map.classes == []
    assert "Validation loss" in view.map.summary and "accuracy" not in view.map.summary
    levels = np.frombuffer(view.map.labels, np.uint8)
    assert levels.min() == 0 and levels.max() == 255
    panel.picture()


def test_only_points_in_the_plane_have_regions():
    with pytest.raises(ValueError, match=r"digits has inputs of shape \(1, 28, 28\)"):
        make_panel(data=load_images("digits", 20, 10, 10))
    with pytest.raises(ValueError, match="regression has inputs of shape"):
        plane_of(make_regression(w=(1.0, 2.0, 3.0)))


def test_of_very_many_points_the_first_are_drawn():
    panel = make_panel(data=make_points(n_train=5000, n_val=5000), noise=Slider(0, 1))
    assert panel.view.map.num_train == 1000 and len(panel.view.map.labels) == 2000


# -- the still picture --------------------------------------------------------------


def test_the_still_picture_shows_regions_with_points():
    panel = make_panel()
    panel.run(num_epochs=40)
    figure = panel.picture()
    axes = [ax for ax in figure.axes if ax.get_title("left") == "decision regions"]
    (image,) = axes[0].get_images()
    shown = image.get_array()
    strength = np.abs(2 * (panel.view.regions.level / 255) - 1)
    np.testing.assert_allclose(shown[:, :, 3], 0.55 * strength, atol=1e-6)
    blue = shown[..., 2] > shown[..., 0]
    assert (blue == (panel.view.regions.level < 128)).all()
    assert image.origin == "upper"
    scattered = [c for c in axes[0].collections if isinstance(c, PathCollection)]
    assert [len(c.get_offsets()) for c in scattered] == [50, 100]
    titles = {ax.get_title("left") for ax in figure.axes}
    assert {"loss", "accuracy"} <= titles
    png = base64.b64decode(panel._repr_mimebundle_()[0]["image/png"])
    assert len(png) < 100_000
    assert Image.open(io.BytesIO(png)).width > 600


def test_a_panel_that_never_ran_has_a_still_picture_of_its_points():
    figure = make_panel().picture()
    (ax,) = [ax for ax in figure.axes if ax.get_title("left") == "decision regions"]
    assert not ax.get_images() and len(ax.collections) == 2


def test_regions_of_any_network_as_a_figure():
    figure = plot_regions(nn.Linear(2, 2), points())
    (ax,) = figure.axes
    assert len(ax.get_images()) == 1


# -- the cost -----------------------------------------------------------------------


def test_pictures_of_a_slow_network_are_fewer(monkeypatch):
    """At most one part in REST + 1 of the time goes into pictures."""
    panel = make_panel()
    panel.run(num_epochs=1)
    view, now, drawn = panel.view, [0.0], []
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def slow(*arguments):
        drawn.append(now[0])
        now[0] += 0.02
        return regions_of(*arguments)

    monkeypatch.setattr("helpers.widgets.plane_view.regions_of", slow)
    view.begin(panel.runs[0], panel.net)
    while now[0] < 1.0:
        view.push(panel.runs[0].history)
        now[0] += 0.005
    assert drawn == pytest.approx([0.0, 0.32, 0.64, 0.96], abs=0.011)
