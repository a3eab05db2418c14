"""A small model of characters that explorers share: trained once, in some seconds."""

from functools import cache

import torch

from helpers.data import Vocab, load_time_machine, text_windows
from helpers.models.recurrent import CharModel
from helpers.seeds import seeded
from helpers.training import fit

NUM_HIDDENS, NUM_STEPS = 64, 32
SPACE = "·"  # stands for a space where one must be seen


@cache
def writer() -> tuple[CharModel, Vocab]:
    """Train an LSTM of 64 units on The Time Machine, three passes over it."""
    data = text_windows(load_time_machine(), NUM_STEPS)
    with seeded(0):
        net = CharModel(len(data.vocab), NUM_HIDDENS)
    for _ in fit(net, data.train, num_epochs=3, lr=0.01, batch_size=32, clip_norm=1.0,
                 optimizer=torch.optim.Adam, device="cpu"):  # fmt: skip
        pass
    return net.requires_grad_(False), data.vocab


def seen(text: str) -> str:
    """The text with its spaces made visible."""
    return text.replace(" ", SPACE)
