"""Claim of chapter 10 on time: a step of the training with each of torch's layers."""

import time
from functools import partial

import torch
from torch.nn import functional as F

from helpers.chapters.recurrent_networks.claims.texts import letters
from helpers.claims import ratio
from helpers.data import windows
from helpers.models.recurrent import CharModel, Recurrent
from helpers.seeds import seeded
from helpers.widgets.predict import claim

TIME, WEIGHTS = "milliseconds", "weights, thousands"
FASTER = {"the GRU is faster": 0.95, "less than 5 % apart": 1.05,
          "the GRU is slower": None}  # fmt: skip
EMBEDDING = 32
SHAPES = {  # T, h
    "T = 64, h = 128": (64, 128),
    "T = 64, h = 32": (64, 32),
    "T = 8, h = 128": (8, 128),
}
PLAIN = "written in Python"


def model(cell, num_hiddens, vocab_size, plain, seed):
    """A character model with torch's layer, or with that of helpers.models."""
    with seeded(seed):
        net = CharModel(vocab_size, num_hiddens, cell, num_embedding=EMBEDDING)
        if plain:
            net.rnn = Recurrent(cell, EMBEDDING, num_hiddens)
    return net


def step(net, optimizer, X, y):
    """Take one step of the training."""
    optimizer.zero_grad()
    F.cross_entropy(net(X), y).backward()
    optimizer.step()


def shortest_times(ways, num_repeats):
    """Seconds of the fastest repeat of each function, taken in turns.

    Whatever else the machine does can only lengthen a repeat.
    """
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(num_repeats):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - begin)
    return best


def slower(of, quantity):
    """Ask for the time of the GRU over that of the LSTM."""
    return ratio((f"GRU, {of}", TIME), (f"LSTM, {of}", TIME), FASTER, quantity)


@claim(
    "A GRU is faster than an LSTM of the same size.",
    slower("T = 64, h = 128", "Time of a training step on the CPU, GRU over LSTM of "
           "torch, 16 rows of 64 characters, 128 units"),
    true="the GRU is faster",
    also=[
        slower("T = 64, h = 32", "The same with 32 units"),
        slower("T = 8, h = 128", "The same with 128 rows of 8 characters"),
        slower(PLAIN, "The same with both layers written in Python"),
    ],
    live=None,
    full=(1_024, 20, 10),
    sets={"time_machine": letters},
    images=False,
    anew=("initial weights",),
    alone=True,
)  # fmt: skip
def gru_speed(data, n_train, num_epochs, seed):
    """Time steps on the same n_train characters, with one thread on the CPU."""
    ways, weights = {}, {}
    for shape, (T, h) in (SHAPES | {PLAIN: SHAPES["T = 64, h = 128"]}).items():
        batch = windows(data.train[: n_train + 1], T)
        for cell in ("LSTM", "GRU", "RNN"):
            net = model(cell.lower(), h, len(data.vocab), shape == PLAIN, seed)
            adam = torch.optim.Adam(net.parameters())
            name = f"{cell}, {shape}"
            ways[name] = partial(step, net, adam, batch.X, batch.y)
            weights[name] = sum(p.numel() for p in net.rnn.parameters())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        best = shortest_times(ways, num_epochs)
    finally:
        torch.set_num_threads(threads)
    return {
        name: {TIME: 1e3 * t, WEIGHTS: weights[name] / 1e3} for name, t in best.items()
    }
