"""Claim of chapter 9 on where to take features: from the last layer, or before it."""

from functools import partial

from helpers.chapters.transfer_learning.claims.training import (
    EMOJI,
    PENALTIES,
    VAL,
    ask,
    over_grid,
)
from helpers.data import load_photo_set
from helpers.training.features import (
    BLOCKS,
    SIZE,
    featured,
    linear_probe,
    pick,
)
from helpers.widgets.predict import claim

STAGES = {
    "block 4": (4,),
    "block 8": (8,),
    "block 11": (11,),
    "block 14": (14,),
    "head": (16,),
    "blocks 10 and 14": BLOCKS,
}
SINGLE = ("block 14", "block 11", "block 8", "block 4")  # the first of equal ones
BEST = "best block"


@claim(
    "The last layer's features are the best to take.",
    ask("head", BEST, "Test accuracy, head minus the block that is best on val"),
    true="it is better",
    also=[
        ask("head", "blocks 10 and 14", "Head minus blocks 10 and 14 together"),
        ask("head", "block 14", "Head minus block 14"),
        ask("head", "block 4", "Head minus block 4"),
    ],
    live=None,
    full=(10, 1, 20),
    sets=EMOJI | {"hymenoptera": partial(load_photo_set, "hymenoptera", 128)},
    images=False,
    anew=("training pictures",),
)
def last_layer(data, n_train, num_epochs, seed):
    """Linear probes on features of single blocks, with n_train labels a class.

    A probe has one minimum, which is found without passes. Its penalty is chosen on
    val, and so is the block; with equal ones the later block is taken.
    """
    K, size = len(data.classes), max(SIZE, data.train.X.shape[-1])
    results = {}
    for name, blocks in STAGES.items():
        own = featured(data, blocks, size)
        examples = pick(own.train, n_train, seed)
        probe = partial(linear_probe, examples, K)
        results[name] = over_grid(probe, PENALTIES, own)
    best = max(SINGLE, key=lambda name: results[name][VAL])
    return results | {BEST: results[best]}
