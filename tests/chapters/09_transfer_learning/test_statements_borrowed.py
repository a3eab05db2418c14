"""Chapter 9: what the text says of borrowed networks, each made from what it tells.

Sentences on pictures and labels stand in `test_statements`.
"""

import importlib
import json
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import MBConv, efficientnet_input, load_emoji
from helpers.models.efficientnet import STAGES
from helpers.training.features import BLOCKS, featured, linear_probe, pick, pretrained
from tests.said import lines_shown, shown
from tests.taught import holding, notebook_path, source_of, taught, text_of

models = importlib.import_module("torchvision.models")  # after helpers
v2 = importlib.import_module("torchvision.transforms.v2")
SEEDS = range(3)
own = taught("09", "psnr", "same_values", "twenty_steps")


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


holds = holding("09")


def in_ten(share: float) -> str:
    return {6: "six", 9: "nine"}[round(10 * share)]


# -- the borrowed network ------------------------------------------------------------


def test_an_inverted_block_widens_filters_and_narrows():
    block = MBConv(8, 12, 3, 1, 6)
    convs = [m for m in block.modules() if isinstance(m, nn.Conv2d)]
    words = []
    for conv in convs:
        if conv.groups == conv.in_channels:
            words.append("a depthwise one filters each channel by itself")
        else:
            assert conv.kernel_size == (1, 1)
            wider = conv.out_channels > conv.in_channels
            words.append("widens" if wider else "narrows")
    first, middle, last = words
    holds(
        "borrow-more",
        f"a 1 × 1 convolution {first}, {middle}, another 1 × 1 one {last}, and the "
        "input is added where the shapes agree",
        f"puts every one of {len(pretrained().state_dict())} tensors in its place",
    )
    assert sum(repeats for repeats, *_ in STAGES) == 16
    holds("borrow-more", "built of sixteen *inverted residual blocks*")


def test_the_formula_of_the_preparation_is_the_functions():
    text = text_of("09", "prep")
    less, divisor = map(float, re.search(r"\$\(x - (\d+)\)/(\d+)\$", text).groups())
    byte = torch.arange(256.0).view(1, 1, 16, 16)
    torch.testing.assert_close(efficientnet_input(byte / 255), (byte - less) / divisor)


def test_the_features_are_those_of_two_late_blocks():
    net, widths = pretrained(), []
    for block in BLOCKS:
        widths.append(net.blocks[block].layers[-1][-1].num_features)
    holds(
        "features-read",
        f"{sum(widths)} numbers for a picture: the mean of each map behind two late "
        f"blocks, {BLOCKS[0]} and {BLOCKS[1]} of 0 to {len(net.blocks) - 1}.",
    )


def test_which_wrong_preparation_costs_most():
    rows = dict(
        re.findall(r"^ ?(.+?) +(0\.\d+)$", shown("09", "prep-code"), re.MULTILINE)
    )
    right = float(rows.pop("as it was trained"))
    costs = {name: right - float(value) for name, value in rows.items()}
    most, second, *rest = sorted(costs, key=costs.get, reverse=True)
    assert (most, second) == ("bytes 0..255", "torchvision's way")
    assert 0.35 < costs[most] < 0.5 and costs[second] > 0.1
    assert len(rest) == 3 and max(costs[name] for name in rest) < 0.05
    holds(
        "prep-read",
        f"None of the {'five' if len(costs) == 5 else len(costs)} gives an error. Bytes"
        " cost nearly half of the accuracy, torchvision's way some; the other three are"
        " hardly noticed.",
    )


