"""One long row of tokens, cut into the windows that a language model trains on.

A window is `num_steps` tokens, and its targets are the same tokens moved by one: y[t]
is the token that follows x[t]. All windows are views of one tensor in memory.

Which state the model begins a batch with depends on how the windows are taken:

- at random (`windows` with `fit`, `random_windows`): the windows of two batches are
  strangers, so every batch begins with the state 0;
- in sequence (`sequential_windows`): row i of a batch goes on where row i of the batch
  before it ended, so the state is carried over, *detached*: its value goes on, the
  gradient ends at the batch's beginning. Without detaching, every backward pass would
  run through all batches before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .examples import Examples, check_count
from .text import Text
from .vocab import Vocab


def windows(tokens: Tensor, num_steps: int, offset: int = 0) -> Examples:
    """Cut a row of tokens into windows that do not overlap, in their order.

    Parameters
    ----------
    tokens : (N,) int64.
    num_steps : T, tokens per window.
    offset : where the first window begins.

    Returns
    -------
    Examples : X (n, T) and y (n, T) int64, views of `tokens`, n = (N - offset - 1) // T

    Raises
    ------
    TypeError, ValueError : not one row of int64, or too few tokens for one window.

    Taught in chapter 10.
    """
    _check_tokens(tokens)
    num_steps = check_count("num_steps", num_steps, max(len(tokens) - 1, 1))
    offset = check_count("offset", offset, max(len(tokens) - num_steps - 1, 0), 0)
    n = (len(tokens) - offset - 1) // num_steps
    X, y = (tokens[start : start + n * num_steps] for start in (offset, offset + 1))
    return Examples(X.view(n, num_steps), y.view(n, num_steps))


@dataclass(frozen=True, eq=False, repr=False)
class WindowData:
    """A text in windows: what `fit` and the tuning panel take.

    Parameters
    ----------
    name : the text's name.
    vocab : of the training part's characters.
    train, val : X and y (n, T) int64.

    Taught in chapter 10.
    """

    name: str
    vocab: Vocab
    train: Examples
    val: Examples

    @property
    def classes(self) -> tuple[str, ...]:
        """The tokens: label i means classes[i]."""
        return tuple(self.vocab.idx_to_token)

    def __repr__(self) -> str:
        """Return a short text without values: stored outputs stay the same."""
        n, T = self.train.X.shape
        return (
            f"WindowData({self.name}: {n:,} train, {len(self.val):,} val, {T} steps, "
            f"{len(self.vocab)} tokens)"
        )


def text_windows(text: Text, num_steps: int, vocab: Vocab | None = None) -> WindowData:
    """Cut both parts of a text into windows of T characters by `windows`.

    Parameters
    ----------
    num_steps : T, characters per window.
    vocab : None makes one of the training part.

    Raises
    ------
    TypeError, ValueError : those of `windows`.

    Taught in chapter 10.
    """
    vocab = Vocab(text.train) if vocab is None else vocab
    train, val = (
        windows(vocab.encode(part), num_steps) for part in (text.train, text.val)
    )
    return WindowData(text.name, vocab, train, val)


def random_windows(
    tokens: Tensor, batch_size: int, num_steps: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass over a text in batches of windows in random order.

    The first window begins at a random place, 0 to T - 1, so that another pass cuts the
    text elsewhere. What is left at the end, less than a batch, is dropped. Begin every
    batch with the state 0.

    Parameters
    ----------
    tokens : (N,) int64.
    batch_size : b, windows per batch.
    num_steps : T, tokens per window.
    generator : draws the place and the order.

    Yields
    ------
    X, y : (b, T) int64

    Raises
    ------
    TypeError, ValueError : at the call; also where the text is too short for one batch.

    Taught in chapter 10. The batches are those of d2l's seq_data_iter_random.
    """
    _check_size(tokens, batch_size, num_steps, num_steps - 1)
    offset = int(torch.randint(num_steps, (), generator=generator))
    examples = windows(tokens, num_steps, offset)
    order = torch.randperm(len(examples), generator=generator).to(tokens.device)
    full = order[: len(order) // batch_size * batch_size].view(-1, batch_size)
    return ((examples.X[index], examples.y[index]) for index in full)


def sequential_windows(
    tokens: Tensor,
    batch_size: int,
    num_steps: int,
    generator: torch.Generator | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass over a text in batches whose rows go on from batch to batch.

    The text is cut into b long pieces, and each row of a batch walks through its own.
    What is left at the end of a piece, less than T tokens, is dropped. Carry the state
    from batch to batch, detached.

    Parameters
    ----------
    tokens : (N,) int64.
    batch_size : b, pieces of the text.
    num_steps : T, tokens per window.
    generator : draws where the first piece begins, 0 to T - 1; None = 0.

    Yields
    ------
    X, y : (b, T) int64, views of `tokens`

    Raises
    ------
    TypeError, ValueError : at the call; also where the text is too short for one batch.

    Taught in chapter 10. The batches are those of d2l's seq_data_iter_sequential.
    """
    _check_size(tokens, batch_size, num_steps, num_steps - 1 if generator else 0)
    offset = int(torch.randint(num_steps, (), generator=generator)) if generator else 0
    length = (len(tokens) - offset - 1) // batch_size
    pieces = windows(tokens, length, offset)
    X, y = pieces.X[:batch_size], pieces.y[:batch_size]
    starts = range(0, length // num_steps * num_steps, num_steps)
    return ((X[:, i : i + num_steps], y[:, i : i + num_steps]) for i in starts)


def _check_tokens(tokens: Tensor) -> None:
    if not isinstance(tokens, Tensor) or tokens.dtype != torch.int64:
        kind = getattr(tokens, "dtype", type(tokens).__name__)
        raise TypeError(f"tokens is {kind}: expected int64, as Vocab.encode gives")
    if tokens.ndim != 1:
        raise ValueError(f"tokens has shape {tuple(tokens.shape)}: expected (N,)")


def _check_size(tokens: Tensor, batch_size: int, num_steps: int, offset: int) -> None:
    """Refuse a text that is too short for one batch, wherever its windows begin."""
    _check_tokens(tokens)
    batch_size = check_count("batch_size", batch_size, 2**31)
    num_steps = check_count("num_steps", num_steps, 2**31)
    needed = offset + batch_size * num_steps + 1
    if len(tokens) < needed:
        raise ValueError(
            f"{len(tokens):,} tokens are too few: {batch_size} windows of {num_steps} "
            f"need {needed:,}"
        )
