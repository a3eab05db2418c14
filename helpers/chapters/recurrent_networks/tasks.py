"""Small sequences whose answer is known, and the network that reads them to their end.

Each task asks for something that stands far from the end, or for all of it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.chapters.recurrent_networks.embeddings import GROUPS, sentences
from helpers.data import Examples, ImageData, Vocab
from helpers.models.recurrent import LAYERS

NUM_SYMBOLS = 8
TAGS = ("other", "place", "time")
HELD_OUT = "emma"  # no sentence on her is trained on
DIGITS = "zero one two three four five six seven eight nine".split()
LETTERS = " abcdefghijklmnopqrstuvwxyz"  # letter number k; 0 is none


def recall(
    n: int, num_steps: int, generator: torch.Generator, num_symbols: int = NUM_SYMBOLS
) -> Examples:
    """Rows of random symbols; the answer is the first of them.

    Parameters
    ----------
    n, num_steps : number of rows, and T symbols in each.
    generator : draws all symbols.
    num_symbols : K, each symbol is as frequent as the others.

    Returns
    -------
    Examples : X (n, T) int64 in 0..K-1, y = X[:, 0] (n,) int64
    """
    X = torch.randint(num_symbols, (n, num_steps), generator=generator)
    return Examples(X, X[:, 0].clone())


def adding(n: int, num_steps: int, generator: torch.Generator) -> Examples:
    """Rows of numbers of which two are marked, one in each half; y is their sum.

    Parameters
    ----------
    n, num_steps : number of rows, and T >= 2 steps in each.
    generator : draws numbers and marks.

    Returns
    -------
    Examples : X (n, T, 2), at each step a number, uniform in 0..1, and the mark 0 or 1;
        y (n, 1). Guessing 1 always has the mean squared error 1/6.

    Source: Hochreiter, Schmidhuber 1997, Long short-term memory, experiment 4.
    """
    half = num_steps // 2
    numbers = torch.rand(n, num_steps, generator=generator)
    first = torch.randint(half, (n, 1), generator=generator)
    second = torch.randint(half, num_steps, (n, 1), generator=generator)
    marked = torch.cat([first, second], 1)
    marks = torch.zeros(n, num_steps).scatter_(1, marked, 1.0)
    y = numbers.gather(1, marked).sum(1, keepdim=True)
    return Examples(torch.stack([numbers, marks], 2), y)


def tagged_sentences(vocab: Vocab, unseen: bool = False) -> Examples:
    """Sentences in which each word is a place, a time or another.

    Parameters
    ----------
    vocab : of all sentences.
    unseen : the sentences on `HELD_OUT` that hold a place or a time, all of these as
        unknown words. Otherwise all other sentences; one in four has unknown ones, so
        that the unknown word is known as more than padding.

    Returns
    -------
    Examples : X (n, T) of words and y (n, T) of `TAGS`; shorter sentences end with
        unknown words of the tag "other".
    """
    rows, groups = sentences(), GROUPS["words"]
    length = max(map(len, rows))
    tag = dict.fromkeys(groups["cities"], 1) | dict.fromkeys(groups["weekdays"], 2)
    kept = [row for row in rows if (HELD_OUT in row) == unseen]
    if unseen:
        kept = [row for row in kept if any(word in tag for word in row)]
    X = torch.full((len(kept), length), vocab.unk)
    y = torch.zeros(len(kept), length, dtype=torch.int64)
    for i, row in enumerate(kept):
        for t, word in enumerate(row):
            y[i, t] = tag.get(word, 0)
            hidden = (unseen or i % 4 == 0) and word in tag
            X[i, t] = vocab.unk if hidden else vocab[word]
    return Examples(X, y)


def spelled_digits(data: ImageData) -> list[tuple[Tensor, Tensor]]:
    """Images of 14 x 14 pixels, and their digits' names as letters.

    Parameters
    ----------
    data : images (n, 1, 28, 28) whose label is the digit.

    Returns
    -------
    train, test : X (n, 1, 14, 14), y (n, 5) of 0..26, 0 where a name has ended
    """
    names = torch.tensor([[LETTERS.index(c) for c in f"{d:5}"] for d in DIGITS])
    return [
        (F.avg_pool2d(part.X, 2), names.to(part.y.device)[part.y])
        for part in (data.train, data.test)
    ]


class LastState(nn.Module):
    """Many to one: a recurrent layer reads the row, a linear layer its last state.

    Parameters
    ----------
    num_inputs : values at each step, or number of symbols, which become one-hot.
    num_outputs : K.
    num_hiddens, cell, num_layers : as for `CharModel`.

    Input (n, T, d), or (n, T) int64 of symbols; output (n, K).
    """

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        num_hiddens: int = 32,
        cell: str = "lstm",
        num_layers: int = 1,
    ):
        super().__init__()
        self.num_inputs = num_inputs
        make = LAYERS[cell]
        self.rnn = make(num_inputs, num_hiddens, num_layers, batch_first=True)
        self.output = nn.Linear(num_hiddens, num_outputs)

    def forward(self, X: Tensor) -> Tensor:
        if X.ndim == 2:
            X = F.one_hot(X, self.num_inputs).to(self.output.weight.dtype)
        H, _ = self.rnn(X)
        return self.output(H[:, -1])
