"""EfficientNet-Lite0, the network of chapter 9, with weights learned on ImageNet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from helpers.data.weights import imagenet_weights

STAGES = [  # repeats, kernel, stride of the first block, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


def conv_bn(
    c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution without bias, then batch norm: (n, c_in, h, w) to (n, c_out, h', w').

    h' is h / stride, rounded down. As in TensorFlow, where these weights come from, an
    odd number of padding pixels has the odd one below and to the right.
    """
    pad = kernel - stride  # in all: height and width stay, or are halved
    before, after = pad // 2, pad - pad // 2
    return nn.Sequential(
        nn.ZeroPad2d((before, after, before, after)) if pad else nn.Identity(),
        nn.Conv2d(c_in, c_out, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(c_out, eps=1e-3, momentum=0.01),
    )


class MBConv(nn.Module):
    """Inverted residual block: widen, filter each channel by itself, narrow.

    Parameters
    ----------
    c_in, c_out : channels of input and output.
    kernel, stride : of the depthwise convolution, one filter a channel.
    expansion : how many times wider the block is inside; 1 leaves out the widening.

    Input (n, c_in, h, w), output (n, c_out, h / stride, w / stride), linear: the last
    convolution has no activation. Where both shapes agree, the input is added.
    Taught in chapter 9. Source: Sandler et al. 2018, MobileNetV2.
    """

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = c_in * expansion
        widen = [conv_bn(c_in, wide), nn.ReLU6()] if expansion > 1 else []
        self.layers = nn.Sequential(
            *widen,
            *(conv_bn(wide, wide, kernel, stride, groups=wide), nn.ReLU6()),
            conv_bn(wide, c_out),
        )
        self.skip = stride == 1 and c_in == c_out

    def forward(self, X: Tensor) -> Tensor:
        return X + self.layers(X) if self.skip else self.layers(X)


class EfficientNetLite0(nn.Module):
    """A stem, 16 MBConv blocks, a head, and one linear layer on the mean over places.

    Parameters
    ----------
    num_outputs : number of classes K; ImageNet has 1,000.

    Input (n, 3, h, w) as `efficientnet_input` makes it, h and w multiples of 32 (it was
    trained at 224), output (n, K) logits; 4,652,008 parameters for 1,000 classes.
    Lite means: ReLU6 for swish, and no squeeze-and-excitation.
    Taught in chapter 9. Source: Tan and Le 2019, EfficientNet: rethinking model scaling
    for convolutional neural networks; the Lite variant is Google's of 2020, in the
    repository tensorflow/tpu.
    """

    def __init__(self, num_outputs: int = 1_000):
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, 32, kernel=3, stride=2), nn.ReLU6())
        self.blocks = nn.Sequential()
        c_in = 32
        for repeats, kernel, stride, expansion, c_out in STAGES:
            for i in range(repeats):
                first = stride if i == 0 else 1
                self.blocks.append(MBConv(c_in, c_out, kernel, first, expansion))
                c_in = c_out
        self.head = nn.Sequential(conv_bn(320, 1_280), nn.ReLU6())
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(1_280, num_outputs)

    def forward(self, X: Tensor) -> Tensor:
        X = self.head(self.blocks(self.stem(X)))  # (n, 1280, h / 32, w / 32)
        return self.classifier(self.dropout(X.mean((2, 3))))

    def features(self, X: Tensor, blocks: Sequence[int] = (10, 14)) -> Tensor:
        """Return what some blocks give, each channel's mean over places, side by side.

        Parameters
        ----------
        X : (n, 3, h, w), as for `forward`.
        blocks : numbers of blocks, 0 to 15; 16 is the head, the input of `classifier`.

        Returns
        -------
        (n, d), d the sum of their channels: 112 + 192 = 304 for blocks 10 and 14

        Raises
        ------
        ValueError : no block is named, or one that is not there.
        """
        stages = [*self.blocks, self.head]
        if not blocks or set(blocks) - set(range(len(stages))):
            raise ValueError(
                f"blocks={blocks!r}: allowed are 0 to {len(stages) - 1}, at least one"
            )
        means = {}
        X = self.stem(X)
        for number, stage in enumerate(stages[: max(blocks) + 1]):
            X = stage(X)
            if number in blocks:
                means[number] = X.mean((2, 3))
        return torch.cat([means[number] for number in blocks], dim=1)


def efficientnet_input(X: Tensor) -> Tensor:
    """Return images with values in 0..1 as the weights were trained to see them.

    Whoever uses somebody's weights must use their preprocessing as well: here bytes
    0..255 became (x - 127) / 128, so that the values lie in -0.99..1.

    Parameters
    ----------
    X : (n, 3, h, w) floating point in 0..1, channels red, green, blue.

    Returns
    -------
    (n, 3, h, w), (255 X - 127) / 128

    Taught in chapter 9.
    """
    return (255 * X - 127) / 128


def load_efficientnet() -> EfficientNetLite0:
    """Return the network with weights learned on ImageNet, in evaluation mode.

    Returns
    -------
    EfficientNetLite0 for the 1,000 classes of ImageNet, named by `imagenet_classes`

    Raises
    ------
    DataError : the file of the weights is missing or altered.

    Taught in chapter 9.
    """
    net, weights = EfficientNetLite0(), imagenet_weights()
    # Both list the layers from input to output, so tensors match by their place, every
    # one used; that the kinds agree, and all shapes, is checked on the way.
    state = {}
    for ours, (theirs, tensor) in zip(net.state_dict(), weights.items(), strict=True):
        if ours.rpartition(".")[2] != theirs.rpartition(".")[2]:
            raise ValueError(f"{theirs} of the file stands where {ours} is expected")
        state[ours] = tensor
    net.load_state_dict(state)
    return net.eval()


def imagenet_classes() -> tuple[str, ...]:
    """Return the names of the 1,000 classes of ImageNet in their order (torchvision).

    Taught in chapter 9.
    """
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
