"""Biases that a normalization takes away, and a normalization as part of the layer."""

import torch
from torch import nn

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one
from helpers.exercises.comparing import a_kind_of
from helpers.seeds import seeded


def draw(*sizes, h, w, seed, eps=1e-5, **more):
    """A random case: a convolution, a batch normalization that has learned, images."""
    with seeded(seed):
        conv = nn.Conv2d(*sizes, **more)
        bn = nn.BatchNorm2d(conv.out_channels, eps)
        for values in (bn.weight, bn.bias, bn.running_mean):
            nn.init.normal_(values)
        nn.init.uniform_(bn.running_var, 0.05, 0.5)
        return conv, bn.eval(), torch.randn(2, conv.in_channels, h, w)


def output(answer, conv, bn, X):
    """Return what the folded layer makes of X; the two it is made of stay as they are.

    Raises
    ------
    TypeError : the answer is no convolution.
    ValueError : the convolution that was given has changed.
    """
    before = [p.clone() for p in conv.parameters()]
    folded = answer(conv, bn)
    if folded is ... or folded is None:
        return folded
    if not isinstance(folded, nn.Conv2d):
        raise TypeError(f"an nn.Conv2d is asked for, not {a_kind_of(folded)}")
    if not all(map(torch.equal, before, conv.parameters())):
        raise ValueError("conv was changed in place: return a new layer")
    return folded(X).detach()


@exercise(
    "Fold batch normalization into the convolution",
    name="fold",
    stars=2,
    cases=[
        draw(1, 2, 3, h=4, w=5, seed=0, bias=False),
        draw(3, 3, (3, 2), h=5, w=6, seed=1, eps=0.1, stride=2, padding=1),
        draw(4, 6, 3, h=6, w=4, seed=2, groups=2),
    ],
    call=output,
    hint="In evaluation the layer multiplies channel i by gamma / sqrt(running_var + "
    "eps), one number, and adds another. `W * scale[:, None, None, None]` multiplies "
    "kernel i. What becomes of the bias when the running mean is subtracted?",
    then="In evaluation the normalization then takes no time of its own: a network is "
    "folded like this before it is put to use.",
    without=("fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_modules"),
    usual="""
        bn.running_var + bn.eps => bn.running_var
            eps is missing, or not that of the layer: bn.eps stands under the root,
            beside the running variance.
        torch.sqrt(bn.running_var + bn.eps) => (bn.running_var + bn.eps)
            You divided by the variance. Its square root divides.
        bn.weight / => 1 /
            Gamma is missing in the scale: in torch's layer it is bn.weight.
        scale[:, None, None, None] => scale[:, None, None]
            The scale stands beside the second axis of the kernels, the input channels.
            It belongs to the output channels, the first one: [:, None, None, None].
        scale[:, None, None, None] => scale
            The scale stands beside the last axis of the kernels, their width. It
            belongs to the output channels, the first one: [:, None, None, None].
        conv.weight * scale[:, None, None, None] => conv.weight
            The kernels are those of the convolution. Each is multiplied by its
            channel's scale.
        (bias - bn.running_mean) * => bias - bn.running_mean *
            The convolution's own bias is not scaled: it passes the normalization like
            everything that the convolution puts out.
        (bias - bn.running_mean) * scale => -bn.running_mean * scale
            The convolution's own bias is lost. It passes the normalization, too.
        (bias - bn.running_mean) => bias
            The running mean is not subtracted.
        (bias - bn.running_mean) * scale => bias * scale - bn.running_mean
            The running mean is subtracted before the scale multiplies, so it is scaled,
            too.
        (bias - bn.running_mean) * scale => (bias + bn.running_mean) * scale
            The running mean has the wrong sign: it is subtracted.
        ` + bn.bias` =>
            Beta is missing: in torch's layer it is bn.bias.
        conv.stride, => 1,
            The stride of the convolution is lost.
        conv.padding, => 0,
            The padding of the convolution is lost.
        conv.groups => 1
            The groups of the convolution are lost, so the kernels do not fit.
        folded = nn => folded = conv if conv.bias is not None else nn
            Where the convolution has a bias you write into it. Make a new layer, with
            the same sizes.
    """,
)
def fold(conv, bn):
    sizes = conv.in_channels, conv.out_channels, conv.kernel_size
    how = conv.stride, conv.padding, conv.dilation, conv.groups
    folded = nn.Conv2d(*sizes, *how)
    scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    bias = 0 if conv.bias is None else conv.bias
    with torch.no_grad():
        folded.weight.copy_(conv.weight * scale[:, None, None, None])
        folded.bias.copy_((bias - bn.running_mean) * scale + bn.bias)
    return folded


def truth(value):
    """Read 0 and 1 as truth values, too."""
    return bool(value) if value in (0, 1) else value


@exercise(
    "Which bias has no effect",
    name="no-bias",
    kind="predict",
    call=lambda answer: one_by_one(answer, no_bias.solution(), truth),
    hint="A bias adds one number to a whole channel. When is that number taken away "
    "again, as a part of a mean? What is the mean taken over, and what stands between?",
    then="Where a batch normalization follows at once, beta takes the place of the "
    "bias: nn.Conv2d(..., bias=False) saves parameters that do nothing. In front of a "
    "group normalization a bias shifts the channels of a group against each other.",
    usual="""
        True, False, False, True, False => False, False, False, True, False
            The bias adds the same number to all values of a channel, and so to their
            mean, which batch normalization subtracts: nothing of it is left.
        True, False, False, True, False => True, True, False, True, False
            Between the second layer and its normalization stands a ReLU: the bias
            decides which values become 0, and no mean takes that back.
        True, False, False, True, False => True, False, True, True, False
            Group normalization subtracts one mean for several channels. Their biases
            differ, so only the mean of the biases is taken away.
        True, False, False, True, False => True, False, False, False, False
            With one channel in each group the mean is that of the channel alone, in one
            image: the bias is part of it and is subtracted.
        True, False, False, True, False => True, False, False, True, True
            No normalization follows the last layer: its bias is added to the logits.
    """,
)
def no_bias():
    return True, False, False, True, False
