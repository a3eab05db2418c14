"""Four trainings, told apart by their curves."""

import math
from functools import lru_cache, partial

import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from helpers.data import Examples, load_images
from helpers.exercises import exercise
from helpers.exercises.answers import letter, one_by_one
from helpers.figures import COLORS, drawn
from helpers.models import MLP, BatchNorm
from helpers.seeds import seeded
from helpers.training import History, train

SIDE, NUM_EPOCHS = 8, 5  # small digits, so that each network is trained in a second

# The normalization of each network, and its batch size.
NETWORKS = {
    "A": (partial(BatchNorm, momentum=0.0), 20),
    "B": (BatchNorm, 20),
    "C": (None, 20),
    "D": (BatchNorm, 2),
}


@lru_cache
def digits() -> tuple[Examples, Examples]:
    """Return 600 small digits to learn from, and 500 others."""
    data = load_images("digits")
    return tuple(
        Examples(F.adaptive_avg_pool2d(part.X, SIDE), part.y)
        for part in (data.train.take(600), data.val.take(500))
    )


def trained(norm, batch_size, seed=0) -> History:
    """Train an MLP of four sigmoid layers by gradient descent."""
    with seeded(seed):
        net = MLP(4 * (32,), SIDE**2, activation=nn.Sigmoid, norm=norm)
    settings = {"num_epochs": NUM_EPOCHS, "lr": 0.3, "batch_size": batch_size}
    return train(net, *digits(), **settings, seed=seed, device="cpu")


@lru_cache
def histories() -> dict[str, History]:
    """Train the four networks."""
    return {name: trained(*how) for name, how in NETWORKS.items()}


@drawn
def four_networks() -> Figure:
    """Draw the loss of each step, below the last training and validation accuracy."""
    figure = Figure(figsize=(6.6, 2.0))
    axes = figure.subplots(1, len(NETWORKS), sharey=True)
    for ax, (name, history) in zip(axes, histories().items(), strict=True):
        learned, asked = history.train_accuracy[-1], history.val_accuracy[-1]
        epochs = torch.linspace(0, NUM_EPOCHS, len(history.step_loss))
        ax.plot(epochs, history.step_loss, color=COLORS[0], linewidth=0.9, label="loss")
        ax.axhline(math.log(10), color="#888888", linestyle=":", linewidth=1)
        ax.set(title=f"{name}: {learned:.2f}, {asked:.2f}", xlabel="epoch", ylim=(0, 5))
    axes[0].set_ylabel("loss of the batch")
    return figure


@exercise(
    "Curves of four networks",
    name="stuck-curves",
    kind="diagnose",
    stars=2,
    shows=four_networks,
    call=lambda answer: one_by_one(answer, stuck_curves.solution(), letter),
    hint="Does the loss ever leave ln 10? How ragged is it? Training accuracy is "
    "measured with the statistics of the batch, validation accuracy with the running "
    "ones: what if these are wrong?",
    then="The third has learned exactly what the healthy one has learned: running "
    "statistics play no part in training. Only what it keeps for evaluation is wrong.",
    usual="""
        "C", "D", "A", "B" => "A", "D", "C", "B"
            This loss falls from the first epoch on. Without normalization, nothing
            moves in four sigmoid layers: the loss stays at ln 10.
        "C", "D", "A", "B" => "B", "D", "A", "C"
            This network learns, and does so in evaluation as well. Without
            normalization, nothing moves in four sigmoid layers: the loss stays at
            ln 10.
        "C", "D", "A", "B" => "D", "C", "A", "B"
            This loss jumps at every step, far above ln 10 and far below. Without
            normalization, nothing moves in four sigmoid layers: the loss stays at
            ln 10.
        "C", "D", "A", "B" => "C", "A", "D", "B"
            The loss of your second network changes little from step to step, as with
            batches of 20. With two images the mean and the variance change at random.
        "C", "D", "A", "B" => "C", "B", "A", "D"
            Your second network is the healthy one: its loss falls smoothly, and its two
            accuracies agree.
        "C", "D", "A", "B" => "C", "D", "B", "A"
            The last two are exchanged. Where running statistics were never updated the
            network is good in training, and in evaluation at chance.
    """,
)
def stuck_curves():  # no normalization, batches of 2, statistics never updated, healthy
    return "C", "D", "A", "B"