def test_the_new_last_layer_of_torchvisions_network_has_two_classes(monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", source_of("09", "online"), re.DOTALL)
    resnet18, space = models.resnet18, {"nn": nn, "load_photo_set": lambda name: name}
    monkeypatch.setattr(models, "resnet18", lambda weights: resnet18(weights=None))
    exec(code, space)
    assert space["net"].eval()(torch.rand(1, 3, 64, 64)).shape == (1, 2)
    assert space["weights"].transforms().mean == [0.485, 0.456, 0.406]
    assert space["photos"] == "hymenoptera"


# -- frozen, and tuned ---------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
def test_a_frozen_norm_moves_in_training_mode(training):
    norm = nn.BatchNorm1d(3).requires_grad_(False).train(training)
    before = norm.running_mean.clone()
    norm(torch.randn(8, 3) + 5)
    assert norm.running_mean.equal(before) is not training
    names = dict(norm.named_parameters())
    assert "running_mean" not in names and not norm.running_mean.requires_grad
    holds("still", "## Frozen is not still")
    holds("still-read", "They are no parameters, and no gradient changes them.")
    holds("still-more", "So a frozen body must also be in evaluation mode, or what it")
    holds(
        "recall-questions",
        "The running statistics of batch normalization, if the body is in training",
    )


def test_fine_tuning_with_ten_labels_is_no_gain():
    """The probe at the same 64 pixels, in eight draws."""
    data = featured(load_emoji(), BLOCKS, 64)
    right = []
    for seed in range(8):
        probe = linear_probe(pick(data.train, 10, seed), 4)
        right.append(
            (probe(data.test.X).argmax(1) == data.test.y).float().mean().item()
        )
    tuned = float(re.findall(r"0\.\d+", shown("09", "six-run"))[-1])
    mean = sum(right) / 8
    assert tuned < mean - 0.03
    told = float(
        re.search(r"frozen, those reach (0\.\d+)", text_of("09", "six-more"))[1]
    )
    assert told == pytest.approx(mean, abs=0.011)
    holds("six-more", "this is no gain with ten labels a class")


def test_a_small_rate_is_best_from_the_source():
    known, scratch = lines_shown("09", "far-figure").values()
    assert max(known, key=known.get) < 0.01 and min(known, key=known.get) == max(known)
    assert scratch[min(scratch)] < 0.15 < max(scratch.values())
    holds(
        "far-read",
        "From the source a small rate is best, and a large one throws away what was",
        "there a small rate learns nothing.",
    )
    holds("summary", "fine-tuning with small rates comes after.")


def test_the_penalty_is_added_with_the_sign_of_the_formula():
    space = taught("09", "penalized", "distance")
    net = nn.Linear(2, 2)
    space.penalized.__globals__["center"] = [p.detach() + 1 for p in net.parameters()]
    y_hat, y = torch.randn(3, 2), torch.tensor([0, 1, 0])
    loss = space.penalized(net, 2.0)(y_hat, y) - F.cross_entropy(y_hat, y)
    count = sum(p.numel() for p in net.parameters())
    assert loss.item() == pytest.approx(2.0 * count, rel=1e-4)
    sign = "+" if loss > 0 else "-"
    squared = r"\lVert\mathbf{w} - \mathbf{w}_0\rVert^2"
    holds("far-more", rf"$$L(\mathbf{{w}}) {sign} \lambda\,{squared}.$$")


def test_the_pale_images_have_the_formula_of_the_text():
    code = source_of("09", "match-code").splitlines()[0]
    factor, shift = re.search(
        r"pale = ([\d.]+) \* data\.test\.X \+ ([\d.]+)", code
    ).groups()
    holds("match", rf"each value $x$ becomes ${factor}\,x + {shift}$")
    rows = dict(re.findall(r"(\w+) +(0\.\d+)", shown("09", "match-code")))
    assert float(rows["target"]) < 0.4 and rows["matched"] == rows["source"]


def test_where_transfer_hurts():
    fresh, misled = lines_shown("09", "hurts-figure").values()
    assert all(misled[n] < fresh[n] - 0.05 for n in fresh)
    assert fresh[40] - misled[40] < fresh[10] - misled[10], "with many it catches up"
    holds("hurts", "## When it hurts")
    holds(
        "hurts-read",
        "the network that learned before is far worse than one that learned nothing",
    )
    holds("hurts-more", "a related source, and few labels of the target.")
    holds("terms", "| negative transfer | 负迁移 | worse than without the source |")


def test_fine_tuning_is_the_best_of_the_ways():
    rows = re.findall(
        r"^ *(\S.*?) +(0\.\d+)$", shown("09", "instances-train"), re.MULTILINE
    )
    by_way = {name: float(value) for name, value in rows}
    assert max(by_way, key=by_way.get) == "fine-tuned" and len(by_way) == 7
    both = by_way["both, target five times"], by_way["mixed pairs"]
    assert min(both) > by_way["target alone"]
    holds("instances-read", "Both beat the few target images alone.")
    holds("instances-read", "Fine-tuning is the best of these ways.")


def test_the_copied_rows_are_those_of_the_last_classes():
    classes = list(range(10))
    assert classes[5:] == list(range(5, 10)) and len(classes[5:]) == 5
    assert "range(5, 10)" in source_of("09", "rows-code")
    holds("rows", "the target has the last five of them, with two images each")


def test_what_is_needed_stands_in_the_chapters_that_are_named():
    for chapter, words in ((5, "convolutions"), (7, "batch normalization and its two"),
                           (8, "residual blocks")):  # fmt: skip
        title = json.loads(notebook_path(f"{chapter:02}").read_text("utf-8"))["cells"][
            0
        ]
        stem = words.split()[0].rstrip("s")
        assert stem in "".join(title["source"]).lower()
        said = re.search(rf"{words}[\w ]* \(chapter (\d+)\)", text_of("09", "needs"))
        assert int(said[1]) == chapter
