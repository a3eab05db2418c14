"""Chapter 8: statements of the text, each made anew from what it is about.

A direction, a name or an order in a sentence is computed, and the sentence that follows
from it must stand in the notebook: so it cannot be turned round unnoticed.
"""

import importlib
import math

import pytest
import torch
from torch import nn

from helpers import Bottleneck, Residual, ResNet, d2l, load_images, seeded
from helpers.chapters.residual_networks import figures
from tests.taught import holding, taught, text_of

models = importlib.import_module("torchvision.models")  # after helpers, which mends it
own = taught("08", "small_images", "gradient_sizes", "shares_of_ways", "imagenet_net")


holds = holding("08")


def count(net):
    return sum(p.numel() for p in net.parameters())


# -- degradation ---------------------------------------------------------------------


def test_the_deeper_network_has_more_than_three_times_as_many_parameters():
    nets = [ResNet((n, n, n), (8, 16, 32), skip=0) for n in (1, 3)]
    assert 3 < count(nets[1]) / count(nets[0]) < 4
    holds("deeper-more", "the deeper network has more than three times as many")
    wide = nets[0].stages[0][0]
    weights = [2 * wide.conv1.weight.numel()]
    assert 100 < weights[0] and weights[0] > 1000
    holds("knows-more", "setting of a thousand weights and more")


def test_products_of_a_hundred_factors():
    assert 0.9**100 == pytest.approx(2.7e-5, rel=0.02)  # a few hundred-thousandths
    assert 1e-5 < 0.9**100 < 1e-4 and 1.1**100 > 10_000
    said = "The one product is a few hundred-thousandths, the other more than ten"
    holds("vanishing-read", said)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_gradient_of_a_plain_network_vanishes_or_grows(seed):
    data = load_images("digits")
    X = torch.nn.functional.avg_pool2d(data.train.X[:64], 2)
    ratio = {}
    for name, options in (
        ("plain, no norm", {"skip": 0, "norm": None}),
        ("plain", {"skip": 0}),
        ("residual", {}),
    ):
        with seeded(seed):
            net = ResNet((10,), (8,), **options)
        first, *_, last = own.gradient_sizes(net, X, data.train.y[:64])
        ratio[name] = first / last
    assert ratio["plain, no norm"] < 1e-6
    assert ratio["plain"] > 10 > ratio["residual"] > 1
    holds(
        "ratios-read",
        "From torch's initial weights and without batch normalization the gradient of "
        "a plain network vanishes",
        "With batch normalization it grows: with 22 layers it is more than ten times "
        "as large in front as at the end, in the residual network less than that.",
    )


# -- blocks --------------------------------------------------------------------------


