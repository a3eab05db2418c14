"""What the experiments of all claims share: fresh nets, the best rate, measures."""

import math

import pytest
import torch
from torch import nn

from helpers.claims import fair
from helpers.data import Examples, ImageData
from helpers.models import MLP, SoftmaxRegression


def images(n, seed, shift=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.rand(n, 1, 4, 5, generator=generator)
    return Examples(X, (torch.arange(n) + shift) % 3)


IMAGES = ImageData(
    "small", ("a", "b", "c"), images(30, 0), images(20, 1), images(10, 2)
)


class Always(nn.Module):
    """Names every image the same class."""

    def __init__(self, name):
        super().__init__()
        self.logits = nn.Parameter(torch.eye(3)[name])

    def forward(self, X):
        return self.logits.expand(len(X), 3)


class Rates:
    """Trains nothing: what comes of a rate is the rate, and a score says how good."""

    def __init__(self):
        self.asked = []

    def __call__(self, rates):
        self.asked += rates
        return {lr: lr for lr in rates}


def test_a_best_inside_its_grid_is_taken():
    train = Rates()
    best, tried = fair.best_rate(train, (0.1, 1.0, 10.0), lambda lr: -abs(lr - 2))
    assert best == 1.0 and train.asked == [0.1, 1.0, 10.0] == list(tried)


@pytest.mark.parametrize("goal, expected", [(90.0, 100.0), (0.02, 0.01)])
def test_a_best_at_the_end_extends_the_grid(goal, expected):
    train = Rates()
    best, tried = fair.best_rate(
        train, (0.1, 1.0, 10.0), lambda lr: -abs(math.log(lr / goal))
    )
    assert best == pytest.approx(expected) and len(tried) == 5
    assert sorted(train.asked) == sorted(tried), "no rate is trained twice"


def test_a_grid_that_never_ends_is_refused():
    with pytest.raises(fair.GridEnd, match="stands at the end of its grid"):
        fair.best_rate(Rates(), (0.1, 1.0), lambda lr: lr)


def test_where_nothing_learns_the_grid_stays():
    best, tried = fair.best_rate(Rates(), (0.1, 1.0, 10.0), lambda lr: 0.1)
    assert best == 1.0 and len(tried) == 3


def test_fresh_nets_are_the_seeds():
    first, same, other = (fair.fresh(SoftmaxRegression, IMAGES, s) for s in (0, 0, 1))
    assert torch.equal(first.linear.weight, same.linear.weight)
    assert not torch.equal(first.linear.weight, other.linear.weight)
    assert first.linear.weight.shape == (3, 20)
    two = fair.fresh(SoftmaxRegression, IMAGES, 0, num_outputs=2)
    assert two.linear.weight.shape == (2, 20)


def test_the_rate_is_chosen_on_val():
    """Class 1 is right on val alone, so the choice shows which images it saw."""
    only = [Examples(IMAGES.val.X, torch.full((20,), k)) for k in range(3)]
    data = ImageData("one", ("a", "b", "c"), only[0], only[1], only[2])
    nets = {lr: Always(k) for k, lr in enumerate((0.1, 1.0, 10.0))}
    best = fair.best_on_val(lambda rates: {lr: nets[lr] for lr in rates}, nets, data)
    assert best is nets[1.0]
    assert fair.accuracy_on(best, data.val) == 1.0
    assert fair.accuracy_on(best, data.test) == 0.0


def test_measuring_leaves_dropout_out_and_the_mode_as_it_was():
    net = fair.fresh(MLP, IMAGES, 0, num_hiddens=(16,), dropout=0.5)
    X = torch.rand(2_100, 1, 4, 5)  # three batches
    net.eval()
    expected = net(X)
    net.train()
    torch.testing.assert_close(fair.logits_of(net, X), expected)
    assert net.training and not torch.equal(net(X), net(X))
