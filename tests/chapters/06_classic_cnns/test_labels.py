"""Chapter 6: what names a thing is on that thing: labels, colors, keys, hints."""

import ast
import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import VGG, AlexNet, GoogLeNet, LeNet, NiN, kaiming_init, seeded
from helpers.chapters.classic_cnns import explorers, figures, published
from helpers.chapters.classic_cnns.claims import starts
from helpers.chapters.classic_cnns.exercises import alexnet, blocks, pyramid
from helpers.chapters.classic_cnns.layer_by_layer import feature_maps
from helpers.figures import COLORS
from helpers.figures.described import described
from tests.taught import source_of, taught

# -- figures -----------------------------------------------------------------------


def test_the_axes_of_the_map_are_named_by_what_is_on_them():
    X, y = torch.tensor([[0.0, 2.0], [1.0, 0.0]]), torch.tensor([1.0, -1.0])
    plane, squares = figures.show_feature_map(X, y).axes
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("x₁", "x₂")
    assert (squares.get_xlabel(), squares.get_ylabel()) == ("x₁²", "x₂²")


def test_the_rings_and_the_dots_are_those_of_the_text_and_the_legend():
    small, large = re.search(
        r"Small (\w+) are this course's .*, large (\w+) d2l's",
        source_of("06", "bought"),
    ).groups()
    ax = figures.show_costs().axes[0]
    looks = {
        text.get_text().split(",")[0]: (handle.get_fillstyle(), handle.get_color())
        for text, handle in zip(
            ax.get_legend().get_texts(), ax.get_legend().legend_handles, strict=True
        )
    }
    styles = {"dots": "full", "rings": "none"}
    assert looks["here"][0] == styles[small] and looks["d2l"][0] == styles[large]
    count = len(published.published_networks())
    for k, line in enumerate(ax.lines):
        group = "d2l" if k < count else "here"
        assert (line.get_fillstyle(), line.get_color()) == looks[group]
    sizes = [line.get_markersize() for line in ax.lines]
    assert min(sizes[:count]) > max(sizes[count:])


def test_the_axis_of_accuracies_names_the_images_that_were_asked():
    (ax,) = figures.show_accuracies({"a": 0.5}).axes
    part = re.search(r"evaluate\(net, (\w+)_part\)", source_of("06", "features-code"))
    assert ax.get_xlabel() == f"{part[1]} accuracy"
    assert described(ax.figure).startswith(f"{part[1].title()} accuracy:")


def test_each_curve_is_described_by_its_two_ends():
    values = {"a": [1.0, 0.5, 0.125], "b": [2.0, 1.0, 0.25]}
    assert described(figures.show_ratios((1, 3, 7), values)) == (
        "First over last gradient by hidden layers: a 1 with 1, 0.12 with 7; b 2 with "
        "1, 0.25 with 7."
    )
    assert described(figures.show_spread(values)) == (
        "How much images differ after each convolution: a from 1 to 0.12; b from 2 "
        "to 0.25."
    )


# -- explorers ---------------------------------------------------------------------


def test_each_class_has_one_color_for_its_points_and_its_region():
    scene = explorers.kernel_machine.scene(gamma=1.0, lambda_=0.1)
    (x0, x1), (y0, y1) = (scene["blue"][axis] for axis in "xy")
    for label, region, other in ((0, "blue", "orange"), (1, "orange", "blue")):
        dots = scene[f"train {label}"]
        assert dots["color"] == scene[region]["color"] == COLORS[label]
        rows, columns = scene[region]["values"].shape[:2]
        column = ((dots["xy"][:, 0] - x0) / (x1 - x0) * columns).astype(int)
        row = ((dots["xy"][:, 1] - y0) / (y1 - y0) * rows).astype(int)
        mine, theirs = (
            scene[name]["values"].reshape(rows, columns)[row, column].sum()
            for name in (region, other)
        )
        assert mine > 3 * theirs


NOTES = {  # what is said of an opened value, by the layer that it is of
    "conv": None,
    "ReLU": "The weight is 1 above 0",
    "max pooling": "The largest of a window has the weight 1",
    "Inception": "A block is a weighted sum only around this image",
}


