"""A plain recurrent network, step by step."""

import torch

from helpers.exercises import exercise


def draw(T, n, d, num_hiddens, seed):
    """A random case: inputs, a first state, and weights."""
    g = torch.Generator().manual_seed(seed)
    X, h = torch.randn(T, n, d, generator=g), torch.randn(n, num_hiddens, generator=g)
    W_ih = torch.randn(num_hiddens, d, generator=g)
    W_hh = torch.randn(num_hiddens, num_hiddens, generator=g)
    return X, h, W_ih, W_hh, torch.randn(num_hiddens, generator=g)


@exercise(
    "Every state of a text",
    name="run-rnn",
    stars=2,
    cases=[
        draw(3, 2, 2, 2, seed=0),
        draw(5, 4, 3, 2, seed=1),
        draw(4, 1, 6, 3, seed=2),
        draw(1, 3, 2, 5, seed=3),
    ],
    without=("RNN", "RNNCell", "rnn_tanh", "rnn_tanh_cell"),
    hint="`for x in X` goes through the steps: each x is (n, d). Which state does a "
    "step read, and where is the new one kept? `torch.stack` makes one tensor of a "
    "list.",
    then="It is what `nn.RNN` computes, if b is the sum of its two biases.",
    usual=r"""
        W_hh.T => W_hh
            `W_hh` is not transposed. It is square, so no shape tells you: row k holds
            the weights of the new value k.
        W_ih.T => W_ih
            `W_ih` is (h, d), and x is (n, d): transpose it.
        W_ih.T => W_ih
        W_hh.T => W_hh
            Both matrices are to be transposed: a row holds the weights of one new
            value.
        h = torch.tanh => new = torch.tanh
        append(h) => append(new)
            Every step reads the first state. It is to read the state of the step
            before it.
        h = torch.tanh(x @ W_ih.T + h @ W_hh.T + b) => h = x @ W_ih.T + h @ W_hh.T + b
            The tanh is missing.
        h @ W_hh.T + b) => b) + h @ W_hh.T
            The tanh stands around the input only. It is taken of the whole sum.
        torch.tanh => torch.sigmoid
            This is the sigmoid. The state is a tanh.
        ` + b)` => )
            The bias is missing.
        ` + h @ W_hh.T` =>
            No step reads the state: it is a network without a memory.
        torch.stack(states) => h
            This is the last state. Asked for are those after every step.
        torch.stack(states) => states
            This is a list. `torch.stack` makes one tensor of it, (T, n, h).
        torch.stack(states) => torch.cat(states)
            `torch.cat` puts all rows below one another. `torch.stack` makes a new axis
            for the steps.
        torch.stack(states) => torch.stack(states, 1)
            The axis of the steps is the second one here. It comes first, as in X.
        `        states.append(h)\n` =>
        h = torch.tanh => states.append(h)\n        h = torch.tanh
            Each state is kept before its step. The first of the results is the state
            after the first step.
        for x in X => for x in X.transpose(0, 1)
            The loop goes through the texts of the batch. The first axis of X is the
            time: one step for all texts together.
    """,
)
def run_rnn(X, h, W_ih, W_hh, b):
    # (T, n, d), (n, h), (h, d), (h, h), (h,) -> (T, n, h)
    states = []
    for x in X:
        h = torch.tanh(x @ W_ih.T + h @ W_hh.T + b)
        states.append(h)
    return torch.stack(states)
