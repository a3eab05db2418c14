"""A text in three parts for the claims of chapter 10, and how well it is foretold."""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.claims.fair import best_rate
from helpers.claims.small_images import one_cycle
from helpers.data import Examples, Text, Vocab, load_time_machine, windows
from helpers.models.ngram import NGram
from helpers.models.recurrent import CharModel
from helpers.seeds import seeded
from helpers.training import train

CONTEXT = COUNTED = 128  # characters of a row that are only read, and those that count
NATS, PERPLEXITY = "nats a character", "perplexity"
RATES = (0.004, 0.012, 0.036)


@dataclass(frozen=True)
class Letters:
    """A text as numbers.

    Parameters
    ----------
    vocab : of the characters that train.
    train : (N,) int64.
    val, test : rows X and y (n, 256); their last 128 targets count, each once.
    """

    vocab: Vocab
    train: Tensor
    val: Examples
    test: Examples

    @property
    def classes(self) -> tuple[str, ...]:
        """The characters: number i means classes[i]."""
        return tuple(self.vocab.idx_to_token)


def rows(tokens: Tensor, start: int) -> Examples:
    """Rows that overlap, so that all after `start` counts and has a context."""
    length = CONTEXT + COUNTED
    own = tokens[start - CONTEXT - 1 :]
    return Examples(*(part.unfold(0, length, COUNTED) for part in (own[:-1], own[1:])))


def letters(text: Text | None = None) -> Letters:
    """Deal out a text, by default The Time Machine: its held-out part is the test."""
    text = load_time_machine() if text is None else text
    end = len(text.train) - len(text.train) // 10
    vocab = Vocab(text.train[:end])
    before, all_of_it = vocab.encode(text.train), vocab.encode(text.train + text.val)
    return Letters(vocab, before[:end], rows(before, end), rows(all_of_it, len(before)))


@torch.no_grad()
def nats_of(net: CharModel, examples: Examples) -> Tensor:
    """Mean cross-entropy of what counts in each row, (n,)."""
    nats = F.cross_entropy(net(examples.X), examples.y, reduction="none")
    return nats[:, -COUNTED:].mean(1)


def nats_of_counts(net: NGram, examples: Examples) -> Tensor:
    """The same of an n-gram."""
    nats = [
        -math.log(net.probability(y[t], x[max(t + 2 - net.n, 0) : t + 1]))
        for x, y in zip(examples.X.tolist(), examples.y.tolist(), strict=True)
        for t in range(CONTEXT, CONTEXT + COUNTED)
    ]
    return torch.tensor(nats).view(-1, COUNTED).mean(1)


def row_of(nats: Tensor) -> dict:
    """Row of the table: of each test row its nats, and the perplexity of all."""
    return {NATS: nats, PERPLEXITY: math.exp(nats.double().mean())}


def read(tokens, vocab, num_passes, lr, seed, num_steps=64, batch_size=16, **sizes):
    """Train a character model of some size by Adam, its gradients clipped to 1."""
    with seeded(seed):
        net = CharModel(len(vocab), num_embedding=32, **sizes)
    examples = windows(tokens, num_steps)
    steps = num_passes * math.ceil(len(examples) / batch_size)
    train(net, examples, num_epochs=num_passes, lr=lr, batch_size=batch_size, seed=seed,
          optimizer=torch.optim.Adam, clip_norm=1.0, schedule=one_cycle(lr, steps),
          schedule_every="step")  # fmt: skip
    return net


def readers(data, n_train, num_passes, seed, passes=(), **settings):
    """Networks by their passes: at the rate that is best on val after a quarter.

    Parameters
    ----------
    n_train : characters that train.
    num_passes : over them; a quarter of them chooses the rate.
    passes : further trainings, each with its own number of passes.
    settings : of `read`: num_steps, batch_size, num_hiddens.
    """
    make = partial(read, data.train[:n_train], data.vocab, seed=seed, **settings)
    quarter = max(num_passes // 4, 1)
    lr, tried = best_rate(
        lambda rates: {lr: make(quarter, lr) for lr in rates},
        RATES,
        lambda net: -nats_of(net, data.val).mean().item(),
    )
    longer = {n: make(n, lr) for n in {num_passes, *passes} - {quarter}}
    return {quarter: tried[lr]} | longer
