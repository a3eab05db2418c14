"""Labelled examples in memory, and the batches that training takes from them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


class DataError(RuntimeError):
    """A data file is missing, damaged or not writable; the text says what to do."""


def check_count(name: str, value: object, largest: int, smallest: int = 1) -> int:
    """Return `value` if it is a whole number in smallest..largest, else say why not.

    Raises
    ------
    TypeError : not a whole number (True and 12e3 are not).
    ValueError : outside the range.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(
            f"{name}={value!r}: expected a whole number, {smallest} to {largest:,}"
        )
    count = value.__index__()
    if not smallest <= count <= largest:
        raise ValueError(f"{name}={count:,}: allowed are {smallest} to {largest:,}")
    return count


@dataclass(frozen=True, eq=False, repr=False)
class Examples:
    """Inputs and their labels; a map-style dataset, so a DataLoader takes it too.

    Parameters
    ----------
    X : (n, c, h, w) float32; images are in 0..1. Other shapes with n first are
        accepted, bytes are not. Sequences are (n, T) int64, tokens, or (n, T, d).
    y : (n,) int64, class numbers, 0 or more; for sequences also (n, T), one for each
        step; or floating point with n first, the targets of a regression; on the
        device of X.
    origin : (n,) int64, what each example was made from: several drawings of one
        digit share a number. None where every example is an original.

    Raises
    ------
    TypeError : X or y is not a tensor, X holds bytes, y is neither int64 nor
        floating point.
    ValueError : no example, different lengths or devices, a negative label.

    Taught in chapter 2.
    """

    X: Tensor
    y: Tensor
    origin: Tensor | None = None

    def __post_init__(self) -> None:
        """Refuse what would fail later, and less clearly."""
        X, y = self.X, self.y
        for name, value in (("X", X), ("y", y)):
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"{name} is a {type(value).__name__}: expected a torch tensor"
                )
        if X.dtype == torch.uint8:
            raise TypeError(
                "X holds uint8 values 0..255: expected float32 in 0..1, X.float() / 255"
            )
        numbers = y.is_floating_point()  # a regression: any shape with n first
        if y.dtype != torch.int64 and not numbers:
            raise TypeError(
                f"y has dtype {y.dtype}: expected torch.int64, y.long(), for classes, "
                "or floating point for a regression"
            )
        per_step = X.ndim in (2, 3) and y.shape == X.shape[:2]
        if X.ndim < 2 or (y.ndim < 1 if numbers else y.ndim != 1 and not per_step):
            raise ValueError(
                f"shapes X {tuple(X.shape)} and y {tuple(y.shape)}: "
                "expected (n, c, h, w) and (n,); of sequences (n, T) or (n, T, d), "
                "and (n,) or (n, T)"
            )
        if len(X) != len(y):
            raise ValueError(
                f"X has {len(X):,} rows and y {len(y):,}: expected the same number"
            )
        if len(y) == 0:
            raise ValueError("n=0: expected 1 example or more")
        if X.device != y.device:
            raise ValueError(
                f"X is on {X.device} and y on {y.device}: expected one device"
            )
        if not numbers and y.min() < 0:
            raise ValueError(f"label {int(y.min())}: expected 0 or more")
        if self.origin is not None and self.origin.shape != (len(y),):
            raise ValueError(
                f"origin has shape {tuple(self.origin.shape)}: expected ({len(y)},), "
                "one number for each example"
            )

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        """Return example i: x (c, h, w) and its label, ()."""
        return self.X[i], self.y[i]

    def __repr__(self) -> str:
        """Return a short text without values: stored outputs stay the same."""
        shape = " x ".join(f"{s:,}" for s in self.X.shape)
        return f"Examples({shape}, {self.X.device.type})"

    def take(self, n: int) -> Examples:
        """Return the first n examples, without a copy.

        Raises
        ------
        ValueError : n is outside 1..len(self).
        """
        n = check_count("n", n, len(self))
        return self.at(slice(n))

    def at(self, index: Tensor | slice) -> Examples:
        """Return the examples at some places: (k,) int64, (n,) bool or a slice."""
        origin = None if self.origin is None else self.origin[index]
        return Examples(self.X[index], self.y[index], origin)

    def parts(self, num_parts: int) -> Tensor:
        """Deal the examples out to parts that share no original.

        Originals are dealt at random, class by class, so that every part gets about as
        many of each class; whoever asks again gets the same parts.

        Returns
        -------
        (n,) int64, the number of each example's part, 0 to num_parts - 1

        Raises
        ------
        ValueError : fewer originals than parts.
        """
        origin = torch.arange(len(self)) if self.origin is None else self.origin.cpu()
        originals, place = origin.unique(return_inverse=True)
        num_parts = check_count("num_parts", num_parts, len(originals))
        order = torch.randperm(
            len(originals), generator=torch.Generator("cpu").manual_seed(0)
        )
        if self.y.ndim == 1 and not self.y.is_floating_point():
            # drawings of one original share its class
            label = torch.empty(len(originals), dtype=torch.int64)
            label[place] = self.y.cpu()
            order = order[label[order].argsort(stable=True)]
        part = torch.empty(len(originals), dtype=torch.int64)
        part[order] = torch.arange(len(originals)) % num_parts
        return part[place]

    def to(self, device: torch.device | str) -> Examples:
        """Return the same examples on `device`; no copy if they are there already."""
        X, y = self.X.to(device), self.y.to(device)
        same = X is self.X and y is self.y
        return self if same else Examples(X, y, self.origin)


