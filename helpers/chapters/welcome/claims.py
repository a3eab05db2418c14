"""The claim of the welcome notebook: an experiment and its question.

Its answers are ranges to guess from. They were cut after a first measurement, at round
numbers that all intervals leave far behind: no verdict hangs on where they lie.
"""

from torch import Tensor
from torch.nn import functional as F

from helpers.claims import difference
from helpers.claims.fair import fresh, right_on
from helpers.data import Examples
from helpers.models import MLP
from helpers.training import train
from helpers.widgets.predict import claim

PIXELS = 4  # about as wide as the empty margin: hardly any ink is cut off


def moved(X: Tensor, pixels: int = PIXELS) -> Tensor:
    """Return images (n, c, h, w) shifted to the right; zeros come in at the left."""
    return F.pad(X, (pixels, 0, 0, 0))[..., : X.shape[-1]]


@claim(
    "A network that reads digits in the middle reads them anywhere.",
    difference(
        "moved by 4 pixels",
        "as they are",
        {
            "3 or more of 10 are lost": -0.3,
            "1 to 3 of 10 are lost": -0.1,
            "under 1 of 10 is lost": None,
        },
        "Accuracy, moved by 4 pixels minus in place",
        "difference of two accuracies; −0.4: of 100 images, 40 fewer are read\n"
        "a look: just run, with 3 seeds; full size: run before, with 10",
    ),
    true=["under 1 of 10 is lost"],
    live=(12_000, 5, 3),
    full=(12_000, 5, 10),
)
def anywhere(data, n_train, num_epochs, seed):
    """One network, tested on the images as they are, and moved to the right."""
    net = fresh(MLP, data, seed)
    train(net, data.train.take(n_train), num_epochs=num_epochs, lr=0.3, batch_size=128,
          seed=seed)  # fmt: skip
    aside = Examples(moved(data.test.X), data.test.y)
    return {
        "as they are": {"test accuracy": right_on(net, data.test)},
        "moved by 4 pixels": {"test accuracy": right_on(net, aside)},
    }
