"""The curves that the diagnoses of chapter 5 show have the answers in them."""

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
