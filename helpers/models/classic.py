"""The classic convolutional networks of chapter 6, for small images."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from helpers.models.layers import Layers
from helpers.models.normalization import Norm


class LeNet(Layers):
    """LeNet-5 with ReLU and average pooling: two convolutions, three linear layers.

    Parameters
    ----------
    activation : class or function without arguments that makes the non-linearities;
        the network of 1998 had scaled tanh units.
    pooling : class of the two layers that halve height and width.
    dropout : probability, 0 to 1, that a value between two linear layers is 0 in
        training; 0 adds no nn.Dropout.
    num_outputs : number of classes K.
    norm : makes the normalization before each non-linearity from the channels or the
        width, such as BatchNorm (chapter 7).

    Input (n, 1, 28, 28), output (n, K) logits; 61,706 parameters for ten classes.
    Taught in chapter 6. Source: LeCun et al. 1998, Gradient-based learning applied to
    document recognition.
    """

    def __init__(
        self,
        activation: Callable[[], nn.Module] = nn.ReLU,
        pooling: Callable[[int], nn.Module] = nn.AvgPool2d,
        dropout: float = 0.0,
        num_outputs: int = 10,
        norm: Norm | None = None,
    ):

        def drop() -> list[nn.Module]:  # each place has a layer, and a name, of its own
            return [nn.Dropout(dropout)] if dropout else []

        def active(c: int) -> list[nn.Module]:
            return [*([norm(c)] if norm else []), activation()]

        super().__init__(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),  # (n, 6, 28, 28)
            *active(6),
            pooling(2),  # (n, 6, 14, 14)
            nn.Conv2d(6, 16, kernel_size=5),  # (n, 16, 10, 10)
            *active(16),
            pooling(2),  # (n, 16, 5, 5)
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            *active(120),
            *drop(),
            nn.Linear(120, 84),
            *active(84),
            *drop(),
            nn.Linear(84, num_outputs),
        )


class AlexNet(Layers):
    """AlexNet's eight layers, small enough for gray images of 28 x 28 pixels.

    Parameters
    ----------
    width : output channels of the first convolution; 64 in torchvision's AlexNet.
    dropout : probability, 0 to 1, before each of the first two linear layers.
    num_outputs : number of classes K.

    Input (n, 1, 28, 28), output (n, K) logits. The convolutions take small steps, as
    the images are small; order, proportions and pooling are the original's. `features`
    are the convolutions, `classifier` the linear layers, as in torchvision. Taught in
    chapter 6. Source: Krizhevsky, Sutskever, Hinton 2012, ImageNet classification with
    deep convolutional neural networks.
    """

    def __init__(self, width: int = 12, dropout: float = 0.5, num_outputs: int = 10):
        c1, c2, c3 = width, 2 * width, 3 * width
        features = nn.Sequential(
            nn.Conv2d(1, c1, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # (n, c1, 13, 13)
            nn.Conv2d(c1, c2, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # (n, c2, 6, 6)
            nn.Conv2d(c2, c3, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c3, c2, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c2, c2, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # (n, c2, 2, 2)
        )
        classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(c2 * 2 * 2, 8 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(8 * width, 8 * width),
            nn.ReLU(),
            nn.Linear(8 * width, num_outputs),
        )
        super().__init__(OrderedDict(features=features, classifier=classifier))


def vgg_block(num_convs: int, c_in: int, c_out: int) -> nn.Sequential:
    """3x3 convolutions that keep height and width, then a pooling that halves them.

    Input (n, c_in, h, w), output (n, c_out, h // 2, w // 2). Taught in chapter 6.
    """
    layers: list[nn.Module] = []
    for k in range(num_convs):
        layers += [
            nn.Conv2d(c_out if k else c_in, c_out, kernel_size=3, padding=1),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


class VGG(Layers):
    """VGG blocks, then linear layers.

    Parameters
    ----------
    blocks : for each block the number of convolutions, and their output channels.
    num_hiddens : width of the hidden linear layers.
    dropout : probability, 0 to 1, behind each of them.
    in_channels, image_size : c, and h = w, of the images.
    num_outputs : number of classes K.

    Input (n, c, h, w), output (n, K) logits. `features` and `classifier` as in
    torchvision. Taught in chapter 6. Source: Simonyan, Zisserman 2015, Very deep
    convolutional networks for large-scale image recognition.
    """

    def __init__(
        self,
        blocks: Sequence[tuple[int, int]] = ((1, 8), (1, 16), (2, 32)),
        num_hiddens: Sequence[int] = (64,),
        dropout: float = 0.0,
        in_channels: int = 1,
        image_size: int = 28,
        num_outputs: int = 10,
    ):
        features, c = [], in_channels
        for num_convs, c_out in blocks:
            features.append(vgg_block(num_convs, c, c_out))
            c = c_out
        n_in = c * (image_size // 2 ** len(blocks)) ** 2
        classifier: list[nn.Module] = [nn.Flatten()]
        for n_out in num_hiddens:
            classifier += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(dropout)]
            n_in = n_out
        super().__init__(
            OrderedDict(
                features=nn.Sequential(*features),
                classifier=nn.Sequential(*classifier, nn.Linear(n_in, num_outputs)),
            )
        )


def conv_relu(
    c_in: int, c_out: int, kernel_size: int, norm: Norm | None = None, **arguments
) -> list[nn.Module]:
    """A convolution, the normalization if there is one, and ReLU."""
    conv = nn.Conv2d(c_in, c_out, kernel_size, **arguments)
    return [conv, *([norm(c_out)] if norm else []), nn.ReLU()]


def nin_block(
    c_in: int, c_out: int, kernel_size: int, norm: Norm | None = None, **arguments
) -> nn.Sequential:
    """A convolution and two 1x1 convolutions, each with ReLU: a small MLP per window.

    Parameters
    ----------
    c_in, c_out : channels of the input (n, c_in, h, w), and of everything behind.
    kernel_size : of the first convolution; `arguments` are its stride and padding.
    norm : makes the normalization before each ReLU, such as nn.BatchNorm2d (chapter 7).

    Taught in chapter 6.
    """
    return nn.Sequential(
        *conv_relu(c_in, c_out, kernel_size, norm, **arguments),
        *conv_relu(c_out, c_out, 1, norm),
        *conv_relu(c_out, c_out, 1, norm),
    )


class NiN(Layers):
    """Network in network: NiN blocks, as many last channels as classes, their means.

    Parameters
    ----------
    width : output channels of the first block; 96 in the original.
    dropout : probability, 0 to 1, before the last block.
    norm : makes the normalization before each ReLU, such as nn.BatchNorm2d.
    last_relu : whether a ReLU stands behind the last 1x1 convolution, as in the
        original; it makes all logits at least 0.
    in_channels, num_outputs : c of the images, and number of classes K.

    Input (n, c, h, w) from 8 x 8 pixels on, output (n, K) logits; there is no linear
    layer. Taught in chapter 6. Source: Lin, Chen, Yan 2014, Network in network.
    """

    def __init__(
        self,
        width: int = 12,
        dropout: float = 0.0,
        norm: Norm | None = None,
        last_relu: bool = True,
        in_channels: int = 1,
        num_outputs: int = 10,
    ):
        last = nin_block(3 * width, num_outputs, 3, norm, padding=1)
        super().__init__(
            nin_block(in_channels, width, 5, norm, padding=2),
            nn.MaxPool2d(3, stride=2),  # 28 x 28 -> 13 x 13
            nin_block(width, 2 * width, 5, norm, padding=2),
            nn.MaxPool2d(3, stride=2),  # -> 6 x 6
            nin_block(2 * width, 3 * width, 3, norm, padding=1),
            *([nn.Dropout(dropout)] if dropout else []),
            last if last_relu else last[:-1],
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )


class Inception(nn.Module):
    """Four branches side by side, their channels stacked: GoogLeNet's block.

    Parameters
    ----------
    c_in : channels of the input (n, c_in, h, w).
    c1 : of the branch of one 1x1 convolution.
    c2 : (reduced, out) of the branch of 1x1, then 3x3.
    c3 : (reduced, out) of the branch of 1x1, then 5x5.
    c4 : of the branch of 3x3 max pooling, then 1x1.
    norm : makes the normalization before each ReLU, such as nn.BatchNorm2d.

    Output (n, c1 + c2[1] + c3[1] + c4, h, w). Taught in chapter 6. Source: Szegedy et
    al. 2015, Going deeper with convolutions.
    """

    def __init__(
        self,
        c_in: int,
        c1: int,
        c2: tuple[int, int],
        c3: tuple[int, int],
        c4: int,
        norm: Norm | None = None,
    ):
        super().__init__()
        self.branch1 = nn.Sequential(*conv_relu(c_in, c1, 1, norm))
        self.branch2 = nn.Sequential(
            *conv_relu(c_in, c2[0], 1, norm),
            *conv_relu(c2[0], c2[1], 3, norm, padding=1),
        )
        self.branch3 = nn.Sequential(
            *conv_relu(c_in, c3[0], 1, norm),
            *conv_relu(c3[0], c3[1], 5, norm, padding=2),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), *conv_relu(c_in, c4, 1, norm)
        )

    def forward(self, X: Tensor) -> Tensor:
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(X) for branch in branches], dim=1)


def inception(c_in: int, c_out: int, norm: Norm | None = None) -> Inception:
    """An Inception block with the proportions of GoogLeNet's first, 64:128:32:32.

    `c_out` is a multiple of 16.
    """
    c = c_out // 16
    return Inception(c_in, 4 * c, (6 * c, 8 * c), (c, 2 * c), 2 * c, norm)


class GoogLeNet(Layers):
    """Three Inception blocks between a convolution and one linear layer.

    Parameters
    ----------
    width : output channels of the first block, a multiple of 16; the others have twice
        as many. 256 and up in the original, which has nine blocks.
    dropout : probability, 0 to 1, before the linear layer.
    norm : makes the normalization before each ReLU, such as nn.BatchNorm2d; the network
        of 2014 had none.
    in_channels, num_outputs : c of the images, and number of classes K.

    Input (n, c, h, w) from 8 x 8 pixels on, output (n, K) logits. Taught in chapter 6.
    Source: Szegedy et al. 2015, Going deeper with convolutions.
    """

    def __init__(
        self,
        width: int = 32,
        dropout: float = 0.0,
        norm: Norm | None = None,
        in_channels: int = 1,
        num_outputs: int = 10,
    ):
        super().__init__(
            nn.Sequential(
                *conv_relu(in_channels, width // 2, 3, norm, padding=1),
                nn.MaxPool2d(3, stride=2, padding=1),  # 28 x 28 -> 14 x 14
            ),
            inception(width // 2, width, norm),
            inception(width, 2 * width, norm),
            nn.MaxPool2d(3, stride=2, padding=1),  # -> 7 x 7
            inception(2 * width, 2 * width, norm),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            *([nn.Dropout(dropout)] if dropout else []),
            nn.Linear(2 * width, num_outputs),
        )
