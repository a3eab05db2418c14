"""Four trainings, told apart by their curves."""

from functools import lru_cache, partial

from matplotlib.figure import Figure
from torch.nn import functional as F

from helpers.data import Examples, load_images
from helpers.exercises import exercise
from helpers.figures import COLORS, drawn
from helpers.models import VGG, NiN, kaiming_init
from helpers.seeds import seeded
from helpers.training import History, train

# Digits of 14 x 14 pixels: small, so that all four networks are trained in seconds.
SIDE = 14

small_vgg = partial(VGG, ((1, 8), (1, 16)), image_size=SIDE)

# How each network is made, its initialization (None is torch's own), and its rate.
NETWORKS = {
    "A": (partial(small_vgg, dropout=0.8), kaiming_init, 0.2),
    "B": (partial(NiN, 8), None, 0.2),
    "C": (small_vgg, kaiming_init, 0.2),
    "D": (small_vgg, kaiming_init, 3.0),
}


@lru_cache
def digits() -> tuple[Examples, Examples]:
    """Return 1,500 small digits to learn from, and 500 others."""
    data = load_images("digits")
    learned, asked = data.train.take(1_500), data.val.take(500)
    return tuple(
        Examples(F.avg_pool2d(part.X, 28 // SIDE), part.y) for part in (learned, asked)
    )


def trained(make, init, lr) -> History:
    """Train a network by gradient descent for 8 epochs."""
    with seeded(1):
        net = make()
        if init:
            net.apply(init)
    return train(net, *digits(), num_epochs=8, lr=lr, batch_size=32, device="cpu")


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
        ax.plot(history.step_loss, color=COLORS[0], linewidth=0.9, label="loss")
        ax.axhline(2.3026, color="#888888", linestyle=":", linewidth=1)
        ax.set(title=f"{name}: {learned:.2f}, {asked:.2f}", xlabel="step", ylim=(0, 5))
    axes[0].set_ylabel("loss of the batch")
    return figure


def letters(answer):
    """Return the letters that are given, up to the first that is wrong.

    So whoever mixes up two networks is told about the first of them.
    """
    given = answer()
    if given is ... or given is None:
        return given
    given = [str(letter).strip().upper() for letter in given]
    right = stuck_networks.solution()
    for k, (letter, wanted) in enumerate(zip(given, right, strict=False)):
        if letter != wanted:
            return tuple(given[: k + 1])
    return tuple(given)


@exercise(
    "Stuck networks",
    kind="diagnose",
    stars=2,
    shows=four_networks,
    call=letters,
    hint="Does the loss ever leave ln 10? Does it jump? Dropout is on in training and "
    "off in evaluation: what does that do to the two accuracies?",
    then="Dropout and rate are all in which the two other VGGs differ from the healthy "
    "one. For the NiN a larger rate does not help, but batch normalization (chapter 7) "
    "does.",
    usual="""
        "B", "A", "D", "C" => "A", "B", "D", "C"
            This loss does come down, if slowly. One that cannot leave its start stays
            where it began.
        "B", "A", "D", "C" => "D", "A", "B", "C"
            This loss jumps in the first steps: something threw the network out of its
            start. One that cannot leave it is flat from the first step on.
        "B", "A", "D", "C" => "C", "A", "D", "B"
            The first letter is that of a network that learns.
        "B", "A", "D", "C" => "B", "C", "D", "A"
            Your second network does as well in training as in evaluation. With too much
            dropout it does worse in training, where dropout is on.
        "B", "A", "D", "C" => "B", "D", "A", "C"
            Your second network is at chance in evaluation as well, where dropout is
            off. With too much dropout it does better there than in training.
        "B", "A", "D", "C" => "B", "A", "C", "D"
            The last two are exchanged: steps that are too long lead away from where the
            loss is low.
    """,
)
def stuck_networks():  # a bad start, too much dropout, too high a rate, healthy
    return "B", "A", "D", "C"
