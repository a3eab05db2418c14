"""A panel's settings as one line to write down and paste back.

    lr=0.1 batch_size=256 num_epochs=10 seed=0

Three seeds from 0 on are ``seed=0..2``; a value with a space stands in quotes.
"""

import re
import shlex
from collections.abc import Mapping

from helpers.tuning.ranges import Choice, IntSlider, Range, label_of

LONGEST = 2_000  # characters
SEED_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def render(ranges: Mapping[str, Range], values: Mapping[str, object]) -> str:
    """Return the line for these values; `parse` gives back the same values, exactly."""
    parts = []
    for name, declared in ranges.items():
        value = values[name]
        if name == "seeds":
            continue
        text = declared.text(value) if isinstance(declared, Choice) else repr(value)
        if name == "seed" and values.get("seeds", 1) > 1:
            text = f"{value}..{value + values['seeds'] - 1}"
        parts.append(f"{name}={shlex.quote(text)}")
    return " ".join(parts)


def parse(text: str, ranges: Mapping[str, Range]) -> dict[str, object]:
    """Read a line; names that it leaves out are left out of the result.

    Raises
    ------
    ValueError : the text cannot be read, or a value lies outside its range; the
        message is one sentence.
    """
    if len(text) > LONGEST:  # shlex would take seconds
        raise ValueError(
            f"the settings have {len(text):,} characters; no line is longer than "
            f"{LONGEST:,}"
        )
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("a quotation mark in the settings has no partner") from None
    if not words:
        raise ValueError("the settings are empty; expected for example lr=0.1 seed=0")
    values: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValueError(
                f"{word!r} is not a setting; expected name=value, without spaces "
                "around the sign"
            )
        for key, entry in _read(name, value, ranges).items():
            if key in values:
                raise ValueError(f"{key} stands in the settings twice")
            values[key] = entry
    return values


def _read(name: str, text: str, ranges: Mapping[str, Range]) -> dict[str, object]:
    if name not in ranges:
        known = ", ".join(key for key in ranges if key != "seeds")
        raise ValueError(f"the panel has no {name!r}; it has {known}")
    declared = ranges[name]
    if isinstance(declared, Choice):
        return {name: declared.check(name, text)}
    if name == "seed":
        span = SEED_RANGE.fullmatch(text)
        first, last = span.groups() if span else (text, text)
        first, last = _number(name, first, int), _number(name, last, int)
        if last < first:
            raise ValueError(f"seed={text} must begin with the smaller number")
        seeds = ranges["seeds"].check("seeds", last - first + 1)
        return {"seed": declared.check(name, first), "seeds": seeds}
    kind = int if isinstance(declared, IntSlider) else float
    return {name: declared.check(name, _number(name, text, kind))}


def _number(name: str, text: str, kind: type):
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{label_of(name)} must be {what}, got {text!r}") from None
