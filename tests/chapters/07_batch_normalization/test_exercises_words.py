"""Chapter 7: what its exercises say is what their numbers are.

Sentences for mistakes stand beside wrong numbers: each pair is computed anew. Hints and
last words say numbers and directions, which are computed, too.
"""

import pytest
import torch
from torch import nn

from helpers.chapters.batch_normalization.exercises import (
    backward,
    groups,
    modes,
    standardizing,
    training,
)
from tests.taught import text_of

x = torch.tensor([0.0, 2.0, 3.0, 7.0])
centered = x - x.mean()
x_hat, scaled = centered / x.std(correction=0), x / x.std(correction=0)
GAMMA, BETA = 2, 1

# beginnings of sentences -> what whoever made this mistake computed
FOUR_NUMBERS = {
    "You divided by n - 1": GAMMA * centered / x.std() + BETA,
    "Gamma and beta are exchanged": BETA * x_hat + GAMMA,
    "Beta is missing": GAMMA * x_hat,
    "Gamma is missing": x_hat + BETA,
    "These are the normalized values": x_hat,
    "You divided by the variance": GAMMA * centered / x.var(correction=0) + BETA,
    "You added beta before gamma": GAMMA * (x_hat + BETA),
    "The mean, 3, is not": GAMMA * scaled + BETA,
    "You subtracted the mean and did not divide": GAMMA * centered + BETA,
    "You made gamma the variance": GAMMA**0.5 * x_hat + BETA,
    "You scaled and shifted": GAMMA * x + BETA,
    "You rounded before": GAMMA * (100 * x_hat).round() / 100 + BETA,
    "Two things": centered / x.std(),
}


def course(kept, new, start=0.0, num_steps=20):
    """A running mean of batches whose mean is 10."""
    values = [start]
    for _ in range(num_steps):
        values.append(kept * values[-1] + new * 10)
    return values


follows = course(0.9, 0.1, num_steps=21)
RUNNING_MEAN = {
    "You gave the new batch nine": [course(0.1, 0.9)[k] for k in (1, 2, 20)],
    "You added 1": [course(1, 0.1)[k] for k in (1, 2, 20)],
    "It does not come nearer by 1": [min(10, course(1, 0.1)[k]) for k in (1, 2, 20)],
    "This is how far": [10 - follows[k] for k in (1, 2, 20)],
    "You multiplied by 0.1": [10 * 0.1**k for k in (1, 2, 20)],
    "A tenth of the batch's mean": [1, 1, 1],
    "This is the mean of the batches": [10, 10, 10],
    "You counted one update too few": [follows[k - 1] for k in (1, 2, 20)],
    "You counted one update too many": [follows[k + 1] for k in (1, 2, 20)],
}
n, c, h, w = 32, 16, 14, 14
AXES = {
    "one mean for each example,": (n, c * h * w),
    "one mean for each channel of each": (n * c, h * w),
    "one mean for each channel at each pixel": (c * h * w, n),
    "one mean for each pixel": (h * w, n * c),
    "one mean for the whole batch": (1, n * c * h * w),
    "You took 14": (h, n * c * w),
    "These are the pixels of one image": (c, h * w),
    "runs over the 32 examples": (c, n),
    "These are all values": (c, n * c * h * w),
    "both height and width": (c, n * h),
    "Each channel has two learned": (c, n * h * w, c),
    "Gamma and beta are vectors": (c, n * h * w, 2),
    "You counted the running mean and": (c, n * h * w, 4 * c),
    "Every pixel of a channel is scaled": (c, n * h * w, n * h * w),
    "Two statistics are kept": (c, n * h * w, 2 * c, c),
    "You counted the batches": (c, n * h * w, 2 * c, 2 * c + 1),
    "running variance of its own": (c, n * h * w, 2 * c, 2),
    "for evaluation": (c, n * h * w, 2 * c, 0),
    "You counted gamma and beta": (c, n * h * w, 2 * c, 4 * c),
}


