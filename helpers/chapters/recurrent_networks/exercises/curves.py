"""Four trainings on a text, told apart by their curves."""

from functools import lru_cache
from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.data import Vocab, sequential_windows
from helpers.exercises import exercise
from helpers.exercises.answers import letter, one_by_one
from helpers.figures import COLORS, drawn
from helpers.models.recurrent import CharModel, detached
from helpers.seeds import seeded

WORDS = "zero one two three four five six seven eight nine".split()
NUM_EPOCHS, NUM_STEPS = 8, 5  # passes over a text, and characters in a window
CERTAIN = 0.0


class How(NamedTuple):
    """How one network is trained, and what on."""

    num_digits: int = 500
    batch_size: int = 10
    lr: float = 0.007
    clip: float | None = 1.0
    carry: bool = True


HOW = {
    "A": How(carry=False),
    "B": How(lr=0.1, clip=None),
    "C": How(num_digits=30, batch_size=1),
    "D": How(),
}


def twice(num_digits: int, seed: int) -> str:
    """Random digits in words, each of them twice: "two two nine nine six six "."""
    generator = torch.Generator().manual_seed(seed)
    digits = torch.randint(10, (num_digits,), generator=generator).tolist()
    return "".join(2 * f"{WORDS[k]} " for k in digits)


def read(net: CharModel, tokens: Tensor, how: How, optimizer=None) -> float:
    """Return the mean loss of one pass, with a step after each batch or without."""
    state, losses = None, []
    size = how.batch_size if optimizer else 1
    for X, y in sequential_windows(tokens, size, NUM_STEPS):
        logits, state = net.unroll(X, state)
        state = detached(state) if how.carry else None
        losses.append(F.cross_entropy(logits, y))
        if optimizer:
            optimizer.zero_grad()
            losses[-1].backward()
            if how.clip:
                nn.utils.clip_grad_norm_(net.parameters(), how.clip)
            optimizer.step()
    return torch.stack(losses).mean().item()


@lru_cache
def losses(name: str, seed: int = 0) -> tuple[list[float], list[float]]:
    """Train one of the four; return training and validation loss of each epoch."""
    how = HOW[name]
    vocab = Vocab(" ".join(WORDS))
    learned = vocab.encode(twice(how.num_digits, 3 * seed))
    asked = vocab.encode(twice(100, 3 * seed + 1))
    with seeded(seed):
        net = CharModel(len(vocab), 48, "rnn")
    optimizer = torch.optim.Adam(net.parameters(), how.lr)
    on_train, on_val = [], []
    for _ in range(NUM_EPOCHS):
        on_train.append(read(net, learned, how, optimizer))
        with torch.no_grad():
            on_val.append(read(net, asked, how))
    return on_train, on_val


