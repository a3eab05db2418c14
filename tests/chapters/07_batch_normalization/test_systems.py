"""Systems of chapter 7: each layer works as its row says."""

import pytest
import torch
from torch import nn

from helpers import BatchNorm
from tests.taught import taught

own = taught("07", "batch_norm")


def normal(*shape, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, **options)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.BatchNorm1d, (7, 3)), (nn.BatchNorm2d, (4, 3, 5, 6))],
)
def test_33_batch_norm_layer(layer, shape):
    """Own = torch, forward and backward, in float64; and so is the course's layer."""
    X = (3 * normal(*shape, dtype=torch.float64) + 1).requires_grad_()
    G = normal(*shape, seed=1, dtype=torch.float64)
    results = []
    for make in (layer, BatchNorm, None):
        gamma = torch.tensor([0.5, 1, 2], dtype=torch.float64).requires_grad_()
        beta = torch.tensor([1.0, 2, 3], dtype=torch.float64).requires_grad_()
        if make is None:
            Y = own.batch_norm(X, gamma, beta)
        else:
            made = make(3).double()
            Y = torch.func.functional_call(made, {"weight": gamma, "bias": beta}, X)
        results.append((Y, *torch.autograd.grad(Y, (X, gamma, beta), G)))
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)
    torch.testing.assert_close(results[0], results[2], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("layer", [nn.BatchNorm2d, BatchNorm])
def test_33_running_variance_is_unbiased(layer):
    """1, 2, 3, 4: divided by the root of 1.25, and 1.6667 goes into the average."""
    bn = layer(1, eps=1e-12)
    X = torch.tensor([1.0, 2, 3, 4]).view(4, 1, 1, 1)
    expected = torch.tensor([-1.3416, -0.4472, 0.4472, 1.3416])
    torch.testing.assert_close(bn(X).flatten(), expected, atol=1e-4, rtol=0)
    assert bn.running_mean.item() == pytest.approx(0.1 * 2.5)
    assert bn.running_var.item() == pytest.approx(0.9 + 0.1 * 5 / 3)
    bn.eval()
    kept = bn.running_mean.clone()
    bn(X)
    assert bn.running_mean.equal(kept)
