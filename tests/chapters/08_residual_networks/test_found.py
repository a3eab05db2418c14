"""Chapter 8: the words on what the claims found are made anew from their stored runs.

Each sentence is built from ``data/claims.csv``: its numbers in their order, and the
words that say which is larger. So a number at the wrong place, or a sign the wrong way
round, is noticed, though each number by itself is in the table.
"""

import csv
import math

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from helpers import LeNet, ResNet
from helpers.chapters.residual_networks import claims
from helpers.chapters.residual_networks.claims.networks import of_blocks
from helpers.claims.claim import STORED
from tests.taught import holding

SETS = "digits", "fashion_mnist"


def table(claim):
    """The function (data, configuration, measure) -> mean, and one of the questions."""
    runs = claim.stored()

    def mean(data, configuration, measure="test accuracy"):
        return runs[data].table[configuration][measure].mean

    def found(data, letter):
        return runs[data].found[letter]

    return mean, found


holds = holding("08")


def of_both(mean, *what, form=".2f") -> list[str]:
    return [format(mean(data, *what), form) for data in SETS]


def test_degradation():
    mean, found = table(claims.degradation)

    def fits(kind, depth):
        return of_both(mean, f"{kind}, {depth} layers", "training accuracy")

    (deep, deep_clothes), (shallow, shallow_clothes) = (
        fits("plain", 44),
        fits("plain", 8),
    )
    (residual, residual_clothes), (few, few_clothes) = (
        fits("residual", 44),
        fits("residual", 8),
    )
    holds(
        "depth-read",
        f"with 44 layers {deep} of the digits instead of {shallow}, of the clothes "
        f"{deep_clothes} instead of {shallow_clothes}",
        f"The residual network of 44 layers fits {residual} and {residual_clothes}, "
        f"that of eight {few} and {few_clothes}.",
    )
    for data in SETS:
        by_depth = [
            mean(data, f"plain, {depth} layers", "training accuracy")
            for depth in (8, 20, 44)
        ]
        assert by_depth == sorted(by_depth, reverse=True), "the deeper, the worse"
        eight, twenty, many = (
            mean(data, f"residual, {depth} layers", "training accuracy")
            for depth in (8, 20, 44)
        )
        # five seeds each: from eight to 44 layers the residual network loses 0.011 of
        # the digits and 0.030 of the clothes, the plain one 0.70 and 0.36
        assert twenty > max(eight, many) and 0 < eight - many < 0.04
        plain_loses = -found(data, "a").mean
        assert plain_loses > 0.3 and eight - many < plain_loses / 10
    holds("summary", "With it, depth does little harm over a wide range")
    twenty, twenty_clothes = fits("residual", 20)
    holds(
        "depth-more",
        f"the plain network of twenty layers: {fits('plain', 20)[0]} of the digits",
        "Nor are 44 residual layers better here than twenty, which are the best on "
        f"both sets with {twenty} and {twenty_clothes}",
    )


def test_new_block():
    mean, found = table(claims.new_block)
    cell = "claim-new-block-read"
    (many, many_clothes), (none, none_clothes) = (
        of_both(mean, f"batch norm, {count}") for count in (16, 0)
    )
    holds(
        cell,
        "With batch normalization sixteen blocks cost accuracy on new images: "
        f"{many} instead of {none} on the digits, {many_clothes} instead of "
        f"{none_clothes} on the clothes.",
    )
    one = [round(100 * found(data, "b").mean) for data in SETS]
    low, high = (round(200 * end) / 2 for end in found("digits", "b").interval)
    assert (one, low, high) == ([2, -2], -0.5, 4.5)
    assert found("fashion_mnist", "b").interval[1] < 0
    holds(
        cell,
        "A single block costs two points on the clothes; on the digits it brings two, "
        "or it may be luck (from half a point less to four and a half more).",
    )
    fit = [
        format(mean("digits", f"batch norm, {count}", "training accuracy"), ".2f")
        for count in (16, 0)
    ]
    holds(cell, f"better than none does ({fit[0]} against {fit[1]} of the digits)")
    for data in SETS:
        fits = [
            mean(data, f"batch norm, {count}", "training accuracy") for count in (16, 0)
        ]
        assert fits[0] > fits[1]
    at = "training loss at rate 0.03"
    (sixteen, zero), (one_block, begun) = (
        (of_both(mean, "batch norm, 16", at), of_both(mean, "batch norm, 0", at)),
        (
            of_both(mean, "batch norm, 1", at),
            of_both(mean, "batch norm, blocks begin at 0, 16", at),
        ),
    )
    holds(
        cell,
        f"the training loss with sixteen is {' and '.join(sixteen)}, about that of "
        f"guessing, instead of {' and '.join(zero)}",
        f"at the rate 0.03 the training loss falls, to {' and '.join(begun)}",
    )
    assert all(float(a) < float(b) for a, b in zip(one_block, zero, strict=True))
    assert all(abs(float(a) - 2.30) < 0.15 for a in sixteen)
    changed = [abs(100 * found(data, "c").mean) for data in SETS]
    assert max(changed) < 1
    holds(cell, "sixteen of them change the accuracy by less than a percentage point")


