"""Emoji as small pictures, from one sheet in data/; tools/emoji.py built it."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .examples import DataError, Examples, ImageData, remembered

STYLES = ("noto", "twemoji")
EMOJI_CLASSES = ("animal", "food", "vehicle", "clothing", "plant", "face")
SIDE = 64  # pixels
# The files' lengths and hashes, as tools/emoji.py prints them; authors and licences are
# in data/README.md.
FILES = {
    "emoji.png": (
        751_841,
        "9568604d660fd3a5edba9ae760f9fa073f024323ab460facc435c0040933889d",
    ),
    "emoji.csv": (
        33_169,
        "a8502945e4233942af1e0c76e1ae350272e8eb21f8440fab0c59239526791de4",
    ),
}


def load_emoji(
    style: str = "noto", classes: Sequence[str] = EMOJI_CLASSES[:4]
) -> ImageData:
    """Return emoji on white in three parts that share no concept. A repeat is free.

    Drawings of one thing, as a bus and an oncoming bus, have one concept, the same in
    both styles, and all are in one part: whoever trains on one style and tests on the
    other has not seen the test's concepts either.

    Parameters
    ----------
    style : "noto" (Google) or "twemoji" (Twitter), the same emoji by another hand.
    classes : of "animal", "food", "vehicle", "clothing", "plant", "face"; label i means
        classes[i].

    Returns
    -------
    ImageData : X (n, 3, 64, 64) float32 in 0..1, y (n,) int64, origin (n,) int64 the
        numbers of the concepts, named by `emoji_concepts`. With the four classes that
        are taken by default: 200 train, 36 val, 98 test.

    Raises
    ------
    DataError : the sheet or its table is missing or altered.
    ValueError : no such style or class, no class, or one twice.

    Taught in chapter 9.
    """
    if style not in STYLES:
        raise ValueError(f"style={style!r}: allowed are {', '.join(STYLES)}")
    classes = (classes,) if isinstance(classes, str) else tuple(classes)
    unknown = [name for name in classes if name not in EMOJI_CLASSES]
    if unknown or not classes or len(set(classes)) < len(classes):
        wrong = f"no class {unknown[0]!r}" if unknown else "each once, and at least one"
        allowed = ", ".join(EMOJI_CLASSES)
        raise ValueError(f"classes={classes}: {wrong}; allowed are {allowed}")
    files = tuple(_found(name) for name in FILES)
    parts = {
        part: _cut(files, style, classes, part) for part in ("train", "val", "test")
    }
    return ImageData(f"emoji_{style}", classes, **parts)


def emoji_concepts() -> tuple[str, ...]:
    """Return the names of the concepts; `origin` of `load_emoji` counts into them.

    Raises
    ------
    DataError : the table is missing or altered.

    First used in chapter 9.
    """
    return tuple(dict.fromkeys(row["concept"] for row in _rows(*_found("emoji.csv"))))


@remembered
def _cut(files: tuple, style: str, classes: tuple[str, ...], part: str) -> Examples:
    sheet, table = files
    numbers = {concept: i for i, concept in enumerate(emoji_concepts())}
    chosen = [
        (int(row["place"]), classes.index(row["class"]), numbers[row["concept"]])
        for row in _rows(*table)
        if (row["style"], row["part"]) == (style, part) and row["class"] in classes
    ]
    place, y, origin = torch.tensor(chosen).T.contiguous()
    return Examples(_pictures(*sheet)[place].float().div_(255), y, origin)


def _found(name: str) -> tuple[Path, int, int]:
    """Return a file's path, size and time: an altered file has other ones."""
    path = sheet_folder() / name
    if not path.is_file():
        raise DataError(f"{path} ({FILES[name][0]:,} bytes) is missing. {_mend(name)}")
    state = path.stat()
    return path, state.st_size, state.st_mtime_ns


def sheet_folder() -> Path:
    """Return the folder of the sheet, which is part of the course: no download."""
    return Path(__file__).parents[2] / "data"


def _mend(name: str) -> str:
    return f"It is part of the course: `git checkout data/{name}` brings it back."


def _checked(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}. Make it readable."
        ) from error
    length, sha256 = FILES[path.name]
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise DataError(
            f"{path} is altered or cut off: expected {length:,} bytes with sha256 "
            f"{sha256[:12]}..., found {len(content):,} bytes with {found[:12]}... "
            f"{_mend(path.name)}"
        )
    return content


@functools.lru_cache(maxsize=1)
def _rows(path: Path, size: int, time: int) -> list[dict[str, str]]:
    """Read the table: one row for each picture, in the sheet's order."""
    return list(csv.DictReader(io.StringIO(_checked(path).decode())))


@functools.lru_cache(maxsize=1)
def _pictures(path: Path, size: int, time: int) -> Tensor:
    """Cut the sheet, row by row: (places, 3, SIDE, SIDE) uint8."""
    from PIL import Image  # here: few chapters need it

    with Image.open(io.BytesIO(_checked(path))) as file:
        sheet = torch.from_numpy(np.array(file.convert("RGB")))  # (h, w, 3)
    tiles = sheet.unfold(0, SIDE, SIDE).unfold(1, SIDE, SIDE)  # (rows, columns, 3, ...)
    return tiles.reshape(-1, 3, SIDE, SIDE)