@pytest.mark.parametrize(
    "exercise, computed",
    [
        (standardizing.four_numbers, FOUR_NUMBERS),
        (standardizing.normalized_axes, AXES),
        (modes.running_mean, RUNNING_MEAN),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_mistakes_sentence_is_that_of_its_numbers(exercise, computed):
    assert len(exercise.mistakes) == len(computed)
    for mistake in exercise.mistakes:
        (numbers,) = (v for words, v in computed.items() if words in mistake.says)
        numbers = [round(float(value), 2) for value in numbers]
        assert list(mistake.wrong())[: len(numbers)] == pytest.approx(
            numbers, abs=0.011
        ), mistake.says


def test_the_hint_for_the_running_mean_is_torchs_rule():
    bn = nn.BatchNorm1d(1)
    bn.running_mean.fill_(1.0)
    bn(torch.tensor([[-1.0], [1.0]]))
    assert bn.running_mean.item() == pytest.approx(0.9)
    hint = modes.running_mean.hint
    assert "keeps 0.9 of the old value and adds a tenth of the batch's mean" in hint
    assert f"is left: {0.9**20:.0%}".replace("%", " %") + " after 20" in (
        modes.running_mean.then
    )


def test_the_last_words_on_four_numbers_hold():
    given = torch.tensor(standardizing.four_numbers.solution())
    names = {BETA: "beta", GAMMA: "gamma"}
    mean = names[round(given.mean().item())]
    spread = names[round(given.std(correction=0).item())]
    assert standardizing.four_numbers.then == (
        f"Their mean is {mean}, and their standard deviation {spread}."
    )


def test_the_paths_of_the_gradient_are_in_their_order():
    """Through a variance that is fixed only the mean of dY is taken away, and so on."""
    X = torch.randn(6, 1, generator=torch.Generator().manual_seed(0)).double()
    dY = torch.randn(6, 1, generator=torch.Generator().manual_seed(1)).double()
    X.requires_grad_()
    std = X.std(0, correction=0).detach()
    (by_mean,) = torch.autograd.grad((X - X.mean(0)) / std, X, dY)
    torch.testing.assert_close(by_mean * std, dY - dY.mean(0))
    assert (
        "through its own output, through the mean and through the variance. The second "
        "takes away the mean of dY, the third what points along X_hat."
    ) in backward.batch_norm_backward.hint
    says = {m.says.split(":")[0]: m for m in backward.batch_norm_backward.mistakes}
    case = backward.batch_norm_backward.cases[1]
    X_hat, std, gamma, dY = case
    along = X_hat * (dY * X_hat).mean(0)
    for words, left in (
        ("The path through the variance is missing", dY - dY.mean(0)),
        ("The path through the mean is missing", dY - along),
    ):
        torch.testing.assert_close(says[words].wrong(*case), gamma / std * left)


def test_the_last_image_counts_twice():
    X, y = torch.zeros(7, 1), torch.zeros(7)
    batches = y.split(2)
    weights = {len(batch): 1 / len(batches) / len(batch) for batch in batches}
    assert weights[1] == 2 * weights[2] and len(X) % 2
    (mistake,) = (
        m for m in modes.evaluate_one.mistakes if "The last batch holds" in m.says
    )
    assert "which counts twice as much as the others" in mistake.says


def test_one_group_is_layer_normalization_and_as_many_as_channels_instance():
    X = torch.randn(3, 4, 2, 5, generator=torch.Generator().manual_seed(0))
    kinds = {
        "a layer normalization": nn.functional.layer_norm(X, X.shape[1:]),
        "an instance normalization": nn.functional.instance_norm(X),
    }
    one, many = (
        next(
            name
            for name, Y in kinds.items()
            if torch.allclose(groups.group_norm.solution(X, k, 1e-5), Y, atol=1e-4)
        )
        for k in (1, 4)
    )
    assert (
        f"With one group this is {one} of the whole example, with as many groups as "
        f"channels {many}."
    ) in groups.group_norm.then


def test_the_accuracies_above_a_curve_are_in_the_order_that_is_said():
    said = text_of("07", "ex-stuck-curves")
    assert "their last accuracies, in training and, in evaluation mode, on oth" in said
    axes = training.four_networks().axes
    for ax, (name, found) in zip(axes, training.histories().items(), strict=True):
        first, second = found.train_accuracy[-1], found.val_accuracy[-1]
        assert ax.get_title("left") == f"{name}: {first:.2f}, {second:.2f}"
