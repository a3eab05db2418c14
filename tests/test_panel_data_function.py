"""A panel whose data or loss has hyperparameters, and a panel of a regression."""

import json
import re

import nbformat
import pytest
import torch
from matplotlib.text import Text
from nbclient import NotebookClient
from torch import nn
from torch.nn import functional as F

from helpers import (
    MLP,
    Choice,
    IntSlider,
    LogSlider,
    Slider,
    TuningPanel,
    load_images,
    make_points,
    make_regression,
    plot_curves,
    seeded,
    train,
    with_label_noise,
)
from helpers.data import DataError
from helpers.widgets.curves_view import CurvesView
from helpers.words import number
from tools.waiting import PATIENCE

CALLS = []


def data(n_train, noise):
    CALLS.append((n_train, noise))
    return make_points("moons", n_train, n_val=50, noise=noise)


def build(num_hiddens=8):
    return MLP((num_hiddens,), 2, 2)


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def make_panel(data=data, build=build, **more) -> TuningPanel:
    ranges = {
        "lr": LogSlider(0.01, 10, start=0.1),
        "batch_size": Choice(10, 50),
        "num_epochs": IntSlider(1, 20, start=2),
    }
    return TuningPanel(build, data, **(ranges | more))


def points_panel(**more) -> TuningPanel:
    ranges = {
        "n_train": IntSlider(10, 500, start=100),
        "noise": Slider(0, 0.5, start=0.1),
        "num_hiddens": IntSlider(1, 32, start=8),
    }
    return make_panel(**(ranges | more))


def repeat(panel, run):
    """Execute the code of a run in a fresh namespace; return its histories."""
    space: dict = {}
    exec(panel.code(run.id), space)
    return space["histories"] if len(run.seeds) > 1 else [space["history"]]


def assert_repeats(panel, run):
    again = repeat(panel, run)
    assert len(again) == len(run.histories)
    for a, b in zip(again, run.histories, strict=True):
        assert a.step_loss == b.step_loss and a.val_loss == b.val_loss
        assert a.val_accuracy == b.val_accuracy


# -- data as a function -------------------------------------------------------------


def test_each_run_has_the_data_of_its_settings():
    panel = points_panel()
    assert CALLS == [(100, 0.1)], "the first data, for the view and the table"
    run = panel.run(n_train=60, noise=0.3, num_hiddens=5, seed=2)
    assert CALLS[1:] == [(60, 0.3)] and run.num_examples == 60 and run.data == "moons"
    drawn = make_points("moons", 60, 50, noise=0.3)
    with seeded(2):
        net = build(5)
    expected = train(
        net, drawn.train, drawn.val, lr=0.1, batch_size=10, num_epochs=2, seed=2
    )
    assert run.history.step_loss == expected.step_loss
    assert run.history.val_accuracy == expected.val_accuracy
    assert len(panel.run(n_train=200).history.step_loss) == 40
    assert panel.settings_text.startswith("lr=0.1 batch_size=10 num_epochs=2 n_train=2")


def test_seeds_share_the_data_unless_it_takes_the_seed():
    panel = points_panel()
    panel.run(seeds=3)
    assert len(CALLS) == 2
    seeds = []

    def own(seed):
        seeds.append(seed)
        return make_points(n_train=50, seed=seed)

    panel = make_panel(data=own)
    run = panel.run(seeds=3, seed=4)
    assert seeds == [0, 4, 5, 6]
    with seeded(5):
        net = build()
    drawn = make_points(n_train=50, seed=5)
    expected = train(net, drawn.train, num_epochs=2, lr=0.1, batch_size=10, seed=5)
    assert run.histories[1].step_loss == expected.step_loss


def test_data_from_the_global_generator_depends_on_the_seed_alone():
    def careless():
        drawn = make_points(n_train=50)
        drawn.train.y[torch.randperm(50)[:10]] = 0
        return drawn

    panel = make_panel(data=careless)
    torch.manual_seed(1)
    first = panel.run(seed=3)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    assert panel.run(seed=3).history.step_loss == first.history.step_loss
    assert torch.get_rng_state().equal(state)
    assert panel.run(seed=4).history.step_loss != first.history.step_loss


