"""Last names and their languages, part of the course: spelling as a sequence."""

import csv
import functools
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from .committed import read_committed
from .examples import Examples

FILE = "names.csv"
# What tools/names.py printed.
FILE_SHA256 = "50397f0a8ba9e6e4e46257d41397814169a8f488f14ef6fe66cf11341d89b45a"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PADDING = 0
HELD_OUT = 5  # of a language one name in five is in val, one in test


@dataclass(frozen=True, eq=False, repr=False)
class NameData:
    """Last names in three parts that share no name; label i means classes[i].

    Parameters
    ----------
    classes : the languages.
    train, val, test : X (n, T) int64 by `spelled`, y (n,) int64.
    names : of each part, "train", "val" or "test", the same names as words, in the
        same order.

    Taught in chapter 10.
    """

    classes: tuple[str, ...]
    train: Examples
    val: Examples
    test: Examples
    names: Mapping[str, tuple[str, ...]]

    def __repr__(self) -> str:
        """Return a short text without names: stored outputs stay the same."""
        return (
            f"NameData({len(self.train):,} train, {len(self.val):,} val, "
            f"{len(self.test):,} test, {len(self.classes)} languages)"
        )


def spelled(names: Sequence[str], length: int | None = None) -> Tensor:
    """Return names as numbers of letters, one name a row: a = 1, ..., z = 26.

    Shorter names begin with 0, the padding, so that every name *ends* at the last step,
    where a recurrent network has read all of it.

    Parameters
    ----------
    names : words of a to z.
    length : T, the number of steps; None = the longest name's.

    Returns
    -------
    (n, T) int64 in 0..26

    Raises
    ------
    ValueError : no name, an empty one, one longer than `length`, or another character.

    Taught in chapter 10.
    """
    if not len(names):
        raise ValueError("names is empty: expected one name at least")
    length = max(map(len, names)) if length is None else length
    X = torch.full((len(names), length), PADDING)
    for row, name in zip(X, names, strict=True):
        numbers = [LETTERS.find(letter) + 1 for letter in name]
        if not name or 0 in numbers or len(name) > length:
            raise ValueError(f"{name!r}: expected 1 to {length} letters, a to z")
        row[length - len(name) :] = torch.tensor(numbers)
    return X


def load_names() -> NameData:
    """Return 1,980 last names of six languages, 330 of each.

    Of each language 198 are for training, 66 for validation and 66 for testing. A
    language stands for the list of a country where it is spoken; names that two lists
    share are in no part. data/README.md says where they are from.

    Raises
    ------
    DataError : the file in data/ is missing or altered; nothing is fetched.

    Taught in chapter 10.
    """
    names, labels, languages = _table()
    # One order for good; of each language the names that come first in it are held out.
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(10))
    held_out = {k: n // HELD_OUT for k, n in Counter(labels).items()}
    parts, seen = {"train": [], "val": [], "test": []}, Counter()
    for i in order.tolist():
        share = seen[labels[i]] // held_out[labels[i]]  # 0: the first fifth
        seen[labels[i]] += 1
        parts[("test", "val", "train")[min(share, 2)]].append(i)
    words = {part: tuple(names[i] for i in index) for part, index in parts.items()}
    steps = max(map(len, names))
    examples = {
        part: Examples(
            spelled(words[part], steps), torch.tensor([labels[i] for i in index])
        )
        for part, index in parts.items()
    }
    return NameData(languages, **examples, names=MappingProxyType(words))


@functools.cache
def _table() -> tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...]]:
    """Return the names, their labels, and the languages in alphabetical order."""
    text = read_committed(FILE, FILE_SHA256).decode("ascii")
    rows = list(csv.DictReader(io.StringIO(text)))
    languages = tuple(sorted({row["language"] for row in rows}))
    labels = tuple(languages.index(row["language"]) for row in rows)
    return tuple(row["name"] for row in rows), labels, languages
