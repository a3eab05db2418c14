"""A training on a text in sequence, with bugs in it."""

import torch
from torch.nn import functional as F

from helpers.data import sequential_windows
from helpers.exercises import exercise
from helpers.exercises.comparing import a_kind_of
from helpers.models.recurrent import CharModel, detached
from helpers.seeds import seeded


class Watched(CharModel):
    """A model that notes the state that it is given, and lets no gradient into it."""

    def unroll(self, X, state=None):
        if not hasattr(self, "begins"):
            self.begins = []
        if state is None:
            self.begins.append("at zero")
            return super().unroll(X)
        state = tuple(state) if isinstance(state, list) else state
        parts = state if isinstance(state, tuple) else (state,)
        history = any(part.requires_grad for part in parts)
        self.begins.append("with a history" if history else "carried")
        return super().unroll(X, detached(state))


def draw(cell, vocab_size, num_tokens, seed, *settings):
    """A random case: a model, a text of tokens, and how it is trained."""
    with seeded(seed):
        net = Watched(vocab_size, 4, cell)
        return net, torch.randint(vocab_size, (num_tokens,)), *settings


def trained(answer, net, tokens, batch_size, num_steps, num_epochs, lr):
    """Train a model; return with what state each batch began, and the weights.

    Raises
    ------
    TypeError : what comes back is no model.
    """
    new = answer(net, tokens, batch_size, num_steps, num_epochs, lr)
    if new is ...:
        return new
    if not isinstance(new, Watched):
        raise TypeError(f"the network is asked for, not {a_kind_of(new)}")
    begins = getattr(new, "begins", [])
    return begins, torch.cat([p.flatten() for p in new.parameters()])


@exercise(
    "Three bugs in a training on a text",
    name="read-in-sequence",
    kind="repair",
    stars=2,
    cases=[
        draw("rnn", 3, 25, 0, 2, 3, 2, 0.5),
        draw("lstm", 5, 61, 1, 3, 5, 1, 0.3),
        draw("gru", 4, 40, 2, 1, 7, 3, 0.2),
    ],
    call=trained,
    hint="Follow the state: what is it before the first batch, before the second, and "
    "before the first batch of the next epoch? Follow the gradients in the same way.",
    then="Only the first of the three would stop a training with an error. The other "
    "two make it worse in silence.",
    usual=r"""
        * `            state = detached(state)\n` =>
            The state goes on with its history, so the backward pass of the second batch
            would run through the first one again: “Trying to backward through the graph
            a second time”. Carry it over `detached`.
        * `            optimizer.zero_grad()\n` =>
            The gradients of the batches add up: `optimizer.zero_grad()` is missing.
        * `        state = None\n` =>
        for _ in range(num_epochs): => state = None\n    for _ in range(num_epochs):
            The second epoch begins with the state that the end of the text has left.
            Each pass begins at the text's beginning, with `None`.
        `        state = None\n` =>
        `            state = detached(state)\n` => `            state = None\n`
        for _ in range(num_epochs): => state = None\n    for _ in range(num_epochs):
            Every batch begins with the state 0. The windows are in sequence, so each
            goes on where the one before it has ended: carry the state over.
        net.unroll(X, state) => net.unroll(X)
            Every batch begins with the state 0. The windows are in sequence, so each
            goes on where the one before it has ended: carry the state over.
        state = detached(state) => state = state.detach()
            The state of an LSTM is a pair, which has no `detach`. `detached` takes both
            kinds.
        backward() => backward()\n            optimizer.zero_grad()
            Nothing is learned: the gradients are set to 0 before the step that needs
            them. `zero_grad` stands before `backward`.
        `    return net` => `        return net`
            It returns after the first epoch: `return` stands inside of the loop.
    """,
)
def read_in_sequence(net, tokens, batch_size, num_steps, num_epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr)
    for _ in range(num_epochs):
        state = None
        for X, y in sequential_windows(tokens, batch_size, num_steps):
            logits, state = net.unroll(X, state)
            state = detached(state)
            loss = F.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net
