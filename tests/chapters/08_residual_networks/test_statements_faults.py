"""Chapter 8: directions, orders and names of sentences, each made from what it tells.

The sentences that `test_statements` leaves out: which network is worse, what is added
to what, on which side of the sum a layer stands, and what terms and answers mean.
"""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Bottleneck, Residual
from helpers.chapters.residual_networks import claims
from helpers.chapters.residual_networks.exercises import degradation
from tests.taught import holding, taught, text_of

own = taught("08", "Block")


holds = holding("08")


# -- degradation ---------------------------------------------------------------------


@pytest.mark.parametrize("data", ["digits", "fashion_mnist"])
def test_the_deeper_plain_network_is_the_worse_one(data):
    table = claims.degradation.stored()[data].table
    eight, twenty, many = (
        table[f"plain, {depth} layers"]["training accuracy"].mean
        for depth in (8, 20, 44)
    )
    assert eight > twenty > many
    holds("deeper-read", "The plain network of twenty layers stays behind the one of")
    holds("depth-read", "The deeper the plain network, the worse it fits the very")


def test_degradation_is_told_from_overfitting_by_the_training_images():
    pairs = {word: degradation.histories()[name] for word, name in
             (("overfits", "A"), ("degrades", "C"))}  # fmt: skip
    on_train = {
        word: [history.train_accuracy[-1] for history in pair]
        for word, pair in pairs.items()
    }
    assert on_train["overfits"][1] > 0.95 > on_train["degrades"][0]
    assert on_train["degrades"][1] < on_train["degrades"][0] - 0.1
    holds(
        "deeper-more",
        "a network that overfits does too well on its training images, this one does "
        "badly even there",
    )
    holds(
        "recall-questions",
        "A deeper network is worse already on its training images. One that overfits "
        "is good on them, and worse on others.",
    )
    holds("terms", "| degradation | 退化 | deeper, and worse on the training images |")
    assert 'in overfitting it is low."' in degradation_source("then=")


def degradation_source(part):
    """What stands in the exercise's module from a word on."""
    with open(degradation.__file__, encoding="utf-8") as file:
        source = file.read()
    return source[source.index(part) :]


def test_the_better_deep_network_is_no_bound_from_above():
    holds(
        "knows-more",
        "whatever training loss the eight layers reach, the best loss of the twenty "
        "cannot be higher",
    )
    kernel = nn.init.dirac_(torch.empty(2, 2, 3, 3))
    assert kernel[0, 0, 1, 1] == 1 and kernel.sum() == 2
    holds("knows-more", "a kernel that has a 1 in its middle for the channel's own map")


def test_what_is_cured_and_what_remains():
    holds(
        "ratios-more",
        "it cannot be a vanished gradient that keeps the plain network of twenty layers"
        " back",
        "degradation is another, which remains when the first is cured",
    )
    holds(
        "summary-more",
        "That gradients vanish is cured by batch normalization alone, and degradation "
        "remains.",
    )


# -- the block and its product -------------------------------------------------------


def test_the_formula_of_the_block_is_the_taught_one():
    block, X = own.Block(3), torch.randn(2, 3, 5, 5)
    torch.testing.assert_close(block(X), F.relu(X + block.g(X)))
    formula = r"\mathbf{y} = \mathrm{ReLU}\bigl(\mathbf{x} + g(\mathbf{x})\bigr)"
    holds("block", formula)
    holds("block-name", r"what $g$ has to learn is $h(\mathbf{x}) - \mathbf{x}$")
    holds("terms", r"$\mathrm{ReLU}(x + g(x))$", "what a block adds: $h(x) - x$")


def test_the_last_gamma_turns_a_block_off_and_the_first_does_not():
    X = torch.randn(2, 3, 5, 5)
    for norm, is_zero in (("norm1", False), ("norm2", True)):
        block = Residual(3, 3)
        nn.init.ones_(block.norm1.bias)  # so the ReLU lets it pass
        nn.init.zeros_(getattr(block, norm).weight)
        assert bool((block.residual(X).abs() < 1e-6).all()) == is_zero
    holds("block-name", r"$\gamma$ and $\beta$ of the block's last normalization")
    source = text_of("08", "block-zero")
    assert "nn.init.zeros_(block.g[4].weight) # gamma of the last" in source


