"""Claims of chapter 10 on the characters of a book: counting, and longer windows."""

from helpers.chapters.recurrent_networks.claims.texts import (
    NATS,
    letters,
    nats_of,
    nats_of_counts,
    readers,
    row_of,
)
from helpers.claims import level
from helpers.models.ngram import NGram
from helpers.widgets.predict import claim

BOOK = {"time_machine": letters}
SAME = "less than one percent apart"


def ask(first, second, quantity):
    """Ask for the ratio of two perplexities, cut at one percent; lower is better."""

    def measure(table):
        return (table[first, NATS] - table[second, NATS]).exp()

    ends = {"it is better": 0.99, SAME: 1.01, "it is worse": None}
    return level(f"Test perplexity, {quantity}", measure, ends)


# -- counting ------------------------------------------------------------------------

LENGTHS = (2, 3, 4, 5, 6)  # n of the n-grams
PASSES = (1, 2, 4, 8)
BEST = "best n-gram"


def after(num_passes):
    """Name of a configuration."""
    return f"LSTM, {num_passes} pass{'es' if num_passes > 1 else ''}"


def against_counting(num_passes):
    """Ask how the LSTM does after so many passes."""
    name = after(num_passes)
    return ask(name, BEST, f"{name}, over that of the n-gram that is best on val")


@claim(
    "An LSTM beats the n-gram.",
    against_counting(8),
    true="it is better",
    also=[against_counting(n) for n in (4, 2, 1)],
    live=None,
    full=(140_000, 8, 5),
    sets=BOOK,
    images=False,
)
def beats_ngram(data, n_train, num_epochs, seed):
    """An LSTM of 128 units after up to num_epochs passes, 8, and n-grams.

    All of them learn from the same n_train characters.
    """
    results, on_val = {}, {}
    text = [data.classes[number] for number in data.train[:n_train]]
    for n in LENGTHS:
        net = NGram(text, n, data.vocab)
        results[f"{n}-gram"] = row_of(nats_of_counts(net, data.test))
        on_val[f"{n}-gram"] = nats_of_counts(net, data.val).mean().item()
    results[BEST] = results[min(on_val, key=on_val.get)]
    nets = readers(data, n_train, num_epochs, seed, PASSES, num_hiddens=128)
    for num_passes in PASSES:
        results[after(num_passes)] = row_of(nats_of(nets[num_passes], data.test))
    return results


# -- longer windows ------------------------------------------------------------------

CHARACTERS = 1_024  # in each step of the training
STEPS = (8, 16, 32, 64, 128)


@claim(
    "A larger number of steps T is better.",
    ask("T = 128", "T = 32", "T = 128 over T = 32"),
    true="it is better",
    also=[
        ask("T = 32", "T = 8", "T = 32 over T = 8"),
        ask("T = 64", "T = 32", "T = 64 over T = 32"),
        ask("T = 128, 16 rows", "T = 32, 16 rows",
            "T = 128 over T = 32, both in batches of 16 rows"),
    ],
    live=None,
    full=(60_000, 4, 5),
    sets=BOOK,
    images=False,
)  # fmt: skip
def more_steps(data, n_train, num_epochs, seed):
    """Windows of T characters, 1,024 of these in each step of the training, or 16 rows.

    All of them read the text as often. The test rows are the same 256 characters
    long for all of them, of which the second half counts.
    """
    sizes = {f"T = {T}": (T, CHARACTERS // T) for T in STEPS}
    sizes |= {f"T = {T}, 16 rows": (T, 16) for T in (32, 128)}
    results = {}
    for name, (T, num_rows) in sizes.items():
        nets = readers(data, n_train, num_epochs, seed,
                       num_steps=T, batch_size=num_rows, num_hiddens=64)  # fmt: skip
        results[name] = row_of(nats_of(nets[num_epochs], data.test))
    return results
