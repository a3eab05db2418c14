"""The explorer `gates`: an LSTM's gates and states while it reads a sentence."""

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.chapters.recurrent_networks.writer import seen, writer
from helpers.data import load_time_machine
from helpers.figures import COLORS
from helpers.models.recurrent import CharModel
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane
from helpers.words import number

PARTS = ("input gate", "forget gate", "output gate", "cell state", "output h")
SENTENCES = (  # of the validation part
    "i saw a curved pale line like a vast new moon",
    "its voice was so dismal that i shivered",
    "can you imagine a crab as large as yonder table",
)
NUM_UNITS, NUM_READ = 12, 3000  # units that are shown; characters they are chosen by
HIGH, LOW = NUM_UNITS + 6.0, NUM_UNITS + 1.5  # the curve stands above the map
POSITIVE, NEGATIVE = COLORS[0], COLORS[1]


@torch.no_grad()
def read(net: CharModel, tokens: Tensor) -> np.ndarray:
    """Run the LSTM cell by hand over tokens (T,); return PARTS of all units, (5, T, h).

    Row t holds the gates of step t, and the states after it.
    """
    rnn = net.rnn
    inputs = F.one_hot(tokens, net.vocab_size).float() @ rnn.weight_ih_l0.T
    inputs += rnn.bias_ih_l0 + rnn.bias_hh_l0
    h = c = inputs.new_zeros(rnn.hidden_size)
    steps = []
    for x in inputs:
        i, f, g, o = (x + rnn.weight_hh_l0 @ h).chunk(4)
        i, f, o = i.sigmoid(), f.sigmoid(), o.sigmoid()
        c = f * c + i * g.tanh()
        h = o * c.tanh()
        steps.append(torch.stack([i, f, o, c, h]))
    return torch.stack(steps, 1).numpy()


@cache
def units() -> tuple[int, ...]:
    """The units whose cell states differ most between spaces and letters."""
    net, vocab = writer()
    text = load_time_machine().val[:NUM_READ]
    cells = read(net, vocab.encode(text))[PARTS.index("cell state")]
    space = np.array([letter == " " for letter in text])
    apart = np.abs(cells[space].mean(0) - cells[~space].mean(0))
    return tuple(np.argsort(-apart)[:NUM_UNITS].tolist())


@explorer(width=760, height=400)
def gates(
    show=Choice(*PARTS, start="forget gate"),
    unit=IntSlider(1, NUM_UNITS, start=1),
    sentence=Choice(*SENTENCES),
):
    """Gates and states of an LSTM at every character of a sentence that it reads.

    The network has 64 units and was trained to predict the next character of The Time
    Machine; the sentences are from the part that it has not seen. Shown are the twelve
    units whose cell states differ most between spaces and letters. Blue is above 0,
    orange below; a gate is between 0, shut, and 1, open.
    """
    net, vocab = writer()
    values = read(net, vocab.encode(sentence))[PARTS.index(show)][:, units()].T
    signed, T = "gate" not in show, len(sentence)
    most = max(1.0, float(np.abs(values).max()))
    rows = range(NUM_UNITS, 0, -1)  # unit 1 stands on top
    low = -most if signed else 0.0
    ticks = {LOW: number(low), HIGH: number(most)}
    pane = Pane(
        f"{show} of unit {unit} (curve) and of {NUM_UNITS} units (map)",
        (-0.6, T - 0.4), (-0.9, HIGH + 0.4), xticks={}, grid=False,
        yticks=ticks | {row - 0.5: str(k) for k, row in enumerate(rows, 1)},
    )  # fmt: skip
    for name, color, part in (("map", POSITIVE, values), ("below", NEGATIVE, -values)):
        pane.image((part / most).clip(0, 1), (-0.5, T - 0.5), (0, NUM_UNITS),
                   color=color, name=name)  # fmt: skip
    at = NUM_UNITS - unit  # the lower edge of the unit's row
    ends = [(-0.5, at), (T - 0.5, at), (T - 0.5, at + 1), (-0.5, at + 1), (-0.5, at)]
    pane.line(ends, color=INK, width=1.5, name="chosen")
    curve = values[unit - 1]
    heights = LOW + (curve - low) / (most - low) * (HIGH - LOW)
    for level in (LOW, HIGH, *([(LOW + HIGH) / 2] if signed else [])):
        pane.line([(-0.5, level), (T - 0.5, level)], color=FAINT, width=1)
    xy = np.c_[range(T), heights]
    pane.line(xy, color=POSITIVE, name="curve")
    pane.dots(xy, color=POSITIVE, size=2.5)
    for t, letter in enumerate(seen(sentence)):
        for y in (NUM_UNITS + 0.3, -0.7):
            pane.text((t, y), letter, align="center", size=13)
    return _told(show, unit, sentence, curve), pane


def _told(show: str, unit: int, sentence: str, curve: np.ndarray) -> str:
    """Say how the unit's value differs between spaces and letters, and its ends."""
    space = np.array([letter == " " for letter in sentence])
    at_spaces, at_letters = curve[space].mean(), curve[~space].mean()
    ends = [
        f"{word} {number(curve[t], 2)} at step {t + 1} ({_letter(sentence, t)})"
        for word, t in (("least", curve.argmin()), ("greatest", curve.argmax()))
    ]
    return (
        f"The {show} of unit {unit} is {number(at_spaces, 2)} on average at the "
        f"{space.sum()} spaces and {number(at_letters, 2)} at the letters of this "
        f"sentence; it is {' and '.join(ends)}."
    )


def _letter(sentence: str, t: int) -> str:
    return "a space" if sentence[t] == " " else f"“{sentence[t]}”"
