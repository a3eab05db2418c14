"""How many ReLU units are dead, measured on a few images between two steps."""

import torch
from torch import Tensor, nn

IMAGES = 64  # few, so that looking costs little; a unit is seldom 0 for all by chance


@torch.no_grad()
def dead_relu_share(net, X: Tensor) -> float | None:
    """Share of the units behind an ``nn.ReLU`` that are 0 for the whole batch.

    Parameters
    ----------
    net : its mode is put back; it draws no random numbers in evaluation mode.
    X : (n, ...) inputs. Of a convolution, (n, c, h, w), a unit is a whole channel.

    Returns
    -------
    0..1; None for a function, and for a network without such a module.
    """
    if not isinstance(net, nn.Module):
        return None
    outputs: list[Tensor] = []
    hooks = [
        module.register_forward_hook(lambda _, __, y: outputs.append(_alive(y)))
        for module in net.modules()
        if isinstance(module, nn.ReLU)
    ]
    if not hooks:
        return None
    training = net.training
    try:
        net.eval()
        net(X)
    finally:
        net.train(training)
        for hook in hooks:
            hook.remove()
    return 1 - float(torch.cat(outputs).float().mean()) if outputs else None


def _alive(y: Tensor) -> Tensor:
    """Whether each unit of a layer's output is above 0 anywhere: (units,) bool."""
    units = 1 if y.ndim in (2, 4, 5) else -1  # (n, d), (n, c, h, w); else (n, t, d)
    return (y > 0).transpose(0, units).flatten(1).any(1)