@pytest.mark.parametrize("make", [VGG, GoogLeNet])
def test_each_kind_of_layer_has_the_note_that_is_true_of_it(make):
    torch.manual_seed(0)
    images = torch.rand(2, 1, 28, 28)
    net, met = make(), set()
    shown = explorers.layer_by_layer(net, images)
    for name in feature_maps(net, images[:1]):
        shown.set(layer=name, channel=1)
        for kind, note in NOTES.items():
            own = kind in name
            met |= {kind} if own else set()
            assert note is None or (note in shown.sentence) == own, name
    assert met >= ({"Inception"} if make is GoogLeNet else {"conv", "ReLU"})


def test_the_idea_in_the_table_is_the_one_in_the_networks():
    """What a row names is in the network, with the sides of its kernels."""
    for name, (_, idea, *_) in published.FAMOUS.items():
        layers = list(published.original(name).modules())
        kernels = {m.kernel_size[0] for m in layers if isinstance(m, nn.Conv2d)}
        assert {int(k) for k in re.findall(r"(\d) × \1", idea)} <= kernels
        several = any("Inception" in type(m).__name__ for m in layers)
        assert several == ("several windows" in idea), name
        linear = any(isinstance(m, nn.Linear) for m in layers)
        assert linear != ("means for linear layers" in idea), name
        dropout = any(isinstance(m, nn.Dropout) for m in layers)
        assert dropout or "dropout" not in idea, name


# -- cells -------------------------------------------------------------------------


def test_the_panel_starts_as_its_first_run_was_made():
    call = ast.parse(source_of("06", "panel")).body[-1].value
    controls = {k.arg: k.value for k in call.keywords}
    first = {
        name: ast.literal_eval(controls[name].args[0]) for name in ("family", "start")
    }
    made = source_of("06", "baseline")
    assert f"net = {first['family']}()" in made
    assert ("kaiming_init" in made) == (first["start"] == "Kaiming")
    start = {
        name: ast.literal_eval(keyword.value)
        for name in ("width", "dropout", "lr", "num_epochs")
        for keyword in controls[name].keywords
        if keyword.arg == "start"
    }
    own = taught("06", "small_net").small_net(
        first["family"], start["width"], start["dropout"], first["start"]
    )
    assert str(own) == str(VGG())
    assert f"num_epochs={start['num_epochs']}, **adam" in made
    adam = source_of("06", "lenet-train")
    assert f'"lr": {start["lr"]}' in adam
    batch_size = ast.literal_eval(controls["batch_size"].args[0])
    assert f'"batch_size": {batch_size}' in adam


def test_the_filters_stand_above_as_drawn_and_below_as_trained():
    first, second = re.search(
        r"(\w+) as they were drawn, (\w+) after training", source_of("06", "filters")
    ).groups()
    assert (first, second) == ("above", "below")
    with seeded(0):
        start = VGG().apply(kaiming_init)
    trained = VGG()
    trained.load_state_dict(start.state_dict())
    with torch.no_grad():
        trained.features[0][0].weight[0, 0, 0] += 0.1
    space = {"torch": torch, "F": F, "seeded": seeded, "net": trained}
    space |= {"VGG": VGG, "kaiming_init": kaiming_init}
    shown = []
    space["show_images"] = lambda images, num_cols: shown.append((images, num_cols))
    exec(source_of("06", "filters-code"), space)
    ((images, num_cols),) = shown
    before, after = (net.features[0][0].weight for net in (start, trained))
    assert num_cols == len(before)
    assert images.equal(torch.cat([before, after])) and not before.equal(after)


def test_the_sketchpad_shows_the_last_block_under_this_name():
    given, net = {}, VGG()
    space = {"net": net, "data": None}
    space["SketchPad"] = lambda net, data, maps: given.update(maps)
    exec(source_of("06", "pad-code"), space)
    X = torch.rand(1, 1, 28, 28)
    (name,), (layers,) = given, given.values()
    assert name == "last block" and layers(X).equal(net.features(X))


def test_the_levels_are_handed_on_behind_their_relu():
    some = SimpleNamespace(X=torch.randn(4, 1, 28, 28))
    space = {"torch": torch, "nn": nn, "F": F, "some": some, "print": lambda *_: None}
    exec(source_of("06", "pyramid-conv-code"), space)
    before = some.X[:4]
    for conv, h in ((space["conv1"], space["h1"]), (space["conv2"], space["h2"])):
        torch.testing.assert_close(h, F.max_pool2d(conv(before).relu(), 2))
        before = h


