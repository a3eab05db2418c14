"""Kernels: the flip of a convolution, edges, and the padding that keeps the size."""

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.exercises import exercise


@exercise(
    "True convolution",
    cases=[
        (
            tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]),
            tensor([[0.0, 1.0], [2.0, 3.0]]),
        ),
        (
            tensor([[1.0, 0.0, 2.0, 5.0], [0.0, 3.0, 1.0, 0.0]]),
            tensor([[1.0, 2.0, 4.0]]),
        ),
        (
            tensor([[2.0, 0.0], [1.0, 4.0], [0.0, 3.0], [7.0, 1.0]]),
            tensor([[1.0], [0.0], [-2.0]]),
        ),
        (
            tensor([[1.0, 2.0, 0.0], [0.0, 5.0, 3.0]]),
            tensor([[1.0, 0.0, 3.0], [2.0, -1.0, 0.0]]),
        ),
    ],
    hint="A layer of convolution slides the kernel over the image as it stands. The "
    "convolution of mathematics does the same with a kernel that has been turned by "
    "180 degrees.",
    then="The kernel of a layer is learned, so whether it is flipped changes nothing "
    "but the order in which its weights are stored: PyTorch leaves the flip out.",
    without=("convolve2d", "fftconvolve", "convolve"),
    usual="""
        K.flip(0, 1) => K
            This is cross-correlation, as in nn.Conv2d: the kernel is not flipped yet.
        K.flip(0, 1) => K.flip(0)
            You flipped the rows alone; the columns are reversed as well.
        K.flip(0, 1) => K.flip(1)
            You flipped the columns alone; the rows are reversed as well.
        K.flip(0, 1) => K.T
            To transpose exchanges rows and columns. A flip keeps the kernel's shape
            and reverses the order along both axes.
        K.flip(0, 1) => K.rot90()
            This is a quarter turn. Both axes reversed make a half turn.
        K.flip(0, 1) => K.rot90(-1)
            A quarter turn to the right is half the way. Both axes reversed make a half
            turn.
        X[None, None] => X.flip(0, 1)[None, None]
        K.flip(0, 1) => K
            You flipped the image instead of the kernel: every value is right, but they
            stand in reverse order.
        X[None, None] => X.flip(0, 1)[None, None]
            This is cross-correlation again, in reverse order: the image and the kernel
            are flipped, or the result. Flip the kernel alone.
        K.flip(0, 1) => K[::-1, ::-1]
            That is how a NumPy array is reversed. A tensor takes no negative step; it
            has the method `flip`.
        K.flip(0, 1) => -K
            To flip a kernel is to reverse the order of its entries, not their signs.
        )[0, 0] => , padding=(len(K) - 1, K.shape[1] - 1))[0, 0]
            You padded the image on all sides, which gives the "full" convolution. Here
            the kernel stays inside the image.
        k_h, k_w = K.shape
        X = F.pad(X, ((k_w - 1) // 2, k_w // 2, (k_h - 1) // 2, k_h // 2))
        return F.conv2d(X[None, None], K.flip(0, 1)[None, None])[0, 0]
            You padded to keep the size. Here the kernel stays inside the image, so
            the result is smaller.
        X[None, None], K.flip(0, 1)[None, None])[0, 0] => X, K.flip(0, 1))
            F.conv2d wants two axes more, for examples and channels, in the image and in
            the kernel: X[None, None] has them.
        )[0, 0] => )
            The values are right. The two axes that F.conv2d wants, for examples and
            channels, are still there: take them off with [0, 0].
    """,
)
def true_convolution(X, K):
    # F.conv2d wants (examples, channels, height, width), and does not flip.
    return F.conv2d(X[None, None], K.flip(0, 1)[None, None])[0, 0]


def responses(answer, picture):
    """Say in words what the answer's kernel responds to a picture.

    All kernels that answer an edge with its step give the same words.
    """
    kernel = answer()
    if kernel is ... or kernel is None:
        return kernel
    kernel = torch.as_tensor(kernel, dtype=torch.float64)
    if kernel.shape != (3, 3):
        return f"a kernel of shape {tuple(kernel.shape)}"
    found = F.conv2d(picture.double()[None, None], kernel[None, None])
    near = 1e-5 * kernel.abs().sum()  # rounding of kernels such as thirds
    if not (found.abs() > near).any():
        return "no response"
    rows = [[round(v, 3) + 0.0 for v in row] for row in found[0, 0].tolist()]
    return "responses " + "; ".join(", ".join(f"{v:g}" for v in row) for row in rows)


def picture(*rows, times=1):
    """Return an image from its rows, the whole of them repeated so many times."""
    return tensor(rows, dtype=torch.float32).repeat(times, 1)


