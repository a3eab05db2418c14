"""Claims of chapter 9 on the source: how many classes it has, which layers it gives."""

from dataclasses import replace
from functools import partial

import torch
from torch import nn

from helpers.chapters.transfer_learning.claims.training import (
    NUM_VAL,
    PENALTIES,
    TEST,
    ask,
    over_grid,
)
from helpers.claims.homemade import (
    PARTS,
    halved,
    learn,
    noisy,
    only,
    small_net,
)
from helpers.seeds import seeded
from helpers.training.features import linear_probe, pick
from helpers.widgets.predict import claim

RATES = (0.001, 0.003, 0.01)
SOURCE_RATE, SOURCE_EPOCHS = 0.01, 5


def few_val(data):
    """The same set with fewer validation images, which choose a rate."""
    return replace(data, val=data.val.take(min(NUM_VAL, len(data.val))))


def with_body(net, source):
    """Give a network the features of a source; its classifier stays its own."""
    net.features.load_state_dict(source.features.state_dict())
    return net


# -- classes of the source -----------------------------------------------------------

NUM_CLASSES = (2, 4, 6, 10)
SOURCE_SIZE = 1_000  # images in all, however many classes share them
LABELS = 5


@claim(
    "A source with more classes is a better source.",
    ask("10 classes", "2 classes", "Test accuracy, source of 10 classes minus 2"),
    true="it is better",
    also=[
        ask("6 classes", "2 classes", "Source of 6 classes minus 2"),
        ask("10 classes", "6 classes", "Source of 10 classes minus 6"),
        ask("2 classes", "scratch", "Source of 2 classes minus from scratch"),
    ],
    live=None,
    full=(LABELS, 20, 16),
    anew=(
        "classes of the source",
        "training images",
        "noise",
        "initial weights",
        "order",
    ),
)
def complex_source(data, n_train, num_epochs, seed):
    """Sources of 2 to 10 classes, fine-tuned on noisy images of all ten.

    Each source has the same number of images, so that more classes mean fewer of each:
    what differs is their variety and not how much there is. The classifier is new
    behind each source, and the target has n_train labels a class.
    """
    data = few_val(halved(data))
    noise = {
        part: replace(e, X=noisy(e.X, seed=3 * seed + i))
        for i, part in enumerate(PARTS)
        for e in [getattr(data, part)]
    }
    target, K = replace(data, **noise), len(data.classes)
    few = pick(target.train, n_train, seed)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(K, generator=generator).tolist()
    sources = {"scratch": None}
    for num_classes in NUM_CLASSES:
        images = pick(only(data.train, order[:num_classes]),
                      SOURCE_SIZE // num_classes, seed)  # fmt: skip
        net = small_net(num_classes, seed)
        learn(net, images, SOURCE_RATE, SOURCE_EPOCHS, seed)
        sources[f"{num_classes} classes"] = net

    def train(source, lr):
        net = small_net(K, seed)
        if source:
            with_body(net, source)
        return learn(net, few, lr, num_epochs, seed)

    return {
        name: over_grid(partial(train, source), RATES, target)
        for name, source in sources.items()
    }


# -- layers of the source ------------------------------------------------------------

CHANNELS = (16, 32, 32)
FEW = 5
SOURCE, TARGET = range(5), range(5, 10)


class ThreeLayers(nn.Module):
    """Three convolutions, `features`, and a linear layer, `classifier`, for 14 x 14.

    Parameters
    ----------
    num_outputs : number of classes K.
    seed : of the initial weights.

    Input (n, 1, 14, 14), output (n, K). The first two convolutions are followed by
    pooling.
    """

    def __init__(self, num_outputs, seed):
        super().__init__()
        a, b, c = CHANNELS
        with seeded(seed):
            self.features = nn.Sequential(
                nn.Sequential(
                    nn.Conv2d(1, a, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
                ),
                nn.Sequential(
                    nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
                ),
                nn.Sequential(nn.Conv2d(b, c, 3, padding=1), nn.ReLU()),
            )
            self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(9 * c, num_outputs))

    def forward(self, X):
        return self.classifier(self.features(X))


def taken(data, classes):
    """The same set with some classes alone."""
    parts = {part: only(getattr(data, part), classes) for part in PARTS}
    names = tuple(data.classes[k] for k in classes)
    return replace(data, classes=names, **parts)


@torch.no_grad()
def probed(net, examples, penalty):
    """Give a network the classifier that is best on its features as they are."""
    X = net.features(examples.X).flatten(1)
    last = net.classifier[-1]
    layer = linear_probe(replace(examples, X=X), last.out_features, penalty)
    last.load_state_dict(layer.state_dict())
    return net


def of_all(values, y, classes):
    """A number for each example: those of some classes, NaN for the others, (n,)."""
    result = torch.full((len(y),), torch.nan, dtype=values.dtype)
    result[torch.isin(y, torch.tensor([*classes]))] = values
    return result


@claim(
    "Low layers are general, high layers are special.",
    ask("source, 3 frozen, many", "source, 1 frozen, many",
        "Test accuracy, all three layers frozen minus the first alone, many labels"),
    true="it is worse",
    also=[
        ask("source, 1 frozen, many", "scratch, many",
            "First layer frozen minus from scratch, many labels"),
        ask("source, 3 frozen, few", "source, 1 frozen, few",
            "All three layers frozen minus the first alone, few labels"),
        ask("source, 1 frozen, few", "scratch, few",
            "First layer frozen minus from scratch, few labels"),
        ask("source, 3 frozen, many", "random, 3 frozen, many",
            "All frozen, from the source minus random, many labels"),
    ],
    live=None,
    full=(50, 12, 8),
)  # fmt: skip
def low_layers(data, n_train, num_epochs, seed):
    """Classes 0 to 4 are the source, 5 to 9 the target, with 5 or n_train labels each.

    The first layers are frozen as the source or as the seed left them. Where all three
    are, a linear layer is left, whose best weights with a penalty are computed: its
    accuracy may rise with Adam's rate without end.
    """
    data = few_val(halved(data))
    source = ThreeLayers(len(SOURCE), seed)
    learn(source, pick(only(data.train, SOURCE), SOURCE_SIZE // len(SOURCE), seed),
          SOURCE_RATE, SOURCE_EPOCHS, seed)  # fmt: skip
    target, results = taken(data, TARGET), {}

    def train(examples, start, num_frozen, lr):
        net = ThreeLayers(len(TARGET), seed + 1_000)
        if start == "source":
            with_body(net, source)
        net.features[:num_frozen].requires_grad_(False)
        if num_frozen == len(CHANNELS):
            return probed(net, examples, lr)
        return learn(net, examples, lr, num_epochs, seed)

    for amount, labels in (("few", min(FEW, n_train)), ("many", n_train)):
        examples = pick(target.train, labels, seed)
        for start in ("random", "source"):
            for num_frozen in range(len(CHANNELS) + 1):
                name = f"{start}, {num_frozen} frozen, {amount}"
                if (start, num_frozen) == ("random", 0):
                    name = f"scratch, {amount}"
                grid = PENALTIES if num_frozen == len(CHANNELS) else RATES
                row = over_grid(
                    partial(train, examples, start, num_frozen), grid, target
                )
                results[name] = row | {TEST: of_all(row[TEST], data.test.y, TARGET)}
    return results
