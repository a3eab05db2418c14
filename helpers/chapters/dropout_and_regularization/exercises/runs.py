"""Reading runs: which training lacks time, and which has too much of a penalty."""

from functools import lru_cache, partial

import numpy as np
from matplotlib.figure import Figure

from helpers.data import load_images, with_label_noise
from helpers.exercises import cells, exercise
from helpers.figures import drawn, line_style
from helpers.figures.style import plain
from helpers.models import MLP
from helpers.seeds import seeded
from helpers.training import History, train

# What differs from the same training: dropout, and settings.
RUNS = {
    "A": (0.0, {"weight_decay": 0.15}),
    "B": (0.0, {}),
    "C": (0.0, {"lr": 0.002}),
    "D": (0.5, {"weight_decay": 0.003}),
}


@lru_cache
def histories() -> dict[str, History]:
    """Train a network four times on 600 digits, 40 % of them with a wrong label."""
    data, found = with_label_noise(load_images("digits", n_train=600), 0.4), {}
    for name, (dropout, settings) in RUNS.items():
        with seeded(0):
            net = MLP((64,), dropout=dropout)
        found[name] = train(
            net,
            data.train,
            data.val.take(1_000),
            **{"num_epochs": 30, "lr": 0.04, "momentum": 0.9, "batch_size": 64,
               "device": "cpu"} | settings,
        )  # fmt: skip
    return found


@drawn
def four_trainings() -> Figure:
    """Draw both accuracies of the four runs by epoch."""
    figure = plain(5.4, 1.5)
    axes = figure.subplots(1, len(RUNS), sharey=True)
    for ax, (name, history) in zip(axes, histories().items(), strict=True):
        parts = {"training": history.train_accuracy, "new": history.val_accuracy}
        for k, (part, values) in enumerate(parts.items()):
            epochs = np.arange(1, len(values) + 1)
            ax.plot(epochs, values, label=part, **line_style(k))
        ax.set(title=name, xlabel="epoch", ylim=(0, 1.03))
    axes[0].set_ylabel("accuracy")
    axes[0].legend(loc="upper left")
    return figure


ask = partial(exercise, kind="diagnose", options=tuple(RUNS), shows=four_trainings)


@ask(
    "The run that was stopped too early",
    hint="In which panel would ten more epochs change what you see?",
    then="Both curves still rise, and nothing is fitted that is not general: it needs "
    "more steps, or longer ones. Its learning rate is 0.002, that of the others 0.04.",
    usual="""
        "C" => "A"
            These curves have stopped rising: more epochs would change nothing.
        "C" => "B"
            Here the training accuracy passes 0.6, the share of right labels, and the
            new images gain next to nothing from it: more epochs would be more memory.
        "C" => "D"
            The curve of the new images is level by now: more epochs would gain little.
    """,
)
def run_stopped_too_early():
    return "C"


@ask(
    "The run whose penalty is too strong",
    stars=2,
    hint="Which run cannot even fit what it is shown, and no longer tries?",
    then="It underfits: a decay of 0.15 pulls its weights back as fast as the gradient "
    "moves them.",
    usual="""
        "A" => "B"
            This run fits its training labels, the wrong ones too: no penalty holds it
            back.
        "A" => "C"
            This one fits little so far, and is still on its way up: it lacks time.
        "A" => "D"
            Dropout and a small penalty hold it back, and it still reaches about 0.5.
    """,
)
def run_with_too_strong_penalty():
    return "A"


EXERCISES, check, table = cells(__name__)
