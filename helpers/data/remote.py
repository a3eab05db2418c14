"""The sets that a network holds, of every kind, by their names."""

from __future__ import annotations

import os
from pathlib import Path

from .photo_sets import PHOTO_SETS, download_photo_set
from .real import SETS, RemoteFile, download

REMOTE = (*SETS, *PHOTO_SETS)


def download_set(
    name: str, folder: str | os.PathLike | None = None, progress: bool = True
) -> Path:
    """Fetch a set, whatever its kind; as `download` and `download_photo_set`."""
    get = download if name in SETS else download_photo_set
    return get(name, folder, progress=progress)


def remote_files(name: str) -> tuple[str, tuple[RemoteFile, ...]]:
    """Return the folder of a set, below data/, and the files that go into it."""
    if name in SETS:
        return SETS[name].folder, SETS[name].files
    photos = PHOTO_SETS[name]
    return photos.folder, (photos.archive,)


def remote_size(name: str) -> int | None:
    """How many bytes are fetched; None where that is not known beforehand."""
    lengths = [file.length for file in remote_files(name)[1]]
    return None if None in lengths else sum(lengths)


def is_here(name: str, folder: Path) -> bool:
    """Say whether a data folder holds all of a set; loading checks what is in it."""
    if name in PHOTO_SETS:
        return (folder / PHOTO_SETS[name].folder / PHOTO_SETS[name].root).is_dir()
    below, files = remote_files(name)
    names = [(file.name, file.name.removesuffix(".gz")) for file in files]
    return all(any((folder / below / one).is_file() for one in pair) for pair in names)
