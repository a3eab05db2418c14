"""The builds of chapter 5: a convolution, and the sizes and fields of a stack."""

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.exercises import exercise


def draw(n, c_in, h, w, c_out, k_h, k_w, seed):
    """A random case: X (n, c_in, h, w), K (c_out, c_in, k_h, k_w), b (c_out,)."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(n, c_in, h, w), (c_out, c_in, k_h, k_w), (c_out,)]
    return tuple(torch.randn(*shape, generator=generator) for shape in shapes)


@exercise(
    "Convolution from scratch",
    name="conv2d",
    kind="build",
    stars=3,
    cases=[
        (
            tensor([[[[0.0, 1.0, 2.0, 0.0], [3.0, 4.0, 5.0, 1.0]]]]),
            tensor([[[[1.0, 2.0, 0.0], [0.0, 0.0, -1.0]]]]),
            tensor([10.0]),
            *(1, 0),
        ),
        (
            tensor([[[[1.0, 2.0, 3.0]], [[10.0, 20.0, 40.0]]]]),
            tensor([[[[1.0, 0.0]], [[0.0, 1.0]]], [[[2.0, 1.0]], [[0.0, 0.0]]]]),
            tensor([0.5, 100.0]),
            *(1, 0),
        ),
        (
            tensor([[[[1.0, 2.0, 4.0], [0.0, 3.0, 5.0], [6.0, 0.0, 1.0]]]]),
            tensor([[[[1.0, 2.0], [3.0, 0.0]]]]),
            tensor([0.0]),
            *(2, 1),
        ),
        (*draw(2, 3, 5, 8, 3, 2, 3, seed=0), 1, 0),
        (*draw(2, 3, 8, 7, 4, 3, 2, seed=1), 2, 1),
        (*draw(3, 2, 6, 10, 5, 1, 4, seed=2), 3, 2),
        (*draw(1, 2, 7, 5, 3, 3, 3, seed=3), 1, 1),
        (*draw(2, 2, 5, 6, 3, 3, 2, seed=4), 2, 0),  # nothing is left over
    ],
    hint="`F.unfold` gives for each image one column per window, with c_in * k_h * k_w "
    "numbers in the order of `K.flatten(1)`; give its stride and padding by name. One "
    "matrix product does the rest, and the last axis is cut into rows and columns.",
    then="This is one of the ways in which libraries compute it. The price is memory: "
    "with a 3×3 kernel and stride 1 nearly every pixel is stored nine times.",
    without=("conv2d", "Conv2d", "conv1d", "Conv1d", "conv3d", "Conv3d")
    + ("convolution", "conv_transpose2d", "ConvTranspose2d", "LazyConv2d")
    + ("correlate", "correlate2d", "convolve", "convolve2d"),
    usual=r"""
        K.flatten(1) => K.flip(2, 3).flatten(1)
            You flipped the kernel. A layer of convolution computes cross-correlation:
            the kernel is used as it stands.
        ` + b[:, None]` =>
            The bias is missing: one number for each output channel.
        + b[:, None] => + c_in * b[:, None]
            You added the bias for every input channel. It is added once for each output
            channel, after the sum over the input channels.
        + b[:, None] => + b.sum()
            Each output channel has a bias of its own, not the sum of all.
        + b[:, None] => + b
            The bias is added along the positions. It belongs to the output channels:
            b[:, None] stands beside (n, c_out, positions).
        ` + b[:, None]` =>
        h_out, w_out) => h_out, w_out) + b
            The bias is added along the width. It belongs to the output channels:
            b[:, None, None] stands beside (n, c_out, h_out, w_out).
        K.flatten(1) => K.reshape(-1, c_out).T
            `reshape` cuts the numbers anew in the order of memory, so each row is made
            of pieces of several kernels. Keep the first axis as it is.
        padding=padding, stride=stride => padding, stride
            The third argument of F.unfold is the dilation, not the padding. Give both
            by name: padding=padding, stride=stride.
        padding=padding, stride=stride => padding=padding
            F.unfold gets no stride, but your output size counts it. Give it by name,
            stride=stride: the third argument is the dilation.
        padding=padding, stride=stride) => padding=padding)
        windows = F.unfold => m = w + 2 * padding - k_w + 1\n    windows = F.unfold
        @ windows + => @ windows.unflatten(2, (-1, m))[..., :h_out, :w_out].flatten(2) +
            Your windows begin at neighboring pixels. The one of output (i, j) begins in
            row i * stride and column j * stride of the padded image.
        padding=padding, stride=stride => stride=stride
            F.unfold gets no padding, but your output size counts it: padding=padding.
        (k_h, k_w), padding => (k_w, k_h), padding
            F.unfold takes the size of the kernel as (height, width), as torch always
            does.
        K.flatten(1) @ windows => K.flatten(1) @ windows / c_in
            The input channels are added up; this is their mean.
        stride=stride => stride=1
        2 * padding - k_h) // stride => 2 * padding - k_h)
        2 * padding - k_w) // stride => 2 * padding - k_w)
            The stride is ignored: the windows begin `stride` pixels apart.
        padding=padding, stride => stride
        h + 2 * padding - k_h => h - k_h
        w + 2 * padding - k_w => w - k_w
            The padding is ignored: zeros are to surround the image.
        F.unfold(X, => F.unfold(F.pad(X, (padding, 0, padding, 0)),
        padding=padding, stride => stride
        h + 2 * padding - k_h => h + padding - k_h
        w + 2 * padding - k_w => w + padding - k_w
            The zeros stand at the top and at the left alone. Padding is added on all
            four sides.
        F.unfold(X, => F.unfold(F.pad(X, (0, padding, 0, padding)),
        padding=padding, stride => stride
        h + 2 * padding - k_h => h + padding - k_h
        w + 2 * padding - k_w => w + padding - k_w
            The zeros stand at the bottom and at the right alone. Padding is added on
            all four sides.
        F.unfold(X, => F.unfold(F.pad(X, (padding, padding)),
        padding=padding, stride => stride
        h + 2 * padding - k_h => h - k_h
            The zeros stand at the left and at the right alone. `F.pad` takes four
            numbers for four sides: left, right, top, bottom.
        c_in, k_h, k_w = => c_in, k_w, k_h =
            Height and width of the kernel are exchanged. K is (c_out, c_in, k_h, k_w),
            the height first.
        n, _, h, w = => n, _, w, h =
            Height and width of the image are exchanged. X is (n, c_in, h, w), the
            height first.
        h_out, w_out) => w_out, h_out)
            Height and width of the output are exchanged in the last step: the windows
            are counted row by row, so their axis is cut into (height, width).
        h_out, w_out) => h_out, h_out)
            The output is not square if the image or the kernel is not: its width has
            an output size of its own.
        return Y.reshape => return Y.transpose(1, 2).reshape
            The channels are the last axis when you cut the positions into rows, so
            `reshape` mixes both. Exchange the axes first: (n, c_out, positions).
        windows = F.unfold(X => windows = F.unfold(X.transpose(2, 3)
            The image is transposed before it is cut into windows, the kernel is not.
        c_out, c_in, k_h, k_w => c_in, c_out, k_h, k_w
        K.flatten(1) => K.transpose(0, 1).flatten(1)
            The first two axes of the kernel are exchanged: K is (c_out, c_in, k_h,
            k_w), the output channels first.
        (h + 2 * padding - k_h) => (h + padding - k_h)
        (w + 2 * padding - k_w) => (w + padding - k_w)
            Your output size counts the padding on one side. It stands on both: 2 *
            padding.
        - k_h) // stride + 1 => - k_h) // stride
        - k_w) // stride + 1 => - k_w) // stride
            Your output size counts the moves of the kernel. Its first position counts
            as well: + 1.
        (h + 2 * padding - k_h) // => (h + 2 * padding - k_h + stride - 1) //
        (w + 2 * padding - k_w) // => (w + 2 * padding - k_w + stride - 1) //
            Your output size is rounded up: a window that does not fit any more is left
            out.
        return Y.reshape(n, c_out, h_out, w_out) => return Y
            The values are right. Cut the last axis, the positions, into rows and
            columns.
    """,
)
def conv2d(X, K, b, stride, padding):
    c_out, c_in, k_h, k_w = K.shape
    n, _, h, w = X.shape
    h_out = (h + 2 * padding - k_h) // stride + 1
    w_out = (w + 2 * padding - k_w) // stride + 1

    # One column of c_in * k_h * k_w numbers for each of the h_out * w_out windows.
    windows = F.unfold(X, (k_h, k_w), padding=padding, stride=stride)
    Y = K.flatten(1) @ windows + b[:, None]  # (n, c_out, h_out * w_out)
    return Y.reshape(n, c_out, h_out, w_out)


@exercise(
    "Sizes and receptive fields of a stack",
    name="sizes-and-fields",
    kind="build",
    stars=3,
    cases=[
        ([(3, 1, 1)], 8),
        ([(3, 1, 0), (2, 2, 0), (3, 1, 0), (2, 2, 0)], 28),
        ([(11, 4, 2), (3, 2, 0), (5, 1, 2), (3, 2, 0)], 224),
        ([(3, 2, 1), (3, 2, 1), (3, 3, 1), (3, 1, 0)], 33),
        ([(1, 2, 0), (3, 1, 1)], 9),
        ([(5, 1, 0), (5, 1, 0), (5, 1, 0), (1, 1, 0)], 9),
        ([(4, 1, 1), (3, 1, 1), (2, 1, 0)], 2),
        ([(7, 1, 0)], 5),
        ([(3, 1, 0), (6, 4, 0)], 7),
    ],
    hint="Keep two numbers beside the size: the field, and the jump, which is how many "
    "pixels of the image lie between neighbors of the present layer. Both begin with "
    "1. A kernel reaches over kernel - 1 jumps more, and a stride multiplies the jump.",
    then="A stride widens the field of every layer after it: seven 3×3 layers see 15 "
    "pixels with stride 1, and 255 if each of them has stride 2.",
    usual="""
        (kernel - 1) * jump => kernel - 1
            This is the field in pixels of the layer's input. In the image these lie
            `jump` pixels apart: the product of all strides before.
        (kernel - 1) * jump => (kernel - 1) * jump * stride
            A layer's own stride moves its window and makes it no larger: it counts
            only for the layers after it.
        found, field, jump = [], 1, 1 => found, field, jump, width = [], 1, 1, size
        (size, field) => (size, min(field, width))
            You cut the field off at the image. It counts the pixels beyond the border
            as well: it belongs to the layers, whatever the size of the image.
        jump *= stride => jump = stride
            You multiply by the stride of the last layer alone. All strides before it
            count, as a product.
        jump *= stride => jump += stride
            Strides multiply: after two layers of stride 2 neighbors lie 4 pixels apart.
        jump *= stride => jump += stride - 1
            Strides multiply: after two layers of stride 2 neighbors lie 4 pixels apart.
        field, jump = [], 1, 1 => field, jump = [], 0, 1
            Before any layer, a pixel sees itself: the field begins with 1.
        (kernel - 1) * jump => kernel * jump
            The field grows by kernel - 1 jumps: one entry of the kernel looks where the
            field was already.
        field += (kernel - 1) * jump => field *= kernel
            The field does not multiply: windows of neighbors overlap. A kernel adds
            kernel - 1 jumps.
        (kernel - 1) * jump => (kernel - 1 + 2 * padding) * jump
            Padding surrounds the image, not the kernel: it changes the size and leaves
            the field alone.
        field += => field = 1 +
            The field grows from layer to layer: add to what it was.
        padding - kernel) // stride => padding - kernel) / stride
            There are no parts of a position: divide and round down, with //.
        padding - kernel) // => padding - kernel + stride - 1) //
            You rounded up: a window that does not fit any more is left out.
        (size + 2 * padding - kernel) => (size + padding - kernel)
            Padding stands on both sides, so it counts twice.
        // stride + 1 => // stride
            These are the moves of the kernel; its first position counts as well.
        size = (size + => size = (size - padding +
        if size + 2 * padding < kernel => if size + padding < kernel
            Padding stands on both sides, so it counts twice.
        if size + 2 * padding < kernel => if False
            Where the kernel does not fit any more nothing comes out, and the sizes that
            the formula still gives mean nothing: stop before that layer.
        size + 2 * padding < kernel => int((size + 2 * padding - kernel) / stride) < 0
        size = (size + 2 => size = int((size + 2
        kernel) // stride + 1 => kernel) / stride) + 1
            `int` rounds toward 0, so that a kernel that is a little too large seems to
            fit once. // rounds down.
        size + 2 * padding < kernel => (size + 2 * padding - kernel) // stride + 1 < 0
            A size of 0 is nothing as well: stop there, too.
        < kernel => <= kernel
            A kernel that is exactly as large as its padded input fits once, and the
            size is 1.
        if size + 2 * padding < kernel => if size < kernel
            A kernel larger than its input may fit with the padding: compare it with
            size + 2 * padding.
        break => continue
            Where a kernel does not fit nothing is left for the layers after it
            either: stop there.
        break => found.append((0, field)); break
            The list ends before the layer that does not fit: it has no entry.
        break => return None
            Where a kernel does not fit the list ends: return what stands before it.
        (size, field) => (field, size)
            The two are exchanged: the size first, then the field.
        return found => return [s for s, _ in found], [f for _, f in found]
            The numbers are right. Give one list, with a pair for each layer.
        return found => return found[-1]
            This is the last pair. A pair for each layer is asked for, in a list.
        size = ( => out = (
        (size, field) => (out, field)
            Every size is computed from that of the image. The input of a layer is what
            the one before has left.
    """,
)
def sizes_and_fields(layers, size):
    found, field, jump = [], 1, 1
    for kernel, stride, padding in layers:
        if size + 2 * padding < kernel:
            break  # the kernel does not fit: nothing is left
        size = (size + 2 * padding - kernel) // stride + 1
        field += (kernel - 1) * jump
        jump *= stride  # only now: it counts for the layers after it
        found.append((size, field))
    return found
