"""Chapter 8: sentences to mistakes, hints and cases, each made from what it tells.

`tests/test_exercises_recorded.py` sees that a sentence has changed; here is computed
whether it belongs to the answer above it.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Bottleneck, Residual
from helpers.chapters.residual_networks.exercises import (
    block,
    counting,
    degradation,
    dropping,
    paths,
    repairs,
    slopes,
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def told(exercise, answer) -> str:
    return " ".join(exercise.check(answer).text.split())


# -- layers --------------------------------------------------------------------------

BLOCKS = (33, 33, 27)  # of the three networks
CONVS = tuple(
    sum(isinstance(m, nn.Conv2d) for m in made.modules())
    for made in (Residual(8, 8), Bottleneck(8, 8), Residual(8, 8))
)
PROJECTIONS = (3, 4, 2)  # a bottleneck's first stage has one, for its channels
WORDS = {2: "two", 3: "three", 4: "four"}


def layers(k, outside=2, convs=None, more=0):
    return BLOCKS[k] * (convs or CONVS[k]) + outside + more


@pytest.mark.parametrize("k", range(3))
def test_each_wrong_number_of_layers_gets_the_sentence_of_its_mistake(k):
    right = list(counting.num_layers.solution())
    assert right[k] == layers(k)
    projections = f"projections of the {WORDS[PROJECTIONS[k]]} shortcuts"
    cases = {
        layers(k, outside=1): "Either the first convolution or the linear layer",
        layers(k, outside=0): "These are the layers in the blocks.",
        layers(k, more=PROJECTIONS[k]): projections,
    }
    if k != 1:
        cases[layers(k, convs=1)] = "You counted a block as one layer."
        cases[layers(k, outside=0, convs=1)] = "These are the blocks."
        cases[layers(k, convs=3)] = "two"
    else:
        cases[layers(k, convs=2)] = "A bottleneck has three convolutions: 1×1"
        cases[layers(k, convs=4)] = "A bottleneck has three convolutions, not four."
    if k == 2:
        cases[9 * 2 + 2] = "you counted one stage"
    for wrong, sentence in cases.items():
        answer = [*right]
        answer[k] = wrong
        assert sentence in told(counting.num_layers, tuple(answer)), (wrong, sentence)


# -- slopes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place, wrong, sentences",
    [
        (0, 50 * 0.1, ("You added the slopes of the residuals.",)),
        (0, 1 + 50 * 0.1, ("This is 1 + 50 · 0.1.",)),
        (0, 50 * 1.1, ("You added the slopes of the blocks.",)),
        (0, 110, (f"is {1.1**50:.2f}", f"to two digits {round(1.1**50, -1):.0f}.")),
        (1, 50 * 0.1, ("You added the slopes of the residuals.",)),
        (1, 0.9**50, ("the slope of a block is that of its residual, 0.1",)),
        (2, 0.1**50, ("This is the third without shortcuts.",)),
        (2, 1 - 50 * 0.1, ("You added. The slopes of the blocks, 1 - 0.1",)),
        (2, -50 * 0.1, ("You added the slopes of the residuals.",)),
        (3, 1.1**49, ("You left out the block whose residual has the slope -1.",)),
    ],
)
def test_a_wrong_slope_gets_the_sentence_of_its_mistake(place, wrong, sentences):
    answer = [*slopes.slopes.solution()]
    answer[place] = wrong
    text = told(slopes.slopes, tuple(answer))
    assert all(sentence in text for sentence in sentences), text


def test_the_hint_gives_the_slope_of_a_block_with_and_without_its_shortcut():
    g = 0.1
    x = torch.ones((), requires_grad=True)
    (around,) = torch.autograd.grad(x + g * x, x)
    assert around.item() == pytest.approx(1 + g)
    hint = slopes.slopes.hint
    assert "That of y = x + g(x) is 1 + g'; without the shortcut it is g'." in hint


# -- hints and last words ------------------------------------------------------------


def test_hints_lead_to_the_solution():
    net = block.BasicBlock.solution(4, 8, 2)
    assert net.conv1.stride == net.shortcut[0].stride == (2, 2)
    assert net.conv2.stride == (1, 1)
    hint = block.BasicBlock.hint
    assert "The first 3×3 convolution and the projection have the stride" in hint
    assert "the second convolution has none" in hint
    hint = block.zero_block.hint
    assert "The shortcut carries the input itself to the sum, where 0 is added." in hint
    hint = repairs.forward_blocks.hint  # a question for each of the three bugs
    for question in (
        "What is added, and is it this block's input?",
        "Which values can the residual have at the sum?",
        "Whose tensor does `+=` change?",
    ):
        assert question in hint
    shallow, deep = degradation.histories()["A"]  # the picture of overfitting
    assert max(1 - h.train_accuracy[-1] for h in (shallow, deep)) < 0.05
    assert "in overfitting it is low." in degradation.which_degrades.then


def test_the_axes_of_the_paths_are_those_along_which_weights_are_cut():
    X, W1, W2, W3, groups = paths.draw(2, 4, 6, 3, 4, 5, seed=1)
    h = F.relu(F.conv2d(F.relu(F.conv2d(X, W1)), W2, padding=1, groups=groups))
    cut = zip(W1.chunk(3, 0), W2.chunk(3, 0), W3.chunk(3, 1), strict=True)
    total = 0
    for w1, w2, w3 in cut:
        inner = F.relu(F.conv2d(F.relu(F.conv2d(X, w1)), w2, padding=1))
        total = total + F.conv2d(inner, w3)
    torch.testing.assert_close(total, F.conv2d(h, W3))
    sentences = " ".join(m.says for m in paths.resnext_paths.mistakes)
    said = "W1 and W2 are cut along axis 0, the channels that they make, and W3 along"
    assert f"{said} axis 1" in " ".join(sentences.split())


def test_the_cases_of_stochastic_depth_tell_p_from_1_minus_p():
    in_training = [p for _, p, training in dropping.drop_path.cases if training]
    assert len([p for p in in_training if 0 < p < 1]) >= 2
    for p in in_training:
        assert abs(p - (1 - p)) > 0.1, "p and 1 - p would be the same answer"
    sides = {p < 0.5 for p in in_training if p}
    assert sides == {True, False}
