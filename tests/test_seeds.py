"""What a seed fixes, each kind of randomness by itself."""

import torch
from torch import nn

from helpers import Examples, seeded, train

X = torch.rand(40, 6, generator=torch.Generator().manual_seed(1))
EXAMPLES = Examples(X, (X[:, 0] > 0.5).long())


def trained(examples: Examples, seed: int, dropout: float) -> torch.Tensor:
    """Weights after an epoch that began with the same weights for every seed."""
    with seeded(0):
        net = nn.Sequential(nn.Dropout(dropout), nn.Linear(6, 2))
    train(net, examples, num_epochs=1, batch_size=8, lr=1.0, seed=seed)
    return net[1].weight.detach()


def test_the_order_of_the_examples():
    first = trained(EXAMPLES, seed=0, dropout=0.0)
    assert torch.equal(first, trained(EXAMPLES, seed=0, dropout=0.0))
    assert not torch.equal(first, trained(EXAMPLES, seed=1, dropout=0.0))


def test_dropout():
    """One example alone has no order, so only dropout can differ."""
    one = Examples(torch.ones(1, 6), torch.tensor([1]))
    kept = [trained(one, seed=seed, dropout=0.5) for seed in range(8)]
    assert torch.equal(kept[0], trained(one, seed=0, dropout=0.5))
    assert any(not torch.equal(kept[0], other) for other in kept[1:])


def test_initial_weights():
    def weights(seed: int) -> torch.Tensor:
        with seeded(seed):
            return nn.Linear(6, 2).weight.detach()

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))
