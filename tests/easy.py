"""A task that is learned in a moment: is the first of 16 pixels light?"""

import torch

from helpers import Examples, ImageData


def easy_data() -> ImageData:
    """256, 64 and 64 images of 4 x 4 random pixels in two classes."""
    return ImageData(
        "easy", ("dark", "light"), _draw(256, 0), _draw(64, 1), _draw(64, 2)
    )


def _draw(n: int, seed: int) -> Examples:
    X = torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(seed))
    return Examples(X, (X.flatten(1)[:, 0] > 0.5).long())