@dataclass(frozen=True, eq=False, repr=False)
class ImageData:
    """A set of images in three parts that share no image.

    Parameters
    ----------
    name : the set's, such as "digits"; bands of results are kept by it.
    classes : the classes' names; label i means classes[i].
    train : what the weights are fitted to.
    val : what hyperparameters are chosen on.
    test : what is reported, once.

    Raises
    ------
    ValueError : a label has no name, or the parts' images differ in shape.

    Taught in chapter 2.
    """

    name: str
    classes: tuple[str, ...]
    train: Examples
    val: Examples
    test: Examples

    def __post_init__(self) -> None:
        """Refuse labels without a name, and parts of different shapes."""
        for part in ("train", "val", "test"):
            examples = getattr(self, part)
            largest = int(examples.y.max())
            if largest >= len(self.classes):
                raise ValueError(
                    f"{part} has label {largest}: with {len(self.classes)} classes "
                    f"allowed are 0 to {len(self.classes) - 1}"
                )
            if examples.X.shape[1:] != self.train.X.shape[1:]:
                raise ValueError(
                    f"{part} has images of shape {tuple(examples.X.shape[1:])}: "
                    f"expected {tuple(self.train.X.shape[1:])}, as in train"
                )

    def __repr__(self) -> str:
        """Return a short text without values: stored outputs stay the same."""
        shape = " x ".join(str(s) for s in self.train.X.shape[1:])
        return (
            f"ImageData({self.name}: {len(self.train):,} train, {len(self.val):,} val, "
            f"{len(self.test):,} test, {shape}, {len(self.classes)} classes)"
        )


def minibatches(
    examples: Examples, batch_size: int, generator: torch.Generator | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches that together hold every example exactly once.

    Parameters
    ----------
    examples : on the device that trains; batches stay there.
    batch_size : 1 or more; the last batch is smaller if it does not divide n.
    generator : draws the order; None keeps it. Batches in order are views of X and
        y, batches in random order are copies.

    Yields
    ------
    X : (b, c, h, w), channels_last if the examples are
    y : (b,)

    Raises
    ------
    TypeError, ValueError : at the call, if batch_size is no whole number or below 1.

    Taught in chapter 2.
    """
    batch_size = check_count("batch_size", batch_size, 2**31)
    # A generator function would raise only at the first `next`, far from the mistake.
    if generator is None:
        return zip(
            examples.X.split(batch_size), examples.y.split(batch_size), strict=True
        )
    return _shuffled(examples.X, examples.y, batch_size, generator)


def _shuffled(
    X: Tensor, y: Tensor, batch_size: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    order = torch.randperm(len(y), generator=generator, device=generator.device)
    # index_select answers in the default layout: gather (n, h, w, c) rows instead and
    # turn them back. With one channel both layouts are the same bytes.
    turned = (
        X.ndim == 4
        and X.shape[1] > 1
        and X.is_contiguous(memory_format=torch.channels_last)
    )
    rows = X.permute(0, 2, 3, 1) if turned else X
    for index in order.to(y.device).split(batch_size):
        batch = rows.index_select(0, index)
        yield (
            batch.permute(0, 3, 1, 2) if turned else batch,
            y.index_select(0, index),
        )


def remembered(function: Callable[..., Examples]) -> Callable[..., Examples]:
    """Keep the last results of `function`, which returns Examples.

    A second call with the same arguments is free and returns the same object. If its
    tensors were changed in place since (`X.mul_(2)` in a notebook), it is made anew:
    nobody gets data that somebody else has spoiled.
    """

    @functools.lru_cache(maxsize=6)
    def make(*arguments, **options) -> tuple[Examples, tuple[int, int]]:
        # Whatever mode or default device the caller is in: tensors born in inference
        # mode could never be trained on.
        with torch.device("cpu"), torch.inference_mode(False), torch.no_grad():
            examples = function(*arguments, **options)
        return examples, (examples.X._version, examples.y._version)

    @functools.wraps(function)
    def recall(*arguments, **options) -> Examples:
        examples, versions = make(*arguments, **options)
        if (examples.X._version, examples.y._version) != versions:
            make.cache_clear()
            examples, _ = make(*arguments, **options)
        return examples

    recall.cache_clear = make.cache_clear
    return recall
