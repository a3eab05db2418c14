"""Which exercises a learner has solved, kept outside the repository."""

import json
import os
import tempfile
from pathlib import Path

import platformdirs
from filelock import FileLock


def progress_file() -> Path:
    """``$COURSE_PROGRESS``, else a file in the user's data folder."""
    chosen = os.environ.get("COURSE_PROGRESS")
    if chosen:
        return Path(chosen)
    folder = platformdirs.user_data_path("deep-learning-course", appauthor=False)
    return folder / "progress.json"


def solved() -> dict[str, list[str]]:
    """Names of the solved exercises by chapter; empty if there is no record yet.

    A damaged file counts as no record: it is progress, not data, and a learner
    should not be stopped by it.
    """
    try:
        read = json.loads(progress_file().read_text(encoding="utf8"))
        return {str(c): [str(n) for n in names] for c, names in read.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def record_solved(chapter: str, name: str) -> None:
    """Add a solved exercise. Two notebooks may do so at once: the file is locked."""
    path = progress_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=5):
            now = solved()
            if name in now.setdefault(chapter, []):
                return
            now[chapter].append(name)
            handle, part = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "w", encoding="utf8") as file:
                json.dump(now, file, indent=1)
            os.replace(part, path)
    except OSError:  # a read-only home must not spoil a right answer
        return
