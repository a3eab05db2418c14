"""Reading runs of deep networks: which start, which activation, which rate."""

from functools import lru_cache, partial

import numpy as np
from matplotlib.figure import Figure
from torch import nn

from helpers.data import load_images
from helpers.exercises import exercise
from helpers.figures import COLORS, drawn
from helpers.figures.style import plain
from helpers.models import MLP
from helpers.models.dense import kaiming_init
from helpers.seeds import seeded
from helpers.training import History, train


def large(layer: nn.Module) -> None:
    """Draw weights of standard deviation 0.2: in layer 1 four times Kaiming's."""
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=0.2)
        nn.init.zeros_(layer.bias)


# The hidden layers, their initial weights, and the learning rate. So narrow a network
# survives the rate of C: with 64 units a layer the loss of some seeds becomes nan.
RUNS = {
    "A": ({"num_hiddens": (64,) * 5, "init": large}, 0.05),
    "B": ({"num_hiddens": (64,) * 5, "init": kaiming_init}, 0.1),
    "C": ({"num_hiddens": (16,) * 5, "init": kaiming_init}, 1.0),
    "D": ({"num_hiddens": (64,) * 6, "activation": nn.Sigmoid}, 0.1),
}


@lru_cache
def histories() -> dict[str, History]:
    """Train four deep networks on 4,000 digits, each with something of its own."""
    data, found = load_images("digits"), {}
    for name, (shape, lr) in RUNS.items():
        with seeded(0):
            net = MLP(**shape)
        found[name] = train(
            net, data.train.take(4_000), data.val, num_epochs=4, lr=lr, batch_size=128,
            device="cpu",
        )  # fmt: skip
    return found


@drawn
def four_deep_runs() -> Figure:
    """Draw the loss of each step of the four runs, and write validation accuracies."""
    figure = plain(5.0, 1.6)
    axes = figure.subplots(1, len(RUNS), sharey=True)
    highest, told = max(max(h.step_loss) for h in histories().values()), []
    for ax, (name, history) in zip(axes, histories().items(), strict=True):
        loss = np.array(history.step_loss)
        ax.plot(loss, color=COLORS[0], linewidth=0.5, antialiased=False, label="loss")
        ax.axhline(2.3026, color="#888888", linestyle=":", linewidth=1)
        title = f"{name}: accuracy {history.val_accuracy[-1]:.2f}"
        ax.set_title(title, fontsize=8, pad=3)
        ax.set(xlabel="step")
        told.append(
            f"{name}, validation accuracy {history.val_accuracy[-1]:.2f}: "
            f"{loss[0]:.2f} at first, at most {loss.max():.2f} (step {loss.argmax()}), "
            f"{loss[-10:].mean():.2f} on average over the last ten"
        )
    axes[0].set(ylabel="loss of the batch", ylim=(0, 1.05 * highest))
    figure.set_label(
        "Loss of the batch against the step, four runs; the dotted line is ln 10, "
        f"2.30. {'; '.join(told)}."
    )
    return figure


ask = partial(exercise, kind="diagnose", options=tuple(RUNS), shows=four_deep_runs)


@ask(
    "The run whose gradient vanishes",
    hint="What does a loss do if the first layers never move? And what has it done "
    "before it stands still in the other flat run?",
    then="Six sigmoid layers: nothing ever happened in this run, from the first step "
    "on. Its loss is that of a network that knows nothing.",
    usual="""
        "D" => "A"
            This loss begins above ln 10 and comes down: the gradient arrives, and the
            start was too large.
        "D" => "B"
            This run learns: its gradient arrives.
        "D" => "C"
            Look at its first steps: this loss jumped before it stood still, so there
            was a gradient, and too long a step.
    """,
)
def run_that_vanishes():
    return "D"


@ask(
    "The run whose units have died",
    stars=2,
    hint="Death needs a cause: what happens to a loss when one step throws the units "
    "too far? And what is left to learn when all of them are 0 for every input?",
    then="At a rate of 1.0 the first steps threw most ReLUs so far that they are 0 for "
    "every image; later more died, in the last layer nearly all. What is left are the "
    "output's biases.",
    usual="""
        "C" => "A"
            This network still learns: its loss comes down from a start that was too
            large.
        "C" => "B"
            This one is healthy.
        "C" => "D"
            Here nothing ever happened. Units die by a step that is too long, and such
            a step is seen in the loss.
    """,
)
def run_with_dead_units():
    return "C"
