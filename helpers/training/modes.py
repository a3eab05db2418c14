"""Training and evaluation mode, module by module.

``net.train()`` switches every module of a network. Where one has its own mode, as a
frozen batch normalization or a dropout that goes on drawing masks, that would lose it.
"""

import contextlib
from collections.abc import Iterator

from torch import nn


def modes_of(net: object) -> dict[nn.Module, bool]:
    """Return the mode of each module; none for a function."""
    modules = net.modules() if isinstance(net, nn.Module) else ()
    return {module: module.training for module in modules}


def set_modes(modes: dict[nn.Module, bool]) -> None:
    """Put back what `modes_of` returned."""
    for module, training in modes.items():
        module.training = training


@contextlib.contextmanager
def evaluating(net: object) -> Iterator[None]:
    """Evaluation mode inside the block; each module's own mode is put back."""
    modes = modes_of(net)
    try:
        if isinstance(net, nn.Module):
            net.eval()
        yield
    finally:
        set_modes(modes)
