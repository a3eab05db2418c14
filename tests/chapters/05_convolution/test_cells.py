"""Cells of chapter 5 that show or measure something take what they say they take.

Each cell is run as it stands in the notebook, on little data; what it would draw, train
or time is caught instead.
"""

import ast
import inspect
import itertools
import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import helpers
from helpers import ConvNet, Examples, load_photograph, seeded
from tests.taught import source_of, taught

COLORS = ("red", "green", "blue")
own = taught("05", "move", "small_conv_net")


def run(*cells: str, **given) -> dict:
    """What some cells leave, in order; the names that are given are caught or set."""
    space = {"torch": torch, "nn": nn, "F": F} | vars(helpers) | vars(own)
    space |= {"print": lambda *words: None} | given
    for cell in cells:
        exec(source_of("05", cell), space)
    return space


def caught(calls: list):
    """A function that keeps what it is called with."""
    return lambda *given, **named: calls.append((given, named))


@pytest.fixture(scope="module")
def data():
    """Small sets of random images, no image in two of them."""
    generator = torch.Generator().manual_seed(0)

    def part(n):
        return Examples(
            torch.rand(n, 1, 28, 28, generator=generator), torch.arange(n) % 10
        )

    return SimpleNamespace(train=part(20), val=part(10), test=part(10))


def test_moved_images_are_validation_images(data):
    found = run("move", data=data, show_images=caught([]))
    for wide, part in ((found["wide"], data.train), (found["wide_val"], data.val)):
        assert torch.equal(wide.X[..., 6:-6, 6:-6], part.X)
        assert torch.equal(wide.y, part.y)


def test_an_accuracy_is_the_mean_over_four_corners():
    dot = torch.zeros(1, 1, 13, 13)
    dot[..., 6, 6] = 1
    places = []

    def evaluate(net, examples):
        places.append(tuple((examples.X[0, 0].nonzero()[0] - 6).tolist()))
        return SimpleNamespace(accuracy=0.1 * len(places))

    wide_val = Examples(dot, torch.zeros(1))
    nets = {"mlp": None, "conv_net": None, "wide_val": wide_val}
    found = run("moved-accuracy", evaluate=evaluate, **nets)
    places.clear()
    accuracy = found["accuracy_moved"](None, 4)
    assert sorted(places) == sorted(itertools.product((-4, 4), repeat=2))
    assert accuracy == pytest.approx(0.25)


def test_each_padding_is_the_one_that_its_title_names():
    calls = []
    run("modes-code", show_images=caught(calls))
    ((images,), named) = calls[0]
    photo, modes = (
        load_photograph("flower", 32)[None],
        ("replicate", "reflect", "circular"),
    )
    for image, title in zip(images, named["titles"], strict=True):
        values = {"zeros": {"value": 0.0}, "ones": {"value": 1.0}}
        way = {"mode": title} if title in modes else values[title]
        assert torch.equal(image, F.pad(photo, (8,) * 4, **way)[0])


def test_each_plane_has_the_color_of_its_title():
    calls = []
    run("channels-code", show_images=caught(calls))
    ((images,), named) = calls[0]
    for title, image in zip(named["titles"], images, strict=True):
        kept = {name for name, x in zip(COLORS, image, strict=True) if x.any()}
        assert kept == ({title} if title != "all" else set(COLORS))


def test_no_shift_of_the_maps_undoes_a_move_by_one_pixel():
    found = run("equivariance-code", "stride-breaks")
    there, here = found["there"], found["here"]
    all_ways = [(there - own.move(here, 0, k)).abs().max() for k in range(-7, 8)]
    assert found["best"] == min(all_ways) > 0


def test_the_lab_validates_on_validation_images(data):
    calls = []
    run("baseline", data=data, train=caught(calls), plot_curves=caught([]))
    (_, trained_on, validated_on), _ = calls[0]
    assert trained_on is data.train and validated_on is data.val


def test_the_panel_starts_where_the_lab_trained(data):
    """Settings of the baseline, and the network of the lab: ConvNet as it is."""
    calls, settings = [], {}
    run(
        "baseline", "moved-images", "panel",
        data=data, TuningPanel=caught(calls), plot_curves=caught([]),
        train=lambda *given, **named: settings.update(named),
    )  # fmt: skip
    ranges = calls[0][1]
    usual = inspect.signature(ConvNet).parameters.values()
    expected = {p.name: p.default for p in usual} | settings
    for name in expected.keys() & ranges.keys():
        assert ranges[name].start == expected[name], name
    assert settings.keys() <= ranges.keys() and ranges["moved_by"].start == 0


