"""The convolutional network of chapter 5."""

import math

from torch import Tensor, nn


class ConvNet(nn.Module):
    """Blocks of convolution, ReLU and pooling, then one linear layer.

    Parameters
    ----------
    channels : output channels of each block's convolution.
    num_inputs : pixels of a square gray image.
    num_outputs : number of classes K.
    kernel_size, stride : of every convolution.
    padding : pixels on each side of every convolution; "same" = kernel_size // 2, which
        keeps the size where the kernel is odd and the stride 1.
    pooling : what ends a block: "max" or "average" over windows of 2 x 2; "stride",
        where the convolution moves twice as far instead; "none".
    head : what the linear layer gets: "flatten", all values of the last feature maps;
        "max" or "average", one value of each map.

    Input (n, 1, h, w) with h = w, output (n, K) logits. `features` are the blocks,
    `classifier` what follows them, as in torchvision's networks.

    Raises
    ------
    ValueError : no such pooling or head, images that are not square, or so small that
        nothing is left of them after some block.

    Taught in chapter 5.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (8, 16),
        num_inputs: int = 784,
        num_outputs: int = 10,
        kernel_size: int = 3,
        stride: int = 1,
        padding: int | str = "same",
        pooling: str = "max",
        head: str = "flatten",
    ):
        super().__init__()
        pools = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}
        heads = {"max": nn.AdaptiveMaxPool2d, "average": nn.AdaptiveAvgPool2d}
        for name, value, allowed in (
            ("pooling", pooling, (*pools, "stride", "none")),
            ("head", head, ("flatten", *heads)),
        ):
            if value not in allowed:
                raise ValueError(
                    f"{name}={value!r}: allowed are {', '.join(map(repr, allowed))}"
                )
        side = math.isqrt(num_inputs)
        if side**2 != num_inputs:
            raise ValueError(f"num_inputs={num_inputs}: expected a square, as 28 * 28")
        pad = kernel_size // 2 if padding == "same" else padding
        if pooling == "stride":
            stride *= 2
        layers: list[nn.Module] = []
        for block, (c_in, c_out) in enumerate(
            zip((1, *channels[:-1]), channels, strict=True), 1
        ):
            layers += [
                nn.Conv2d(c_in, c_out, kernel_size, stride, pad),
                nn.ReLU(),
            ]
            before, side = side, (side + 2 * pad - kernel_size) // stride + 1
            if pooling in pools:
                layers.append(pools[pooling](2))
                side //= 2
            if side < 1:
                raise ValueError(
                    f"block {block} gets {before} x {before} pixels, and its kernel of "
                    f"{kernel_size} with padding {pad} and stride {stride}, then "
                    f"pooling {pooling!r}, leaves none: take fewer blocks or more "
                    "padding"
                )
        self.features = nn.Sequential(*layers)
        values = channels[-1] * (side**2 if head == "flatten" else 1)
        self.classifier = nn.Sequential(
            *([heads[head](1)] if head in heads else []),
            nn.Flatten(),
            nn.Linear(values, num_outputs),
        )

    def forward(self, X: Tensor) -> Tensor:
        return self.classifier(self.features(X))
