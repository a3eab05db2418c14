"""Chapter 5: where a sentence says one of two things, it says the one that happens.

Which of two names or directions, how much larger, what grows faster: each is read out
of its cell and compared with what torch, the cells or the stored claims give.
"""

import math
import re
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import helpers
from helpers.chapters.convolution import exercises, explorers, kernels
from tests.said import WORDS
from tests.said import said as said_in
from tests.taught import source_of, taught

own = taught("05", "move", "seen_from", "corr2d")
said = partial(said_in, "05")


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# -- formulas and axes ---------------------------------------------------------------


def test_a_weight_is_found_again_by_its_new_name():
    """V_ijab is the weight of the pixel a below and b to the right of the output."""
    (indices,) = said("reindexed", r"V_\{ijab\} = W_\{(.*?)\}")
    i, j, a, b = 1, 2, 2, -1
    W = normal(4, 4, 4, 4)
    place = [eval(index, {"i": i, "j": j, "a": a, "b": b})
             for index in indices.replace(r"\,", "").split(",")]  # fmt: skip
    assert W[tuple(place)] == own.seen_from(W[i, j], i, j)[a, b]


def test_the_axes_of_a_weight():
    cell = "channels-count-more"
    axes, first, second, third = said(
        cell, r"in torch, \$\((.*?)\)\$: (\w+) first, and (\w+) before (\w+)\."
    )
    names = re.sub(r"\\text\{(\w+)\}", r"\1", axes).split(", ")
    sizes = {"c_out": 2, "c_in": 3, "k_h": 4, "k_w": 5}
    layer = nn.Conv2d(3, 2, (4, 5))
    assert tuple(sizes[name] for name in names) == layer.weight.shape
    assert first == {"c_out": "output", "c_in": "input"}[names[0]]
    assert (second, third) == ("rows", "columns")


# -- kernels and padding -------------------------------------------------------------


def test_which_kernel_training_finds():
    (which,) = said("flipped-read", r"training finds the (\w+) kernel instead")
    X, K = normal(12, 12), normal(2, 2, seed=1)
    wanted = F.conv2d(X[None, None], K.flip(0, 1)[None, None])  # of mathematics
    learned = torch.zeros(1, 1, 2, 2, requires_grad=True)
    for _ in range(300):
        loss = (F.conv2d(X[None, None], learned) - wanted).square().mean()
        (step,) = torch.autograd.grad(loss, learned)
        learned = (learned - 0.3 * step).detach().requires_grad_()
    found = learned[0, 0].detach()
    assert torch.allclose(found, K, atol=1e-3) == (which == "same")
    assert torch.allclose(found, K.flip(0, 1), atol=1e-3) == (which == "turned")


def test_what_an_edge_is_answered_with():
    down, up = said(
        "edge-read", r"(−?1) where bright turns dark, (−?1) where dark turns bright"
    )
    space = {"torch": torch, "corr2d": own.corr2d}
    exec(source_of("05", "edge"), space)
    row, brightness = space["edges"][0], space["X"][0]
    for j in range(len(row)):
        turn = brightness[j + 1] - brightness[j]
        expected = {-1: down, 0: "0", 1: up}[int(turn)]
        assert row[j] == int(expected.replace("−", "-"))


def test_learned_is_what_is_said():
    (*found,) = said("learned-kernel-read", r"It finds (−?\d) and (−?\d)")
    space = {"torch": torch, "F": F, "corr2d": own.corr2d}
    exec(source_of("05", "edge"), space)
    exec(source_of("05", "learned-kernel-code"), space)
    expected = [float(w.replace("−", "-")) for w in found]
    assert space["learned"].flatten().tolist() == pytest.approx(expected, abs=1e-3)


def test_which_kernels_keep_a_plain_sky():
    keeps, makes = said(
        "photo-read",
        r"at strength 1, (.*?) leave a plain sky as it is.*?Those of (.*?) add up to 0",
    )
    for name in kernels.KERNELS:
        total = kernels.kernel_of(name, 1).sum()
        word = "edge kernels" if "edges" in name else name
        assert (word in keeps) == (abs(total - 1) < 1e-9), name
        assert (word in makes) == (abs(total) < 1e-9), name


def test_emboss_brightens_the_side_that_is_said():
    """Brighter edges at the said corner grow, edges at the opposite one shrink."""
    vertical, horizontal = re.search(
        r"brighter at their (\w+) (\w+) and darkens the opposite",
        explorers.kernels_on_a_photograph.scene(kernel="emboss").says,
    ).groups()
    ramp = np.add.outer(np.arange(5.0), np.arange(5.0))  # brighter at the lower right
    ramp = ramp if vertical == "lower" else ramp[::-1]
    ramp = ramp if horizontal == "right" else ramp[:, ::-1]
    answer = np.sum(ramp[1:4, 1:4] * kernels.kernel_of("emboss", 1))
    assert answer > ramp[2, 2]


