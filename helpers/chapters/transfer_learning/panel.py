"""What the tuning panel of chapter 9 trains: a frozen part, the rest, and two rates.

What is frozen gives each picture the same numbers in every run. They are computed
once, at the first run that needs them, and kept.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial

import torch
from torch import Tensor, nn

from helpers.data import Examples, ImageData, load_emoji, load_photo_set
from helpers.seeds import seeded
from helpers.training.features import BLOCKS, featured, pick
from helpers.training.finetuning import SIZE, Rest, fronted

NUM_COPIES = 3  # of each training picture, besides the picture itself
PROBE, ALL_FROZEN = "all, late blocks", 17
# For a Choice: what is frozen -> the number of stages, or the features of two blocks
FROZEN = {"probe": PROBE, "all": ALL_FROZEN, "14": 14, "11": 11}
AUGMENT = ("none", "flip", "crop", "flip and crop")


def target_net(frozen: int | str = PROBE, num_outputs: int = 4) -> nn.Module:
    """What trains behind the frozen part, for what `target_data` gives.

    Parameters
    ----------
    frozen : stages of the network that stay, as in `Rest`, 0 to 17; or `PROBE`, a
        linear layer on the features of blocks 10 and 14.
    num_outputs : number of classes K.
    """
    if frozen == PROBE:
        return nn.Linear(112 + 192, num_outputs)  # channels of BLOCKS
    seed = int(torch.randint(2**31, ()))  # the run's own
    return Rest(num_outputs, frozen, seed)


def target_data(
    frozen: int | str = PROBE,
    labels_per_class: int = 5,
    augment: str = "none",
    name: str = "emoji_noto",
    seed: int = 0,
) -> ImageData:
    """Pictures as `target_net` gets them, with a few labels for each class.

    Parameters
    ----------
    frozen : as for `target_net`.
    labels_per_class : pictures of each class that are trained on, drawn by the seed.
    augment : one of `AUGMENT`; each training picture comes with three random copies,
        the same in all runs.
    name : "emoji_noto", "emoji_twemoji", or "hymenoptera", which is fetched: ants and
        bees, at the size of the emoji.

    Raises
    ------
    DataError : the photographs are missing or damaged.
    """
    data = _given(frozen, augment, name)
    n = len(_pictures(name).train)
    numbers = Examples(torch.arange(n)[:, None], data.train.y[:n])
    chosen = pick(numbers, labels_per_class, seed).X[:, 0]
    every = torch.arange(0, len(data.train), n)[:, None]  # a copy of all after another
    return replace(data, train=data.train.at((every + chosen).flatten()))


def _pictures(name: str) -> ImageData:
    if name.startswith("emoji_"):
        return load_emoji(name.removeprefix("emoji_"))
    return load_photo_set(name, SIZE)


@cache
def _given(frozen: int | str, augment: str, name: str) -> ImageData:
    data = _augmented(augment, name)
    if frozen == PROBE:
        return featured(data, BLOCKS, SIZE)
    return fronted(data, frozen)


@cache
def _augmented(augment: str, name: str) -> ImageData:
    """The set with copies of all training pictures, the pictures themselves first."""
    data = _pictures(name)
    if augment == "none":
        return data
    from torchvision.transforms import v2

    X, y, side = data.train.X, data.train.y, data.train.X.shape[-1]
    parts = {"flip": v2.RandomHorizontalFlip(),
             "crop": v2.RandomResizedCrop(side, (0.6, 1))}  # fmt: skip
    drawn = v2.Compose([parts[part] for part in augment.split(" and ")])
    with seeded(0):
        copies = [torch.stack([drawn(x) for x in X]) for _ in range(NUM_COPIES)]
    train = Examples(torch.cat([X, *copies]), y.repeat(NUM_COPIES + 1))
    return replace(data, train=train)


def two_rates(
    parameters: Iterable[Tensor],
    lr: float = 5e-3,
    lr_body: float = 2e-4,
    kind: Callable = torch.optim.Adam,
) -> torch.optim.Optimizer:
    """An optimizer with the rate lr for the classifier, and another for the body.

    Parameters
    ----------
    parameters : of a network; the classifier's weight and bias are the last two.
    lr, lr_body : rates of the classifier, and of all that stands before it.
    kind : a class of torch.optim.
    """
    *body, weight, bias = parameters
    parts = [{"params": [weight, bias], "lr": lr}]
    return kind(parts + ([{"params": body, "lr": lr_body}] if body else []), lr=lr)


momentum = partial(torch.optim.SGD, momentum=0.9)
OPTIMIZERS = {"Adam": two_rates, "momentum": partial(two_rates, kind=momentum)}
