"""Exercises of chapter 3 on layers: their sizes, slopes and products."""

import math

import torch
from torch import tensor

from helpers.chapters.multilayer_perceptrons import solutions
from helpers.exercises import Exercise, Mistake


def pairs(widths):
    """Inputs and outputs of each layer."""
    return list(zip(widths[:-1], widths[1:], strict=True))


NUM_PARAMETERS = Exercise(
    name="num-parameters",
    chapter="03",
    title="Number of parameters",
    cases=[
        ([3, 5],),
        ([784, 256, 10],),
        ([2, 2, 2, 1],),
        ([1, 4, 3],),
    ],
    solution=solutions.num_parameters,
    mistakes=[
        Mistake(
            lambda widths: sum(a * b for a, b in pairs(widths)),
            "You counted the weights. Each layer also has a bias for each of its "
            "outputs.",
        ),
        Mistake(
            lambda widths: sum(a * b + a for a, b in pairs(widths)),
            "A bias belongs to an output of the layer, not to an input.",
        ),
        Mistake(
            lambda widths: sum(a * b + 1 for a, b in pairs(widths)),
            "A layer has as many biases as outputs, not one for all of them.",
        ),
        Mistake(
            lambda widths: sum(a * b for a, b in pairs(widths)) + sum(widths),
            "You gave the inputs biases, too: the first number is no layer.",
        ),
        Mistake(
            lambda widths: math.prod(widths) + sum(widths[1:]),
            "You multiplied all widths. Only neighbors are connected: one product for "
            "each pair of neighbors, and then a sum.",
        ),
        Mistake(
            lambda widths: widths[0] * widths[-1] + widths[-1],
            "This is the direct map from the inputs to the outputs; the hidden layers "
            "stand between them.",
        ),
    ],
    hint="Take one layer from `n_in` to `n_out` first: how large is its weight, and "
    "how large its bias? Then add up over neighbors in the list.",
    then="Compare `sum(p.numel() for p in net.parameters())`.",
)

SIGMOID_SLOPE = Exercise(
    name="sigmoid-slope",
    chapter="03",
    title="The slope from the value",
    cases=[
        (tensor([0.5]),),
        (tensor([0.1, 0.9, 0.25]),),
        (tensor([[0.0, 1.0], [0.75, 0.6]]),),
    ],
    solution=solutions.sigmoid_slope,
    mistakes=[
        Mistake(
            lambda a: torch.sigmoid(a) * (1 - torch.sigmoid(a)),
            "`a` is the sigmoid's value, not its input z: you took the sigmoid twice. "
            "Write the same slope with a alone.",
        ),
        Mistake(
            lambda a: 1 - a**2,
            "This is the slope of tanh. The sigmoid's has the factors a and 1 - a.",
        ),
        Mistake(
            lambda a: a * (a - 1),
            "The sigmoid rises everywhere, so its slope cannot be negative.",
        ),
        Mistake(
            lambda a: 1 - a,
            "One factor is missing: at the value 0 the sigmoid is flat.",
        ),
    ],
    hint="From a = 1 / (1 + exp(-z)) follow exp(-z) = (1 - a) / a, and the slope "
    "exp(-z) / (1 + exp(-z))**2. Put the first into the second.",
    then="So backward needs only what forward has kept.",
)

MERGE_LAYERS = Exercise(
    name="merge-layers",
    chapter="03",
    title="Merge two layers",
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
    solution=solutions.merge_layers,
    mistakes=[
        Mistake(
            lambda W1, b1, W2, b2: (W1 @ W2, W2 @ b1 + b2),
            "The matrices stand in the wrong order: the first layer is applied first, "
            "so it stands next to the input, at the right.",
        ),
        Mistake(
            lambda W1, b1, W2, b2: (W1 @ W2, W1 @ b2 + b1),
            "These are the layers in the other order: W2 comes after W1, so it stands "
            "at the left of it.",
        ),
        Mistake(
            lambda W1, b1, W2, b2: (W2 @ W1, b1 + b2),
            "The first bias passes through the second layer as well: W2 multiplies it.",
        ),
        Mistake(
            lambda W1, b1, W2, b2: (W2 @ W1, b2),
            "The first bias is lost. Put the input 0 into both layers and see what "
            "comes out.",
        ),
        Mistake(
            lambda W1, b1, W2, b2: (W2 @ W1, W2 @ b1),
            "The second bias is lost.",
        ),
        Mistake(
            lambda W1, b1, W2, b2: (W1.T @ W2.T, W2 @ b1 + b2),
            "This is the transpose. As in `nn.Linear`, a weight is (outputs, inputs).",
        ),
    ],
    hint="Write down what two layers do to x, one inside the other, and multiply out. "
    "What is multiplied by x, and what is not?",
    then="This holds only because nothing bends in between.",
)
