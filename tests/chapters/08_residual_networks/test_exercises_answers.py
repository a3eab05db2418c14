"""Answers to chapter 8's exercises in other forms than ours: right and wrong ones."""

import copy
from itertools import permutations

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers import Residual
from helpers.chapters.residual_networks import exercises
from helpers.chapters.residual_networks.exercises import (
    block,
    counting,
    degradation,
    dropping,
    groups,
    paths,
    repairs,
    slopes,
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- right answers of other kinds ----------------------------------------------------


class BlockOfD2l(nn.Module):
    """Lazy layers under other names, the shortcut made first and None if not needed."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.down = None
        if (c_in, 1) != (c_out, stride):
            self.down = nn.LazyConv2d(c_out, 1, stride=stride, bias=False)
            self.down_norm = nn.LazyBatchNorm2d()
        self.b = nn.LazyConv2d(c_out, 3, padding=1, bias=False)
        self.a = nn.LazyConv2d(c_out, 3, padding=1, stride=stride, bias=False)
        self.norms = nn.ModuleList([nn.LazyBatchNorm2d(), nn.LazyBatchNorm2d()])

    def forward(self, X):
        Y = self.norms[1](self.b(self.norms[0](self.a(X)).relu()))
        return (Y + (self.down_norm(self.down(X)) if self.down else X)).clamp(min=0)


class BlockOfSequentials(nn.Module):
    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(c_out, c_out, 3, 1, "same", bias=False),
            nn.BatchNorm2d(c_out),
        )
        self.shortcut = nn.Sequential()
        if stride > 1 or c_in != c_out:
            self.shortcut.append(nn.Conv2d(c_in, c_out, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(c_out))

    def forward(self, X):
        Y = self.residual(X)
        Y += self.shortcut(X)
        return nn.ReLU(inplace=True)(Y)


def blocks_by_their_own_forward(blocks, X):
    for residual in blocks:
        X = F.relu(residual.residual(X) + X)
    return X


def without_block_in_a_new_stage(net, s, k):
    new = copy.deepcopy(net)
    blocks = list(new.stages[s])
    new.stages[s] = nn.Sequential(*blocks[:k], *blocks[k + 1 :])
    return new


def without_block_by_deleting(net, s, k):
    net = copy.deepcopy(net)
    del net.stages[s][k]
    return net


def without_block_by_weights_of_zero(net, s, k):
    new = copy.deepcopy(net)
    with torch.no_grad():
        for values in (new.stages[s][k].norm2.weight, new.stages[s][k].norm2.bias):
            values.zero_()
    return new


def drop_path_by_bernoulli(residual, p, training):
    if training and p > 0:
        mask = residual.new_empty(residual.shape[0], 1, 1, 1).bernoulli_(1 - p)
        return mask.div_(1 - p) * residual
    return residual


def drop_path_by_dropout(residual, p, training):
    return residual * F.dropout(torch.ones(len(residual), 1, 1, 1), p, training)


def drop_path_one_by_one(residual, p, training):
    if not training:
        return residual
    rows = [x / (1 - p) if torch.rand(1) > p else 0 * x for x in residual]
    return torch.stack(rows)


def group_conv_by_slices(X, W, groups):
    n, out = X.shape[1] // groups, len(W) // groups
    made = []
    for g in range(groups):
        kernels = W[g * out : (g + 1) * out]
        made.append(F.conv2d(X[:, g * n : (g + 1) * n], kernels))
    return torch.cat(made, 1)


def group_conv_by_zeros(X, W, groups):
    """One plain convolution, with kernels that are 0 outside of their group."""
    out, n = len(W) // groups, W.shape[1]
    whole = torch.zeros(len(W), X.shape[1], *W.shape[2:])
    for k in range(len(W)):
        g = k // out
        whole[k, g * n : (g + 1) * n] = W[k]
    return F.conv2d(X, whole)


def weights_of_layers(c, m, groups):
    sizes = (c, m, 1), (m // groups, m, 3), (m, c, 1)
    return sum(c_in * c_out * k * k for c_in, c_out, k in sizes)


def paths_by_slices(X, W1, W2, W3, groups):
    total, d = X.clone(), len(W1) // groups
    for k in range(0, len(W1), d):
        part = slice(k, k + d)
        h = F.conv2d(X, W1[part]).clamp(min=0)
        h = F.conv2d(h, W2[part], padding="same").clamp(min=0)
        total = total + F.conv2d(h, W3[:, part])
    return total.relu()


RIGHT = [
    (block.BasicBlock, BlockOfD2l),
    (block.BasicBlock, BlockOfSequentials),
    (repairs.forward_blocks, blocks_by_their_own_forward),
    (dropping.without_block, without_block_in_a_new_stage),
    (dropping.without_block, without_block_by_deleting),
    (dropping.without_block, without_block_by_weights_of_zero),
    (dropping.drop_path, drop_path_by_bernoulli),
    (dropping.drop_path, drop_path_by_dropout),
    (dropping.drop_path, drop_path_one_by_one),
    (groups.group_conv, group_conv_by_slices),
    (groups.group_conv, group_conv_by_zeros),
    (paths.bottleneck_weights, weights_of_layers),
    (paths.bottleneck_weights, lambda c, m, groups: m * (2 * c + 9 * m / groups)),
    (paths.resnext_paths, paths_by_slices),
]


@pytest.mark.parametrize(
    ("asked", "answer"), RIGHT, ids=lambda x: getattr(x, "name", "")
)
def test_other_right_answers_pass(asked, answer):
    feedback = asked.check(answer)
    assert feedback.state == "solved", feedback


LETTERS = degradation.which_degrades.solution()


@pytest.mark.parametrize(
    "given",
    [
        {"zero_block": [[0, 0, 3], [-2, 0, 3]]},
        {"zero_block": (0, 0, 3, -2, 0, 3)},
        {"zero_block": tensor([[0.0, 0.0, 3.0], [-2.0, 0.0, 3.0]])},
        {"slopes": (120, 1e-50, 0.0052, 0.0)},
        {"slopes": [117.39, 10**-50, 0.00515, 0]},
        {"num_layers": [68.0, 101.0, 56.0]},
        {"group_weights": (32 * 8 * 9, 32 * 9, 32 * 96, 32 * 96 * 9)},
        {"which_degrades": list(LETTERS)},
        {"which_degrades": "".join(LETTERS).lower()},
    ],
    ids=str,
)
def test_values_may_be_given_in_other_forms(given):
    feedback = exercises.check(**given)
    assert feedback.state == "solved", feedback


# -- wrong answers, written in another way than ours -----------------------------------


class ReluBeforeTheSum(BlockOfSequentials):
    def forward(self, X):
        return self.residual(X).relu() + self.shortcut(X)


class WithBiases(nn.Module):
    """The course's own block has the shortcut right; its convolutions get biases."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.all = Residual(c_in, c_out, stride)
        for conv in [m for m in self.all.modules() if isinstance(m, nn.Conv2d)]:
            conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, X):
        return self.all(X)


