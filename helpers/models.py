"""Reference networks; each docstring names the chapter that teaches it."""

import math
from collections.abc import Callable

from torch import Tensor, nn


class SoftmaxRegression(nn.Module):
    """One linear layer from the pixels to one logit per class.

    Parameters
    ----------
    num_inputs : number of pixels d (a 28x28 gray image has 784).
    num_outputs : number of classes K.

    The input is (n, ...) with d values per example, the output (n, K) logits: the
    softmax belongs to the loss. Taught in chapter 2.
    """

    def __init__(self, num_inputs: int = 784, num_outputs: int = 10):
        super().__init__()
        self.linear = nn.Linear(num_inputs, num_outputs)

    def forward(self, X: Tensor) -> Tensor:
        return self.linear(X.flatten(1))


class MLP(nn.Sequential):
    """Hidden layers, each with a non-linearity, between the pixels and the logits.

    Parameters
    ----------
    num_hiddens : width of each hidden layer; one layer of 256 units by default.
    num_inputs, num_outputs : pixels d and classes K.
    activation : class or function without arguments that makes the non-linearity
        behind each hidden layer, such as nn.ReLU.
    dropout : probability, 0 to 1, that a hidden unit is 0 in training; 0 adds no
        nn.Dropout.
    init : function of one module, applied to every layer as in ``net.apply(init)``;
        None keeps torch's initial weights.

    Input (n, ...) with d values per example, output (n, K) logits.

    Raises
    ------
    ValueError : dropout is no probability.

    Taught in chapter 3; dropout in chapter 4.
    """

    def __init__(
        self,
        num_hiddens: tuple[int, ...] = (256,),
        num_inputs: int = 784,
        num_outputs: int = 10,
        activation: Callable[[], nn.Module] = nn.ReLU,
        dropout: float = 0.0,
        init: Callable[[nn.Module], object] | None = None,
    ):
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout={dropout!r}: allowed are 0 to 1")
        widths = (num_inputs, *num_hiddens)
        layers: list[nn.Module] = [nn.Flatten()]
        for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Linear(n_in, n_out), activation()]
            if dropout:
                layers.append(nn.Dropout(dropout))
        super().__init__(*layers, nn.Linear(widths[-1], num_outputs))
        if init is not None:
            self.apply(init)


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


class LeNet(nn.Sequential):
    """LeNet-5 with ReLU and average pooling: two convolutions, three linear layers.

    Input (n, 1, 28, 28), output (n, 10) logits; 61,706 parameters. Taught in
    chapter 6. Source: LeCun et al. 1998, with the sigmoid replaced by ReLU.
    """

    def __init__(self, activation: type[nn.Module] = nn.ReLU):
        super().__init__(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),  # (n, 6, 28, 28)
            activation(),
            nn.AvgPool2d(2),  # (n, 6, 14, 14)
            nn.Conv2d(6, 16, kernel_size=5),  # (n, 16, 10, 10)
            activation(),
            nn.AvgPool2d(2),  # (n, 16, 5, 5)
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            activation(),
            nn.Linear(120, 84),
            activation(),
            nn.Linear(84, 10),
        )