# -- networks ----------------------------------------------------------------------

PLACES = {  # how many nn.Dropout a family has; VGG has one behind each hidden layer
    "LeNet": (LeNet, 2),
    "AlexNet": (AlexNet, 2),
    "VGG": (VGG, 1),
    "NiN": (NiN, 1),
    "GoogLeNet": (GoogLeNet, 1),
}


@pytest.mark.parametrize("family", PLACES)
def test_dropout_reaches_every_family(family):
    """In the networks of helpers, and through the panel's function; none is shared."""
    make, places = PLACES[family]
    small_net = taught("06", "small_net").small_net
    for net in (make(dropout=0.3), small_net(family, 1.0, 0.3, "torch")):
        found = [m.p for m in net.modules() if isinstance(m, nn.Dropout)]
        assert found == [0.3] * places
        X = torch.rand(4, 1, 28, 28)
        assert not net(X).equal(net(X)) and net.eval()(X).equal(net(X))


# -- claims ------------------------------------------------------------------------


@pytest.mark.parametrize("name", starts.STARTS)
def test_a_start_of_nin_is_made_as_its_name_says(name):
    arguments, init, way = starts.STARTS[name]
    kinds = {"torch": "left_alone", "Xavi": "xavier_init", "Kaim": "kaiming_init"}
    assert init.__name__ == kinds.get(name[:4], "left_alone")
    assert (arguments.get("last_relu") is False) == ("no last ReLU" in name)
    assert ("norm" in arguments) == ("batch norm" in name)
    assert (way == "Adam") == ("Adam" in name)


def test_each_seed_draws_initial_weights_of_its_own(monkeypatch):
    met = []

    def noted(net, *_, **__):
        met.append(next(net.parameters()).detach().clone())

    monkeypatch.setattr(starts, "train", noted)
    monkeypatch.setattr(starts, "train_net", noted)
    monkeypatch.setattr(starts, "right_on", lambda *_: torch.ones(4))
    monkeypatch.setattr(starts, "small", lambda data: data)
    images = SimpleNamespace(take=lambda n: None)
    data = SimpleNamespace(train=images, test=None, classes=range(10))
    for seed in (0, 1, 0):
        starts.nin_starts.experiment(data, 4, 1, seed)
    one, other, again = (met[k : k + 5] for k in (0, 5, 10))
    assert all(a.equal(b) for a, b in zip(one, again, strict=True))
    assert not any(a.equal(b) for a, b in zip(one, other, strict=True))


# -- hints -------------------------------------------------------------------------


def test_the_hint_for_alexnets_sizes_leads_to_them():
    (which,) = re.findall(r"round (\w+)", alexnet.alexnet_sizes.hint)
    moves = (224 + 2 * 2 - 11) / 4
    rounded = {"down": int(moves), "up": int(moves) + 1}[which]
    assert rounded + 1 == alexnet.alexnet_sizes.solution()[0]


def test_the_hint_for_pyramid_pooling_has_the_number_of_values():
    (count,) = re.findall(r"gives (.*?) values of each", pyramid.pyramid_pooling.hint)
    values = F.adaptive_max_pool2d(torch.zeros(1, 1, 9, 9), 3).numel()
    assert eval(count.replace("×", "*"), {"level": 3}) == values


def test_which_two_heads_are_the_same_map():
    (two,) = re.findall(
        r"The (\w+) two are the same linear map", blocks.head_parameters.then
    )
    X, conv = torch.randn(2, 6, 3, 3), nn.Conv2d(6, 4, 1)
    linear = nn.Linear(6, 4)
    linear.load_state_dict({k: v.view(p.shape) for (k, v), p in zip(
        conv.state_dict().items(), linear.parameters(), strict=True)})  # fmt: skip
    torch.testing.assert_close(linear(X.mean((2, 3))), conv(X).mean((2, 3)))
    counts = blocks.head_parameters.solution()
    pairs = {"first": counts[:2], "last": counts[1:]}
    assert pairs[two][0] == pairs[two][1]