def test_patches_are_those_that_excite_a_kernel_most(data):
    calls = []
    with seeded(0):
        net = own.small_conv_net()
    images = torch.rand(500, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    many = SimpleNamespace(val=SimpleNamespace(X=images))
    figures = SimpleNamespace(show_kernels_and_patches=caught(calls))
    run("inside-code", net=net, data=many, figures=figures)
    (kernels, patches, before), _ = calls[0]
    assert torch.equal(before, kernels)  # this net is untrained, from the seed's start
    answers = (patches[..., 2:5, 2:5] * kernels[:, None]).sum((2, 3))
    best = F.conv2d(images, kernels[:, None], padding=1).amax((2, 3))  # (500, 8)
    torch.testing.assert_close(answers, best.topk(5, dim=0).values.T)


@pytest.mark.parametrize("cell", ["probe-code", "pad-code"])
def test_a_block_ends_with_its_pooling(cell):
    numbers = {"block 1": 1, "block 2": 2, "first layer": 1, "second layer": 2}
    parts = re.findall(
        r'"((?:block|first|second)[\w ]*)"[,:] net\[:(\d)\]', source_of("05", cell)
    )
    assert len(parts) == 2
    for name, end in parts:
        layers = list(own.small_conv_net()[: int(end)])
        assert isinstance(layers[-1], nn.MaxPool2d)
        assert sum(isinstance(m, nn.Conv2d) for m in layers) == numbers[name]


def test_what_is_timed_sees_equally_far():
    cell = ast.parse(source_of("05", "small-kernels-time"))
    lists = [node for node in ast.walk(cell) if isinstance(node, ast.List)]
    seen = []
    for made in lists:
        net = nn.Sequential(*eval(ast.unparse(made), {"nn": nn}))
        X = torch.zeros(1, 32, 15, 15, requires_grad=True)
        net(X)[0, :, 7, 7].sum().backward()
        seen.append(len(X.grad.abs().sum((0, 1, 3)).nonzero()))
    assert seen == [5, 5]


def bands(chapter: str, cell: str, name: str) -> dict[str, tuple[float, float]]:
    """The bands of a gate: name of the data -> the least and the largest accuracy."""
    (value,) = (
        node.value
        for node in ast.parse(source_of(chapter, cell)).body
        if isinstance(node, ast.Assign) and node.targets[0].id == name
    )
    return ast.literal_eval(value)


@pytest.mark.parametrize("data", ["digits", "fashion_mnist"])
def test_the_gate_asks_for_more_than_what_the_mlp_always_reaches(data):
    low, high = bands("05", "gate-conv", "bands")[data]
    assert bands("03", "gate", "on_val")[data][0] <= low < high < 1


def test_paths_are_counted_and_the_gradient_agrees():
    """Counted anew: a step of -1, 0 or 1 along each axis in each of three layers."""
    calls = []
    run("field-uneven-code", figures=SimpleNamespace(show_paths=caught(calls)))
    (paths, squared), _ = calls[0]
    counted = torch.zeros(7, 7)
    for steps in itertools.product(range(-1, 2), repeat=6):
        counted[3 + sum(steps[:3]), 3 + sum(steps[3:])] += 1
    assert torch.equal(paths, counted)
    torch.testing.assert_close(
        squared / squared.sum(), counted / counted.sum(), rtol=0.06, atol=0
    )
    text = source_of("05", "field-uneven-read")
    held = counted[2:5, 2:5].sum(), counted.sum()
    assert f"have {held[0]:.0f} of the {held[1]:.0f} paths" in text
    assert text.startswith(f"{counted[3, 3]:.0f} paths begin in the middle")


def test_the_channels_that_are_added_are_those_of_the_example():
    calls = []
    space = SimpleNamespace(show_channels_added=caught(calls))
    corr2d = taught("05", "corr2d").corr2d
    run("corr2d-multi-in", "channels-added-code", figures=space, corr2d=corr2d)
    (X, K), named = calls[0]
    first, second = (corr2d(x, k)[0, 0] for x, k in zip(X, K, strict=True))
    said = f"${first:.0f} + {second:.0f} = {first + second:.0f}$, and the bias on top: "
    said += f"{first + second + named['bias']:.0f}."
    assert said in source_of("05", "channels-added-read")


def test_the_panel_offers_what_its_questions_ask_for():
    """All heads and poolings that there are; the questions' kernel and move."""
    calls = []
    run("moved-images", "panel", history=None, TuningPanel=caught(calls))
    ranges, text = calls[0][1], source_of("05", "panel-questions")
    for name in ("head", "pooling"):
        with pytest.raises(ValueError, match="allowed are") as refused:
            ConvNet(**{name: "?"})
        allowed = re.findall(r"'(\w+)'", str(refused.value).split("allowed are")[1])
        assert {*ranges[name].options.values()} == {*allowed}
    (kernel,), (far,) = (
        map(int, re.findall(pattern, text))
        for pattern in (r"Kernels of (\d) × \d", r"Set it to (\d)")
    )
    assert kernel in ranges["kernel_size"].options.values()
    assert ranges["moved_by"].low == 0 and ranges["moved_by"].high >= far


def test_what_is_timed_is_the_best_of_some_runs():
    """A machine that is busy for a moment is not a slow layer."""
    took = [7, 2, 9, 5, 8]
    clock = itertools.accumulate(itertools.chain(*((1, seconds) for seconds in took)))
    own = taught("05", "seconds").seconds
    own.__globals__["time"] = SimpleNamespace(perf_counter=lambda: next(clock))
    assert own([nn.Conv2d(1, 1, 1)], torch.zeros(1, 1, 2, 2)) == min(took)


def test_softmax_regression_and_the_mlp_were_as_right_as_is_remembered():
    text = source_of("05", "baseline-read")
    (third,) = re.findall(r"softmax regression named about (\w+ \w+) of", text)
    (tenth,) = re.findall(r"parameters, about (\w+ \w+)\.", text)
    words = {
        "two thirds": 2 / 3,
        "four fifths": 0.8,
        "nine tenths": 0.9,
        "one half": 0.5,
    }
    low, high = bands("02", "gate-softmax", "bands")["digits"]
    assert low <= words[third] <= high
    low, high = bands("03", "gate", "on_val")["digits"]
    assert low <= words[tenth] <= high
