"""Reading curves: which network is it, by how its accuracy falls on moved digits."""

from functools import lru_cache, partial

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from helpers.data import Examples, load_images
from helpers.exercises import exercise
from helpers.figures import COLORS, drawn
from helpers.models import MLP, ConvNet
from helpers.seeds import seeded
from helpers.training import evaluate, train

# Digits of 14 x 14 pixels, small so that all four networks are trained in seconds, lie
# on a canvas on which they can be moved so far without losing a pixel.
FARTHEST = 6
SIDE = 14 + 2 * FARTHEST
FAR_IN_TRAINING = 3  # of those that one network is trained on


def placed(X: Tensor, right: int = 0, down: int = 0) -> Tensor:
    """Put images (n, 1, 14, 14) on the canvas, moved from its middle."""
    E = FARTHEST
    return F.pad(X, (E + right, E - right, E + down, E - down))


def moved(X: Tensor, far: int) -> Tensor:
    """Put each image on the canvas with a move of its own, at most `far` each way."""
    generator = torch.Generator().manual_seed(0)
    moves = torch.randint(-far, far + 1, (len(X), 2), generator=generator)
    return torch.stack([placed(x, *m) for x, m in zip(X, moves.tolist(), strict=True)])


# How each network is made, where its training digits lie, and its number of epochs.
NETWORKS = {
    "A": (partial(MLP, (256,)), placed, 3),
    "B": (partial(MLP, (256,)), partial(moved, far=FAR_IN_TRAINING), 10),
    "C": (partial(ConvNet, (8, 16)), placed, 3),
    "D": (partial(ConvNet, (8, 32), kernel_size=5, head="max"), placed, 3),
}


@lru_cache
def accuracies() -> dict[str, list[float]]:
    """Train the four on 2,000 digits; test each on 500 at 0 to FARTHEST pixels."""
    data, found = load_images("digits"), {}
    learned, asked = data.train.take(2_000), data.val.take(500)
    X, X_asked = (F.avg_pool2d(examples.X, 2) for examples in (learned, asked))
    for name, (make, place, num_epochs) in NETWORKS.items():
        with seeded(0):
            net = make(num_inputs=SIDE**2)
        train(
            net,
            Examples(place(X), learned.y),
            num_epochs=num_epochs,
            lr=0.006,
            batch_size=32,
            optimizer=torch.optim.Adam,
            device="cpu",
        )
        found[name] = [
            evaluate(net, Examples(placed(X_asked, right), asked.y)).accuracy
            for right in range(FARTHEST + 1)
        ]
    return found


@drawn
def four_networks() -> Figure:
    """Draw the accuracy of each network against how far the digits were moved."""
    figure = Figure(figsize=(6.6, 2.0))
    axes = figure.subplots(1, len(NETWORKS), sharey=True)
    for ax, (name, values) in zip(axes, accuracies().items(), strict=True):
        ax.plot(values, color=COLORS[0], marker="o", markersize=3, label="accuracy")
        ax.axhline(0.1, color="#888888", linestyle=":", linewidth=1)
        ax.set(title=name, xlabel="pixels moved", ylim=(0, 1))
        ax.set_xticks(range(0, FARTHEST + 1, FAR_IN_TRAINING))
    axes[0].set_ylabel("accuracy")
    return figure


ask = partial(exercise, kind="diagnose", options=tuple(NETWORKS), shows=four_networks)


@ask(
    "The head with a global maximum",
    stars=2,
    hint="A global maximum keeps of each feature map how strong the strongest response "
    "is, and forgets where. What does a move of the digit change about that?",
    then="All of its training digits lay in the middle. That it does not care about "
    "places is built in, not learned.",
    usual="""
        "D" => "B"
            Up to a few pixels this one holds, and then it falls: it has learned
            places. A global maximum knows of no place.
        "D" => "A"
            A move of two pixels costs this network more than half of what it knew:
            each of its weights belongs to one place.
        "D" => "C"
            This one falls as soon as the digits move. Its maps move with them, but what
            comes after the maps has one weight for each place.
    """,
)
def head_with_global_max():
    return "D"


@ask(
    "The one trained on moved digits",
    stars=2,
    hint="A network is good at what it was trained on. Training moved the digits by "
    "0 to 3 pixels, never by more: where must its curve bend?",
    then="Augmentation teaches a network the moves that it is shown, and little beyond "
    "them.",
    usual="""
        "B" => "D"
            This one does not fall beyond 3 pixels either, where no training digit ever
            was: it does not look at places at all.
        "B" => "A"
            One pixel is enough to make this one worse. The one in question has seen
            digits that were moved by one, two and three.
        "B" => "C"
            This one has lost a good part of its accuracy by 3 pixels. The one in
            question has seen digits that were moved so far.
    """,
)
def trained_on_moved_digits():
    return "B"
