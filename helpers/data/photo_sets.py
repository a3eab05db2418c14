"""Photographs in folders, one for each class, fetched as one archive."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .examples import DataError, Examples, ImageData, check_count, remembered
from .real import RemoteFile, data_folders, fetch, fetching

SMALLEST, LARGEST = 32, 256
EVERY = 5  # of the training photographs of a class, one in so many is for validation


@dataclass(frozen=True)
class PhotoSet:
    """Where a set of photographs lives, on disk and in the network."""

    folder: str  # below data/; it holds the archive, and `root` as unpacked
    root: str
    classes: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]  # of each class; folders of training, of test
    archive: RemoteFile
    mirrors: tuple[str, ...]
    suffixes: tuple[str, ...] = (".jpg",)


# The hash is the one that PyTorch's own build of its tutorials compares (file
# .jenkins/download_data.py of the repository pytorch/tutorials). The archive holds
# imageNotFound.gif besides, which is no photograph and is left out.
PHOTO_SETS = {
    "hymenoptera": PhotoSet(
        "hymenoptera",
        "hymenoptera_data",
        ("ants", "bees"),
        {"train": (123, 121), "val": (70, 83)},
        RemoteFile(
            "hymenoptera_data.zip",
            47_286_322,
            "fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209",
        ),
        ("https://download.pytorch.org/tutorial/",),
    ),
    # Address and hash are those of d2l.DATA_HUB; how long it is, is not published.
    "hotdog": PhotoSet(
        "hotdog",
        "hotdog",
        ("hotdog", "not-hotdog"),
        {"train": (1_000, 1_000), "test": (400, 400)},
        RemoteFile("hotdog.zip", None, "fba480ffa8aa7e0febbb511d181409f899b9baa5"),
        ("http://d2l-data.s3-accelerate.amazonaws.com/",),
        (".png", ".jpg", ".jpeg"),
    ),
}


def load_photo_set(name: str = "hymenoptera", size: int = 128) -> ImageData:
    """Return photographs, cut to the square in their middle and made smaller.

    Parameters
    ----------
    name : "hymenoptera", ants and bees, or "hotdog", hot dogs and what is none;
        `make data DATA=hymenoptera` fetches a set.
    size : height and width in pixels, 32 to 256.

    Returns
    -------
    ImageData : X (n, 3, size, size) float32 in 0..1, y (n,) int64, the place of the
        class: 0 ants, 1 bees; 0 hot dogs, 1 others. Of the set's training folder every
        fifth of a class, in the order of the file names, is val: 196 train and 48 val
        of hymenoptera, 1,600 and 400 of hotdog; its other folder is test, 153 and 800.

    Raises
    ------
    DataError : the set is missing, incomplete or damaged; nothing is fetched.
    TypeError, ValueError : no such set, or a size outside its range.

    Taught in chapter 9. Sources: S. Chilamkurthy, Transfer learning for computer vision
    tutorial, PyTorch 2017, photographs from ImageNet, collected on Flickr; A. Zhang et
    al., Dive into Deep Learning, section 14.2, photographs from the web.
    """
    photos = _known(name)
    size = check_count("size", size, LARGEST, SMALLEST)
    root = _found(name)
    parts: dict[str, list] = {"train": [], "val": [], "test": []}
    training, _ = photos.counts
    for folder, paths in _listed(photos, root).items():
        for label, of_class in enumerate(paths):
            for i, path in enumerate(of_class):
                part = "val" if i % EVERY == EVERY - 1 else "train"
                state = path.stat()  # an altered file has another one
                row = (str(path), label, state.st_size, state.st_mtime_ns)
                parts[part if folder == training else "test"].append(row)
    examples = {part: _cut(name, tuple(rows), size) for part, rows in parts.items()}
    return ImageData(name, photos.classes, **examples)


def _known(name: str) -> PhotoSet:
    if name not in PHOTO_SETS:
        raise ValueError(f"name={name!r}: allowed are {', '.join(PHOTO_SETS)}")
    return PHOTO_SETS[name]


def _command(name: str) -> str:
    return f"`make data DATA={name}` or `python -m helpers.data {name}`"


def _found(name: str) -> Path:
    photos = PHOTO_SETS[name]
    roots = [folder / photos.folder / photos.root for folder in data_folders()]
    root = next((root for root in roots if root.is_dir()), None)
    if root is None:
        looked = " and ".join(str(root) for root in roots)
        raise DataError(
            f"{name} is missing: there is no folder {looked}. {_command(name)} fetches "
            f"it ({photos.archive}); or set COURSE_DATA to the folder that holds "
            f"{photos.folder}/{photos.root}."
        )
    if wrong := _what_is_missing(photos, root):
        raise DataError(
            f"{wrong}. Delete {root}, then {_command(name)} unpacks it anew."
        )
    return root


def _listed(photos: PhotoSet, root: Path) -> dict[str, list[list[Path]]]:
    """Return the photographs of each folder and class, in the order of their names."""
    return {
        folder: [_photographs(photos, root / folder / c) for c in photos.classes]
        for folder in photos.counts
    }


def _photographs(photos: PhotoSet, folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*") if p.suffix in photos.suffixes)


def _what_is_missing(photos: PhotoSet, root: Path) -> str:
    """Say which folder has another number of photographs than the set has, or ""."""
    for folder, paths in _listed(photos, root).items():
        numbers = zip(photos.classes, paths, photos.counts[folder], strict=True)
        for label, found, expected in numbers:
            if len(found) != expected:
                return (
                    f"{root / folder / label} holds {len(found):,} photographs: "
                    f"expected {expected:,}"
                )
    return ""


@remembered
def _cut(name: str, rows: tuple, size: int) -> Examples:
    from PIL import Image, ImageOps  # here: few chapters need it

    X = torch.empty(len(rows), 3, size, size)
    for i, (path, *_) in enumerate(rows):
        try:
            with Image.open(path) as file:
                square = ImageOps.fit(
                    file.convert("RGB"), (size, size), Image.Resampling.BILINEAR
                )
        except OSError as error:  # PIL's own errors are OSErrors, too
            raise DataError(
                f"{path} cannot be read as a photograph: {error}. Delete it, then "
                f"{_command(name)} unpacks it anew."
            ) from error
        X[i] = torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255
    return Examples(X, torch.tensor([label for _, label, *_ in rows]))


def download_photo_set(
    name: str = "hymenoptera",
    folder: str | os.PathLike | None = None,
    mirrors: tuple[str, ...] | None = None,
    progress: bool = True,
) -> Path:
    """Fetch a set of photographs and unpack it, unless it is there already.

    The archive's hash is checked before it is opened, and it stays beside the folder.
    The folder gets its name only when it is complete. An archive that was copied there
    by hand is taken.

    Parameters
    ----------
    name : "hymenoptera" or "hotdog".
    folder : will hold a folder of that name; None = COURSE_DATA, else the course's
        data/.
    mirrors : addresses to try in turn; None = the known ones.
    progress : show a bar on stderr.

    Returns
    -------
    the folder with train/ and val/

    Raises
    ------
    DataError : no mirror sent the archive, it holds something else, or the folder
        cannot be written.
    """
    photos = _known(name)
    target = (Path(folder) if folder else data_folders()[0]) / photos.folder
    root = target / photos.root
    if not _what_is_missing(photos, root):
        return root  # before any lock: a finished folder may be read-only
    # packed and unpacked: photographs are not much smaller in the archive
    length = photos.archive.length
    total = length and 2 * length
    with fetching(name, target, total, progress) as bar:
        if _what_is_missing(photos, root):  # else another kernel was first
            fetch(name, photos.archive, target, mirrors or photos.mirrors, bar)
            _unpack(photos, target)
            bar.update((target / photos.archive.name).stat().st_size)
    return root


def _unpack(photos: PhotoSet, target: Path) -> None:
    """Write the archive's photographs into folders of their own, all or none.

    Only members that are called root/folder/class/name.jpg are taken (or with another
    ending of the set's), and each is written as a plain file: no path leads elsewhere,
    and no link is made.
    """
    archive, working = target / photos.archive.name, target / "unpacking"
    places = [
        "|".join(map(re.escape, names))
        for names in (photos.counts, photos.classes, photos.suffixes)
    ]
    wanted = re.compile(
        rf"{re.escape(photos.root)}/({places[0]})/({places[1]})/"
        rf"([^./\\:][^/\\:]*(?:{places[2]}))"
    )
    shutil.rmtree(working, ignore_errors=True)  # of a killed run: we hold the lock
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                if match := wanted.fullmatch(member.filename):
                    path = working.joinpath(*match.groups())
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(packed.read(member))
        if wrong := _what_is_missing(photos, working):
            raise DataError(f"{archive.name} is not the one expected: {wrong}")
        shutil.rmtree(target / photos.root, ignore_errors=True)  # incomplete as it was
        os.replace(working, target / photos.root)
    finally:
        shutil.rmtree(working, ignore_errors=True)
