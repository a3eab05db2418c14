"""Which exercises a learner has tried and solved, kept outside the repository.

The file holds chapter -> exercise -> state, and under one more key what the learner
predicted of claims: chapter -> claim -> answer.
"""

import functools
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from helpers.files import replaced

STATES = ("wrong", "solved")  # the later one stays: what was solved once is solved
PATIENCE_SECONDS = 1  # a write takes milliseconds
PREDICTIONS = "predictions"  # the key beside the chapters


def progress_file() -> Path:
    """``$COURSE_PROGRESS``, else a file in the user's data folder.

    Without a home folder, as in some containers, it is a temporary file of this
    process, and a warning says so once.
    """
    chosen = os.environ.get("COURSE_PROGRESS")
    try:
        if chosen:
            return Path(chosen).expanduser()
        folder = platformdirs.user_data_path("deep-learning-course", appauthor=False)
    except RuntimeError:  # no home
        return _temporary_file()
    return folder / "progress.json"


@functools.cache
def _temporary_file() -> Path:
    path = Path(tempfile.mkdtemp(prefix="course-")) / "progress.json"
    warnings.warn(
        f"You have no home folder, so your progress is kept in {path} until this "
        "notebook's kernel ends; COURSE_PROGRESS=<file> names a lasting place.",
        stacklevel=3,
    )
    return path


def not_saved() -> str:
    """Say where progress could not be kept, for when `record` returns False."""
    chosen = os.environ.get("COURSE_PROGRESS")
    where = f"COURSE_PROGRESS={chosen!r}" if chosen else progress_file()
    if _is_locked():
        why = f"another program holds {_lock()}"
    else:
        why = f"{where} is no file that can be read and written"
    return f"Your progress could not be saved: {why}."


def _lock() -> str:
    return f"{os.path.realpath(progress_file())}.lock"  # links to a file share it


def _is_locked() -> bool:
    try:
        with FileLock(_lock(), timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def states() -> dict[str, dict[str, str]]:
    """States of exercises by chapter and name: "wrong" (attempted) or "solved".

    What is damaged counts as no record: it is progress, not data, and a learner
    should not be stopped by it.
    """
    return _seen()[0]


def record(chapter: str, name: str, state: str) -> bool:
    """Keep the state of an exercise, unless it has been solved before.

    Two notebooks may do so at once: the file is locked, and replaced in one step. A
    damaged file is set aside under the name ``progress.json.damaged``.

    Parameters
    ----------
    chapter, name : the exercise.
    state : "wrong" (attempted) or "solved".

    Returns
    -------
    Whether it is kept; a folder that cannot be written must not spoil an answer.

    Raises
    ------
    ValueError : another state.
    """
    if state not in STATES:
        raise ValueError(f"state is {state!r}, expected one of {STATES}")

    def update(chapters: dict, predicted: dict) -> bool:
        names = chapters.setdefault(chapter, {})
        if names.get(name) in (state, "solved"):
            return False
        names[name] = state
        return True

    return _changed(update)


def predictions() -> dict[str, dict[str, str]]:
    """What the learner predicted of claims, by chapter and name."""
    return _seen()[1]


def record_prediction(chapter: str, name: str, answer: str | None) -> bool:
    """Keep what the learner predicted of a claim; None forgets it.

    Returns
    -------
    Whether that is done, as in `record`.
    """

    def update(chapters: dict, predicted: dict) -> bool:
        answers = predicted.setdefault(chapter, {})
        if answers.get(name) == answer:
            return False
        answers[name] = answer
        if answer is None:
            del answers[name]
        return True

    return _changed(update)


def _changed(update: Callable[[dict, dict], bool]) -> bool:
    """Change the file under its lock, unless ``update`` says that nothing changed."""
    path = Path(os.path.realpath(progress_file()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(_lock(), timeout=PATIENCE_SECONDS):
            chapters, predicted, damaged = _read(path)
            if not update(chapters, predicted):
                return True
            if damaged:
                os.replace(path, f"{path}.damaged")
            kept = chapters | ({PREDICTIONS: predicted} if predicted else {})
            with replaced(path) as part:
                part.write_text(json.dumps(kept, indent=1), encoding="utf8")
    except OSError:
        return False
    return True


def _seen() -> tuple[dict, dict]:
    """Return states and predictions for those who only look."""
    try:
        return _read(progress_file())[:2]
    except OSError:
        return {}, {}


def _read(path: Path) -> tuple[dict, dict, bool]:
    """Return states and predictions, and whether the file holds anything else.

    A file that is there and cannot be read is an error: it must not be replaced.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}, {}, False
    except (ValueError, RecursionError):
        return {}, {}, True
    if not isinstance(content, dict):
        return {}, {}, True
    predicted, damaged = _texts(content.pop(PREDICTIONS, {}))
    found = {}
    for chapter, names in content.items():
        if isinstance(names, list):  # the first form: only what was solved
            names = {name: "solved" for name in names if isinstance(name, str)}
        if not isinstance(names, dict):
            damaged = True
            continue
        kept = {name: state for name, state in names.items() if state in STATES}
        damaged |= len(kept) < len(names)
        found[chapter] = kept
    return found, predicted, damaged


def _texts(content: object) -> tuple[dict[str, dict[str, str]], bool]:
    """Return what is chapter -> name -> text, and whether there was anything else."""
    if not isinstance(content, dict):
        return {}, True
    kept = {
        chapter: {name: text for name, text in names.items() if isinstance(text, str)}
        for chapter, names in content.items()
        if isinstance(names, dict)
    }
    return kept, kept != content
