"""What every fair comparison needs: equal starts, equal measures, the best rate each.

Configurations of one experiment share the seed, so that they differ in nothing but what
is compared. Where a learning rate could favor one of them, each trains with the rates
of a grid and shows its best, chosen on images that are not the reported ones. A best at
the end of its grid is no best, for the next rate might be better still: the grid is
extended until the best stands inside.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from helpers.data import Examples, ImageData
from helpers.seeds import seeded
from helpers.training import accuracy
from helpers.training.modes import evaluating

T = TypeVar("T")
MOST_MORE = 6  # rates beyond a grid, before it is refused


class GridEnd(ValueError):
    """The best of a grid stands at its end, however far the grid was extended."""


def fresh(
    net: Callable[..., nn.Module], data: ImageData, seed: int, **arguments
) -> nn.Module:
    """Make a network that fits the data; its random initial weights are the seed's.

    Parameters
    ----------
    net : class or function that takes num_inputs and num_outputs, as the models do.
    arguments : more of them; num_inputs and num_outputs may be among them.
    """
    shape = {"num_inputs": data.train.X[0].numel(), "num_outputs": len(data.classes)}
    with seeded(seed):
        return net(**shape | arguments)


def mislabeled(
    examples: Examples, num: int, share: float, seed: int, num_classes: int
) -> Examples:
    """Draw examples by the seed; a share of them gets the label of another class."""
    with seeded(seed):
        own = torch.randperm(len(examples))[:num]
        shift = torch.randint(1, num_classes, (num,))
        wrong = torch.rand(num) < share
    y = examples.y[own]
    return Examples(examples.X[own], torch.where(wrong, (y + shift) % num_classes, y))


@torch.no_grad()
def logits_of(net: nn.Module, X: Tensor) -> Tensor:
    """Logits (n, K) in evaluation mode, on the device of X."""
    device = next(net.parameters()).device
    with evaluating(net):
        logits = [net(batch.to(device)).to(X.device) for batch in X.split(1024)]
    return torch.cat(logits)


def accuracy_on(net: nn.Module, examples: Examples) -> float:
    """Share of the examples that the network names correctly."""
    return accuracy(logits_of(net, examples.X), examples.y)


def right_on(net: nn.Module, examples: Examples) -> Tensor:
    """Which of the examples the network names correctly, (n,) of 0.0 and 1.0."""
    return (logits_of(net, examples.X).argmax(1) == examples.y).double()


def best_rate(
    train: Callable[[Sequence[float]], Mapping[float, T]],
    rates: Sequence[float],
    score: Callable[[T], float],
) -> tuple[float, dict[float, T]]:
    """Train with the rates of a grid, and with more where the best stands at its end.

    Parameters
    ----------
    train : function of some rates -> rate -> what came of it, such as a network.
    rates : ascending, at least two. The grid goes on with the step that it ends with.
    score : higher is better. Of equal ones the first inside the grid is taken.

    Returns
    -------
    The best rate, and what came of each rate that was tried.

    Raises
    ------
    GridEnd : the best still stands at an end after MOST_MORE rates more.
    """
    tried = dict(train(rates))
    scores = {lr: score(result) for lr, result in tried.items()}
    for _ in range(MOST_MORE + 1):
        low, *inside, high = sorted(scores)
        best = max(*inside, low, high, key=scores.get)
        if best in inside:
            return best, tried
        neighbor = sorted(scores)[1 if best == low else -2]
        further = best**2 / neighbor
        tried |= train([further])
        scores[further] = score(tried[further])
    raise GridEnd(
        f"the best learning rate stands at the end of its grid, {sorted(scores)}: "
        "begin with a grid that holds the best inside"
    )


def best_on_val(
    train: Callable[[Sequence[float]], Mapping[float, nn.Module]],
    rates: Sequence[float],
    data: ImageData,
) -> nn.Module:
    """The network that is most accurate on val, of those trained with several rates.

    Parameters as in `best_rate`. The validation images were used to choose, so report
    what the test images say.
    """
    lr, nets = best_rate(train, rates, lambda net: accuracy_on(net, data.val))
    return nets[lr]