def test_the_slope_of_a_chain_is_the_product_of_the_text():
    slopes = torch.tensor([0.3, -0.7, 2.0], dtype=torch.float64)
    x = torch.ones((), dtype=torch.float64, requires_grad=True)
    around, through = x, x
    for slope in slopes:
        around, through = around + slope * around, slope * through
    (with_skips,) = torch.autograd.grad(around, x)
    (without,) = torch.autograd.grad(through, x)
    assert with_skips == pytest.approx((1 + slopes).prod().item())
    assert without == pytest.approx(slopes.prod().item())
    holds(
        "path",
        r"\prod_{l=1}^{L} (1 + g_l') \qquad\text{instead of}\qquad \prod_{l=1}^{L} g_l",
        "The derivative of $x + g(x)$ is $1 + g'(x)$.",
    )
    holds("path-more", "A plain network has a single way, $abc$")
    holds("path-more", "What the 1 does is to move the factors from around 0 to around")
    holds("recall-questions", "$1 + g'$ instead of $g'$. It can, where $g'$ is near")
    assert "near $-1$; and it can explode." in text_of("08", "recall-questions")


def test_a_projection_is_1x1_and_has_the_stride_of_its_block():
    shortcut = Residual(4, 8, stride=2).shortcut
    assert (shortcut[0].kernel_size, shortcut[0].stride) == ((1, 1), (2, 2))
    holds("recall-questions", "a 1 × 1 convolution with the block's stride")
    holds("drawn-more", "the shortcut is a 1 × 1 convolution with the same stride")
    X = torch.randn(1, 4, 5, 5)
    changed = X.clone()
    changed[0, :, 2, 3] += 1
    differs = (nn.Conv2d(4, 8, 1)(X) != nn.Conv2d(4, 8, 1)(changed)).any(1)
    assert differs.shape == (1, 5, 5)
    holds("drawn-more", "It mixes channels and looks at no neighbors.")


def test_the_bottleneck_has_one_convolution_more():
    def num(block):
        return sum(isinstance(m, nn.Conv2d) for m in block.modules())

    assert num(Bottleneck(256, 256)) == num(Residual(256, 256)) + 1
    holds("bottleneck-read", "seventeen times fewer, and one layer more.")


def test_closing_a_block_closes_half_of_the_ways():
    ways = range(2**9)  # bit k of a way: whether it goes through block k
    assert sum(way >> 4 & 1 for way in ways) == 2**9 // 2 == 256
    holds("ways-more", "Taking one block out closes half of the ways, 256 of 512")


# -- published numbers, and names ----------------------------------------------------


def test_what_is_told_of_a_thousand_layers_is_what_was_published():
    """He et al. 2016, table 6 of the first paper and table 1 of the second."""
    (long, deep), (short, shallow) = (1202, 7.93), (110, 6.43)
    assert deep > shallow
    text = text_of("08", "thousand-more")
    said = f"a higher test error ({deep} %) than one of {short} layers ({shallow} %)"
    assert said in text and f"with {long:,} layers" in text
    errors = {164: 5.46, 1001: 4.92}
    assert errors[164] - errors[1001] == pytest.approx(0.5, abs=0.1)
    assert "1,001 layers did better than 164, by about half a percentage" in text
    holds("deeper-more", "in 2015 they won ImageNet's competition with 152 layers.")


def test_what_stood_in_the_networks_before():
    holds("groups-history", "AlexNet's channels were divided because one graphics card")
    holds(
        "resnets-more",
        "In AlexNet and VGG it stood among the large linear layers, where most",
    )
    holds("next-table-read", "$C$ is the number of groups, the *cardinality*, and $d$")
    holds("next-table-read", "the width of one.")
    holds(
        "next-forms",
        "In the first each of the $C$ ways is a small bottleneck of its own, and their "
        "outputs are added up. In the second the middle outputs are laid side by side",
    )
    holds(
        "groups-more", "With as many groups as channels it is a *depthwise* convolution"
    )
    holds("recall-questions", "With 64 groups it is depthwise: 576 weights")
    holds("summary-more", "does not add a block's output to its input but lays the two")


