"""The solutions of chapter 3 agree with torch, not only with themselves."""

import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.multilayer_perceptrons import exercises


def test_the_hidden_units_of_the_first_section():
    x = torch.tensor([-1.0, 1.5])
    h1, h2 = (x.sum() - shift for shift in (0.0, 1.0))
    right = [h1.relu().item(), h2.relu().item(), (h1.relu() - 2 * h2.relu()).item()]
    assert list(exercises.layers.xor_by_hand.solution()) == pytest.approx(right)


def test_merged_layers():
    W1, b1, W2, b2 = (torch.randn(s) for s in ((4, 3), (4,), (2, 4), (2,)))
    W, b = exercises.layers.merge_layers.solution(W1, b1, W2, b2)
    X = torch.randn(5, 3)
    torch.testing.assert_close(
        F.linear(X, W, b), F.linear(F.linear(X, W1, b1), W2, b2), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("widths", [(3, 3), (2, 4, 3), (5, 5, 5, 5)], ids=str)
def test_tanh_gradients(widths):
    generator = torch.Generator().manual_seed(0)

    def make(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    weights = [
        make(n, m).requires_grad_() for m, n in zip(widths, widths[1:], strict=False)
    ]
    target, activations = make(widths[-1]), [make(widths[0])]
    for W in weights:
        activations.append(torch.tanh(W @ activations[-1]))
    loss = 0.5 * ((activations[-1] - target) ** 2).sum()
    theirs = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        ours = exercises.builds.tanh_gradients.solution(activations, target, weights)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_the_stub_runs_only_where_layers_are_square():
    exercise = exercises.builds.tanh_gradients
    assert all(len({len(a) for a in case[0]}) == 1 for case in exercise.cases)
    for case in exercise.cases:
        exercise.broken(*case)


def test_the_first_loss_is_that_of_equal_logits():
    loss = F.cross_entropy(torch.zeros(3, 26), torch.tensor([0, 7, 25]))
    assert exercises.starts.first_loss.solution() == pytest.approx(loss.item())
    near = exercises.starts.first_loss.check(3.258)
    assert near.state == "solved", "three decimals are enough"


@pytest.mark.parametrize("exercise", exercises.EXERCISES, ids=lambda e: e.name)
def test_a_hint_is_a_question(exercise):
    assert exercise.hint.rstrip().endswith("?")
