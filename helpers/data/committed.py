"""Data files that are part of the course: in its data/ folder on a fresh clone."""

import hashlib
from pathlib import Path

from .examples import DataError

FOLDER = Path(__file__).parents[2] / "data"


def read_committed(name: str, sha256: str) -> bytes:
    """Return the bytes of a file of the course's data/ folder.

    Parameters
    ----------
    name : the file's name in that folder.
    sha256 : what its bytes must have.

    Raises
    ------
    DataError : the file is missing, cannot be read, or has other bytes.
    """
    path = FOLDER / name
    mend = f"`git checkout -- data/{name}` brings it back"
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is missing: it is part of the course, and {mend}."
        ) from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}. Make it readable."
        ) from error
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise DataError(
            f"{path} is altered or cut off: expected sha256 {sha256[:12]}..., found "
            f"{len(content):,} bytes with {found[:12]}...; {mend}."
        )
    return content