def test_d2ls_block_has_sixteen_parameters_more_and_no_norm_behind_its_projection():
    theirs, ours = d2l.Residual(8, 8), Residual(8, 8)
    assert count(theirs) - count(ours) == 16
    holds("theirs-read", "has sixteen parameters more: biases")
    projected = d2l.Residual(4, 8, use_1x1conv=True, strides=2)
    assert projected.conv3.bias is not None
    norms = [m for m in projected.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 2, "one behind each convolution of the long way"
    holds(
        "theirs-more", "d2l's projection has a bias, and no batch normalization behind"
    )


def test_what_stands_where_in_the_blocks():
    residual, pre = Residual(8, 8), Residual(8, 8, pre_activation=True)
    assert figures.parts(residual).last == ["ReLU"] and not figures.parts(pre).last
    assert figures.parts(pre).long == ["norm", "ReLU", "3x3, 8"] * 2
    holds("pre-read", "*in front of* each convolution, and on the orange way nothing")
    projected = figures.parts(Residual(64, 128, stride=2))
    assert projected.long[0].startswith("3x3 / 2, 128")
    assert projected.shortcut == ["1x1 / 2, 128", "norm"]
    holds(
        "drawn-read", 'The third block halves the maps, "/ 2", and doubles their number'
    )


def test_the_slopes_of_the_text():
    assert round(1.1**10, 1) == 2.6 and 1.1**50 > 100
    holds("path-read", "they make it grow, to 2.6.")
    holds("path-more", "it can explode, as it does in fifty blocks with slopes of 0.1")
    a, b, c = 0.3, -0.7, 2.0
    product = 1 + a + b + c + a * b + a * c + b * c + a * b * c
    assert (1 + a) * (1 + b) * (1 + c) == pytest.approx(product)
    holds("path-more", "(1+a)(1+b)(1+c) = 1 + a + b + c + ab + ac + bc + abc")
    holds(
        "path-more",
        "if the slope of what a block adds is $-1$, the block's factor is 0",
    )


def test_shares_of_ways_of_blocks_whose_slopes_are_known():
    """Blocks that multiply by a number: a way's share is the product of its numbers."""

    class Times(nn.Module):
        def __init__(self, slope):
            super().__init__()
            self.slope = slope

        def residual(self, X):
            return self.slope * X

        def forward(self, X):
            return X + self.residual(X)

    net = ResNet((1,), (4,))
    slopes = 0.5, 2.0, 0.25
    net.stages = nn.Sequential(nn.Sequential(*map(Times, slopes)))
    calls = own.shares_of_ways.__globals__["damped"]

    def damped(block, t, X):
        out = block.slope * X
        return t * out + (1 - t) * out.detach()

    own.shares_of_ways.__globals__["damped"] = damped
    try:
        shares = own.shares_of_ways(net, torch.rand(4, 1, 6, 6), torch.arange(4))
    finally:
        own.shares_of_ways.__globals__["damped"] = calls
    by_length = [1, sum(slopes), 0.5 * 2 + 0.5 * 0.25 + 2 * 0.25, 0.5 * 2 * 0.25]
    whole = math.prod(1 + slope for slope in slopes)
    assert shares.tolist() == pytest.approx([part / whole for part in by_length])


def test_damping_changes_the_gradient_and_not_the_value():
    damped = own.shares_of_ways.__globals__["damped"]
    block = Residual(3, 3).eval()
    X = torch.rand(2, 3, 5, 5, requires_grad=True)
    whole, half = block.residual(X), damped(block, 0.5, X)
    assert torch.allclose(whole, half)
    (expected,) = torch.autograd.grad(whole.sum(), X)
    (found,) = torch.autograd.grad(half.sum(), X)
    assert torch.allclose(found, expected / 2)


# -- the family ----------------------------------------------------------------------


def test_the_family_is_told_as_it_is_built():
    with torch.device("meta"):
        nets = {n: getattr(models, f"resnet{n}")() for n in (18, 34, 50)}
        d2ls = d2l.resnet18(10)
    ratio = count(nets[50]) / count(nets[34])
    assert ratio == pytest.approx(7 / 6, abs=0.01) and 50 / 34 == pytest.approx(
        1.5, abs=0.03
    )
    holds(
        "resnets-count-read",
        "ResNet-50 has half as many layers again as ResNet-34, and only a sixth more",
    )
    assert f"{count(d2ls):,}" == "11,175,818"
    pools = [m for m in d2ls.modules() if isinstance(m, nn.MaxPool2d)]
    first = next(m for m in d2ls.modules() if isinstance(m, nn.Conv2d))
    assert not pools and first.stride == (1, 1)
    holds(
        "resnets-more", "`d2l.resnet18` begins with a 3 × 3 convolution and no pooling"
    )
    stages = [len(stage) for stage in list(nets[34].children())[4:8]]
    assert stages == [3, 4, 6, 3] and sum(stages) == 16
    holds("resnets-read", "sixteen blocks of two convolutions")
    holds("resnets-more", "The stages of ResNet-34 have 3, 4, 6 and 3 blocks")


def test_weights_of_bottlenecks_and_groups():
    basic = 2 * nn.Conv2d(256, 256, 3).weight.numel()
    block = Bottleneck(256, 256)
    small = sum(m.weight.numel() for m in block.modules() if isinstance(m, nn.Conv2d))
    assert (basic, small, round(basic / small)) == (1_179_648, 69_632, 17)
    holds("bottleneck-read", "have 1,179,648 weights", "69,632, seventeen times fewer")
    pair = 64 * 9 + 64 * 128
    assert (f"{pair:,}", f"{64 * 128 * 9:,}") == ("8,768", "73,728")
    holds(
        "groups-more",
        "the pair has 8,768 weights, an ordinary 3 × 3 convolution 73,728",
    )
    holds("next-read", "Twice as many channels in the middle, in 32 groups of four.")


def test_the_terms_have_their_names_in_both_languages():
    text = text_of("08", "terms")
    for english, chinese in (
        ("residual block", "残差块"),
        ("degradation", "退化"),
        ("bottleneck", "瓶颈"),
        ("group convolution", "组卷积"),
        ("pointwise convolution", "逐点卷积"),
        ("depthwise convolution", "逐通道卷积"),
        ("projection", "投影"),
        ("cardinality", "基数"),
        ("stochastic depth", "随机深度"),
    ):
        assert f"| {english} | {chinese} |" in text
