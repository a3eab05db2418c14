"""The drawings of chapter 6 show what they are given, read from their numbers."""

import pytest
import torch
from torch import nn

from helpers import (
    VGG,
    AlexNet,
    GoogLeNet,
    Inception,
    LeNet,
    NiN,
    layer_table,
    make_points,
)
from helpers.chapters.classic_cnns import claims, figures, published
from helpers.figures.described import described


def lines_of(ax):
    return [line.get_xydata() for line in ax.lines]


def test_the_map_squares_both_coordinates_and_a_line_parts_the_classes():
    points = make_points("circles", 100, 20, noise=0.1)
    X, y = points.train.X, 2.0 * points.train.y - 1
    figure = figures.show_feature_map(X, y)
    plane, mapped = (lines_of(ax) for ax in figure.axes)
    for k, side in enumerate((-1, 1)):
        assert torch.tensor(plane[k]).equal(X[y == side].double())
        assert torch.tensor(mapped[k]).equal((X[y == side] ** 2).double())
    (start, end) = mapped[2]
    assert start[0] == end[1] == 0 and start[1] == end[0]
    over = X.square().sum(1) > start[1]
    outer = y == y[X.square().sum(1).argmax()]
    assert (over != outer).sum() == 0 and "0 of 100 on the wrong side" in described(
        figure
    )


def test_points_on_the_wrong_side_are_counted():
    X = torch.tensor([[1.0, 0], [0, 1.2], [2, 0], [0, 2.2], [1.9, 0], [2.1, 0]])
    y = torch.tensor([-1.0, -1, 1, 1, 1, -1])
    assert "1 of 6 on the wrong side" in described(figures.show_feature_map(X, y))


def test_each_start_is_a_dot_in_its_row():
    (ax,) = figures.show_ends({"a": [0.5, 0.5], "b": [0.1, 0.4, 0.9]}).axes
    first, second = lines_of(ax)
    assert first.tolist() == [[0.5, 0], [0.5, 0]]
    assert second.tolist() == [[0.1, 1], [0.4, 1], [0.9, 1]]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_xlim()[0] == 0


def test_the_ends_are_said_from_the_lowest_to_the_highest():
    figure = figures.show_ends({"a": [0.5, 0.5], "b": [0.4, 0.1, 0.9]})
    assert described(figure) == (
        "The loss at the end of each training: a, 2 starts, 0.500 to 0.500; b, 3 "
        "starts, 0.100 to 0.900."
    )


def test_accuracies_stand_in_order():
    figure = figures.show_accuracies({"b": 0.75, "a": 0.5, "c": 0.625})
    (ax,) = figure.axes
    assert [bar.get_width() for bar in ax.patches] == [0.5, 0.625, 0.75]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "c", "b"]
    assert [t.get_text() for t in ax.texts] == ["0.500", "0.625", "0.750"]
    assert described(figure) == "Test accuracy: a 0.500, c 0.625, b 0.750."


def test_imagenet_falls_year_by_year():
    (ax,) = figures.show_imagenet().axes
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == pytest.approx([28.2, 25.8, 16.4, 11.7, 6.7, 3.6])
    colors = [bar.get_facecolor() for bar in ax.patches]
    assert colors[0] == colors[1] != colors[2] and len(set(colors[2:])) == 1
    legend = ax.get_legend()
    named = {
        t.get_text(): h.get_facecolor()
        for t, h in zip(legend.get_texts(), legend.legend_handles, strict=True)
    }
    assert named == {"features made by hand": colors[0],
                     "convolutional network": colors[2]}  # fmt: skip
    assert [t.get_text().split("\n")[-1] for t in ax.texts][2:] == [
        "AlexNet", "11.7", "GoogLeNet", "ResNet",
    ]  # fmt: skip


@pytest.mark.parametrize("show", ["ratios", "spread"])
def test_curves_on_a_scale_of_powers(show):
    values = {"a": [1.0, 0.5, 0.1], "b": [2.0, 1.0, 0.25]}
    if show == "ratios":
        figure, x = figures.show_ratios((1, 3, 7), values), [1, 3, 7]
    else:
        figure, x = figures.show_spread(values), [1, 2, 3]
    (ax,) = figure.axes
    assert ax.get_yscale() == "log"
    for line, (name, y) in zip(ax.lines, values.items(), strict=True):
        assert line.get_label() == name
        assert line.get_xydata().T.tolist() == [x, y]


