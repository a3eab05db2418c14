"""Exercises of chapter 3 on layers: values, sizes, slopes and products."""

import torch
from torch import tensor

from helpers.exercises import exercise


@exercise(
    "The hidden units by hand",
    name="xor-by-hand",
    kind="predict",
    hint="What are the two sums before ReLU, and is one of them negative?",
    then="Outside of the four points nobody asked the network for anything, and it "
    "answers all the same.",
    usual="""
        0.5, 0.0, 0.5 => 0.5, -0.5, 1.5
            A ReLU follows each hidden unit: what is below 0 becomes 0.
        0.5, 0.0, 0.5 => 0.5, 0.5, -0.5
            The second sum has a bias of -1.
        0.5, 0.0, 0.5 => 2.5, 1.5, -0.5
            The first input is -1.
    """,
)
def xor_by_hand():
    return 0.5, 0.0, 0.5


@exercise(
    "Number of parameters",
    cases=[([3, 5],), ([784, 256, 10],), ([2, 2, 2, 1],), ([1, 4, 3],)],
    hint="Take one layer from `n_in` to `n_out`: how large is its weight, and how "
    "large its bias? And which pairs in the list are such layers?",
    then="Compare `sum(p.numel() for p in net.parameters())`.",
    usual="""
        ` + n_out` =>
            You counted the weights. Each layer also has a bias for each of its outputs.
        + n_out => + n_in
            A bias belongs to an output of the layer, not to an input.
        + n_out => + 1
            A layer has as many biases as outputs, not one for all of them.
        ` + n_out` =>
        in pairs) => in pairs) + sum(widths)
            You gave the inputs biases, too: the first number is no layer.
        return tensor(widths).prod() + sum(widths[1:])
            You multiplied all widths. Only neighbors are connected: one product for
            each pair of neighbors, and then a sum.
        return widths[0] * widths[-1] + widths[-1]
            This is the direct map from the inputs to the outputs; the hidden layers
            stand between them.
    """,
)
def num_parameters(widths):
    # Each layer has one row of weights per output, and one bias per output.
    pairs = zip(widths[:-1], widths[1:], strict=True)
    return sum(n_in * n_out + n_out for n_in, n_out in pairs)


@exercise(
    "The slope from the value",
    stars=2,
    cases=[
        (tensor([0.5]),),
        (tensor([0.1, 3.0, 0.25]),),
        (tensor([[0.0, 1.0], [0.75, 2.0]]),),
    ],
    hint="What is the slope of ln(1 + exp(z)) as a function of z? And what is exp(-a), "
    "if a is that logarithm?",
    then="The slope is the sigmoid of z, found without z: backward needs only what "
    "forward has kept.",
    usual="""
        return a.sigmoid()
            The slope is the sigmoid of z, and a is not z: it is the value ln(1 + e^z).
            Express the sigmoid of z with a.
        return torch.log(1 + torch.exp(a))
            You applied softplus again: a is already its value.
        1 - torch.exp(-a) => torch.exp(-a)
            exp(-a) is 1 / (1 + e^z), the sigmoid of -z. The slope is what it leaves of
            1.
        torch.exp(-a) => torch.exp(a)
            Softplus rises everywhere, so its slope lies between 0 and 1: look at the
            sign in the exponent.
        return a * (1 - a)
            This is the slope of the sigmoid from its value; softplus has another one.
        return (a > 0).float()
            This is the slope of ReLU. Softplus has no corner: its slope grows smoothly
            from 0 to 1.
        1 - torch.exp(-a) => (1 - torch.exp(-a)).mean()
            Each value has a slope of its own: return as many numbers as there are in
            `a`.
    """,
)
def softplus_slope(a):
    return 1 - torch.exp(-a)


@exercise(
    "Merge two layers",
    stars=2,
    cases=[
        (
            tensor([[1.0, 2.0], [0.0, 1.0]]),
            tensor([1.0, 0.0]),
            tensor([[0.0, 1.0], [3.0, 1.0]]),
            tensor([0.0, 10.0]),
        ),
        (
            tensor([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]),
            tensor([1.0, -1.0]),
            tensor([[1.0, 1.0], [2.0, 0.0], [0.0, 5.0], [1.0, -1.0]]),
            tensor([0.0, 1.0, 0.0, 2.0]),
        ),
        (
            tensor([[2.0], [3.0]]),
            tensor([1.0, 1.0]),
            tensor([[4.0, -1.0]]),
            tensor([5.0]),
        ),
    ],
    hint="Write down what two layers do to x, one inside the other, and multiply out. "
    "What is multiplied by x, and what is not?",
    then="This holds only because nothing bends in between.",
    usual="""
        W2 @ W1 => W1 @ W2
            The matrices stand in the wrong order: the first layer is applied first, so
            it stands next to the input, at the right.
        return W1 @ W2, W1 @ b2 + b1
            These are the layers in the other order: W2 comes after W1, so it stands at
            the left of it.
        W2 @ b1 => b1
            The first bias passes through the second layer as well: W2 multiplies it.
        W2 @ b1 + b2 => b2
            The first bias is lost. Put the input 0 into both layers and see what comes
            out.
        W2 @ b1 + b2 => W2 @ b1
            The second bias is lost.
        W2 @ W1 => W1.T @ W2.T
            This is the transpose. As in `nn.Linear`, a weight is (outputs, inputs).
    """,
)
def merge_layers(W1, b1, W2, b2):
    # W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)
    return W2 @ W1, W2 @ b1 + b2
