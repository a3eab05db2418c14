"""Recurrent layers: their parameters counted, and the shapes of what they put out."""

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


def plain(value):
    """Read a number, or a shape as a tuple of numbers."""
    return tuple(map(int, value)) if isinstance(value, (tuple, list)) else int(value)


@exercise(
    "Parameters and shapes",
    name="recurrent-sizes",
    kind="predict",
    call=lambda answer: one_by_one(answer, recurrent_sizes.solution(), plain),
    hint="A layer has W_ih (h, d), W_hh (h, h) and two biases (h,). What does the "
    "second layer read? Which of the two results holds every step, and which holds "
    "every layer?",
    then="The length T of the text is in none of the weights: the same layer reads a "
    "text of any length.",
    usual="""
        640, 2560 => 620, 2560
            One bias is missing: torch has two, one beside each matrix.
        640, 2560 => 600, 2560
            These are the two matrices. Torch adds two biases of 20 values.
        640, 2560 => 240, 2560
            The matrix from state to state is missing: it has 20 · 20 weights.
        640, 2560 => 220, 2560
            This is a linear layer from 10 to 20. A recurrent layer has 20 · 20 weights
            from state to state besides, and a second bias.
        640, 2560 => 640, 640
            An LSTM has four of each matrix and each bias: three gates and the new
            values.
        640, 2560 => 640, 1920
            You counted the three gates. The new values have weights as well.
        640, 2560 => 640, 2480
            One bias is missing: torch has two, one beside each matrix.
        640, 2560 => 640, 2400
            These are the matrices. The biases are missing.
        2560, 1480 => 2560, 1280
            You doubled the first layer. The second one reads the 20 values that the
            first puts out, not 10.
        2560, 1480 => 2560, 640
            This is one layer. Each layer has weights of its own.
        2560, 1480 => 2560, 840
            This is the second layer alone. Add the 640 of the first.
        1480, (7, 3, 20) => 1480, (7, 3, 10)
            Each step puts out the layer's 20 values, not as many as come in.
        1480, (7, 3, 20) => 1480, (3, 20)
            This is the last step alone. The output holds every step.
        1480, (7, 3, 20) => 1480, (7, 3, 40)
            The output is that of the last layer, 20 values. Layers stand on top of each
            other, not side by side.
        1480, (7, 3, 20) => 1480, (3, 7, 20)
            Time comes first, in the output as in the input.
        20), (2, 3, 20) => 20), (3, 20)
            The state has an axis of layers in front: each layer keeps one of its own.
        20), (2, 3, 20) => 20), (1, 3, 20)
            Each of the two layers has a state of its own.
        20), (2, 3, 20) => 20), (7, 3, 20)
            This holds every step of one layer, as the output does. The state is that
            after the last step, of each layer.
        20), (2, 3, 20) => 20), (3, 2, 20)
            The axis of layers comes first.
        20), (2, 3, 20), (2, 3, 20) => 20), (2, 3, 20), (3, 2, 20)
            With `batch_first` input and output begin with the batch. The state keeps
            its shape, layers first.
        20), (2, 3, 20), (2, 3, 20) => 20), (2, 3, 20), (3, 7, 20)
            This is the shape of the output. The state is that after the last step.
        20), (2, 3, 20), (2, 3, 20) => 20), (2, 3, 20), (2, 7, 20)
            The 7 are steps now, and the 3 are texts: the state is that of each text.
        20), (2, 3, 20), (2, 3, 20) => 20), (2, 3, 20)
            Six answers are asked for: three numbers and three shapes.
    """,
)
def recurrent_sizes():  # three numbers of parameters; output, state, state
    return 640, 2560, 1480, (7, 3, 20), (2, 3, 20), (2, 3, 20)
