"""What makes a run repeatable: random states of one's own."""

import contextlib

import torch

from helpers.devices import default_device


@contextlib.contextmanager
def seeded(seed: int):
    """Make the random numbers inside the ``with`` block depend on the seed alone.

    Afterwards the global random state is what it was before the block.
    """
    own = OwnRandomness(seed, default_device())
    with own:
        yield


class OwnRandomness:
    """A random state of one's own, swapped in for the length of a ``with`` block.

    Dropout and initialization draw from the generator that the whole process shares.
    Swapping the state in and out around every step keeps a training run the same
    when its consumer draws random numbers meanwhile, and the other way round.

    Parameters
    ----------
    seed : the state that the first block starts from.
    device : the accelerator whose generator is swapped too.
    """

    def __init__(self, seed: int, device: torch.device):
        self.generators = [torch.default_generator]
        if device.type == "cuda":
            torch.cuda.init()
            index = device.index
            index = torch.cuda.current_device() if index is None else index
            self.generators.append(torch.cuda.default_generators[index])
        elif device.type == "mps":
            self.generators.append(torch.mps._get_default_mps_generator())
        self.mine = [
            torch.Generator(g.device).manual_seed(seed).get_state()
            for g in self.generators
        ]

    def _swap(self) -> None:
        for k, generator in enumerate(self.generators):
            other = generator.get_state()
            generator.set_state(self.mine[k])
            self.mine[k] = other

    def __enter__(self):
        self._swap()
        return self

    def __exit__(self, *_):
        self._swap()