def test_costs_are_drawn_where_they_are():
    figure = figures.show_costs()
    here, there = published.small_networks(), published.published_networks()
    for ax, cost in zip(figure.axes, ("parameters", "multiplications"), strict=True):
        assert ax.get_xscale() == "log" and ax.get_xlabel() == cost
        dots = [tuple(line.get_xydata()[0]) for line in ax.lines]
        assert dots == [(getattr(n, cost), n.accuracy) for n in (*there, *here)]
        low, high = ax.get_xlim()
        assert all(low < x < high for x, _ in dots)
        assert [t.get_text() for t in ax.texts] == [n.name for n in (*there, *here)]


def test_what_d2l_published():
    networks = {n.name: n for n in published.published_networks()}
    accuracy = [n.accuracy for n in networks.values()]
    assert accuracy == [0.808, 0.881, 0.919, 0.844, 0.888]
    lenet = networks["LeNet, sigmoid"]
    assert (lenet.parameters, lenet.multiplications) == (61_706, 416_520)


def cells_of(table):
    """The rows of a table in Markdown, without its head, as lists of texts."""
    _, _, *rows = table.data.splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_networks_side_by_side_are_counted_and_looked_up():
    from torchvision import models  # after helpers, which mends it

    with torch.device("meta"):
        originals = [
            LeNet(),
            models.alexnet(),
            models.vgg16(),
            published.d2l_nin(3),
            models.googlenet(aux_logits=False, init_weights=False),
        ]
    stored = {name: run.table for name, run in claims.families.stored().items()}
    small = [LeNet(), AlexNet(), VGG(), NiN(), GoogLeNet()]
    rows = cells_of(published.side_by_side())
    years = [1998, 2012, 2014, 2013, 2014]
    depths = [
        5,
        8,
        16,
        12,
        22,
    ]  # as their papers, and NiN's with AlexNet's windows, say
    for row, year, layers, large, net in zip(
        rows, years, depths, originals, small, strict=True
    ):
        name, said_year, idea, said_layers, *numbers = row
        assert (said_year, said_layers) == (str(year), str(layers)) and idea
        side = 28 if large is originals[0] else 224
        table = layer_table(large, 1 if side == 28 else 3, side, side)
        work = layer_table(net, 1, 28, 28).multiplications
        accuracy = [
            stored[data][name.split(",")[0]]["test accuracy"].mean
            for data in ("digits", "fashion_mnist")
        ]
        assert numbers == [
            f"{sum(p.numel() for p in large.parameters()):,}",
            f"{table.multiplications / 1e6:,.1f} million",
            f"{sum(p.numel() for p in net.parameters()):,}",
            f"{work / 1e6:,.1f} million",
            *(f"{a:.3f}" for a in accuracy),
        ]


def test_layers_in_branches_count_once():
    assert published.depth(Inception(3, 1, (1, 1), (1, 1), 1)) == 2
    assert published.depth(nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())) == 1


def convolutions(net):
    """Channels in and out, and sides of the kernels, of all convolutions in order."""
    convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    return [(m.in_channels, m.out_channels, m.kernel_size[0]) for m in convs]


def test_d2ls_googlenet_has_torchvisions_widths():
    """But for gray images, and for torchvision's slip, 3x3 in the branch of 5x5."""
    import torchvision  # after helpers, which mends it

    with torch.device("meta"):
        found = convolutions(published.d2l_googlenet())
        theirs = convolutions(torchvision.models.googlenet(init_weights=False))
    theirs = theirs[: len(found)]  # the auxiliary heads stand last
    assert found[0] == (1, 64, 7) and theirs[0] == (3, 64, 7)
    assert [c[:2] for c in found[1:]] == [c[:2] for c in theirs[1:]]
    assert sum(k == 5 for *_, k in found) == 9


def test_d2ls_vgg_has_a_quarter_of_torchvisions_widths():
    import torchvision

    with torch.device("meta"):
        found = convolutions(published.d2l_vgg())
        theirs = convolutions(torchvision.models.vgg11())
    assert found[0] == (1, 16, 3)
    assert found[1:] == [(a // 4, b // 4, k) for a, b, k in theirs[1:]]


def test_d2l_enlarges_its_images_as_it_says():
    sides = {name: side for name, (*_, side) in published.MADE.items()}
    assert sides.pop("LeNet, sigmoid") == 28 and sides.pop("GoogLeNet") == 96
    assert set(sides.values()) == {224}


def test_the_courses_networks_are_at_their_default_width():
    counts = {n.name: n.parameters for n in published.small_networks()}
    assert counts == {
        "LeNet": 61_706,
        "AlexNet": 47_950,
        "VGG": 34_282,
        "NiN": 22_994,
        "GoogLeNet": 23_800,
    }
