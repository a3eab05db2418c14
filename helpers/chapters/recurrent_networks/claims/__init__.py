"""Claims of chapter 10, recurrent networks: experiment and question of each.

`convergence` and `forget_bias` take sequences made for them, drawn anew for each seed;
`beats_ngram` and `more_steps` take the characters of The Time Machine: the last tenth
is reported, the last tenth of what stands before it chooses, and the rest trains.
`gru_speed` measures time alone.

Where a learning rate could favor one of the networks compared, each has its own, chosen
on validation data and reported on other data. Where the best stands at the end of its
grid, the grid goes on. For characters a quarter of the passes chooses the rate with
which all of them are then trained.

The cuts that decide a claim were fixed before any run at full size: a share of runs
matters from one in twenty on, an accuracy from five percentage points on, a perplexity
from one percent on, a time from a twentieth on.
"""

from helpers.chapters.recurrent_networks.claims.characters import (
    beats_ngram,
    more_steps,
)
from helpers.chapters.recurrent_networks.claims.memory import convergence, forget_bias
from helpers.chapters.recurrent_networks.claims.timing import gru_speed

__all__ = [
    "beats_ngram",
    "convergence",
    "forget_bias",
    "gru_speed",
    "more_steps",
]
