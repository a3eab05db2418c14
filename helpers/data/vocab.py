"""Text as numbers: tokens, their vocabulary, and how often they follow one another."""

from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

UNKNOWN = "<unk>"


def tokenize(text: str, by: str = "char") -> list[str]:
    """Cut a text into tokens: its characters, or what stands between white space.

    Parameters
    ----------
    by : "char" or "word".

    Raises
    ------
    ValueError : neither of them.

    Taught in chapter 10.
    """
    if by not in ("char", "word"):
        raise ValueError(f"by={by!r}: allowed are 'char' and 'word'")
    return list(text) if by == "char" else text.split()


def ngram_counts(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """Count all runs of n tokens; a text of N tokens has N - n + 1 of them.

    Raises
    ------
    ValueError : n is below 1.

    Taught in chapter 10.
    """
    if n < 1:
        raise ValueError(f"n={n}: expected 1 or more")
    return Counter(zip(*(tokens[k:] for k in range(n)), strict=False))


class Vocab:
    """Numbers for tokens: 0 is the unknown token, then the most frequent come first.

    Parameters
    ----------
    tokens : all tokens of a text, in order; a string counts as its characters. Tokens
        that are equally frequent keep the order in which they first appear.
    min_freq : a token that appears less often is unknown.

    Attributes
    ----------
    idx_to_token : list of str; token number i is idx_to_token[i].
    token_to_idx : dict, the other way round.
    freqs : Counter of all tokens, also of those that are left out.

    Numbers and attributes are those of d2l's Vocab. Taught in chapter 10. Source:
    Zhang, Lipton, Li and Smola 2021, Dive into Deep Learning, section Text
    Preprocessing.
    """

    unk = 0  # the number of the unknown token

    def __init__(self, tokens: Iterable[str], min_freq: int = 1):
        self.freqs = Counter(tokens)
        kept = [t for t, count in self.freqs.most_common() if count >= min_freq]
        self.idx_to_token = [UNKNOWN, *(t for t in kept if t != UNKNOWN)]
        self.token_to_idx = {t: i for i, t in enumerate(self.idx_to_token)}

    def __len__(self) -> int:
        """Return the number of tokens, the unknown one included."""
        return len(self.idx_to_token)

    def __getitem__(self, token: str) -> int:
        """Return a token's number, 0 for one that is not known."""
        return self.token_to_idx.get(token, self.unk)

    def __contains__(self, token: str) -> bool:
        return token in self.token_to_idx

    def __repr__(self) -> str:
        return f"Vocab({len(self):,} tokens)"

    def encode(self, tokens: Iterable[str]) -> Tensor:
        """Return the tokens' numbers, (N,) int64; a string counts as its characters."""
        return torch.tensor([self[token] for token in tokens], dtype=torch.int64)

    def decode(self, indices: Tensor | Iterable[int]) -> list[str]:
        """Return the tokens of some numbers, (N,), each 0 to len(self) - 1.

        Raises
        ------
        ValueError : a number without a token.
        """
        indices = torch.as_tensor(indices, dtype=torch.int64).flatten().tolist()
        for i in indices:
            if not 0 <= i < len(self):
                raise ValueError(f"token number {i}: allowed are 0 to {len(self) - 1}")
        return [self.idx_to_token[i] for i in indices]