def test_a_first_run_stands_beside_runs_with_data_of_their_own():
    drawn = make_points("moons", 100, 50)
    with seeded(0):
        net = build()
    history = train(net, drawn.train, drawn.val, num_epochs=2, lr=0.1, batch_size=10)
    panel = points_panel(first_run=history)
    run = panel.run()
    assert run.history.step_loss == history.step_loss, "the same settings"
    cells = [row["values"] for row in panel.table.rows]
    names = panel.table.columns[1:-4]
    assert cells[0][names.index("noise")] == cells[1][names.index("noise")] == "0.1"
    panel.run(noise=0.4)
    panel.load("baseline")
    assert panel.settings["noise"] == 0.1


def test_data_is_made_in_the_training_thread_and_its_error_is_shown():
    def broken(noise):
        if noise > 0.3:
            raise ValueError("no such noise")
        return make_points(noise=noise)

    panel = make_panel(data=broken, noise=Slider(0, 0.5, start=0.1))
    panel.set(noise=0.4)
    panel.start()
    with pytest.raises(ValueError, match="no such noise"):
        panel.wait(PATIENCE)
    assert "failed: ValueError: no such noise" in panel.lines.status.value
    assert not panel.runs
    with pytest.raises(ValueError, match="no such noise"):
        panel.run()
    assert panel.run(noise=0.1).state == "finished"


@pytest.mark.parametrize("wrong", [None, 3, make_points().train])
def test_a_function_without_data_is_refused_at_once(wrong):
    with pytest.raises(TypeError, match="returned a .*: expected an ImageData or a"):
        make_panel(data=lambda: wrong)


# -- the chooser --------------------------------------------------------------------


def noisy(name=None, n_train=40, share=0.0):
    return with_label_noise(load_images(name, n_train, 20, 20), share)


def images_panel(**more) -> TuningPanel:
    return make_panel(
        **{"data": noisy, "build": lambda: MLP((8,))} | more,
        n_train=IntSlider(20, 80, start=40),
        share=Slider(0, 1, start=0.5),
        datasets=("digits", "mnist"),
    )


