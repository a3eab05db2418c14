"""A value of a feature map, opened: its window, its weights, how both are drawn."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Inception
from helpers.widgets.opened_value import Step, opened, value_panes

LAYERS = {
    "conv": nn.Conv2d(3, 4, 3),
    "padded, with a stride": nn.Conv2d(3, 4, (5, 3), stride=2, padding=(2, 1)),
    "same": nn.Conv2d(3, 4, 5, padding="same"),
    "without bias": nn.Conv2d(3, 4, 3, bias=False),
    "groups, dilation": nn.Conv2d(3, 6, 3, groups=3, dilation=2),
    "max": nn.MaxPool2d(3, stride=2, padding=1),
    "mean": nn.AvgPool2d(2),
    "mean of all": nn.AdaptiveAvgPool2d(1),
    "ReLU in place": nn.ReLU(inplace=True),
    "dropout": nn.Dropout(0.9),
    "block": Inception(3, 2, (4, 3), (2, 4), 5),
}


def step_of(name):
    torch.manual_seed(0)
    layer, X = LAYERS[name], torch.randn(3, 9, 8)
    layer.eval()
    with torch.no_grad():
        maps = layer(X[None].clone())[0]
    layer.train()
    return Step(layer, X, maps)


def places(step):
    c, h, w = step.maps.shape
    return {(0, 0, 0), (c - 1, h - 1, w - 1), (c // 2, h // 2, w // 2)}


@pytest.mark.parametrize("name", LAYERS)
def test_a_value_is_its_products_and_the_rest(name):
    step = step_of(name)
    for at in places(step):
        value = opened(step, *at)
        assert value.value == pytest.approx(step.maps[at].item(), abs=1e-5)
        sum_ = (value.window * value.weights).sum().item()
        assert value.products.sum().item() == pytest.approx(sum_)
        assert sum_ + value.rest == pytest.approx(value.value, abs=1e-5)
        ends = zip(value.corner, value.window.shape, strict=True)
        within = tuple(slice(a, a + n) for a, n in ends)
        assert value.window.equal(step.inputs[within])
        bias = getattr(step.layer, "bias", None)
        if name != "block":
            known = 0.0 if bias is None else bias[at[0]].item()
            assert value.rest == pytest.approx(known, abs=1e-5)
    assert step.layer.training, "its mode is left as it was"
    assert not any(p.grad is not None for p in step.layer.parameters())


@pytest.mark.parametrize("name", LAYERS)
def test_only_the_window_counts(name):
    """What is outside may be anything; of what is inside, the edges matter."""
    step = step_of(name)
    step.layer.eval()
    for at in places(step):
        value = opened(step, *at)
        ends = zip(value.corner, value.window.shape, strict=True)
        within = tuple(slice(a, a + n) for a, n in ends)
        others = torch.full_like(step.inputs, 7.0)
        others[within] = value.window
        with torch.no_grad():
            assert step.layer(others[None])[0][at].item() == pytest.approx(
                value.value, abs=1e-5
            )
    step.layer.train()


def test_windows_have_the_kernels_size_and_lose_what_is_padding():
    inside, at_the_edge = (
        opened(step_of("padded, with a stride"), 0, *place)
        for place in ((2, 2), (0, 0))
    )
    assert inside.corner == (0, 2, 3) and inside.window.shape == (3, 5, 3)
    assert at_the_edge.corner == (0, 0, 0) and at_the_edge.window.shape == (3, 3, 2)
    assert opened(step_of("max"), 1, 1, 1).window.shape == (1, 3, 3)
    assert opened(step_of("max"), 1, 1, 1).corner == (1, 1, 1)
    assert opened(step_of("mean of all"), 2, 0, 0).window.shape == (1, 9, 8)
    assert opened(step_of("groups, dilation"), 4, 0, 0).corner == (2, 0, 0)
    for channel, side in ((0, 1), (3, 3), (7, 5), (12, 3)):  # the four branches
        assert opened(step_of("block"), channel, 4, 4).window.shape == (3, side, side)


def test_the_products_of_a_convolution_are_those_of_its_kernel():
    step = step_of("conv")
    columns = F.unfold(step.inputs[None], 3)[0].view(3, 3, 3, 7, 6)
    value = opened(step, 2, 4, 1)
    expected = columns[..., 4, 1] * step.layer.weight[2].detach()
    torch.testing.assert_close(value.products, expected)
    assert value.weights.equal(step.layer.weight[2].detach())


def test_a_weight_of_zero_takes_nothing_from_the_window():
    layer = nn.Conv2d(1, 1, 3)
    nn.init.zeros_(layer.weight)
    X = torch.randn(1, 5, 5)
    value = opened(Step(layer, X, layer(X).detach()), 0, 1, 1)
    assert value.window.equal(X[:, 1:4, 1:4]) and not value.weights.any()


def test_the_largest_has_the_weight_one_and_the_others_zero():
    value = opened(step_of("max"), 1, 2, 2)
    assert value.weights.sum() == 1 and value.weights.max() == 1
    assert value.window[value.weights == 1].item() == value.window.max()


# -- the drawing -----------------------------------------------------------------------


def panes_of(name, at):
    step = step_of(name)
    value = opened(step, *at)
    panes = value_panes(name, step, at, value, 600, 300)
    marks = {m["name"]: m for pane in panes for m in pane.marks}
    return step, value, panes, marks


def test_the_window_is_marked_on_every_map_that_it_is_in():
    _, value, (before, _, _), marks = panes_of("conv", (1, 4, 2))
    assert before.title == "goes in: 3 × 9 × 8"
    for k in range(3):
        (x0, x1), (y1, y0) = marks[f"in {k}"]["x"], marks[f"in {k}"]["y"]
        cells = (marks[f"window in {k}"]["xy"] - [x0, y0]) / [x1 - x0, y1 - y0] * [8, 9]
        (left, top), (right, bottom) = cells.min(0), cells.max(0)
        assert (top, left) == pytest.approx(value.corner[1:])
        assert (bottom - top, right - left) == pytest.approx((3, 3))


def test_products_are_written_where_there_is_room_and_blue_above_zero():
    torch.manual_seed(0)
    X, layer = torch.randn(1, 6, 6), nn.Conv2d(1, 2, 3)
    step = Step(layer, X, layer(X).detach())
    value = opened(step, 1, 2, 3)
    _, middle, _ = panes = value_panes("conv", step, (1, 2, 3), value, 600, 300)
    texts = {m["name"]: m["text"] for m in middle.marks if m["kind"] == "text"}
    for i in range(3):
        for j in range(3):
            product = value.products[0, i, j].item()
            text = texts[f"product {i} {j}"].replace("−", "-")
            assert float(text) == pytest.approx(product, abs=0.0051)
    red, _, blue = middle.marks[0]["values"].transpose(2, 0, 1)
    assert ((blue > red) == (value.products[0].numpy() > 0)).all()
    assert len(panes) == 3


def test_many_products_have_colors_alone():
    _, _, (_, middle, _), _ = panes_of("conv", (1, 4, 2))
    assert not [m for m in middle.marks if m["kind"] == "text"]
    assert len([m for m in middle.marks if m["kind"] == "image"]) == 3


def test_the_place_can_be_dragged_on_the_map():
    step, _, (_, _, after), marks = panes_of("conv", (1, 4, 2))
    assert after.title == "channel 2 of 4, 7 × 6"
    handle = marks["place"]
    assert (handle["x"], handle["y"]) == ("column", "row")
    assert handle["xy"].tolist() == [[3, 5]], "columns and rows count from 1"
    assert marks["value"]["xy"].mean(0) == pytest.approx([3, 5], abs=0.11)
    low, high = min(0, step.maps.min()), step.maps.max()
    gray = (step.maps[1] - low) / (high - low)
    assert marks["conv 1"]["values"][..., 0] == pytest.approx(gray.numpy(), abs=1e-6)


def test_values_that_are_no_numbers_can_be_drawn():
    layer = nn.Conv2d(1, 1, 3)
    nn.init.constant_(layer.weight, float("nan"))
    X = torch.randn(1, 5, 5)
    step = Step(layer, X, layer(X).detach())
    value_panes("conv", step, (0, 1, 1), opened(step, 0, 1, 1), 600, 300)
