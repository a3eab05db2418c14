"""What all networks of the course that are layers one behind another have in common."""

from collections import OrderedDict

from torch import nn


class Layers(nn.Sequential):
    """An nn.Sequential whose slices are plain ones: ``LeNet()[:3]``.

    nn.Sequential makes a slice by calling its own class with the layers, which a
    network with other arguments does not take. The layers are shared, not copied.
    """

    def __getitem__(self, index: slice | int) -> nn.Module:
        if isinstance(index, slice):
            return nn.Sequential(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)
