"""Four trainings on a target, told apart by their curves."""

import copy
from dataclasses import replace
from functools import lru_cache

import torch
from matplotlib.figure import Figure

from helpers.claims.homemade import halved, learn, only, small_net
from helpers.data import Examples, load_images
from helpers.exercises import exercise
from helpers.exercises.answers import letter, one_by_one
from helpers.figures import COLORS, drawn
from helpers.models import ConvNet
from helpers.training import History, train

OLD, NEW = range(5), range(5, 10)  # classes of the source and of the target

# Of each training: whether it begins with the source's weights, whether the body is
# frozen, the learning rate, and how validation pictures are preprocessed.
HOW = {
    "A": (False, False, 0.001, "alike"),
    "B": (True, True, 0.01, "inverted"),
    "C": (True, True, 0.01, "alike"),
    "D": (True, False, 0.1, "alike"),
}


def preprocessed(examples: Examples) -> Examples:
    """Values brought to a mean near 0 and a standard deviation near 1."""
    return replace(examples, X=(examples.X - 0.3) / 0.37)


def new_net(source: ConvNet | None, frozen: bool, seed: int) -> ConvNet:
    """A network for the target, with the body of the source if there is one."""
    net = small_net(len(NEW), seed + 100)
    if source is not None:
        net.features = copy.deepcopy(source.features)
        net.features.requires_grad_(not frozen)
    return net


@lru_cache
def histories(seed: int = 0) -> dict[str, History]:
    """Train a source on digits 0 to 4, and the four on 60 pictures of digits 5 to 9."""
    data = halved(load_images("digits"))
    start = 3_000 * (seed + 1)
    known = preprocessed(only(data.train.at(slice(start - 3_000, start)), OLD))
    source = learn(small_net(len(OLD), seed), known, num_epochs=3, seed=seed)
    few = only(data.train.at(slice(start, start + 300)), NEW).take(60)
    val, found = only(data.val.take(500), NEW), {}
    for name, (begins, frozen, lr, how) in HOW.items():
        seen = val if how == "alike" else replace(val, X=1 - val.X)
        net = new_net(source if begins else None, frozen, seed)
        found[name] = train(
            net, preprocessed(few), preprocessed(seen), num_epochs=8, batch_size=10,
            lr=lr, optimizer=torch.optim.Adam, seed=seed, device="cpu",
        )  # fmt: skip
    return found


@drawn
def four_trainings() -> Figure:
    """Draw both accuracies of each epoch, and the chance of 1 in 5."""
    figure = Figure(figsize=(6.6, 2.2))
    axes = figure.subplots(1, len(HOW), sharey=True)
    for ax, (name, history) in zip(axes, histories().items(), strict=True):
        epochs = range(1, history.num_epochs + 1)
        ax.plot(epochs, history.train_accuracy, color="#888888", label="training")
        ax.plot(epochs, history.val_accuracy, color=COLORS[0], label="validation")
        ax.axhline(1 / len(NEW), color="#888888", linestyle=":", label="chance")
        ax.set(title=name, xlabel="epoch", ylim=(0, 1.02), xticks=(1, 4, 8))
    axes[0].set_ylabel("accuracy")
    lines = axes[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=3)
    return figure


@exercise(
    "Which one forgot to freeze",
    kind="diagnose",
    stars=2,
    shows=four_trainings,
    call=lambda answer: one_by_one(answer, which_transfer.solution(), letter),
    hint="In which picture is nothing learned, not even the training pictures? Where "
    "do the two curves end farthest apart? The remaining two both learn: which one "
    "has good features from the first epoch on?",
    then="Each fault has its place: in the training curve the rate, between the two "
    "curves the preprocessing.",
    usual="""
        "D", "B", "C", "A" => "A", "B", "C", "D"
            This one rises slowly on both curves. With weights that a large rate has
            destroyed, both stay near chance.
        "D", "B", "C", "A" => "B", "D", "C", "A"
            Here the training pictures are learned well, so the rate was not too large.
        "D", "B", "C", "A" => "C", "B", "D", "A"
            Here both curves rise quickly and stay high: nothing of the body was
            destroyed.
        "D", "B", "C", "A" => "D", "A", "C", "B"
            In this picture the validation curve rises, if later than the training
            curve. With another preprocessing it would stay near chance.
        "D", "B", "C", "A" => "D", "C", "B", "A"
            In this picture the validation accuracy is high, so its pictures are
            preprocessed as the body expects.
        "D", "B", "C", "A" => "D", "B", "A", "C"
            The last two are exchanged: with features that are learned already, the
            first epochs bring most of it. From scratch it takes longer.
        "D", "B", "C", "A" => "D", "B", "C"
            Four letters are asked for: the large rate, the other preprocessing, the
            frozen body, and the training from scratch.
    """,
)
def which_transfer():  # forgot to freeze, other preprocessing, frozen, from scratch
    return "D", "B", "C", "A"
