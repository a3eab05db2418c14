"""The curves that the diagnoses of chapter 5 show have the answers in them."""

import re

import pytest
import torch

from helpers.chapters.convolution.exercises import shifts


def test_each_question_has_one_answer_in_the_curves():
    """The global maximum holds everywhere; the moved one up to 3 pixels, no farther."""
    found, far = shifts.accuracies(), shifts.FAR_IN_TRAINING
    kept = {name: min(values) / values[0] for name, values in found.items()}
    near = {name: min(values[: far + 1]) / values[0] for name, values in found.items()}
    assert [name for name in found if kept[name] > 0.9] == [
        shifts.head_with_global_max.solution()
    ]
    assert [name for name in found if near[name] > 0.8 and kept[name] < 0.7] == [
        shifts.trained_on_moved_digits.solution()
    ]
    assert all(near[name] < 0.5 for name in "AC")
    assert all(values[0] > 0.5 for values in found.values())


def test_digits_keep_all_their_pixels_however_they_are_moved():
    X = torch.rand(5, 1, 14, 14)
    far = shifts.FARTHEST
    for right, down in ((far, 0), (-far, far), (0, -far)):
        placed = shifts.placed(X, right, down)
        assert placed.shape == (5, 1, shifts.SIDE, shifts.SIDE)
        assert placed.sum((1, 2, 3)).allclose(X.sum((1, 2, 3)))
    dot = torch.zeros(1, 1, 14, 14)
    dot[0, 0, 0, 0] = 1
    assert shifts.placed(dot, 2, -1)[0, 0].nonzero().tolist() == [[far - 1, far + 2]]


def test_moves_of_training_reach_their_limit_and_no_farther():
    dot = torch.ones(500, 1, 14, 14)
    places = shifts.moved(dot, 3)[:, 0].flatten(1).argmax(1)
    rows, columns = places // shifts.SIDE - shifts.FARTHEST, places % shifts.SIDE
    assert rows.unique().tolist() == list(range(-3, 4))
    assert (columns - shifts.FARTHEST).unique().tolist() == list(range(-3, 4))


# What a sentence says of the curve of the network that was wrongly named: accuracies at
# 0, 1, ... pixels -> whether it is so.
SAID = {
    r"holds, and then it falls": lambda v: v[2] > 0.9 * v[0] and v[-1] < 0.5 * v[0],
    r"two pixels costs this network more than half": lambda v: v[2] < 0.5 * v[0],
    r"falls as soon as the digits move": lambda v: v[1] < 0.95 * v[0] and v[6] < v[3],
    r"does not fall beyond 3 pixels either": lambda v: min(v[4:]) > 0.9 * v[0],
    r"One pixel is enough to make this one worse": lambda v: v[1] < 0.9 * v[0],
    r"lost a good part of its accuracy by 3 pixels": lambda v: v[3] < 0.5 * v[0],
}


@pytest.mark.parametrize(
    "asked", [shifts.head_with_global_max, shifts.trained_on_moved_digits]
)
def test_a_sentence_describes_the_curve_that_was_named(asked):
    named = [mistake.wrong() for mistake in asked.mistakes]
    assert sorted([*named, asked.solution()]) == sorted(shifts.NETWORKS)
    for name, mistake in zip(named, asked.mistakes, strict=True):
        (holds,) = (SAID[said] for said in SAID if re.search(said, mistake.says))
        assert holds(shifts.accuracies()[name]), mistake.says
