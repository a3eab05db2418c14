"""Networks as tables and as drawings: what each layer puts out, and what it costs."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from torch import nn

from helpers import layer_table, models, show_layers
from helpers.figures import COLORS
from helpers.figures.described import described
from helpers.figures.layers import FAINT

SMALL = (models.LeNet, models.AlexNet, models.VGG, models.NiN, models.GoogLeNet)


def test_layers_have_their_shapes_and_parameters():
    net = nn.Sequential(
        nn.Conv2d(1, 3, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(48, 7)
    )
    figure = show_layers(net, torch.zeros(1, 1, 12, 12))
    assert described(figure) == (
        "A network, from left to right: image 1 x 12 x 12; convolution 5 × 5 3 x 8 x "
        "8, 78 parameters; average pooling 3 x 4 x 4; linear 7, 343 parameters."
    )
    (ax,) = figure.axes
    widths = [p.get_width() for p in ax.patches if isinstance(p, Rectangle)]
    assert np.allclose(widths, [1] + 3 * [8 / 12] + 3 * [4 / 12] + [0.1])
    texts = [text.get_text() for text in ax.texts]
    assert "3 × 8 × 8" in texts and "convolution 5 × 5\n78 parameters" in texts


def test_layers_with_parameters_have_the_color():
    net = nn.Sequential(nn.Conv2d(1, 3, 5), nn.AvgPool2d(2), nn.Flatten())
    (ax,) = show_layers(net.append(nn.Linear(48, 7)), torch.zeros(1, 1, 12, 12)).axes
    colors = [to_hex(patch.get_edgecolor()) for patch in ax.patches]
    image, *convolution = colors[:4]
    *pooling, linear = colors[4:]
    assert {image, *pooling} == {FAINT} and {*convolution, linear} == {
        COLORS[0].lower()
    }


def test_a_batch_norm_is_named_with_the_layer_in_front_of_it():
    net = models.LeNet(norm=models.BatchNorm).eval()
    (ax,) = show_layers(net, torch.zeros(1, 1, 28, 28)).axes
    words = [text.get_text() for text in ax.texts]
    plain = show_layers(models.LeNet(), torch.zeros(1, 1, 28, 28)).axes[0]
    assert len(words) == len(plain.texts)  # no stack of its own
    named = [word for word in words if "batch norm" in word]
    assert named == [
        "convolution 5 × 5\nbatch norm\n168 parameters",
        "convolution 5 × 5\nbatch norm\n2,448 parameters",
        "linear\nbatch norm\n48,360 parameters",
        "linear\nbatch norm\n10,332 parameters",
    ]
    said = show_layers(net, torch.zeros(1, 1, 28, 28)).get_label()
    assert "convolution 5 × 5, batch norm 6 x 28 x 28, 168 parameters" in said


@pytest.mark.parametrize("make", SMALL)
@pytest.mark.parametrize("depth", [1, 2, None])
def test_a_table_counts_every_parameter_once(make, depth):
    net = make()
    table = layer_table(net, 1, 28, 28, depth=depth)
    assert table.parameters == sum(p.numel() for p in net.parameters())
    assert table.rows[-1].shape == (10,)
    assert table.multiplications == layer_table(net, 1, 28, 28).multiplications
    for row in table:
        layer = net.get_submodule(row.name)
        assert row.kind == type(layer).__name__
        assert row.parameters == sum(p.numel() for p in layer.parameters())


@pytest.mark.parametrize("make", SMALL)
def test_shapes_are_those_of_the_network_that_runs(make):
    net, shapes = make().eval(), {}
    for name, layer in net.named_modules():
        layer.register_forward_hook(
            lambda _, __, out, name=name: shapes.update({name: tuple(out.shape[1:])})
        )
    net(torch.zeros(2, 1, 28, 28))
    table = layer_table(net, 1, 28, 28, depth=None)
    assert {row.name: row.shape for row in table} == {
        row.name: shapes[row.name] for row in table
    }
    assert len(table) == sum(not list(m.children()) for m in net.modules())


def test_multiplications_by_hand():
    net = nn.Sequential(
        nn.Conv2d(4, 6, (3, 5), stride=2, groups=2), nn.Flatten(), nn.Linear(54, 7)
    )
    table = layer_table(net, 4, 7, 9)
    assert [row.shape for row in table] == [(6, 3, 3), (54,), (7,)]
    assert [row.values for row in table] == [54, 54, 7]
    assert [row.parameters for row in table] == [6 * 2 * 15 + 6, 0, 54 * 7 + 7]
    # each value of the convolution is a sum over 2 channels and a window of 3 x 5
    assert [row.multiplications for row in table] == [54 * 2 * 15, 0, 54 * 7]
    assert (table.parameters, table.multiplications) == (571, 1998)


def test_a_layer_that_runs_twice_has_its_weights_once():
    layer = nn.Linear(4, 4)
    table = layer_table(nn.Sequential(layer, nn.ReLU(), layer), 4)
    assert [row.parameters for row in table] == [20, 0, 0]
    assert [row.multiplications for row in table] == [16, 0, 16]
    inside = nn.Sequential(nn.Sequential(layer, layer), nn.Linear(4, 2))
    assert [row.multiplications for row in layer_table(inside, 4)] == [32, 8]


def test_a_table_as_text():
    lines = repr(layer_table(nn.Sequential(nn.Flatten(), nn.Linear(6, 1000)), 2, 3))
    assert lines.splitlines() == [
        "   layer    output  parameters  multiplications",
        "   input    2 x 3",
        "0  Flatten  6",
        "1  Linear   1000         7,000            6,000",
        "   all                   7,000            6,000",
    ]


def test_the_network_stays_as_it_is():
    net = models.VGG(dropout=0.5)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    layer_table(net, 1, 28, 28)
    assert net.training and not net[0]._forward_hooks
    for name, value in net.state_dict().items():
        assert value.device.type == "cpu" and value.equal(before[name])


def test_an_input_that_does_not_fit():
    with pytest.raises(RuntimeError, match="same reduction dim|shapes"):
        layer_table(models.LeNet(), 1, 40, 40)


def test_a_single_layer_is_its_own_row():
    (row,) = layer_table(nn.Linear(3, 2), 3)
    assert (row.name, row.kind, row.parameters) == ("", "Linear", 8)


PUBLISHED = {  # parameters, with all heads
    "alexnet": 61_100_840,
    "vgg11": 132_863_336,
    "vgg16": 138_357_544,
    "googlenet": 13_004_888,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_networks(name):
    from torchvision import models as published  # after helpers, which mends it

    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        net = getattr(published, name)(**options)
    assert sum(p.numel() for p in net.parameters()) == PUBLISHED[name]
    expected = 6_624_904 if name == "googlenet" else PUBLISHED[name]
    assert layer_table(net, 3, 224, 224).parameters == expected  # no heads in use
