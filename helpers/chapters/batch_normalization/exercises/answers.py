"""How numbers that are asked for to two digits are read."""

from collections.abc import Callable


def to_two_digits(answer: Callable) -> object:
    """Return the numbers that are given, rounded to two digits."""
    return tuple(round(float(value), 2) for value in answer())