def test_taylor():
    mean, found = table(claims.taylor)
    cell = "claim-taylor-read"

    def of_blocks(data, measure, kind="residual"):
        return [mean(data, f"{kind}, block {k}", measure) for k in range(1, 7)]

    spans = []
    for data in SETS:
        done = of_blocks(data, "done at half time")
        spans.append(f"{100 * min(done):.0f} to {100 * max(done):.0f} %")
    lead = [f"{-100 * found(data, 'a').mean:.0f}" for data in SETS]
    holds(
        cell,
        f"each of the six has done {spans[0]} of what it learns on the digits, "
        f"{spans[1]} on the clothes, and those in the lead are the *last* two, by "
        f"{lead[0]} and {lead[1]} percentage points",
    )
    size = [f"{found(data, 'c').mean:.2f}" for data in SETS]
    at_first = [f"{found(data, 'd').mean:.2f}" for data in SETS]
    holds(
        cell,
        f"the last two blocks add {size[0]} and {size[1]} times as much as the first",
        f"before any training it is {at_first[0]} and {at_first[1]} times already",
    )
    cost = [f"{100 * found(data, 'e').mean:.0f}" for data in SETS]
    holds(
        cell,
        f"the last two blocks cost {cost[0]} and {cost[1]} percentage points less than",
        "each costs 70 points and more on the digits, over 50 on the clothes",
    )
    digits, clothes = (of_blocks(data, "cost of removing it", "plain") for data in SETS)
    assert min(digits) > 0.7 and min(clothes) > 0.5


def test_skips_alone():
    mean, found = table(claims.skips_alone)
    cell = "claim-skips-alone-read"

    def right(way, depth):
        return of_both(mean, f"{way}, {depth} layers")

    (bare, bare_clothes), (norm, norm_clothes) = (
        right("no norm", 20),
        right("batch norm", 20),
    )
    holds(
        cell,
        f"{bare} of the new digits are right and {bare_clothes} of the clothes, "
        f"against {norm} and {norm_clothes} with batch normalization",
        f"Eight layers are hardly better off: {' and '.join(right('no norm', 8))}.",
        "If every block begins at 0, from Kaiming's weights otherwise, twenty layers "
        f"reach {' and '.join(right('no norm, blocks begin at 0', 20))}.",
    )
    for data in SETS:
        assert found(data, "a").mean < -0.01 and found(data, "c").mean < -0.01


def test_resnext():
    mean, found = table(claims.resnext)
    said = []
    for data in SETS:
        low, high = (100 * end for end in found(data, "a").interval)
        assert low < 0 < high
        said.append((f"{-low:.1f}", f"{high:.1f}"))
    groups, one = (of_both(mean, name, form=".3f") for name in ("groups", "bottleneck"))
    holds(
        "claim-resnext-read",
        f"Undecided on both sets: {groups[0]} against {one[0]} on the digits, which "
        f"may be a loss of {said[0][0]} points or a gain of {said[0][1]}, and "
        f"{groups[1]} against {one[1]} on the clothes, between a loss of "
        f"{said[1][0]} and a gain of {said[1][1]}.",
    )
    sizes = [
        f"{sum(p.numel() for p in of_blocks(name, 196, 10).parameters()):,}"
        for name in ("groups", "bottleneck")
    ]
    holds("claim-resnext-read", f"with {sizes[0]} and {sizes[1]} parameters")


def test_what_has_no_look_takes_too_long_for_one():
    """Seconds at full size for a seed: 30 and 45, 71 and 64, 130 and 136."""
    least = []
    with STORED.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["chapter"] == "08" and row["question"] == "a":
                claim = vars(claims)[row["claim"].replace("-", "_")]
                if claim.live is None and claim is not claims.degradation:
                    least.append(float(row["seconds"]) / int(row["seeds"]))
    assert len(least) == 6, "three claims, on two sets"
    holds(
        "claims",
        f"The other three need {math.floor(min(least))} seconds and more for a single "
        "seed.",
    )


def test_beats_lenet():
    """Within the reference values for 12,000 real images: .887 to .899."""
    mean, found = table(claims.beats_lenet)
    resnet, lenet = (mean("fashion_mnist", name) for name in ("ResNet-8", "LeNet"))
    assert 0.887 <= resnet <= 0.899
    low, high = (100 * end for end in found("fashion_mnist", "a").interval)
    counts = []
    for net in (ResNet().eval(), LeNet()):
        with FlopCounterMode(display=False) as counter:
            net(torch.rand(1, 1, 28, 28))
        counts.append(counter.get_total_flops() / 2)
    lead = found("digits", "a")
    assert lead.interval[0] < 0.01 < lead.interval[1]
    holds(
        "claim-beats-lenet-read",
        f"Supported on the clothes: {resnet:.3f} of the new ones against {lenet:.3f}, "
        f"a lead of {low:.1f} to {high:.1f} points.",
        f"On the digits, where LeNet has {mean('digits', 'LeNet'):.3f} already, the "
        f"lead is {100 * lead.mean:.1f} points, and undecided.",
        f"but needs {counts[0] / counts[1]:.0f} times the arithmetic: "
        f"{counts[0] / 1e6:.1f} million multiplications for an image against "
        f"{counts[1] / 1e6:.2f} million",
    )
    assert sum(p.numel() for p in ResNet().parameters()) / 61_706 == pytest.approx(
        1.25, abs=0.02
    )
