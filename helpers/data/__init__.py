"""Sets in memory: images, points, text, names, and the batches taken from them.

This package is the only code of the course that touches disk or network.
"""

from __future__ import annotations

import os

from .digits import MAX_IMAGES, make_digits
from .emoji import EMOJI_CLASSES, emoji_concepts, load_emoji
from .examples import DataError, Examples, ImageData, check_count, minibatches
from .names import NameData, load_names, spelled
from .photo_sets import PHOTO_SETS, download_photo_set, load_photo_set
from .photographs import PHOTOGRAPHS, load_photograph
from .points import (
    KINDS,
    PointData,
    make_points,
    make_regression,
    with_label_noise,
)
from .real import SETS, data_folders, download, load_real
from .remote import REMOTE, download_set, is_here, remote_files, remote_size
from .sequences import (
    WindowData,
    random_windows,
    sequential_windows,
    text_windows,
    windows,
)
from .text import Text, clean_text, load_time_machine
from .vocab import Vocab, ngram_counts, tokenize

IMAGE_SETS = ("digits", *SETS)

__all__ = [
    "EMOJI_CLASSES",
    "IMAGE_SETS",
    "KINDS",
    "PHOTOGRAPHS",
    "PHOTO_SETS",
    "REMOTE",
    "DataError",
    "Examples",
    "ImageData",
    "NameData",
    "PointData",
    "Text",
    "Vocab",
    "WindowData",
    "clean_text",
    "data_folders",
    "download",
    "download_photo_set",
    "download_set",
    "emoji_concepts",
    "is_here",
    "load_emoji",
    "load_images",
    "load_photo_set",
    "load_names",
    "load_photograph",
    "load_time_machine",
    "make_digits",
    "make_points",
    "make_regression",
    "minibatches",
    "ngram_counts",
    "random_windows",
    "remote_files",
    "remote_size",
    "sequential_windows",
    "spelled",
    "text_windows",
    "tokenize",
    "windows",
    "with_label_noise",
]


def load_images(
    name: str | None = None,
    n_train: int | None = 12_000,
    n_val: int = 2_000,
    n_test: int | None = 2_000,
    seed: int = 0,
) -> ImageData:
    """Return images in three parts: train, val, test. A second call is free.

    Parameters
    ----------
    name : "digits", embedded, or "fashion_mnist" or "mnist", fetched by `make data`;
        None = the environment variable COURSE_IMAGES, else "digits".
    n_train : the first images of the training part; None = all of a real set.
    n_val : of digits, the first images written from sources of their own; of a real
        set, the last images of the training file, which n_train then leaves out.
    n_test : the first images of the test part; None = all of a real set.
    seed : draws the digits anew, 0 to 2**31 - 1; real sets do not depend on it.

    Returns
    -------
    ImageData : X (n, 1, 28, 28) float32 in 0..1, y (n,) int64 in 0..9

    Raises
    ------
    DataError : a real set is missing or altered; nothing is fetched by this call.
    TypeError, ValueError : no such set, or a size outside the range it names.

    Taught in chapter 2.
    """
    source = "name"
    if name is None:
        source = "COURSE_IMAGES"
        name = os.environ.get(source) or "digits"
    if name not in IMAGE_SETS:
        raise ValueError(f"{source}={name!r}: allowed are {', '.join(IMAGE_SETS)}")
    if name != "digits":
        return load_real(name, n_train, n_val, n_test)
    sizes = {"train": n_train, "val": n_val, "test": n_test}
    for part, n in sizes.items():
        if n is None:
            raise ValueError(
                f"n_{part}=None means all images of a real set, but digits are drawn "
                f"without end: allowed are 1 to {MAX_IMAGES:,}"
            )
        check_count(f"n_{part}", n, MAX_IMAGES)
    parts = {part: make_digits(n, part, seed=seed) for part, n in sizes.items()}
    return ImageData("digits", tuple("0123456789"), **parts)
