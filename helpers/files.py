"""Files that are written whole or not at all."""

import contextlib
import glob
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

LEFT_BEHIND_SECONDS = 3600  # a part this old is of a write that was killed


@contextlib.contextmanager
def replaced(path: str | os.PathLike) -> Iterator[Path]:
    """Give the block a path to write; what it wrote then takes the place of ``path``.

    After an error ``path`` is as it was, and nothing else is left. Two that do so at
    once do not mix: the last one stands. A file that was there keeps its mode, a link
    goes on leading to it, and what a killed write left an hour ago is removed.
    """
    path = Path(os.path.realpath(path))
    # The block makes the file, so that its mode is what the umask says; beside the
    # other, because only inside a file system is replacing it one step.
    part = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
    try:
        yield part
        if path.exists():
            part.chmod(path.stat().st_mode)
        os.replace(part, path)
        _sweep(path)
    finally:
        part.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    for old in path.parent.glob(f"{glob.escape(path.name)}.*.part"):
        with contextlib.suppress(OSError):  # another process may sweep, too
            if time.time() - old.stat().st_mtime > LEFT_BEHIND_SECONDS:
                old.unlink()
