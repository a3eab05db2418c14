"""How good a network is: mean loss and accuracy over examples."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.data import Examples, minibatches
from helpers.training.arguments import as_examples, check_labels
from helpers.training.history import Metrics
from helpers.training.modes import evaluating
from helpers.training.step import LossFunction, Sums


def accuracy(y_hat: Tensor, y: Tensor) -> float:
    """Share of rows whose largest logit stands at the label.

    Parameters
    ----------
    y_hat : (n, K) logits or probabilities; of sequences (n, K, T).
    y : (n,) class indices; of sequences (n, T).

    Taught in chapter 2.
    """
    return (y_hat.argmax(1) == y).float().mean().item()


@torch.no_grad()
def evaluate(
    net: Callable[[Tensor], Tensor],
    examples: Examples,
    loss: LossFunction = F.cross_entropy,
    batch_size: int = 1024,
) -> Metrics:
    """Mean loss and accuracy over all examples, in evaluation mode.

    Each module's mode (train or eval) is put back afterwards. Accuracy is None where
    the targets are not class indices. Of sequences with a target for each step, both
    are means over all steps.

    Raises
    ------
    ValueError : a label that has no output of the network, under the cross-entropy.
    """
    examples = as_examples("examples", examples)
    if isinstance(net, nn.Module):
        weight = next(net.parameters(), None)
        examples = examples if weight is None else examples.to(weight.device)
    sums = Sums()
    with evaluating(net):
        for X, y in minibatches(examples, batch_size):
            y_hat = net(X)
            if loss is F.cross_entropy:
                check_labels(y_hat, y)
            sums.add(y_hat, y, loss(y_hat, y))
    return sums.metrics()
