"""Explorers of sizes, fields and pooling in chapter 5 agree with torch."""

import itertools
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.convolution import explorers, pooled_dot, receptive_field
from helpers.chapters.convolution.output_size import size_of, uses

# -- output_size --------------------------------------------------------------------

CASES = [
    (W, k, p, s)
    for W, k, p, s in itertools.product(
        (1, 4, 7, 10, 13), (1, 2, 3, 5), (0, 1, 2), (1, 2, 3, 5)
    )
]


def used_by_torch(W, k, p, s):
    """Return the output's side, and how often each padded value is used."""
    X = torch.ones(1, 1, W + 2 * p, W + 2 * p, dtype=torch.float64, requires_grad=True)
    Y = F.conv2d(X, torch.ones(1, 1, k, k, dtype=torch.float64), stride=s)
    Y.sum().backward()
    return Y.shape[-1], X.grad[0, 0].numpy()


def test_size_and_uses_are_those_of_torch():
    rounded = 0
    for W, k, p, s in CASES:
        if k > W + 2 * p:
            assert size_of(W, k, p, s) == 0 and not uses(W, k, p, s).any()
            with pytest.raises(RuntimeError, match="[Kk]ernel size"):
                F.conv2d(torch.zeros(1, 1, W, W), torch.zeros(1, 1, k, k), padding=p)
            continue
        size, counts = used_by_torch(W, k, p, s)
        assert size_of(W, k, p, s) == size
        assert (uses(W, k, p, s) == counts).all()
        rounded += (W - k + 2 * p) % s > 0
    assert rounded > 50


@pytest.mark.parametrize("case", CASES[::7])
def test_output_size_draws_and_counts_what_is_used(case):
    names = ("input_size", "kernel_size", "padding", "stride")
    W, k, p, s = case
    values = dict(zip(names, case, strict=True))
    scene = explorers.output_size.scene(**values, channels_in=3, channels_out=4)
    if k > W + 2 * p:
        assert "there is no output, and torch raises an error." in scene.says
        assert scene["nothing"]["text"] == "the kernel does not fit"
        return
    size, counts = used_by_torch(W, k, p, s)
    inner = counts[p : p + W, p : p + W]
    lost = np.argwhere(inner == 0)
    assert {(x, y) for x, y in scene["lost"]["xy"]} == {(j + p, i + p) for i, j in lost}
    assert scene["uses"]["values"] == pytest.approx(0.6 * counts / counts.max())
    assert scene["values"]["values"].sum() == pytest.approx(0.45 * size**2)
    layer = nn.Conv2d(3, 4, k, s, p)
    assert layer(torch.zeros(1, 3, W, W)).shape == (1, 4, size, size)
    parameters = sum(w.numel() for w in layer.parameters())
    assert scene["output"].title == f"output {size} × {size} × 4"
    assert scene["input"].title.startswith(f"input {W} × {W} × 3")
    assert (f"padded to {W + 2 * p} × {W + 2 * p}" in scene["input"].title) == (p > 0)
    said = scene.says
    assert f"({k}·{k}·3 + 1)·4 = {parameters:,};" in said
    assert f"= {layer.weight.numel() * size * size:,}." in said
    assert f"the output is {size} × {size}." in said
    if len(lost):
        assert (
            f"{W * W - len(lost)} of {W * W} pixels are used, {len(lost)} are lost"
            in said
        )
    else:
        assert "Every pixel of the input is used." in said
    assert ("because of the rounding" in said) == (not inner[-1].any() and not
        (p and counts[p + W :].any()))  # fmt: skip


def test_output_size_tells_why_pixels_are_lost():
    def said(**values):
        return explorers.output_size.scene(**values).says

    seven = said(stride=3)
    assert seven.startswith(
        "⌊(7 − 3 + 2·0)/3⌋ + 1 = ⌊1.33⌋ + 1 = 2: the output is 2 × 2."
    )
    assert (
        "36 of 49 pixels are used, 13 are lost: the last row and column, because of "
        "the rounding." in seven
    )
    assert "Every pixel of the input is used." in said(padding=1, stride=3)
    both = said(kernel_size=1, stride=4)
    assert (
        "4 of 49 pixels are used, 45 are lost: the last 2 rows and columns, because of "
        "the rounding, and those between windows, because the stride is so large."
        in both
    )
    assert "rounding" not in said(kernel_size=1, stride=2)


def test_the_worked_example_of_ten_filters():
    says = explorers.output_size.scene(
        input_size=32,
        kernel_size=5,
        padding=2,
        stride=1,
        channels_in=3,
        channels_out=10,
    ).says
    assert "the output is 32 × 32." in says and "(5·5·3 + 1)·10 = 760;" in says


@pytest.mark.parametrize("size", range(1, 9))
def test_pooling_halves_what_the_convolution_leaves(size):
    scene = explorers.output_size.scene(
        input_size=size, kernel_size=1, stride=1, pooling=2
    )
    if size == 1:
        assert "finds no whole window" in scene.says
        return
    kept = F.max_pool2d(torch.zeros(1, 1, size, size), 2).shape[-1]
    assert f"Pooling 2 × 2 leaves {kept} × {kept}" in scene.says
    assert ("are left out" in scene.says) == (size % 2 == 1)
    corners = scene["pooled"]["xy"]
    assert len(corners) == 6 * kept**2 - 1
    assert np.nanmax(corners) == 2 * kept - 0.5


# -- receptive_field ----------------------------------------------------------------