@exercise(
    "A kernel for vertical edges",
    cases=[
        (picture([0, 0, 1, 1], times=3),),
        (picture([1, 1, 0, 0, 0], times=4),),
        (picture([1, 1, 1, 1], times=4),),
        (picture([0] * 4, [0] * 4, [1] * 4, [1] * 4),),
        (picture([1] * 5, [1] * 5, [0] * 5, [0] * 5),),
        (picture([3, 3, 8, 8, 8], times=4),),
    ],
    call=responses,
    hint="Where nothing changes from left to right, as on flat regions and along "
    "horizontal edges, each row of the kernel must give 0 by itself: what do its "
    "entries sum to? At the two places of an edge from 0 to 1 the window holds one "
    "bright column, then two: what must the right column sum to, and the middle one?",
    then="There are many. Sobel's averages three rows, weighted 1, 2, 1, so that noise "
    "counts less than with one row. A trained network finds its own.",
    usual="""
        return tensor([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
            This one finds horizontal edges: it compares the rows. Compare the columns.
        return tensor([[1, 1, 1], [0, 0, 0], [-1, -1, -1]])
            This one finds horizontal edges: it compares the rows. Compare the columns.
        return => return -1 *
            The sign is turned: with dark at the left and bright at the right the
            response is to be positive. The kernel is used as it stands, without a flip.
        return tensor([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
            It finds the right edges, with the right signs. But it adds up three rows,
            so each answer is three times the change: make the weights smaller.
        return tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
            It finds the right edges, with the right signs. But its rows weigh 1, 2 and
            1, so each answer is four times the change: make the weights smaller.
        return tensor([[-1, 1, 0], [-1, 1, 0], [-1, 1, 0]]) / 3
            One of the two places where the window meets an edge is answered by 0: the
            middle column takes part. Compare the left column with the right one.
        return tensor([[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]])
            This one finds vertical lines: on one side of an edge it responds with
            plus, on the other with minus. Let one side count against the other.
        return tensor([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
            This is Laplace's kernel, which responds to edges in every direction, with
            both signs. Only a change from left to right is to count.
        return tensor([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]])
            All entries sum to 0, but the single rows do not, so horizontal edges get a
            response as well: this one finds slanted edges, dark at the top left.
        return tensor([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]])
            All entries sum to 0, but the single rows do not, so horizontal edges get a
            response as well: this one finds slanted edges, dark at the bottom left.
        return torch.ones(3, 3) / 9
            With no negative entry this is an average: it blurs, and responds wherever
            it is bright. The entries must sum to 0.
        return torch.zeros(3, 3)
            A kernel of zeros responds to nothing.
        return tensor([[-1, 1, 1], [-1, 1, 1], [-1, 1, 1]])
            On a flat region the response is the brightness times the sum of all
            entries. The sum is above 0 here; it must be 0.
        return tensor([[-1, 0, 1], [-1, 0, 1], [-1, 0, 0]])
            On a flat region the response is the brightness times the sum of all
            entries. The sum is below 0 here; it must be 0.
        return tensor([-1, 0, 1])
            One row is enough to find the edge, but a 3×3 kernel is asked for: use a
            third of the row three times, or put rows of zeros around it.
        return tensor([[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]]) / 4
            The numbers are right. Give the 3×3 kernel alone, without the two axes for
            channels that F.conv2d wants.
    """,
)
def vertical_edges():
    return torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4


@exercise(
    "Padding that keeps the size",
    name="padding-for-same",
    cases=[(3,), (4,), (1,), (2,), (5,), (7,), (8,), (11,)],
    hint="Without padding, how many pixels of the width are lost with a kernel of 2, "
    "of 3, of 4? So many must be added, on both sides together.",
    then="This is one reason why kernels are nearly always odd: both sides get the "
    "same, and each output stands for the pixel in the middle of its window.",
    usual="""
        return (kernel_size - 1) / 2, (kernel_size - 1) / 2
            This is right for odd kernels. An even kernel lacks an odd number of
            pixels, and half a pixel cannot be added: the right side gets one more.
        return (kernel_size - 1) // 2, (kernel_size - 1) // 2
            This is right for odd kernels. With an even one a pixel is lost to
            rounding, and the output is 1 too small: the right side gets one more.
        return kernel_size // 2, kernel_size // 2
            This is right for odd kernels. With an even one you add a pixel too many,
            and the output is 1 too large.
        return left, total - left => return total - left, left
            The two sides are exchanged: with an even kernel the one more stands at the
            right.
        return left, total - left => return total, total
            kernel_size - 1 are the pixels that both sides get together.
        kernel_size - 1 => kernel_size
            A kernel of 3 takes away 2 pixels, not 3: the output would be 1 too large.
        left = total // 2 => left = 0
            The size is kept, but all is added at the right, so the image moves: share
            it between both sides.
        return round((kernel_size - 1) / 2), round((kernel_size - 1) / 2)
            This is right for odd kernels. Rounding cannot be right for an even one:
            both sides would get the same, and an odd number is lacking.
        return (kernel_size - 1) / 2, (kernel_size + 1) / 2
            Here one side always gets one more. Only an even kernel needs that, and
            half pixels cannot be added.
    """,
)
def padding_for_same(kernel_size):
    total = kernel_size - 1  # what the kernel takes away
    left = total // 2
    return left, total - left