def test_what_each_padding_does():
    text = " ".join(source_of("05", "modes-read").split())
    row = torch.tensor([[1.0, 2.0, 3.0]])
    does = {
        "repeats the last pixel": [1, 1, 1, 2, 3, 3, 3],
        "mirrors": [3, 2, 1, 2, 3, 2, 1],
        "goes on at the other side": [2, 3, 1, 2, 3, 1, 2],
    }
    for what, expected in does.items():
        (mode,) = re.findall(rf"`(\w+)` {what}", text)
        assert F.pad(row, (2, 2), mode=mode)[0].tolist() == expected


def test_which_pixels_no_window_touches():
    first, last, lost = said(
        "size-explorer-read",
        r"No window touches the (\w+) row and the (\w+) column, (\d+) pixels in all",
    )
    (recalled,) = said("recall-questions", r"the (\w+) row and column of the image are")
    X = torch.ones(1, 1, 7, 7, requires_grad=True)
    F.conv2d(X, torch.ones(1, 1, 3, 3), stride=3).sum().backward()
    unused = (X.grad[0, 0] == 0).nonzero()
    at = {"first": 0, "last": 6}
    assert first == last == recalled and len(unused) == int(lost)
    assert ((unused == at[recalled]).any(1)).all()


# -- pooling and order ---------------------------------------------------------------


def test_with_which_pooling_the_activation_may_be_exchanged():
    may, differs = said(
        "order",
        r"For (\w+) pooling the last two may be exchanged.*; with (\w+) it makes a",
    )
    X = normal(1, 4, 8, 8)
    pools = {"max": F.max_pool2d, "maxima": F.max_pool2d}
    pools |= {"average": F.avg_pool2d, "averages": F.avg_pool2d}
    for name, same in ((may, True), (differs, False)):
        pool = pools[name]
        assert torch.allclose(F.relu(pool(X, 2)), pool(F.relu(X), 2)) == same


def test_how_much_a_dot_changes_what_is_pooled():
    text = " ".join(source_of("05", "dot-read").split())
    says = explorers.pooled_dot.scene(shape="dot", before=2, after=3, window=2).says
    for name, word in (("max", "maximum"), ("average", "average")):
        (how,) = re.findall(rf"the {word} by (a fraction|all)", text)
        change = float(re.search(rf"{name}-pooled values, by (\S+) at most", says)[1])
        assert (change == 8) == (how == "all")  # the dot is worth 8
    (count,) = said("dot-read", r"(\w+) of the dot's values change at once")
    assert f"{WORDS.index(count)} of 16 max-pooled" in says


def test_the_change_under_a_move_is_measured_at_one_pixel():
    """And the three numbers are those of no pooling, windows of 2 and of 4."""
    of_two, of_four, none = said(
        "pooling-why", r"by (0\.\d+) and (0\.\d+) instead of (0\.\d+)"
    )
    printed, data = (
        [],
        helpers.load_images("digits", n_train=100, n_val=2_000, n_test=100),
    )
    space = {"torch": torch, "nn": nn, "F": F} | vars(helpers) | vars(own)
    space |= {"data": data, "print": lambda *words: None}
    exec(source_of("05", "equivariance-code"), space)
    moves = []
    space["move"] = lambda X, *by: moves.append(by) or own.move(X, *by)
    space["print"] = lambda *words: printed.append(" ".join(words))
    exec(source_of("05", "pooling-zeros"), space)
    assert [abs(down) + abs(right) for down, right in moves] == [1]
    assert [line.split()[-1] for line in printed] == [none, of_two, of_four]


# -- receptive fields and memory -----------------------------------------------------


def spread(layers: int) -> float:
    """Standard deviation, in pixels, of where the paths of 3-wide kernels begin."""
    counts = np.ones(1)
    for _ in range(layers):
        counts = np.convolve(counts, np.ones(3))
    places = np.arange(len(counts)) - layers
    return math.sqrt((counts * places**2).sum() / counts.sum())


def test_what_grows_with_the_root_of_the_number_of_layers():
    bell, field = said(
        "field-uneven-more",
        r"Its width grows only as the (\w+) of the number of layers, "
        r"while the field grows as the (\w+) itself",
    )
    factor = {"root": 2, "number": 4}
    assert spread(64) / spread(16) == pytest.approx(factor[bell])
    receptive = taught("05", "receptive_fields").receptive_fields
    sides = [receptive([(3, 1)] * n)[-1] - 1 for n in (16, 64)]
    assert sides[1] / sides[0] == factor[field]


def test_the_field_of_the_exercise_counts_beyond_the_border():
    (how,) = said("ex-sizes-and-fields", r"values sees, those beyond the border (\w+)")
    found = exercises.builds.sizes_and_fields.solution([(4, 1, 1), (3, 1, 1)], 2)
    assert (how == "included") == (found[-1][1] > 2)


def test_permute_copies_nothing():
    (what,) = said("memory-more", r"`permute` copies (\w+)")
    stored = torch.zeros(3, 4, 5)
    permuted = stored.permute(2, 0, 1)
    assert (what == "nothing") == (permuted.data_ptr() == stored.data_ptr())
    with pytest.raises(RuntimeError):  # "it refuses a permuted tensor"
        permuted.view(-1)
