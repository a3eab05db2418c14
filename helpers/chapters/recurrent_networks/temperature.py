"""The explorer `temperature`: what a model of characters would write, and writes."""

import textwrap
from functools import cache

import numpy as np
import torch

from helpers.chapters.recurrent_networks.writer import seen, writer
from helpers.data import clean_text, load_time_machine
from helpers.figures import COLORS
from helpers.models.recurrent import generate, softmax_at
from helpers.tuning.ranges import IntSlider, Slider, Typed
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import INK, Pane
from helpers.words import number

LETTERS = " abcdefghijklmnopqrstuvwxyz"
NUM_CHARS, COLUMNS, ROWS = 240, 41, 9  # written; of the text as it is shown
BEGINNING = "the time travel"


@cache
def known() -> frozenset[str]:
    """All words of the book's training part."""
    return frozenset(load_time_machine().train.split())


@torch.no_grad()
def next_logits(beginning: str) -> torch.Tensor:
    """What the model puts out after a text, for LETTERS, (27,)."""
    net, vocab = writer()
    logits = net(vocab.encode(beginning)[None])[0, :, -1]
    return logits[vocab.encode(LETTERS)]


@explorer(width=760, height=290)
def temperature(
    beginning=Typed(BEGINNING),
    temperature=Slider(0, 2, start=1.0),
    draw=IntSlider(1, 20, start=1),
):
    """The next character after a beginning, and what a model writes on from it.

    An LSTM with 64 units has read The Time Machine three times, with letters and spaces
    only; of what is typed, the same is left. Each draw has random numbers of its own.
    """
    start = clean_text(beginning).lstrip() or " "
    p = softmax_at(next_logits(start), temperature).numpy()
    left = Pane(
        "probability of the next character", (-0.8, len(LETTERS) - 0.2), (0, 1.05),
        xticks=dict(enumerate(seen(LETTERS))), grid=False,
    )  # fmt: skip
    likeliest = int(p.argmax())
    left.bars(range(len(p)), p, width=0.8, name="next",
              color=[COLORS[k == likeliest] for k in range(len(p))])  # fmt: skip
    generator = torch.Generator().manual_seed(draw)
    text = generate(*writer(), start, NUM_CHARS, temperature, generator)
    right = Pane(f"what it writes, draw {draw}", (0, COLUMNS), (-ROWS, 0),
                 xticks={}, yticks={}, grid=False)  # fmt: skip
    for row, line in enumerate(textwrap.wrap(text, COLUMNS)[-ROWS:]):
        right.text((0.7, -row - 0.7), line, color=INK, size=13, name=f"line {row}")
    words = text[len(start) :].split(" ")[1:-1]  # without the ends, which may be parts
    real = sum(word in known() for word in words)
    return _told(start, p, likeliest, temperature, real, len(words)), left, right


def _told(start: str, p: np.ndarray, k: int, at: float, real: int, num: int) -> str:
    """Say what comes next, how open that is, and how many words are words."""
    letter = "a space" if LETTERS[k] == " " else f"“{LETTERS[k]}”"
    choices = np.exp(-(p[p > 0] * np.log(p[p > 0])).sum())
    return (
        f"After “…{seen(start[-12:])}” at temperature {number(at)} the likeliest next "
        f"character is {letter} with {number(p[k], 2)}; the choice is as open as one "
        f"among {number(choices, 1)} equally likely characters. Of the {num} words "
        f"that it writes, {real} stand in the book."
    )
