"""Chapter 5: formulas, words and results in the prose are what is computed.

A formula is read out of its cell and compared with torch; a word that may be one of two
(left or right, first or last) with what an example shows; a result of a claim with
``data/claims.csv``.
"""

import re
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import ConvNet
from helpers.chapters.convolution import exercises
from helpers.chapters.convolution.receptive_field import fields
from helpers.chapters.convolution.sliding_window import IMAGE, KERNELS
from tests.said import WORDS
from tests.said import said as said_in
from tests.taught import source_of, taught
from tests.verdicts import of_chapter

own = taught("05", "move", "receptive_fields")
said = partial(said_in, "05")


def computed(formula: str, **values):
    """The value of a formula in LaTeX: products, sums, subscripts, fractions, floor."""
    formula = re.sub(r"c_\\text\{(\w+)\}", r"c_\1", formula)
    formula = re.sub(r"\\frac\{(.+?)\}\{(.+?)\}", r"(\1) / (\2)", formula)
    formula = re.sub(r"\\left\\lfloor (.+) \\right\\rfloor", r"floor(\1)", formula)
    formula = re.sub(r"(\d)([a-z])", r"\1 * \2", formula.replace(r"\,", "*"))
    return eval(formula, {"floor": lambda x: int(x // 1)}, values)


# -- formulas ------------------------------------------------------------------------


def test_the_size_of_an_output():
    (rule,) = said("size-rule", r"\$\$(.*?)\$\$")
    for n, k, p, s in [(7, 3, 0, 3), (100, 7, 3, 2), (32, 5, 2, 1), (9, 4, 1, 5)]:
        found = nn.Conv2d(1, 1, k, s, p)(torch.zeros(1, 1, n, n)).shape[-1]
        assert computed(rule, n=n, k=k, p=p, s=s) == found
    at_stride_1, same = said("same", r"has \$(.*?)\$ rows.*?for \$p = (.*?)\$;")
    for n, k in [(8, 3), (9, 5), (4, 1)]:
        found = nn.Conv2d(1, 1, k, padding=2)(torch.zeros(1, 1, n, n)).shape[-1]
        assert computed(at_stride_1, n=n, p=2, k=k) == found
        assert computed(at_stride_1, n=n, p=computed(same, k=k), k=k) == n


@pytest.mark.parametrize("c_in, c_out, k_h, k_w", [(3, 10, 5, 5), (2, 3, 3, 1)])
def test_the_number_of_parameters(c_in, c_out, k_h, k_w):
    (formula,) = said("channels-count-more", r"a layer has \$(.*?)\$ parameters")
    layer = nn.Conv2d(c_in, c_out, (k_h, k_w))
    found = sum(p.numel() for p in layer.parameters())
    assert computed(formula, k_h=k_h, k_w=k_w, c_in=c_in, c_out=c_out) == found


@pytest.mark.parametrize(
    "cell, flip, first", [("formula", False, -1), ("flipped", True, 0)]
)
def test_where_the_pixel_of_a_weight_lies(cell, flip, first):
    """V_ab meets X_{i+a, j+b} in a layer, X_{i-a, j-b} in mathematics."""
    signs = said(cell, r"V_\{ab\}\s*(?:\\, )?X_\{i([+-])a,\\,j([+-])b\}")
    down, right = (1 if sign == "+" else -1 for sign in signs)
    generator = torch.Generator().manual_seed(0)
    X, V = (torch.randn(n, n, generator=generator) for n in (7, 3))
    total = sum(
        V[a, b] * X.roll((-down * (a + first), -right * (b + first)), (0, 1))
        for a in range(3)
        for b in range(3)
    )
    start = 1 if first else 2  # before it the window would reach over the border
    kernel = V.flip(0, 1) if flip else V
    expected = F.conv2d(X[None, None], kernel[None, None])[0, 0]
    found = total[start : start + 5, start : start + 5]
    torch.testing.assert_close(found, expected)


def test_the_rule_of_receptive_fields():
    field, jump = said(
        "field-rule", r"\$r \\leftarrow (.*?)\$, then \$j \\leftarrow (.*?)\$"
    )
    r = j = 1
    for k, s in [(3, 2), (5, 1), (2, 2), (3, 1)]:
        r = computed(field, r=r, j=j, k=k)
        j = computed(jump, j=j, s=s)
    assert r == own.receptive_fields([(3, 2), (5, 1), (2, 2), (3, 1)])[-1]


# -- answers -------------------------------------------------------------------------


def test_how_much_two_small_kernels_see():
    alone, pooled = (
        own.receptive_fields([(3, 1), *between, (3, 1)])[-1]
        for between in ([], [(2, 2)])
    )
    found = said("recall-questions", r"(\d+) × \d+ pixels; with pooling (\d+) × (\d+)")
    assert tuple(map(int, found)) == (alone, pooled, pooled)


def test_how_many_layers_see_17_pixels():
    cell = "field-explorer-read"
    plain, wanted = said(cell, r"it takes (\w+) to see (\d+)")
    pooled, seen = said(cell, r"after every second one, (\w+) are enough and see (\d+)")
    needed = {
        pooling: next(
            (n, r)
            for n in range(1, 20)
            if (r := fields(n, 3, 1, pooling)[-1].r) >= int(wanted)
        )
        for pooling in (0, 2)
    }
    assert (WORDS.index(plain), int(wanted)) == needed[0]
    assert (WORDS.index(pooled), int(seen)) == needed[2]


def test_which_moves_pass_two_poolings():
    (count,) = said("equivariance-more", r"only moves by multiples of (\w+) pixels")
    X = torch.zeros(1, 1, 32, 32)
    X[..., 8:20, 8:20] = torch.rand(12, 12, generator=torch.Generator().manual_seed(0))

    def maps(pixels):
        return F.max_pool2d(F.max_pool2d(own.move(X, pixels, 0), 2), 2)

    exact = [
        pixels
        for pixels in range(1, 9)
        if any(torch.equal(maps(pixels), own.move(maps(0), k, 0)) for k in (1, 2))
    ]
    assert exact == [WORDS.index(count) * k for k in (1, 2)]


def test_moving_along_has_one_name():
    """Equivariant is what moves along, at each place that says it."""
    moves_along, stays = said(
        "equivariance", r"move with it: it is \*\*(\w+)\*\*. It is not \*\*(\w+)\*\*"
    )
    asked = said(
        "recall-questions",
        r"A convolution is (\w+): its maps move .*? makes the answer (\w+)\.",
    )
    assert (moves_along, stays) == asked
    terms = said(
        "terms",
        r"translation (\w+)ce \| \w+ \| a move does not change the answer \| "
        r"\| translation (\w+)ce \| \w+ \| a move moves the answer",
    )
    assert (f"{terms[1]}t", f"{terms[0]}t") == asked


def test_where_the_smallest_number_stands():
    value, side = said(
        "window-explorer-read",
        r"smallest number, −(\d+), stands at the (\w+) of the stroke",
    )
    K = torch.tensor(KERNELS["vertical edges"]).view(1, 1, 3, 3)
    Y = F.conv2d(torch.tensor(IMAGE)[None, None], K)[0, 0]
    i, j = divmod(Y.argmin().item(), 5)
    window = IMAGE[i : i + 3, j : j + 3]
    assert Y.min() == -int(value)
    # bright, which is the stroke, lies on the other side
    assert side == ("right" if window[:, 0].sum() > window[:, 2].sum() else "left")


def test_which_index_runs_fastest():
    (which,) = said("memory-read", r"the (\w+) index fastest")
    steps = torch.zeros(3, 4, 5).stride()
    assert {"first": 0, "last": 2}[which] == steps.index(1)


def test_how_far_a_pooling_window_moves_by_default():
    (how,) = said("pooling-read", r"the window usually moves by (.*?), torch's default")
    assert {"its own size": 3, "one pixel": 1}[how] == nn.MaxPool2d(3).stride


def test_kernels_in_tensorflow():
    k, *numbers = said(
        "channels-count-more",
        r'A "\((\d), 3, (\d), (\d)\)" after it has (\w+) slices of (\w+): (\w+) maps '
        r"go in, .* (\w+) maps come out",
    )
    c_in, c_out, *words = numbers
    c_in, c_out = int(c_in), int(c_out)
    weight = nn.Conv2d(c_in, c_out, int(k)).weight
    counts = [WORDS.index(word) for word in words]
    assert counts == [weight.flatten(0, 1).shape[0], weight[0, 0].numel(), c_in, c_out]


def test_the_sides_of_the_padding_exercise():
    (side,) = said("ex-padding-for-same", r"impossible, the (\w+) side gets one more")
    left, right = exercises.kernels.padding_for_same.solution(4)
    assert side == ("right" if right > left else "left")


def test_the_layers_of_the_exercises_with_numbers():
    text = source_of("05", "ex-sizes-by-hand").replace("no padding", "padding 0")
    layers = re.findall(
        r"of (\d+)[ \w]*, kernel (\d+), stride (\d+), padding (\d+)", text
    )
    sizes = [
        nn.Conv2d(1, 1, k, s, p)(torch.zeros(1, 1, n, n)).shape[-1]
        for n, k, s, p in (map(int, layer) for layer in layers)
    ]
    assert tuple(sizes) == exercises.sizes.sizes_by_hand.solution()
    text = source_of("05", "ex-count-parameters")
    layers = re.findall(r"(\d) × \d kernels from (\d+)[ a-z]* to (\d+)", text)
    counts = [
        sum(p.numel() for p in nn.Conv2d(c_in, c_out, k).parameters())
        for k, c_in, c_out in (map(int, layer) for layer in layers)
    ]
    assert tuple(counts) == exercises.sizes.count_parameters.solution()


def test_the_network_without_pooling():
    found = said("panel-answers", r"has ([\d,]+) parameters instead of ([\d,]+)")
    nets = ConvNet(pooling="none"), ConvNet()
    counts = [f"{sum(p.numel() for p in net.parameters()):,}" for net in nets]
    assert list(found) == counts


# -- results of the claims -----------------------------------------------------------

CLAIMS = of_chapter("05")
NUMBER = r"(\d\.\d+)"


@pytest.mark.parametrize(
    "claim, configuration, pattern, measures",
    [
        (
            "moved-digits",
            "flatten",
            f"the network falls from {NUMBER} to {NUMBER} on the digits",
            ("centered", "moved"),
        ),
        ("where-it-is", "6, zeros, mean", f"untrained layers it is {NUMBER}", ("R²",)),
        ("where-it-is", "1, zeros, mean", f"is only {NUMBER} on the digits", ("R²",)),
        (
            "where-it-is",
            "6, circular, mean",
            r"With circular padding there is no border, and \$R\^2\$ is (0)\.",
            ("R²",),
        ),
        (
            "where-it-is",
            "1, zeros, means of 4x4",
            f"keep a coarse map, give {NUMBER}",
            ("R²",),
        ),
    ],
)
def test_the_numbers_of_a_claim_are_those_of_the_digits(
    claim, configuration, pattern, measures
):
    numbers = said(f"claim-{claim}-read", pattern)
    found = CLAIMS[claim].stored()["digits"].table[configuration]
    for number, measure in zip(numbers, measures, strict=True):
        half = 0.5 * 10.0 ** -len(number[2:])
        assert float(number) == pytest.approx(found[measure].mean, abs=max(half, 0.01))


def test_a_mean_and_its_spread():
    numbers = said(
        "claim-moved-digits-read", f"{NUMBER} with a standard deviation of {NUMBER}"
    )
    runs = CLAIMS["moved-digits"].stored()["digits"].table
    trained = runs["flatten, trained on moved images"]["moved"]
    assert list(numbers) == [f"{trained.mean:.2f}", f"{trained.sd:.2f}"]


@pytest.mark.parametrize(
    "data, pattern",
    [
        ("patterns", r"global pooling the (\w+) is far ahead for a pattern"),
        ("densities", r"Where dots must be counted the (\w+) is ahead"),
        ("digits", r"On digits and clothes the (\w+) wins"),
        ("fashion_mnist", r"On digits and clothes the (\w+) wins"),
    ],
)
def test_which_pooling_is_ahead(data, pattern):
    difference = CLAIMS["max-or-mean"].stored()[data].found["a"].mean
    (ahead,) = said("claim-max-or-mean-read", pattern)
    assert ahead == ("maximum" if difference > 0 else "mean")


def test_which_head_falls_with_a_move():
    """As in the claim, the linear layer over all values falls farther."""
    falls, kept = said(
        "panel-answers",
        r"With the ([a-z ]+) the accuracy falls to .*?[Ww]ith the ([a-z ]+) it is 0",
    )
    runs = CLAIMS["moved-digits"].stored()["digits"].table
    moved = {
        "linear layer over all values": runs["flatten"]["moved"].mean,
        "global maximum": runs["global max"]["moved"].mean,
    }
    assert moved[falls] < moved[kept]