def seen_by_torch(layers, kernel_size, stride, pooling):
    """Return the side of the block of inputs that one value has a gradient for."""
    net = nn.Sequential()
    for n in range(1, layers + 1):
        conv = nn.Conv2d(1, 1, kernel_size, stride, bias=False).double()
        nn.init.ones_(conv.weight)
        net.append(conv)
        if pooling and n % pooling == 0:
            net.append(nn.AvgPool2d(2))  # of a maximum only one input has a gradient
    side = receptive_field.fields(layers, kernel_size, stride, pooling)[-1].r
    X = torch.ones(1, 1, side + 40, side + 40, dtype=torch.float64, requires_grad=True)
    Y = net(X)
    Y[0, 0, 0, 0].backward()
    rows, columns = X.grad[0, 0].nonzero(as_tuple=True)
    assert rows.min() == columns.min() == 0 and rows.max() == columns.max()
    if Y.shape[-1] > 1:
        before = X.grad.clone()
        X.grad = None
        net(X)[0, 0, 1, 1].backward()
        jump = X.grad[0, 0].nonzero().min().item()
        assert not torch.equal(before, X.grad)
    else:
        jump = None
    return int(rows.max()) + 1, jump


@pytest.mark.parametrize(
    "kernel_size, stride", [(1, 1), (2, 1), (3, 1), (3, 2), (5, 1)]
)
@pytest.mark.parametrize("pooling", [0, 1, 2])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_receptive_field_is_where_the_gradient_is(
    layers, kernel_size, stride, pooling
):
    names = ("layers", "kernel_size", "stride", "pooling")
    values = dict(zip(names, (layers, kernel_size, stride, pooling), strict=True))
    found = receptive_field.fields(**values)
    r, jump = seen_by_torch(**values)
    assert found[-1].r == r
    assert jump in (None, found[-1].j)
    scene = explorers.receptive_field.scene(**values)
    assert np.ptp(scene["last square"]["xy"], 0).tolist() == [r, r]
    assert scene["growth"]["xy"][:, 1].tolist() == [field.r for field in found]
    assert f"One value sees {r} × {r} pixels" in scene.says


def test_receptive_field_puts_the_numbers_in():
    """conv 3, pool 2, conv 3, pool 2: sides 3, 4, 8, 10."""
    scene = explorers.receptive_field.scene(layers=2, pooling=1)
    assert scene["growth"]["xy"][:, 1].tolist() == [1, 3, 4, 8, 10]
    assert scene["conv"]["xy"].tolist() == [[1, 3], [3, 8]]
    assert scene["pool"]["xy"].tolist() == [[2, 4], [4, 10]]
    assert scene.says.replace("−", "-") == (
        "After pooling 2: r = 8 + (2 - 1)·2 = 10 and j = 2·2 = 4. One value sees 10 × "
        "10 pixels, 2.4% of the photograph."
    )
    for name, side in (("conv 1", 3), ("pool 1", 4), ("conv 2", 8)):
        square = scene[f"square of {name}"]["xy"]
        assert np.ptp(square, 0).tolist() == [side, side]
        assert square.mean(0) == pytest.approx((32, 32), abs=2)


def test_a_field_larger_than_the_photograph():
    scene = explorers.receptive_field.scene(layers=8, stride=2)
    assert scene.says.endswith("× 511 pixels, more than the photograph has.")
    assert scene["whole"]["xy"][:, 1].tolist() == [64, 64]


# -- pooled_dot ---------------------------------------------------------------------

MOVES = [(1, 2), (2, 3), (4, 5), (3, 6), (7, 1), (5, 5)]


@pytest.mark.parametrize("window", [2, 4, 8])
@pytest.mark.parametrize("shape", ["dot", "stroke"])
@pytest.mark.parametrize("before, after", MOVES)
def test_pooled_values_are_those_of_torch(shape, before, after, window):
    scene = explorers.pooled_dot.scene(
        shape=shape, before=before, after=after, window=window
    )
    images = {}
    for name, column in (("before", before), ("after", after)):
        images[name] = pooled_dot.image_of(shape, column)
        assert scene[f"{name} image"]["values"] == pytest.approx(0.7 * images[name] / 8)
    values = pooled_dot.SHAPES[shape]
    h, w = values.shape
    assert (images["after"][2 : 2 + h, after - 1 : after - 1 + w] == values).all()
    assert images["after"].sum() == values.sum()
    any_change = False
    for pool, of_torch in (("max", F.max_pool2d), ("average", F.avg_pool2d)):
        old, new = (
            of_torch(torch.tensor(image)[None, None], window)[0, 0].numpy()
            for image in images.values()
        )
        changed = {
            tuple(map(int, mark["name"].split()[-2:]))
            for mark in scene[pool].marks
            if mark["name"].startswith(f"{pool} changed")
        }
        assert changed == {(i, j) for i, j in np.argwhere(old != new).tolist()}
        for (i, j), value in np.ndenumerate(new):
            text = scene[f"{pool} {i} {j}"]["text"]
            assert float(text) == pytest.approx(value, rel=6e-3)
        if before != after:
            count = f"{len(changed)} of {new.size} {pool}-pooled values"
            by = np.abs(new - old).max()
            said = re.search(
                re.escape(count) + r"(?:, by ([\d.]+) at most)?", scene.says
            )
            assert float(said[1] or 0) == pytest.approx(by, rel=6e-3)
        any_change |= bool(changed)
    assert ("nothing changes" in scene.says) == (before == after)
    assert ("crosses a border" in scene.says) == any_change
    assert ("pooling does not notice" in scene.says) == (
        before != after and not any_change
    )


def test_a_dot_survives_a_move_within_its_window_and_not_across_its_border():
    within = explorers.pooled_dot.scene(before=1, after=2).says
    assert "0 of 16 max-pooled values;" in within and "stays within" in within
    across = explorers.pooled_dot.scene(before=2, after=3).says
    assert "2 of 16 max-pooled values, by 8 at most;" in across
    assert "2 of 16 average-pooled values, by 2 at most." in across
