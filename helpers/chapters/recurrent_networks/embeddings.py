"""The explorer `embeddings`: vectors of words, or of characters, while they learn."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from helpers.data import Examples, Vocab, load_time_machine
from helpers.figures import COLORS
from helpers.seeds import seeded
from helpers.training import fit
from helpers.training.history import Epoch
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import INK, Pane
from helpers.words import many, number

NUM_VALUES, EPOCHS, NUM_TOKENS = 12, 10, 15
SHAPES = ("o", "s", "^")
GROUPS = {  # what -> group -> its tokens, which are shown
    "words": {
        "cities": "paris london rome berlin madrid".split(),
        "weekdays": "monday tuesday wednesday thursday friday".split(),
        "people": "anna bruno clara david emma".split(),
    },
    "characters": {
        "vowels": list("eaiou"),
        "consonants": list("tnhsrdlmwc"),
    },
}
TEMPLATES = (
    "{people} lives in {cities}",
    "{people} flew to {cities} on {weekdays}",
    "on {weekdays} {people} was at home",
    "the train to {cities} leaves on {weekdays}",
    "{people} met {other} in {cities} last {weekdays}",
    "{people} wrote to {other}",
)
REACH = {"words": 2, "characters": 1}  # tokens to either side that are predicted
NUM_SENTENCES, NUM_CHARACTERS = 400, 15_000


class Learned(NamedTuple):
    """Vectors of the shown tokens after each epoch, (EPOCHS + 1, n, d), and places."""

    tokens: tuple[str, ...]
    groups: np.ndarray  # (n,)
    vectors: np.ndarray
    xy: np.ndarray  # (EPOCHS + 1, n, 2), by the principal components of the last epoch


def sentences() -> list[list[str]]:
    """Sentences drawn from TEMPLATES: which word stands in a place is chance."""
    rng, words, drawn = np.random.default_rng(0), GROUPS["words"], []
    for _ in range(NUM_SENTENCES):
        chosen = {group: rng.choice(found) for group, found in words.items()}
        template = TEMPLATES[rng.integers(len(TEMPLATES))]
        other = rng.choice(words["people"])
        drawn.append(template.format(**chosen, other=other).split())
    return drawn


def pairs(vocab: Vocab, rows: list, reach: int) -> Examples:
    """Each token X (n, 1) with each of those so near to it as y (n,)."""
    X, y = [], []
    for row in rows:
        tokens = vocab.encode(row)
        for k in range(1, reach + 1):
            X += [tokens[k:], tokens[:-k]]
            y += [tokens[:-k], tokens[k:]]
    return Examples(torch.cat(X)[:, None], torch.cat(y))


@cache
def learned(what: str) -> Learned:
    """Train skip-gram: from a token's vector to the tokens that stand around it."""
    rows = sentences() if what == "words" else [
        load_time_machine().train[:NUM_CHARACTERS]
    ]  # fmt: skip
    vocab = Vocab(token for row in rows for token in row)
    with seeded(0):
        net = nn.Sequential(
            nn.Embedding(len(vocab), NUM_VALUES),
            nn.Flatten(),
            nn.Linear(NUM_VALUES, len(vocab)),
        )
    shown, examples = GROUPS[what], pairs(vocab, rows, REACH[what])
    tokens = tuple(token for group in shown.values() for token in group)
    index = vocab.encode(tokens)
    kept = [net[0].weight.detach()[index].clone()]
    for record in fit(net, examples, num_epochs=EPOCHS, lr=0.01, batch_size=256,
                      optimizer=torch.optim.Adam, device="cpu"):  # fmt: skip
        if isinstance(record, Epoch):
            kept.append(net[0].weight.detach()[index].clone())
    V = torch.stack(kept).numpy()
    V = V - V.mean(1, keepdims=True)
    plane = np.linalg.svd(V[-1], full_matrices=False)[2][:2]
    plane *= np.sign(plane.sum(1, keepdims=True))  # the same on every processor
    groups = np.repeat(range(len(shown)), [len(found) for found in shown.values()])
    return Learned(tokens, groups, V, V @ plane.T)


def neighbors(V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each vector (n, d) which one is at the smallest angle, and its cosine."""
    unit = V / np.linalg.norm(V, axis=1, keepdims=True)
    cosines = unit @ unit.T - 3 * np.eye(len(V))  # nobody is its own neighbor
    return cosines.argmax(1), cosines.max(1)


@explorer(width=620, height=440)
def embeddings(
    of=Choice(*GROUPS),
    epochs=IntSlider(0, EPOCHS, start=EPOCHS),
    token=IntSlider(1, NUM_TOKENS, start=1),
):
    """Learned vectors of tokens in the plane in which they differ most.

    Skip-gram learns a vector of 12 values for each token, from which its neighbors
    are predicted: the two words before and after it in 400 made-up sentences, or the
    character before and after it in 15,000 characters of The Time Machine. Nobody
    tells it the groups. A line joins the chosen token with the one at the smallest
    angle in all 12 values.
    """
    found, at = learned(of), token - 1
    nearest, cosine = neighbors(found.vectors[epochs])
    xy, names = found.xy[epochs], list(GROUPS[of])
    low, high = found.xy.min((0, 1)), found.xy.max((0, 1))
    room = 0.12 * (high - low).max()
    pane = Pane(
        f"{of} after {many(epochs, 'epoch')}",
        (low[0] - 2 * room, high[0] + 2 * room), (low[1] - room, high[1] + room),
        xticks={}, yticks={}, labels=("first principal component", "second"),
    )  # fmt: skip
    pane.line(xy[[at, nearest[at]]], color=INK, width=1.5, name="nearest")
    for k, name in enumerate(names):
        pane.dots(xy[found.groups == k], color=COLORS[k], shape=SHAPES[k], size=4,
                  name=name, label=name)  # fmt: skip
    for k, (point, word) in enumerate(zip(xy, found.tokens, strict=True)):
        left = _crowded(xy - point, 2.5 * room) > _crowded(point - xy, 2.5 * room)
        side = {"shift": (-7, 4), "align": "right"} if left else {"shift": (7, 4)}
        pane.text(point, word, size=13, bold=k == at, halo=True, **side)
    own = (found.groups[nearest] == found.groups).sum()
    says = (
        f"After {many(epochs, 'epoch')} the nearest of “{found.tokens[at]}” is "
        f"“{found.tokens[nearest[at]]}”, with a cosine of {number(cosine[at], 2)}. Of "
        f"{len(found.tokens)} tokens {own} have a nearest one of their own group."
    )
    return says, pane


def _crowded(away: np.ndarray, reach: float) -> int:
    """How many points (n, 2) lie where a text right of the origin would stand."""
    x, y = away.T
    return ((x > 0) & (x < reach) & (np.abs(y) < 0.1 * reach)).sum()
