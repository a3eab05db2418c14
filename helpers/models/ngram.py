"""A language model that only counts: the rival that a recurrent network must beat."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.data.vocab import Vocab


class NGram:
    """Predict a token from the n - 1 tokens before it, by how often it followed them.

    Long contexts are rare, so their counts are interpolated with those of shorter ones
    (Witten-Bell smoothing). With N(h, w) = how often token w followed the context h,
    N(h) = their sum and D(h) = how many different tokens followed it,

        p(w | h) = (N(h, w) + D(h) p(w | h')) / (N(h) + D(h)),

    where h' is h without its first token. Before any context stands 1 / V. The more
    often something new followed a context, the less its own counts weigh; and a context
    that never appeared leaves p(w | h') as it is.

    Parameters
    ----------
    tokens : of the training text; a string counts as its characters.
    n : 1 looks at no token before, 5 at four.
    vocab : whose numbers the probabilities are in; None makes it of the tokens. The
        unknown token is one of its V tokens.

    Raises
    ------
    ValueError : n is below 1, or there is no token.

    Taught in chapter 10. Source: Witten, Bell 1991, The zero-frequency problem.
    """

    def __init__(self, tokens: Sequence[str], n: int = 5, vocab: Vocab | None = None):
        if n < 1:
            raise ValueError(f"n={n}: expected 1 or more")
        if not len(tokens):
            raise ValueError("tokens is empty: there is nothing to count")
        self.n = n
        self.vocab = Vocab(tokens) if vocab is None else vocab
        numbers = self.vocab.encode(tokens).tolist()
        # followers[k][context] counts what came after a context of k tokens
        self.followers = [defaultdict(Counter) for _ in range(n)]
        for k, followers in enumerate(self.followers):
            for end in range(k, len(numbers)):
                followers[tuple(numbers[end - k : end])][numbers[end]] += 1

    def probability(self, token: int, context: Sequence[int]) -> float:
        """Return p(token | context), both as numbers; of a long context its end."""
        p = 1 / len(self.vocab)
        for counts in self._counts(context):
            total, different = counts.total(), len(counts)
            p = (counts[token] + different * p) / (total + different)
        return p

    def probabilities(self, context: Sequence[str]) -> Tensor:
        """Return p of every token after a context of tokens, (V,) float64, sum 1."""
        V = len(self.vocab)
        p = torch.full((V,), 1 / V, dtype=torch.float64)
        for counts in self._counts(self.vocab.encode(context).tolist()):
            different = len(counts)
            p *= different
            p[list(counts)] += torch.tensor(list(counts.values()), dtype=p.dtype)
            p /= counts.total() + different
        return p

    def _counts(self, context: Sequence[int]):
        """Yield the counts after 0, 1, ... n - 1 last tokens, while there are any."""
        for k, followers in enumerate(self.followers[: len(context) + 1]):
            counts = followers.get(tuple(context[len(context) - k :]))
            if counts is None:  # then a longer one never appeared either
                return
            yield counts

    def perplexity(self, tokens: Sequence[str]) -> float:
        """Return exp(mean cross-entropy) of all tokens but the first, as `perplexity`.

        Raises
        ------
        ValueError : fewer than two tokens.
        """
        numbers = self.vocab.encode(tokens).tolist()
        if len(numbers) < 2:
            raise ValueError("expected two tokens at least")
        context = self.n - 1
        total = sum(
            math.log(self.probability(numbers[t], numbers[max(0, t - context) : t]))
            for t in range(1, len(numbers))
        )
        return math.exp(-total / (len(numbers) - 1))

    def generate(
        self, start: str, num_chars: int, generator: torch.Generator | None = None
    ) -> str:
        """Go on writing after a start, which may be empty, character by character.

        The unknown token is never drawn.
        """
        text = start
        for _ in range(num_chars):
            p = self.probabilities(text[max(0, len(text) - self.n + 1) :])
            p[self.vocab.unk] = 0
            text += self.vocab.idx_to_token[p.multinomial(1, generator=generator)]
        return text
