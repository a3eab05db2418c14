"""The cells of the welcome notebook, run with stand-ins that keep what they get."""

import ast
import math
import re
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import torch

from helpers import MLP, Choice, IntSlider, LogSlider, load_images, seeded
from tests.said import said, shown
from tests.taught import source_of, text_of

STEP = "training-step-code"


@pytest.fixture(scope="module")
def data():
    return load_images("digits")


def ran(cell, **given):
    """The names that a cell leaves behind, run with those that it is given."""
    exec(source_of("00", cell), given)
    return given


def label_of(image, data):
    """The label of a training image; it is found by its pixels."""
    (k,) = (data.train.X == image).flatten(1).all(1).nonzero().flatten().tolist()
    return data.classes[data.train.y[k]]


def test_the_images_that_are_shown_have_their_own_labels(data):
    show = Mock()
    ran("images", data=data, show_images=show)
    X, titles = show.call_args.args
    assert [label_of(image, data) for image in X] == titles and len(titles) == 20
    assert shown("00", "images").rstrip(".").endswith(f": {'; '.join(titles)}")


def test_the_network_to_draw_for_is_trained_on_train_and_watched_on_val(data):
    """Its start is the seed's, so that everybody's network reads alike."""
    torch.manual_seed(7)
    tools = {"train": Mock(), "SketchPad": Mock()}
    left = ran("draw-pad", data=data, MLP=MLP, seeded=seeded, **tools)
    net, *parts = tools["train"].call_args.args
    assert parts[0] is data.train and parts[1] is data.val
    tools["SketchPad"].assert_called_once_with(net, data)
    assert left["net"] is net
    with seeded(0):
        start = MLP()
    for own, others in zip(net.parameters(), start.parameters(), strict=True):
        assert torch.equal(own, others)


def test_the_loop_is_drawn_for_an_image_and_its_own_label(data):
    figures = Mock()
    ran("training-loop", data=data, MLP=MLP, seeded=seeded, figures=figures)
    net, image, label, classes = figures.show_loop.call_args.args
    assert label == label_of(image, data) and classes == data.classes
    assert f"labeled {label}, goes through" in shown("00", "training-loop")
    assert isinstance(net, MLP)


def test_the_curve_has_a_loss_for_each_step(data):
    epochs, size = re.search(
        r"num_epochs=(\d+), .*?batch_size=(\d+)", text_of("00", "draw-pad")
    ).groups()
    steps = int(epochs) * math.ceil(len(data.train) / int(size))
    history = SimpleNamespace(step_loss=[2.3] * steps, train_loss=[2.0] * int(epochs))
    figures = Mock()
    ran("training-steps-code", history=history, data=data, figures=figures)
    losses, num_classes = figures.show_steps.call_args.args
    assert losses is history.step_loss and num_classes == 10
    (told,) = said("00", "training-steps", r"of each of the (\d+) steps")
    assert int(told) == steps
    assert f"of {steps} steps" in shown("00", "training-steps-code")


def test_the_panel_reaches_every_rate_that_is_named(data):
    panel, history = Mock(), object()
    ranges = {"LogSlider": LogSlider, "Choice": Choice, "IntSlider": IntSlider}
    given = {"MLP": MLP, "data": data, "history": history}
    ran("panel-mlp", TuningPanel=panel, **given, **ranges)
    assert panel.call_args.args == (MLP, data)
    told = panel.call_args.kwargs
    assert told["first_run"] is history
    text = text_of("00", "panel-read") + text_of("00", "panel")
    rates = re.findall(r"\bat (\d[\d.]*\b)|try what (\d+) does", text, re.I)
    rates = {float(a or b) for a, b in rates}
    assert {0.1, 0.3, 0.5, 1, 2, 10} <= rates
    assert all(told["lr"].low <= rate <= told["lr"].high for rate in rates)


def test_the_step_by_hand_is_that_of_autograd():
    found = ran(STEP)
    w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    loss = (found["x"] * w - found["y"]) ** 2
    loss.backward()
    assert (found["x"], found["y"], found["y_hat"]) == (2, 6, 2)
    assert (found["loss"], found["gradient"]) == (loss.item(), w.grad.item())
    assert found["w"] == pytest.approx((w - found["lr"] * w.grad).item())
    assert found["new_loss"] == pytest.approx((2 * found["w"] - 6) ** 2)


def test_the_comments_beside_the_step_say_what_their_lines_do():
    lines = source_of("00", STEP).splitlines()
    notes = {line.split(" = ")[0]: line.partition("  # ")[2] for line in lines}
    quantity, variable = re.fullmatch(
        r"how fast the (\w+) grows with (\w+): its derivative", notes["gradient"]
    ).groups()
    nudge = 1e-6
    nudged = ran_until("gradient", {variable: nudge})[quantity]
    slope = (nudged - ran_until("gradient", {})[quantity]) / nudge
    found = ran(STEP)
    assert found["gradient"] == pytest.approx(slope, abs=1e-3)
    (way,) = re.fullmatch(
        r"the step: (against|along) the gradient", notes["w"]
    ).groups()
    signs = {"against": -1, "along": 1}
    assert math.copysign(1, (found["w"] - 1) * found["gradient"]) == signs[way]


def ran_until(name, more):
    """The names before a line of the step is run, with something added to some."""
    given = {}
    for node in ast.parse(source_of("00", STEP)).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else node
        if getattr(target, "id", "") == name:
            break
        exec(compile(ast.Module([node], []), STEP, "exec"), given)
        if getattr(target, "id", "") in more:
            given[target.id] += more[target.id]
    return given
