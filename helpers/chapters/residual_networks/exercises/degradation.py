"""Four trainings, told apart by the errors of two depths."""

from functools import lru_cache

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch.nn import functional as F

from helpers.data import Examples, load_images
from helpers.exercises import exercise
from helpers.exercises.answers import letter, one_by_one
from helpers.figures import COLORS, drawn
from helpers.models import ResNet
from helpers.seeds import seeded
from helpers.training import History, train

SIDE = 8  # small digits, so that each network is trained in a second or two
SHALLOW, DEEP = 1, 3  # blocks in each of three stages: 8 and 20 layers

# Of each pair of networks: the factor of the shortcuts, the number of images, and how
# they are trained.
PAIRS = {
    "A": (1.0, 40, {"num_epochs": 15, "lr": 0.03, "batch_size": 20, "momentum": 0.9}),
    "B": (1.0, 600, {"num_epochs": 8, "lr": 0.03, "batch_size": 32}),
    "C": (0.0, 600, {"num_epochs": 5, "lr": 0.1, "batch_size": 32}),
    "D": (1.0, 160, {"num_epochs": 6, "lr": 10.0, "batch_size": 32}),
}


def small(examples: Examples) -> Examples:
    """Shrink images of 28 x 28 pixels."""
    return Examples(F.adaptive_avg_pool2d(examples.X, SIDE), examples.y)


def trained(depth, skip, num_images, settings, seed=0) -> History:
    """Train a network of three stages with this many blocks each."""
    data = load_images("digits")
    parts = small(data.train.take(num_images)), small(data.val.take(200))
    with seeded(seed):
        net = ResNet(3 * (depth,), (8, 16, 32), skip=skip)
    return train(net, *parts, **settings, seed=seed, device="cpu")


@lru_cache
def histories() -> dict[str, tuple[History, History]]:
    """Train the four pairs, the shallow network first."""
    return {
        name: tuple(trained(depth, *how) for depth in (SHALLOW, DEEP))
        for name, how in PAIRS.items()
    }


@drawn
def four_pairs() -> Figure:
    """Draw the errors of each epoch: of the deep networks, and of the shallow ones."""
    figure = Figure(figsize=(6.6, 2.2))
    axes = figure.subplots(1, len(PAIRS), sharey=True)
    for ax, (name, (shallow, deep)) in zip(axes, histories().items(), strict=True):
        for accuracy, color, style, label in (
            (shallow.train_accuracy, "#888888", "-", "8 layers, training"),
            (deep.train_accuracy, COLORS[0], "-", "20 layers, training"),
            (deep.val_accuracy, COLORS[0], "--", "20 layers, validation"),
        ):
            error = [1 - share for share in accuracy]
            epochs = range(1, len(error) + 1)
            ax.plot(epochs, error, color=color, linestyle=style, label=label)
        ax.set(title=name, xlabel="epoch", ylim=(0, 1))
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes[0].set_ylabel("error")
    lines = axes[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=3)
    return figure


@exercise(
    "Which one degrades",
    kind="diagnose",
    shows=four_pairs,
    call=lambda answer: one_by_one(answer, which_degrades.solution(), letter),
    hint="Compare the two training errors first: does depth help where the network "
    "learns? Then compare training and validation error of the deep network. Where "
    "does nothing fall?",
    then="A validation error alone cannot tell degradation from overfitting. The "
    "training error can: in overfitting it is low.",
    usual="""
        "C", "A", "D", "B" => "A", "C", "D", "B"
            The training errors of this picture end low, and only the validation error
            stays high: that is overfitting. In degradation the deep network is worse on
            its training images as well.
        "C", "A", "D", "B" => "B", "A", "D", "C"
            Here the deep network ends as low as the shallow one. In degradation its
            training error stays above.
        "C", "A", "D", "B" => "D", "A", "C", "B"
            Here neither of the two learns, the shallow network as little as the deep
            one. In degradation the shallow network does learn.
        "C", "A", "D", "B" => "C", "B", "D", "A"
            In this picture training and validation error of the deep network lie near
            each other. In overfitting they are far apart.
        "C", "A", "D", "B" => "C", "D", "A", "B"
            In this picture the training error is high as well. A network that overfits
            has learned its training images.
        "C", "A", "D", "B" => "C", "A", "B", "D"
            The last two are exchanged: with a rate that is too large the errors stay
            where they began.
        "C", "A", "D", "B" => "C", "A", "D"
            Four letters are asked for: degradation, overfitting, a rate that is too
            large, and the healthy pair.
    """,
)
def which_degrades():  # degradation, overfitting, too large a rate, healthy
    return "C", "A", "D", "B"
