"""Ask a network, or a part of it, about one image without disturbing anything."""

import contextlib
from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.training.modes import evaluating
from helpers.tuning.worker import current


def output_of(
    function: Callable[[Tensor], Tensor], image: Tensor, net: object = None
) -> Tensor:
    """What a function makes of an image, in evaluation mode and without gradients.

    Parameters
    ----------
    function : gets images (1, 1, h, w) on the device of the weights.
    image : (h, w).
    net : the network that the function asks; by default it is one itself.
    """
    net = function if net is None else net
    asked = [m for m in (function, net) if isinstance(m, nn.Module)]
    weights = (w for module in asked for w in module.parameters())
    device = next((w.device for w in weights), torch.device("cpu"))
    with _undisturbed(device), torch.no_grad(), evaluating(net), evaluating(function):
        return function(image[None, None].to(device))


def _undisturbed(device: torch.device) -> contextlib.AbstractContextManager:
    """Put the random state back after the block, whatever a network draws.

    Not while a panel trains in its thread: that swaps the state too, and to put back
    an earlier one would change its numbers. A network in evaluation mode draws none.
    """
    worker = current()
    if worker is not None and worker.thread is not None and worker.active:
        return contextlib.nullcontext()
    return torch.random.fork_rng([device] if device.type == "cuda" else [])