def test_the_chosen_name_goes_to_the_function(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    panel = images_panel()
    run = panel.run(n_train=60)
    assert run.data == "digits" and run.num_examples == 60
    panel.set(data="mnist")
    assert "mnist is not on this machine" in panel.lines.status.value
    with pytest.raises(DataError, match="is missing in"):
        panel.run()
    panel.set(data="digits")
    assert_repeats(panel, panel.run(n_train=30))
    assert "noisy(n_train=30, share=0.5, name='digits')" in panel.code("run-2")


def test_a_function_that_takes_no_name_has_nothing_to_choose():
    with pytest.raises(TypeError, match="needs an argument name"):
        images_panel(data=lambda n_train, share: noisy(None, n_train, share))
    with pytest.raises(ValueError, match="datasets names image sets, but data is Poin"):
        make_panel(data=make_points(), datasets=("digits",))


# -- hyperparameters of the loss ----------------------------------------------------


def test_options_of_the_loss_go_to_the_loss():
    panel = points_panel(label_smoothing=Slider(0, 0.5, start=0.2))
    run = panel.run(label_smoothing=0.3)
    drawn = make_points("moons", 100, 50)
    with seeded(0):
        net = build()

    def smoothed(y_hat, y):
        return F.cross_entropy(y_hat, y, label_smoothing=0.3)

    expected = train(
        net, drawn.train, drawn.val, loss=smoothed, num_epochs=2, lr=0.1, batch_size=10
    )
    assert run.history.step_loss == expected.step_loss
    assert run.history.val_loss == expected.val_loss, "validated with the same loss"
    assert panel.run(label_smoothing=0.0).history.step_loss != expected.step_loss
    assert_repeats(panel, run)
    assert "partial(cross_entropy, label_smoothing=0.3)" in panel.code(run.id)


def test_a_name_that_several_take_goes_to_each():
    seen = []

    def both(scale):
        seen.append(("data", scale))
        return make_points(n_train=20)

    def net(scale):
        seen.append(("build", scale))
        return build()

    def loss(y_hat, y, scale=1.0):
        seen.append(("loss", scale))
        return F.cross_entropy(y_hat, y) * scale

    panel = make_panel(both, net, loss=loss, scale=Slider(1, 3, start=2.0))
    panel.run(scale=3.0)
    assert set(seen) == {("data", 2.0), ("data", 3.0), ("build", 3.0), ("loss", 3.0)}


def test_what_nobody_takes_still_goes_to_the_optimizer():
    panel = points_panel(
        momentum=Slider(0, 0.99, start=0.9),
        weight_decay=LogSlider(1e-6, 1),
        optimizer=Choice({"SGD": torch.optim.SGD, "RMSprop": torch.optim.RMSprop}),
    )
    for optimizer in ("SGD", "RMSprop"):
        assert_repeats(panel, panel.run(optimizer=optimizer, lr=0.01))
    assert panel.runs[0].history.step_loss != panel.runs[1].history.step_loss
    with pytest.raises(TypeError, match="neither fit nor SGD has an option width"):
        points_panel(width=IntSlider(1, 3)).run()


# -- exported code ------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"seed": 2}, {"seeds": 2, "seed": 1}])
def test_the_code_repeats_runs_with_made_data(settings):
    panel = points_panel(data=points_by_seed, label_smoothing=Slider(0, 0.5))
    assert_repeats(panel, panel.run(noise=0.2, **settings))
    panel = points_panel()
    assert_repeats(panel, panel.run(n_train=70, **settings))


def points_by_seed(n_train, noise, seed):
    return make_points("spirals", n_train, 40, noise, seed)


def test_functions_with_arguments_filled_in_are_written_out():
    from functools import partial

    panel = make_panel(data=partial(make_points, "xor", n_val=30), noise=Slider(0, 1))
    run = panel.run()
    assert "data = partial(make_points, 'xor', n_val=30)(" in panel.code(run.id)
    assert_repeats(panel, run)


NOTEBOOK = [
    """
import json
import re
from torch import nn
from helpers import MLP, IntSlider, LogSlider, Slider, TuningPanel
from helpers import load_images, make_points, with_label_noise
N_VAL = 30
same = []
images = load_images("digits", n_train=60, n_val=20, n_test=20)
""",
    """
def data(n_train, noise):
    return make_points("circles", n_train, N_VAL, noise)

ACTIVATIONS = {"ReLU": nn.ReLU, "tanh": nn.Tanh, "own": lambda: nn.LeakyReLU(0.3)}

def build(num_hiddens, activation="ReLU"):
    return MLP((num_hiddens,), 2, 2, activation=ACTIVATIONS[activation])
""",
    """
panel = TuningPanel(build, data, num_hiddens=IntSlider(1, 9), n_train=IntSlider(9, 99),
                    noise=Slider(0, 1), label_smoothing=Slider(0, 1),
                    lr=LogSlider(0.01, 1), num_epochs=IntSlider(1, 9, start=2))
for settings in ({}, {"seeds": 2}):
    run, space = panel.run(**settings), {}
    exec(panel.code(run.id), space)
    again = space.get("histories") or [space["history"]]
    same.append([h.val_loss for h in again] == [h.val_loss for h in run.histories])
code = panel.code(run.id)
""",
    """
def noisy(share):
    return with_label_noise(images, share)
panel = TuningPanel(MLP, noisy, share=Slider(0, 1), lr=LogSlider(0.01, 1),
                    num_epochs=IntSlider(1, 9, start=1))
run, space = panel.run(), {}
exec(panel.code(run.id), space)
same.append(space["history"].step_loss == run.history.step_loss)
""",
    "print(json.dumps([same, code, panel.code(run.id)]))",
]


def test_a_function_of_a_notebook_is_written_out(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in NOTEBOOK]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=tmp_path)
    same, points, images = json.loads(notebook.cells[-1].outputs[-1].text)
    assert "data_set = data(" in points and "ACTIVATIONS = {'ReLU': ReLU" in points
    assert 'images = load_images("digits", n_train=60' in images
    assert "as in the notebook" not in points + images
    assert same == [True] * 3, "two seeds, one seed, a set of the notebook"


# -- regression ---------------------------------------------------------------------


def line_panel(**more) -> TuningPanel:
    return make_panel(
        build=lambda: nn.Linear(2, 1),
        data=lambda noise: make_regression(n_train=100, n_val=30, noise=noise),
        loss=F.mse_loss,
        noise=LogSlider(0.001, 1, start=0.1),
        **more,
    )


