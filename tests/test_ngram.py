"""n-grams with interpolated counts: the formula by hand, and The Time Machine."""

import math
from collections import Counter

import pytest
import torch

from helpers import NGram, Vocab, load_time_machine
from helpers.training import check_band


def witten_bell(text, context, token, V):
    """The docstring's formula, by recursion over the text itself."""
    shorter = witten_bell(text, context[1:], token, V) if context else 1 / V
    k = len(context)
    after = Counter(
        text[i + k] for i in range(len(text) - k) if text[i : i + k] == context
    )
    if not after:
        return shorter
    return (after[token] + len(after) * shorter) / (after.total() + len(after))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_formula(n):
    text = "abracadabra alakazam"
    model = NGram(text, n)
    V = len(model.vocab)
    for context in ("", "a", "br", "abr", "zab", "xyz", "alakaza"):
        p = model.probabilities(context)
        used = context[len(context) - n + 1 :] if len(context) >= n else context
        for token, index in model.vocab.token_to_idx.items():
            expected = witten_bell(text, used, token, V)
            assert p[index].item() == pytest.approx(expected)
            numbers = model.vocab.encode(context).tolist()
            assert model.probability(index, numbers) == pytest.approx(expected)
        assert p.sum().item() == pytest.approx(1) and p.min() > 0


def test_two_letters_by_hand():
    model = NGram("aab", 2)  # V = 3: unknown, a, b
    a, b = (2 + 2 / 3) / 5, (1 + 2 / 3) / 5
    # after a: once a, once b, two different ones
    expected = [(2 / 3 / 5 * 2) / 4, (1 + 2 * a) / 4, (1 + 2 * b) / 4]
    assert model.probabilities("a").tolist() == pytest.approx(expected)
    assert model.probabilities("b")[1].item() == pytest.approx(a)  # nothing follows b


def test_perplexity_is_that_of_the_probabilities():
    model, text = NGram("to be or not to be", 3), "not to bet"
    log_p = [
        model.probabilities(text[:t])[model.vocab[text[t]]].log().item()
        for t in range(1, len(text))
    ]
    assert model.perplexity(text) == pytest.approx(math.exp(-sum(log_p) / len(log_p)))
    with pytest.raises(ValueError, match="two tokens"):
        model.perplexity("n")


def test_words_are_tokens_as_well():
    words = "the cat and the dog and the cat".split()
    model = NGram(words, 2, Vocab(words, min_freq=2))
    p = model.probabilities(["the"])
    assert len(p) == 4 and p.argmax() == model.vocab["cat"]


def test_it_goes_on_writing():
    model = NGram("abc" * 200, 3)
    text = model.generate("ab", 60, torch.Generator().manual_seed(0))
    assert len(text) == 62 and text.startswith("abcabc") and text.count("abc") > 12
    assert len(model.generate("", 5)) == 5 and "<" not in text
    free = NGram("abracadabra alakazam", 2)
    texts = [
        free.generate("a", 60, torch.Generator().manual_seed(s)) for s in (0, 0, 1)
    ]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("tokens, n, says", [("ab", 0, "n=0"), ("", 2, "is empty")])
def test_refusals(tokens, n, says):
    with pytest.raises(ValueError, match=says):
        NGram(tokens, n)


def test_the_baseline_on_the_time_machine():
    """Nothing here is random: the figures hold to their last digit but rounding."""
    text = load_time_machine()
    found = {n: NGram(text.train, n).perplexity(text.val) for n in (1, 2, 5, 6)}
    for n, expected in ((1, 16.73), (2, 9.60), (5, 4.09), (6, 4.16)):
        band = {"time_machine": (expected - 0.01, expected + 0.01)}
        check_band(found[n], band, text.name)
