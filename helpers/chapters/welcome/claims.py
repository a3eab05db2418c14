"""The claim of the welcome notebook: an experiment and its question.

The cut was fixed before any run: a difference counts from one percentage point on.
"""

from torch import Tensor
from torch.nn import functional as F

from helpers.claims import SAME, difference
from helpers.claims.fair import fresh, right_on
from helpers.data import Examples
from helpers.models import MLP
from helpers.training import train
from helpers.widgets.predict import claim

PIXELS = 4  # about as wide as the empty margin of a digit: 2 % of the ink is cut off


def moved(X: Tensor, pixels: int = PIXELS) -> Tensor:
    """Return images (n, c, h, w) shifted to the right; zeros come in at the left."""
    return F.pad(X, (pixels, 0, 0, 0))[..., : X.shape[-1]]


@claim(
    "A network that reads digits in the middle reads them anywhere.",
    difference(
        "moved by 4 pixels",
        "as they are",
        {
            "moved ones are read worse": -0.01,
            SAME: 0.01,
            "moved ones are read better": None,
        },
        "Accuracy, moved by 4 pixels minus in place",
        "difference of two accuracies; −0.4: of 100 images, 40 fewer are read\n"
        "a look: just run, with 3 seeds; full size: run before, with 10",
    ),
    true=[SAME, "moved ones are read better"],
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