def test_a_regression_is_judged_by_its_loss():
    panel = line_panel()
    columns = panel.table.columns
    assert "val loss" in columns and "val accuracy" not in columns
    run = panel.run(num_epochs=5, noise=0.5)
    losses = run.history.val_loss
    assert run.final() == losses[-1] and run.best() == min(losses) < losses[0]
    row = panel.table.rows[0]
    assert row["final"] == f"{losses[-1]:.3g}" and row["best"] == f"{min(losses):.3g}"
    assert "val loss" in panel.lines.status.value
    assert "val loss" in panel.view.widget.summary
    assert panel.session.source.metric == "val loss"
    lengths = {len(s["y"]) for s in panel.view.widget.runs[0].values()
               if isinstance(s, dict)}  # fmt: skip
    assert lengths == {50, 5, 0}, "50 steps, 5 epochs, no accuracy"


def test_a_regression_with_several_seeds_has_a_band_and_a_mean():
    panel = line_panel()
    run = panel.run(seeds=3, num_epochs=3)
    band = panel.view.widget.runs[0]["band"]["val_loss"]
    assert len(band["low"]) == 3 and band["low"][-1] <= run.final() <= band["high"][-1]
    assert run.spread() > 0 and "±" in panel.table.rows[0]["final"]
    assert_repeats_lambda(run)


def assert_repeats_lambda(run):
    """The lambdas of `line_panel` stand on lines of their own."""
    for seed, history in zip(run.seeds, run.histories, strict=True):
        with seeded(seed):
            net = nn.Linear(2, 1)
        drawn = make_regression(n_train=100, n_val=30, noise=0.1)
        again = train(net, drawn.train, drawn.val, loss=F.mse_loss, seed=seed,
                      num_epochs=3, lr=0.1, batch_size=10)  # fmt: skip
        assert again.val_loss == history.val_loss


def texts(figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


def test_a_regression_has_one_set_of_axes():
    panel = line_panel()
    assert panel.view.widget.accuracy is False and panel.view.num_axes == 1
    panel.run()
    shown = texts(panel.picture())
    assert {"loss", "val loss"} <= shown and not {"accuracy", "val accuracy"} & shown
    assert CurvesView().num_axes == 2
    points = points_panel()
    points.run()
    assert {"loss", "accuracy", "val accuracy"} <= texts(points.picture())


def test_curves_of_a_regression_stand_alone():
    drawn = make_regression(n_train=50)
    line = train(nn.Linear(2, 1), drawn.train, drawn.val, loss=F.mse_loss, num_epochs=2)
    figure = plot_curves(line)
    assert len(figure.axes) == 1 and "loss" in texts(figure)
    drawn = make_points(n_train=50)
    classes = train(nn.Linear(2, 2), drawn.train, drawn.val, num_epochs=2)
    assert len(plot_curves(classes).axes) == 2
    assert len(plot_curves({"a": line, "b": classes}).axes) == 2


def test_a_small_loss_keeps_its_digits_and_its_axis_is_logarithmic():
    panel = line_panel()
    panel.run(num_epochs=20, noise=0.001)
    final = panel.runs[0].final()
    assert final < 1e-5
    said = number(final)
    assert panel.table.rows[0]["final"].replace("\u00a0", " ") == said
    assert re.fullmatch(r"\d(\.\d+)? × 10⁻[⁶⁷⁸⁹]", said)
    assert said in texts(panel.picture())
    assert f"val loss {said}" in panel.lines.status.value
    assert f"val loss {said}" in panel.view.widget.summary
    (ax,) = plot_curves({"run": panel.runs[0].history}).axes
    assert ax.get_yscale() == "log"
    (label,) = [t for t in ax.texts if t.get_text() == "run"]
    on_val = next(line for line in ax.lines if line.get_marker() == "o")
    at = ax.transLimits.transform(ax.transScale.transform((1, on_val.get_ydata()[-1])))
    assert label.xy[1] == pytest.approx(at[1]), "the name stands at the line's end"
    drawn = make_points(n_train=50)
    classes = train(nn.Linear(2, 2), drawn.train, drawn.val, num_epochs=2)
    assert plot_curves(classes).axes[0].get_yscale() == "linear"
