"""A forward pass that runs and is wrong."""

import torch
from torch.nn import functional as F

from helpers.exercises import exercise


def draw(n, h, w, c, c_out, k, seed):
    """A random case: images (n, h, w, c), K (c_out, c, 3, 3), W (k, c_out)."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(n, h, w, c), (c_out, c, 3, 3), (k, c_out)]
    return tuple(torch.randn(*shape, generator=generator) for shape in shapes)


@exercise(
    "Three bugs in a forward pass",
    kind="repair",
    stars=2,
    cases=[
        draw(1, 3, 4, 2, 3, 2, seed=0),
        draw(2, 5, 3, 3, 4, 3, seed=1),
        draw(3, 4, 6, 3, 2, 5, seed=2),
    ],
    hint="Ask three questions. Which numbers make up a pixel, before and after the "
    "first line? What do kernels at the border look at? Over which axis does the "
    "maximum of each class run?",
    then="None of the three raises an error, because every shape fits. Compare such a "
    "function with the layers of torch, on images that are not square.",
    usual="""
        * images.permute(0, 3, 1, 2) => images.reshape(n, c, h, w)
            `reshape` cuts the numbers anew in the order of memory, so red, green and
            blue of all pixels are mixed up. To bring the channels to the front exchange
            axes: `permute`.
        * F.conv2d(F.pad(X, (1, 1, 1, 1)), K) => F.pad(F.conv2d(X, K), (1, 1, 1, 1))
            Padding after the convolution gives the right size, with zeros at the
            border where responses should stand. Pad the image before.
        * amax(2) => amax(1)
            This is the largest class at each position. Each class is to get its largest
            score over all positions: the last axis.
        images.permute(0, 3, 1, 2) => images.permute(0, 3, 2, 1)
            The channels are in front now, but height and width are exchanged: the
            image is transposed, the kernels are not.
        amax(2) => mean(2)
            This is the mean over the positions. The maximum is asked for.
        F.pad(X, (1, 1, 1, 1)), K) => X, K)
            The padding is gone: without it, kernels never reach over the border.
        amax(2) => amax((1, 2))
            This is one maximum for the whole image. Each class has its own.
        F.pad(X, (1, 1, 1, 1)), K) => F.pad(X, (1, 1, 1, 1)), K, padding=1)
            The image is padded twice, by F.pad and by `padding=1`.
    """,
)
def class_scores(images, K, W):  # (n, h, w, c), (c_out, c, 3, 3), (k, c_out) -> (n, k)
    n, h, w, c = images.shape
    X = images.permute(0, 3, 1, 2)
    H = F.relu(F.conv2d(F.pad(X, (1, 1, 1, 1)), K))
    scores = F.conv2d(H, W[:, :, None, None])  # a 1x1 convolution: (n, k, h, w)
    return scores.flatten(2).amax(2)
