"""The explorer `feature_space`: pictures among their classes while the body trains."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch

from helpers.data import load_emoji
from helpers.figures import COLORS
from helpers.training import fit
from helpers.training.features import pick
from helpers.training.finetuning import (
    BATCH_SIZE,
    LR_BODY,
    Rest,
    fronted,
    groups,
)
from helpers.training.history import Step
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import INK, Pane
from helpers.words import many, number

LABELS, SHOWN_EVERY, NUM_SHOWN = 10, 4, 10  # a snapshot after every fourth step
PARTS = ("train", "test")
SHAPES = ("o", "s", "^", "x")
RATES = {"0": 0.0, "0.0002": LR_BODY, "0.002": 10 * LR_BODY}


class Path(NamedTuple):
    """What the body and the classifier gave after every fourth step, 0 to 40.

    features : by part, (steps, n, 1280).
    answers : to the test pictures, (steps, n).
    y : labels by part, (n,); classes : their names.
    """

    features: dict[str, np.ndarray]
    answers: np.ndarray
    y: dict[str, np.ndarray]
    classes: tuple[str, ...]


@cache
def path(lr_body: float) -> Path:
    """Train the last six stages and a new classifier, and keep what they give."""
    data = fronted(load_emoji())
    parts = {"train": pick(data.train, LABELS), "test": data.test}
    net, features, answers = Rest(len(data.classes)), {p: [] for p in PARTS}, []

    @torch.no_grad()
    def keep() -> None:
        for part, examples in parts.items():
            means = net.body(examples.X).mean((2, 3))
            features[part].append(means.cpu().numpy())
        answers.append(net.classifier(means).argmax(1).cpu().numpy())

    steps = fit(net, parts["train"], num_epochs=99, batch_size=BATCH_SIZE,
                optimizer=groups(net, lr_body), device="cpu")  # fmt: skip
    keep()
    for record in steps:
        if isinstance(record, Step) and record.step % SHOWN_EVERY == 0:
            keep()
            if len(answers) > NUM_SHOWN:
                break
    return Path(
        {part: np.stack(found) for part, found in features.items()},
        np.stack(answers),
        {part: examples.y.cpu().numpy() for part, examples in parts.items()},
        data.classes,
    )


@cache
def places(lr_body: float) -> dict[str, np.ndarray]:
    """The features in a plane that stays, by part, (steps, n, 2).

    It has the two directions in which the means of the classes differ most, before and
    after the training together. At every step the mean of all training pictures is at
    the origin: a shift that all have in common matters to no classifier.
    """
    found = path(lr_body)
    train, y = found.features["train"], found.y["train"]
    origin = train.mean(1, keepdims=True)
    labels = range(len(found.classes))
    ends = (train - origin)[[0, -1]]
    means = np.concatenate([ends[:, y == label].mean(1) for label in labels])
    plane = np.linalg.svd(means, full_matrices=False)[2][:2]
    plane *= np.sign(plane.sum(1, keepdims=True))  # the same on every processor
    return {part: (H - origin) @ plane.T for part, H in found.features.items()}


def nearest_mean(lr_body: float, shown: int) -> float:
    """Accuracy on test of the rule that takes the class of the nearest mean."""
    found = path(lr_body)
    H, y = found.features["train"][shown], found.y["train"]
    means = np.stack([H[y == label].mean(0) for label in range(len(found.classes))])
    apart = np.linalg.norm(found.features["test"][shown][:, None] - means, axis=2)
    return (apart.argmin(1) == found.y["test"]).mean()


@explorer(width=760, height=320)
def feature_space(
    snapshot=IntSlider(0, NUM_SHOWN, start=0), body_rate=Choice(RATES, start=LR_BODY)
):
    """Forty training pictures and the test pictures in the space of features.

    A body frozen up to its last six stages is trained for 40 steps, together with a
    new classifier, on emoji with ten labels per class; snapshots are taken every four
    steps. The features are what the classifier gets, 1,280 for each picture, and the
    plane is that in which the means of the classes differ most. Large marks are the
    means of the training pictures.
    """
    found, step = path(body_rate), SHOWN_EVERY * snapshot
    xy = places(body_rate)
    all_xy = np.concatenate([part.reshape(-1, 2) for part in xy.values()])
    (x0, y0), (x1, y1) = all_xy.min(0) - 1, all_xy.max(0) + 1  # of all steps
    panes = []
    for part in PARTS:
        pane = Pane(
            f"{part}, after step {step}", (x0, x1), (y0, y1), equal=True,
            xticks={}, yticks={},
            labels=("first direction", "second"), name=part,
        )  # fmt: skip
        for label, word in enumerate(found.classes):
            own = xy[part][snapshot][found.y[part] == label]
            look = {"color": COLORS[label], "shape": SHAPES[label]}
            pane.dots(own, size=3, alpha=0.7, name=f"{part} {word}", label=word, **look)
        for label, word in enumerate(found.classes):
            mean = xy["train"][snapshot][found.y["train"] == label].mean(0)
            edge = "" if SHAPES[label] == "x" else INK  # a cross is all edge
            pane.dots([mean], size=7, edge=edge, color=COLORS[label],
                      shape=SHAPES[label], name=f"{part} mean {word}")  # fmt: skip
        panes.append(pane)
    right = (found.answers[snapshot] == found.y["test"]).mean()
    says = (
        f"After {many(step, 'step')} the classifier names {number(right, 2)} of the "
        f"{many(len(found.y['test']), 'test picture')}; the class whose training "
        f"pictures have the nearest mean is right for "
        f"{number(nearest_mean(body_rate, snapshot), 2)} (before training "
        f"{number(nearest_mean(body_rate, 0), 2)})."
    )
    return says, *panes
