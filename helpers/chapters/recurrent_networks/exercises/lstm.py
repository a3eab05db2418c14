"""One step of an LSTM."""

import torch

from helpers.exercises import exercise


def draw(n, d, num_hiddens, seed):
    """A random case: inputs, a state, and weights of four gates."""
    g = torch.Generator().manual_seed(seed)
    rows = 4 * num_hiddens
    shapes = (n, d), (n, num_hiddens), (n, num_hiddens), (rows, d), (rows, num_hiddens)
    return *(torch.randn(shape, generator=g) for shape in shapes), torch.randn(
        rows, generator=g
    )


@exercise(
    "One step of an LSTM",
    name="lstm-step",
    kind="build",
    stars=3,
    cases=[
        draw(1, 2, 1, seed=0),
        draw(3, 2, 4, seed=1),
        draw(4, 5, 3, seed=2),
    ],
    without=("LSTM", "LSTMCell", "lstm", "lstm_cell"),
    hint="One product with `W_ih` and one with `W_hh` give (n, 4h): all four parts "
    "side by side. `.chunk(4, 1)` cuts it into four. First the new cell, then what is "
    "read of it.",
    then="Along the cell only f multiplies. Where it is 1, a gradient goes back as it "
    "came.",
    usual="""
        i, f, g, o = => f, i, g, o =
            Forget and input gate are exchanged: from the top the rows are i, f, g, o.
        i, f, g, o = => i, f, o, g =
            The last two parts are exchanged: from the top the rows are i, f, g, o.
        i, f, g, o = => o, f, i, g =
            The four parts stand in another order. In torch the rows are, from the top,
            i, f, g, o.
        torch.tanh(g) => g
            The tanh of the new values is missing.
        torch.tanh(g) => torch.sigmoid(g)
            g is no gate: the new values are a tanh, and can be negative.
        torch.tanh(c) => c
            The tanh of the cell is missing: it is taken when the cell is read.
        torch.tanh(g) => g
        torch.tanh(c) => c
            Both tanh are missing: that of the new values, and that of the cell when it
            is read.
        torch.sigmoid(f) => f
        torch.sigmoid(i) => i
        torch.sigmoid(o) => o
            The gates are sigmoids, numbers from 0 to 1.
        c = torch.sigmoid(f) * c => new = torch.sigmoid(f) * c
        return h, c => return h, new
            What is read is the old cell. The output is that of the new one.
        c = torch.sigmoid(f) * c => new = torch.sigmoid(f) * c
            The old cell is read and returned. Both are to be the new one.
        torch.sigmoid(f) * c => c
            Nothing is forgotten: the old cell is to be multiplied by the forget gate.
        torch.sigmoid(f) * c => (1 - torch.sigmoid(f)) * c
            The forget gate is the wrong way round: f = 1 keeps the cell.
        torch.sigmoid(i) * torch.tanh(g) => torch.tanh(g)
            The input gate is missing: it decides how much of the new values is added.
        return h, c => return c, c
            The cell is returned twice. The first of the two is h, what the output gate
            lets through.
        return h, c => return c, h
            The two are exchanged: h comes first.
        return h, c => return h
            The state has two parts. Return h and c.
        .chunk(4, 1) => .chunk(4)
            `chunk` cuts the first axis, which holds the texts. The parts stand side by
            side in the second axis.
    """,
)
def lstm_step(x, h, c, W_ih, W_hh, b):
    # (n, d), (n, h), (n, h), (4h, d), (4h, h), (4h,) -> (n, h), (n, h)
    i, f, g, o = (x @ W_ih.T + h @ W_hh.T + b).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c