MEANINGS = {
    "residual network": ("残差网络", "blocks that add to their input"),
    "shortcut, skip connection": ("捷径，跳跃连接", "the way around a block"),
    "residual": ("残差", "what a block adds: $h(x) - x$"),
    "projection": ("投影", "a shortcut that is a 1 × 1 convolution"),
    "plain network": ("普通网络", "the same layers without shortcuts"),
    "bottleneck": ("瓶颈", "1 × 1 down, 3 × 3, 1 × 1 up"),
    "pre-activation": (
        "预激活",
        "normalization and ReLU in front of the convolution",
    ),
    "group convolution": ("组卷积", "each group of channels by itself"),
    "depthwise convolution": ("逐通道卷积", "as many groups as channels"),
    "pointwise convolution": ("逐点卷积", "1 × 1: mixes channels only"),
    "cardinality": ("基数", "the number of groups in a block of ResNeXt"),
    "stochastic depth": ("随机深度", "leave out blocks at random in training"),
}


@pytest.mark.parametrize("english", MEANINGS)
def test_a_term_has_its_chinese_name_and_its_meaning(english):
    chinese, meaning = MEANINGS[english]
    holds("terms", f"| {english} | {chinese} | {meaning} |")


@pytest.mark.parametrize(
    "title, first, year",
    [
        ("Deep residual learning for image recognition", "K. He", 2016),
        ("Identity mappings in deep residual networks", "K. He", 2016),
        ("Aggregated residual transformations for deep neural", "S. Xie", 2017),
        ("Visualizing the loss landscape of neural nets", "H. Li", 2018),
        ("Residual networks behave like ensembles of", "A. Veit", 2016),
        ("Deep networks with stochastic depth", "G. Huang", 2016),
        ("Densely connected convolutional networks", "G. Huang", 2017),
        ("Fixup initialization", "H. Zhang", 2019),
    ],
)
def test_a_source_has_its_authors_and_its_year(title, first, year):
    (line,) = re.findall(rf"- ([^*]*)\*{title}", text_of("08", "sources"))
    authors = line[line.rfind(" - ") + 1 :].lstrip("- ")
    assert authors.startswith(first) and f"({year})" in authors


# -- exercises: what is asked for is what is checked ---------------------------------


@pytest.mark.parametrize(
    "cell, sentences",
    [
        (
            "ex-slopes",
            (
                "if the slope of each residual is 0.1; with the same residuals but "
                "without the shortcuts; with shortcuts, if the slope of each residual "
                "is -0.1",
                "if it is 0.1 in 49 of the blocks and -1 in one.",
            ),
        ),
        (
            "ex-drop-path",
            (
                "it sets the whole residual of an example to 0 with probability `p`",
                "for each example by itself, and divides the others by $1 - p$",
                "In evaluation mode it returns the residual as it is.",
            ),
        ),
        (
            "ex-basic-block",
            (
                "a 3 × 3 convolution with the stride of the block, batch normalization "
                "and a ReLU, then a second 3 × 3 convolution and batch normalization",
                "The shortcut is added, and a ReLU comes last.",
                "No convolution has a bias.",
            ),
        ),
        (
            "ex-group-weights",
            (
                "A 3 × 3 convolution from 32 channels to 32 in 4 groups; a depthwise "
                "3 × 3 convolution of 32 channels; a pointwise convolution from 32 "
                "channels to 96; and the plain 3 × 3 convolution from 32 channels to "
                "96",
            ),
        ),
        (
            "ex-zero-block",
            (
                "its input holds the values -2, 0 and 3",
                "of the block with a ReLU behind the sum; and of one with "
                "*pre-activation*",
            ),
        ),
        (
            "ex-which-degrades",
            ("shows degradation, in one overfitting; in one the learning rate is too",),
        ),
        (
            "ex-num-layers",
            (
                "3, 4, 23 and 3 basic blocks; with stages of 3, 4, 23 and 3 "
                "bottlenecks; and with three stages of 9 basic blocks each",
            ),
        ),
    ],
)
def test_what_an_exercise_asks_for(cell, sentences):
    """In the order of the answers, whose values `test_exercises` makes anew."""
    holds(cell, *sentences)
