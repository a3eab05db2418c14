"""The blocks of VGG and NiN, and what the heads of three networks cost."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.exercises import exercise
from helpers.exercises.comparing import a_kind_of


def described(answer, blocks, c_in):
    """Say what a network is by what it does, however its layers are nested.

    Its parameters get random numbers, the same for the same shapes.
    """
    net = answer(blocks, c_in)
    if net is ... or net is None:
        return net
    if not isinstance(net, nn.Module):
        raise TypeError(f"an nn.Sequential is asked for, not {a_kind_of(net)}")
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(2, c_in, 13, 16, generator=generator)
    with torch.no_grad():
        net(X)  # lazy layers have parameters from now on
        for parameter in net.parameters():
            size = parameter[0].numel() ** -0.5
            parameter.copy_(size * torch.randn(parameter.shape, generator=generator))
        Y = net(X)
    return {
        "parameters": sum(p.numel() for p in net.parameters()),
        "output": tuple(Y.shape),
        "its mean": round(Y.mean().item(), 3),
    }


@exercise(
    "The convolutions of a VGG",
    stars=2,
    cases=[
        ([(1, 4)], 1),
        ([(2, 3)], 3),
        ([(1, 4), (1, 6), (1, 5)], 2),
        ([(2, 4), (3, 5), (1, 8)], 1),
    ],
    call=described,
    hint="Two loops, one in the other: over the blocks, and over the convolutions of "
    "one. How many channels does a convolution get that is not the first?",
    then="With 5 blocks, (1, 64), (1, 128), (2, 256), (2, 512), (2, 512), and three "
    "linear layers after them this is VGG-11.",
    without=("VGG",),
    usual="""
        `            c_in = c_out` => ``
            Every convolution of yours gets the channels of the image. Behind the first
            one it gets those that the convolution before has put out.
        `            c_in = c_out` => `        c_in = c_out`
            The second convolution of a block gets c_out channels, not those of the
            block's input.
        , padding=1 =>
            The padding is missing: each convolution takes 2 pixels away, and here only
            the pooling is to make the image smaller.
        , nn.ReLU()] => ]
            The ReLUs are missing: without them the convolutions of a block are
            together one linear map.
        , nn.ReLU()] => ]
        [nn.MaxPool2d(2)] => [nn.ReLU(), nn.MaxPool2d(2)]
            There is one ReLU for each block. Each convolution has its own.
        nn.ReLU()] => nn.Sigmoid()]
            You put nn.Sigmoid after the convolutions. VGG has nn.ReLU there, as
            AlexNet has.
        num_convs, c_out in => c_out, num_convs in
            The two numbers of a pair are exchanged: the first says how many
            convolutions a block has, the second how many channels they put out.
        `layers += [nn.MaxPool2d` => `    layers += [nn.MaxPool2d`
            You pool after each convolution. A block has one pooling, at its end.
        `        layers += [nn.MaxPool2d(2)]` => ``
            The pooling is missing: each block ends with one.
        nn.MaxPool2d(2) => nn.MaxPool2d(3, stride=2)
            These windows of 3 pixels are AlexNet's. VGG's are 2 × 2 and halve height
            and width.
        nn.MaxPool2d(2) => nn.MaxPool2d(2, stride=1)
            With stride 1 the pooling takes away one pixel. By default its stride is
            its size, and height and width are halved.
        nn.MaxPool2d(2) => nn.AvgPool2d(2)
            The blocks of VGG pool with the maximum.
        c_out, 3, padding=1 => c_out, 5, padding=2
            VGG's kernels are 3 × 3.
        *layers => layers
            nn.Sequential takes the modules one by one: put a star before the list.
        return nn.Sequential(*layers) => return layers
            A list of modules is no network: wrap it in nn.Sequential(*layers).
    """,
)
def vgg(blocks, c_in):
    layers = []
    for num_convs, c_out in blocks:
        for _ in range(num_convs):
            layers += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
            c_in = c_out
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers)


def draw(n, c_in, h, w, c_out, kernel_size, seed):
    """A random NiN block: X, K and b of its convolution, W1, b1, W2, b2 of the MLP."""
    shapes = [(n, c_in, h, w), (c_out, c_in, kernel_size, kernel_size), (c_out,)]
    shapes += 2 * [(c_out, c_out), (c_out,)]
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(*shape, generator=generator) for shape in shapes)


@exercise(
    "A NiN block from a small MLP",
    name="nin-forward",
    kind="build",
    stars=3,
    cases=[
        (*draw(1, 1, 3, 3, 2, 3, seed=0), 1),
        (*draw(2, 3, 5, 4, 4, 3, seed=1), 0),
        (*draw(3, 2, 4, 6, 5, 5, seed=2), 2),
    ],
    hint="`movedim(1, -1)` brings the channels to the last axis, where `@ W.T + b` is "
    "a linear layer at every pixel; `movedim(-1, 1)` brings them back. A NiN block has "
    "three ReLUs.",
    then="nn.Conv2d(c_out, c_out, 1) with the same weights does the same. So the block "
    "is an MLP that slides over the image, with a k × k window as its input. If you "
    "wrote F.conv2d with the kernel W1[:, :, None, None], it is right for that reason; "
    "only `@` shows the linear layer in it.",
    without=("Conv2d", "conv1d", "Conv1d", "conv3d", "Conv3d"),
    usual="""
        pixels = F.relu(pixels @ W2.T + b2) => pixels = pixels @ W2.T + b2
            The last ReLU is missing. In a NiN block one follows each of the three
            layers.
        pixels = F.relu(pixels @ W1.T + b1) => pixels = pixels @ W1.T + b1
            Between the two linear layers there is no ReLU, so that they are together
            one linear layer.
        F.relu(F.conv2d(X, K, b, padding=padding)) => F.conv2d(X, K, b, padding=padding)
            The ReLU after the k × k convolution is missing.
        pixels @ W1.T => pixels @ W1
        pixels @ W2.T => pixels @ W2
            A linear layer multiplies by the transpose: W has one row for each output
            channel. No error tells you so, as W1 and W2 are square.
        H.movedim(1, -1) => H.reshape(len(H), *H.shape[2:], -1)
        pixels.movedim(-1, 1) => pixels.reshape(H.shape)
            `reshape` exchanges no axes, neither on the way there nor back: it cuts the
            numbers anew in the order of memory. Use `movedim` for both.
        H.movedim(1, -1) => H.reshape(len(H), *H.shape[2:], -1)
            `reshape` keeps the order of the numbers in memory, so your "pixels" are
            made of values of one channel. Exchange axes: `movedim` or `permute`.
        pixels.movedim(-1, 1) => pixels.reshape(H.shape)
            On the way back `reshape` cannot bring the channels to the front: it only
            cuts the numbers anew. Use `movedim` or `permute`.
        H.movedim(1, -1) => H.reshape(H.shape[1], -1).T
        pixels.movedim(-1, 1) => pixels.T.reshape(H.shape)
            `reshape` to one row for each channel mixes the examples, as axis 0 is
            theirs: with one example it would be right. Exchange axes: `movedim` or
            `permute`.
        pixels.movedim(-1, 1) => pixels.permute(0, 2, 3, 1)
            You exchange the axes the same way twice. On the way back the last axis
            goes to place 1: `permute(0, 3, 1, 2)`, or `movedim(-1, 1)`.
        pixels.movedim(-1, 1) => pixels
            The channels are still the last axis: bring them back to axis 1.
        pixels.movedim(-1, 1) => pixels.transpose(1, -1)
            This exchanges the last axis with the height: the image comes back
            transposed. Move the last axis to place 1.
        , padding=padding =>
            The padding is ignored: zeros are to surround the image.
        ` + b1` =>
        ` + b2` =>
            The two linear layers have biases: b1 and b2.
        X, K, b, padding => X, K, padding
            The convolution has a bias, too: b.
        H = F => W1, b1, W2, b2 = W2, b2, W1, b1\\n    H = F
            The two linear layers are exchanged: W1 comes first.
    """,
)
def nin_forward(X, K, b, W1, b1, W2, b2, padding):
    H = F.relu(F.conv2d(X, K, b, padding=padding))
    pixels = H.movedim(1, -1)  # (n, h, w, c_out): a linear layer maps the last axis
    pixels = F.relu(pixels @ W1.T + b1)
    pixels = F.relu(pixels @ W2.T + b2)
    return pixels.movedim(-1, 1)


@exercise(
    "The parameters of three heads",
    kind="predict",
    hint="How many numbers does the linear layer get in each of the first two? A 1×1 "
    "convolution is a linear layer at each pixel: how many weights does it have?",
    then="The last two are the same linear map, which may be applied before the mean "
    "or after it: only a ReLU between them would make a difference.",
    usual="""
        50_177_000, 1_025_000, 1_025_000 => 50_176_000, 1_024_000, 1_024_000
            These are the weights; each class has a bias, too.
        50_177_000, 1_025_000, 1_025_000 => 50_177_000, 1_025_000, 1_024_000
            The first two are right. A 1×1 convolution has biases, too: one for each
            output channel.
        50_177_000, 1_025_000, 1_025_000 => 50_177_000, 1_025_000, 0
            The mean has no parameters. The 1×1 convolution before it has.
        50_177_000, 1_025_000, 1_025_000 => 50_177_000, 1_025_000, 50_225_000
            The 1×1 convolution uses the same weights at each of the 49 pixels: they
            count once.
        50_177_000, 1_025_000, 1_025_000 => 50_177_000, 1_025_000, 50_177_000
            The 1×1 convolution has one weight for each pair of channels, not one for
            each pixel.
        50_177_000, 1_025_000, 1_025_000 => 50_177_000, 1_025_000, 2_026_000
            Behind the mean no linear layer follows in NiN: the 1000 means are the
            logits.
        50_177_000, 1_025_000, 1_025_000 => 1_025_000, 1_025_000, 1_025_000
            In the first head nothing is averaged: 7 · 7 · 1024 numbers enter the linear
            layer.
        50_177_000, 1_025_000, 1_025_000 => 7_169_000, 1_025_000, 1_025_000
            The maps are 7 pixels wide and 7 high: 49 numbers of each enter the first
            head.
        50_177_000, 1_025_000, 1_025_000 => 50_177_000, 50_177_000, 1_025_000
            The global average leaves one number of each map: 1024 enter the second
            linear layer.
        50_177_000, 1_025_000, 1_025_000 => 50_177_000, 50_000, 1_025_000
            You averaged over the channels. The global average runs over the pixels of
            each channel, so 1024 numbers are left.
        50_177_000, 1_025_000, 1_025_000 => 50_176_001, 1_024_001, 1_024_001
            One bias for the whole layer is too few: each class has its own.
    """,
)
def head_parameters():
    return 50_177_000, 1_025_000, 1_025_000