class Unregistered(BlockOfSequentials):
    """Its residual stands in a list, so its parameters are not found."""

    def __init__(self, *sizes, **more):
        super().__init__(*sizes, **more)
        residual, self.residual = self.residual, None
        self.layers = [residual]

    def forward(self, X):
        return F.relu(self.layers[0](X) + self.shortcut(X))


def one_draw(residual, p, training):
    if training and torch.rand(()) < p:
        return torch.zeros_like(residual)
    return residual / (1 - p) if training else residual


def changed_in_place(net, s, k):
    net.stages[s][k] = nn.Identity()
    return net


@pytest.mark.parametrize(
    ("asked", "answer", "says"),
    [
        (block.BasicBlock, ReluBeforeTheSum, "The ReLU stands before the sum"),
        (block.BasicBlock, WithBiases, "The convolutions have biases."),
        (block.BasicBlock, Unregistered, "The values differ"),
        (repairs.forward_blocks, lambda blocks, X: X, "Values differ"),
        (dropping.without_block, changed_in_place, "The network itself has lost"),
        (dropping.without_block, lambda net, s, k: net, "The block is still there."),
        (dropping.without_block, lambda net, s, k: 3, "a network is asked for, not an"),
        (dropping.drop_path, one_draw, "One number decides for the whole batch."),
        (dropping.drop_path, lambda r, p, t: F.dropout(r, p, t), "has a number for ea"),
        (dropping.drop_path, lambda r, p, t: r.mean(), "expected a tensor of shape"),
        (groups.group_conv, lambda X, W, groups: F.conv2d(X, W, groups=groups), "`gro"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_wrong_answers_of_other_kinds_are_told(asked, answer, says):
    feedback = asked.check(answer)
    assert feedback.state == "wrong" and says.lower() in feedback.text.lower(), feedback


VALUES = {
    "zero_block": block.zero_block,
    "slopes": slopes.slopes,
    "num_layers": counting.num_layers,
    "group_weights": groups.group_weights,
    "which_degrades": degradation.which_degrades,
}


@pytest.mark.parametrize("given", [None, 3, "A", {}, torch.zeros(9), object()])
@pytest.mark.parametrize("name", VALUES)
def test_what_is_no_answer_is_wrong(name, given):
    assert exercises.check(**{name: given}).state == "wrong"


@pytest.mark.parametrize("name", VALUES)
def test_another_number_of_values_gets_a_sentence_that_says_what_is_asked(name):
    right = VALUES[name].solution()
    for given in (right[:-1], list(right[:-1]), right[:1], (*right, right[0])):
        assert " asked for: " in exercises.check(**{name: given}).means


def test_every_wrong_assignment_gets_a_sentence():
    for given in permutations(LETTERS):
        if given != LETTERS:
            assert exercises.check(which_degrades=given).means, given
            assert exercises.check(which_degrades="".join(given)).means, given


@pytest.mark.parametrize("name", ["slopes", "num_layers", "group_weights"])
def test_whoever_is_wrong_about_several_is_told_about_the_first(name):
    exercise = VALUES[name]
    right = exercise.solution()
    for mistake in exercise.mistakes:
        given = mistake.wrong()
        if len(given) == len(right):
            first = next(k for k, v in enumerate(given) if v != right[k])
            spoiled = *given[: first + 1], *(7 for _ in given[first + 1 :])
            assert exercises.check(**{name: spoiled}).means == mistake.says
