"""A network as the parts that a diagram of it has, and a text for each."""

from collections.abc import Iterator

from torch import nn

POOLING = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


def parts_of(net: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield name and layer in order; an nn.Sequential is opened, a block is not."""
    for name, layer in net.named_children():
        if isinstance(layer, nn.Sequential):
            yield from ((f"{name}.{inner}", part) for inner, part in parts_of(layer))
        else:
            yield name, layer


def text_of(layer: nn.Module) -> str:
    """What a layer is, in words: "conv 3 × 3", "max pooling"."""
    layer = getattr(layer, "conv", layer)  # torchvision's convolution with its norm
    if isinstance(layer, nn.Conv2d):
        (h, w), (stride, _) = layer.kernel_size, layer.stride
        return f"conv {h} × {w}" + (f", stride {stride}" if stride > 1 else "")
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return "mean of each map" if layer.output_size in (1, (1, 1)) else "pooling"
    if isinstance(layer, POOLING):
        return "max pooling" if isinstance(layer, nn.MaxPool2d) else "average pooling"
    names = {nn.Linear: "linear", nn.Flatten: "flatten", nn.Dropout: "dropout"}
    return names.get(type(layer), type(layer).__name__)


def times(shape: tuple[int, ...]) -> str:
    """A shape as text: "64 × 27 × 27"."""
    return " × ".join(map(str, shape))
