"""Residual networks of chapter 8."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from helpers.models.layers import Layers
from helpers.models.normalization import BatchNorm, Norm


class Residual(nn.Module):
    """Two 3x3 convolutions, and a shortcut around them: the basic block.

    Parameters
    ----------
    c_in, c_out : channels of the input (n, c_in, h, w), and of the output.
    stride : of the first convolution; 2 halves height and width.
    norm : makes the normalization behind each convolution; None leaves it out, and
        gives the convolutions their biases.
    pre_activation : normalization and ReLU stand before each convolution, and nothing
        behind the sum.
    skip : what the shortcut is multiplied by. It can be changed later; a block made
        with 0 has no shortcut, and is a plain one.

    Output (n, c_out, h / stride, w / stride), rounded up. The shortcut is the input, or
    where the shapes differ a 1x1 convolution of it. Taught in chapter 8. Source: He et
    al. 2016, Deep residual learning for image recognition; with pre-activation He et
    al. 2016, Identity mappings in deep residual networks.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        stride: int = 1,
        norm: Norm | None = BatchNorm,
        pre_activation: bool = False,
        skip: float = 1.0,
    ):
        super().__init__()
        make = norm or (lambda c: nn.Identity())
        self.pre_activation, self.skip = pre_activation, skip
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=norm is None)
        self.norm1 = make(c_in if pre_activation else c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=norm is None)
        self.norm2 = make(c_out)
        if skip:
            last = None if pre_activation else norm  # none behind a sum's summand there
            self.shortcut = _shortcut(c_in, c_out, stride, last, norm is None)

    def forward(self, X: Tensor) -> Tensor:
        total = self.residual(X)
        if self.skip:
            total = total + self.skip * self.shortcut(X)
        return total if self.pre_activation else F.relu(total)

    def residual(self, X: Tensor) -> Tensor:
        """What the block adds to its shortcut, of the output's shape."""
        if self.pre_activation:
            h = self.conv1(F.relu(self.norm1(X)))
            return self.conv2(F.relu(self.norm2(h)))
        h = F.relu(self.norm1(self.conv1(X)))
        return self.norm2(self.conv2(h))


class Bottleneck(nn.Module):
    """1x1 to few channels, 3x3, 1x1 back to many, and a shortcut around them.

    Parameters
    ----------
    c_in, c_out : channels of the input (n, c_in, h, w), and of the output.
    stride : of the 3x3 convolution; 2 halves height and width.
    c_mid : channels between the 1x1 convolutions; a quarter of c_out by default.
    groups : of the 3x3 convolution; with more than 1 it is a block of ResNeXt.
    norm : makes the normalization behind each convolution; None leaves it out, and
        gives the convolutions their biases.

    Output (n, c_out, h / stride, w / stride), rounded up. Taught in chapter 8. Source:
    He et al. 2016, Deep residual learning for image recognition; with groups Xie et al.
    2017, Aggregated residual transformations for deep neural networks.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        stride: int = 1,
        c_mid: int | None = None,
        groups: int = 1,
        norm: Norm | None = BatchNorm,
    ):
        super().__init__()
        c_mid, bias = c_mid or c_out // 4, norm is None
        layers: list[nn.Module] = []
        for conv in (
            nn.Conv2d(c_in, c_mid, 1, bias=bias),
            nn.Conv2d(c_mid, c_mid, 3, stride, padding=1, groups=groups, bias=bias),
            nn.Conv2d(c_mid, c_out, 1, bias=bias),
        ):
            layers += [conv, *([norm(conv.out_channels)] if norm else []), nn.ReLU()]
        self.residual = nn.Sequential(*layers[:-1])  # the last ReLU is behind the sum
        self.shortcut = _shortcut(c_in, c_out, stride, norm, bias)

    def forward(self, X: Tensor) -> Tensor:
        return F.relu(self.residual(X) + self.shortcut(X))


def _shortcut(
    c_in: int, c_out: int, stride: int, norm: Norm | None, bias: bool
) -> nn.Module:
    """The input itself, or its projection by a 1x1 convolution to another shape."""
    if c_in == c_out and stride == 1:
        return nn.Identity()
    conv = nn.Conv2d(c_in, c_out, 1, stride, bias=bias)
    return nn.Sequential(conv, norm(c_out)) if norm else nn.Sequential(conv)


def residual_stages(
    c_in: int,
    channels: Sequence[int],
    num_blocks: Sequence[int],
    block: Callable[[int, int, int], nn.Module] = Residual,
) -> nn.Sequential:
    """Blocks in stages: from the second stage on the first block halves the maps.

    Parameters
    ----------
    c_in : channels of the input (n, c_in, h, w).
    channels, num_blocks : of each stage.
    block : makes a block from its channels in and out and its stride.

    Output (n, channels[-1], h / 2 ** (stages - 1), w / ...), rounded up. ``[s][k]`` is
    block k of stage s. Taught in chapter 8.
    """
    stages = []
    for s, (c_out, count) in enumerate(zip(channels, num_blocks, strict=True)):
        first = block(c_in, c_out, 2 if s else 1)
        more = (block(c_out, c_out, 1) for _ in range(count - 1))
        stages.append(nn.Sequential(first, *more))
        c_in = c_out
    return nn.Sequential(*stages)


class ResNet(Layers):
    """A residual network for small images: convolution, stages of blocks, one linear.

    Parameters
    ----------
    num_blocks : of each stage; (n, n, n) gives 6 n + 2 layers with weights in the way
        of the signal.
    channels : of each stage.
    norm : makes the normalizations; None leaves them out.
    pre_activation, skip : of the blocks, see `Residual`; skip=0 gives the plain network
        of the same layers.
    block : makes a block from its channels in and out and its stride, in place of
        `Residual`.
    in_channels, num_outputs : c of the images, and number of classes K.

    Input (n, c, h, w), output (n, K) logits; 77,754 parameters for gray images and ten
    classes. The parts are `stem`, `stages` and `head`. Taught in chapter 8. Source: He
    et al. 2016, Deep residual learning for image recognition, section 4.2, with
    projections where it pads with zeros.
    """

    def __init__(
        self,
        num_blocks: Sequence[int] = (1, 1, 1),
        channels: Sequence[int] = (16, 32, 64),
        norm: Norm | None = BatchNorm,
        pre_activation: bool = False,
        skip: float = 1.0,
        block: Callable[[int, int, int], nn.Module] | None = None,
        in_channels: int = 1,
        num_outputs: int = 10,
    ):
        make = block or partial(
            Residual, norm=norm, pre_activation=pre_activation, skip=skip
        )

        def active(c: int) -> list[nn.Module]:
            return [*([norm(c)] if norm else []), nn.ReLU()]

        # With pre-activation each block begins with what else follows the convolution,
        # and the last sum still needs it.
        stem = [nn.Conv2d(in_channels, channels[0], 3, padding=1, bias=norm is None)]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        if pre_activation:
            head = [*active(channels[-1]), *head]
        else:
            stem = [*stem, *active(channels[0])]
        super().__init__(
            OrderedDict(
                stem=nn.Sequential(*stem),
                stages=residual_stages(channels[0], channels, num_blocks, make),
                head=nn.Sequential(*head, nn.Linear(channels[-1], num_outputs)),
            )
        )
