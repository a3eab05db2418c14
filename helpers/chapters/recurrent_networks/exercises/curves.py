"""Four trainings on a text, told apart by their curves."""

import math
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
CHARACTERS = Vocab(" ".join(WORDS))
GUESSING = math.log(len(CHARACTERS))  # the loss if all characters are equally likely
NUM_POINTS, NUM_STEPS = 8, 5  # of the curves, and of a window


class How(NamedTuple):
    """How one network is trained, and what on."""

    num_digits: int = 500
    batch_size: int = 10
    lr: float = 0.007
    clip: float | None = 1.0
    carry: bool = True
    passes: int = 1  # over the text, for one point of the curves


HOW = {
    "A": How(carry=False),
    "B": How(lr=0.2, clip=None),
    "C": How(num_digits=20, batch_size=4, passes=10),
    "D": How(),
}


def twice(num_digits: int, seed: int) -> str:
    """Random digits in words, each of them twice: "two two nine nine six six "."""
    generator = torch.Generator().manual_seed(seed)
    digits = torch.randint(10, (num_digits,), generator=generator).tolist()
    return "".join(2 * f"{WORDS[k]} " for k in digits)


def read(net: CharModel, tokens: Tensor, how: How, optimizer=None) -> float:
    """Return the mean loss of one pass, with a step after each batch or none."""
    state, losses = None, []
    size = how.batch_size if optimizer else 5
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
    learned = CHARACTERS.encode(twice(how.num_digits, 3 * seed))
    asked = CHARACTERS.encode(twice(100, 3 * seed + 1))
    with seeded(seed):
        net = CharModel(len(CHARACTERS), 48, "rnn")
    optimizer = torch.optim.Adam(net.parameters(), how.lr)
    on_train, on_val = [], []
    for _ in range(NUM_POINTS):
        for _ in range(how.passes):
            now = read(net, learned, how, optimizer)
        on_train.append(now)
        with torch.no_grad():
            on_val.append(read(net, asked, how))
    return on_train, on_val


@drawn
def four_texts() -> Figure:
    """Draw both losses of each network, after every hundred steps."""
    figure = Figure(figsize=(6.6, 2.2))
    axes = figure.subplots(1, len(HOW), sharey=True)
    for ax, name in zip(axes, HOW, strict=True):
        on_train, on_val = losses(name, 0)
        steps = range(1, NUM_POINTS + 1)
        ax.plot(steps, on_train, color="#888888", label="training")
        ax.plot(steps, on_val, color=COLORS[0], linestyle="--", label="validation")
        ax.axhline(GUESSING, color="#888888", linestyle=":", label="guessing")
        ax.set(title=name, xlabel="steps / 100", xticks=(1, 4, 8))
    axes[0].set(ylabel="loss", yscale="log", ylim=(0.1, 6), yticks=(0.1, 0.3, 1, 3))
    axes[0].yaxis.set_major_formatter("{x:g}")
    axes[0].minorticks_off()
    lines = axes[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=3)
    return figure


@exercise(
    "Which one forgets its state",
    name="which-text",
    kind="diagnose",
    stars=2,
    shows=four_texts,
    call=lambda answer: one_by_one(answer, which_text.solution(), letter),
    hint="In which picture is nothing learned? In which do the two end "
    "farthest apart? In the remaining two the losses fall and lie close together: "
    "which network lacks something that it would have to remember?",
    then="A state that is not carried over shows in both curves alike, as too small a "
    "network would: it cannot know what stood before the window.",
    usual="""
        "B", "A", "C", "D" => "A", "B", "C", "D"
            Both losses of this picture fall smoothly, far below guessing. With a rate
            that is too large they jump and stay high.
        "B", "A", "C", "D" => "C", "A", "B", "D"
            The training loss of this picture falls smoothly to a low value. A rate that
            is too large keeps it from falling.
        "B", "A", "C", "D" => "D", "A", "C", "B"
            Both losses of this picture fall smoothly and end low: the rate was not too
            large.
        "B", "A", "C", "D" => "B", "C", "A", "D"
            The training loss of this picture is the lowest of all: the network knows
            its text, and only that one. Without the state it could not.
        "B", "A", "C", "D" => "B", "D", "C", "A"
            Another picture has both losses close together, too, but higher. That is the
            one without the state.
        "B", "A", "C", "D" => "B", "A", "D", "C"
            The last two are exchanged: a network that overfits has a validation loss
            far above its training loss.
        "B", "A", "C", "D" => "B", "A", "C"
            Four letters are asked for: the large rate, the lost state, overfitting, and
            the good one.
    """,
)
def which_text():  # rate too large, state not carried over, overfits, good
    return "B", "A", "C", "D"
