"""Numbers that were looked at once and are kept: what changes them is noticed.

An invariant says why a picture is right; a recording says that it is still the picture
that somebody looked at. ``same_as_recorded("name", value)`` compares a value of dicts,
lists, numbers and texts with ``tests/recorded/name.json``. Where a change is meant,
look at what changed, and write the file anew: ``COURSE_RECORD=1 pytest tests/...``.
"""

import json
import math
import os
from numbers import Real
from pathlib import Path

import numpy as np

from tools.live_outputs import told_apart

FOLDER = Path(__file__).with_name("recorded")
DIGITS = 5  # that are kept of a number
LINE = 300  # letters: a mark stands in one


def same_as_recorded(name: str, value, fine: float = 2e-3) -> None:
    """Compare with a recording, or write it where COURSE_RECORD=1 asks for that.

    Parameters
    ----------
    name : of the file, and of no other test's.
    value : dicts, lists, numbers, texts, arrays; keys are texts.
    fine : how far a number may be off, as a share of the largest beside it.
    """
    path = FOLDER / f"{name}.json"
    found = _plain(value)
    if os.environ.get("COURSE_RECORD") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(_written(found), encoding="utf-8", newline="\n")
        return
    wrong = list(_apart(json.loads(path.read_text("utf-8")), found, name, fine))
    listed = "\n".join(wrong[:5])
    assert not wrong, f"{len(wrong)} places differ from {path.name}:\n{listed}"


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Real):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else str(value)
    raise TypeError(f"cannot record a {type(value).__name__}")


def _written(value) -> str:
    """Return JSON with a line for each part that is small enough for one."""

    def lines(part, indent):
        short = json.dumps(part, ensure_ascii=False)
        if len(short) + indent <= LINE or not isinstance(part, dict | list) or not part:
            return short
        inside = indent + 1
        if isinstance(part, dict):
            rows = [
                f"{json.dumps(key, ensure_ascii=False)}: {lines(each, inside)}"
                for key, each in part.items()
            ]
        else:
            rows = [lines(each, inside) for each in part]
        opened, closed = "{}" if isinstance(part, dict) else "[]"
        body = (",\n" + " " * inside).join(rows)
        return f"{opened}\n{' ' * inside}{body}\n{' ' * indent}{closed}"

    return lines(value, 0) + "\n"


def _apart(stored, found, where: str, fine: float):
    """Yield a line for each place where two values differ."""
    if isinstance(stored, dict) and isinstance(found, dict):
        for key in stored.keys() | found.keys():
            if key not in stored or key not in found:
                what = "is new" if key in found else "is missing"
                yield f"{where}: {key!r} {what}"
            else:
                yield from _apart(stored[key], found[key], f"{where}.{key}", fine)
    elif isinstance(stored, list) and isinstance(found, list):
        if len(stored) != len(found):
            yield f"{where}: stored are {len(stored)} parts, found {len(found)}"
        elif all(map(_is_number, stored + found)):
            size = max([1e-9, *map(abs, stored)])
            for k, pair in enumerate(zip(stored, found, strict=True)):
                if abs(pair[0] - pair[1]) > fine * size:
                    yield f"{where}[{k}]: stored {pair[0]}, found {pair[1]}"
        else:
            for k, pair in enumerate(zip(stored, found, strict=True)):
                yield from _apart(*pair, f"{where}[{k}]", fine)
    elif _is_number(stored) and _is_number(found):
        if abs(stored - found) > fine * max(abs(stored), 1e-9):
            yield f"{where}: stored {stored}, found {found}"
    elif isinstance(stored, str) and isinstance(found, str):
        if apart := told_apart(stored, found, 0.0099):
            yield f"{where}: {apart}"
    elif stored != found:
        yield f"{where}: stored {stored!r}, found {found!r}"


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
