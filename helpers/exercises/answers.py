"""How answers of several values are read: one by one, and all of them or none."""

from collections.abc import Callable


def letter(value: object) -> str:
    """Read a letter in either case."""
    return str(value).strip().upper()


def two_digits(value: object) -> str:
    """Write a number with two significant digits, and its power of ten."""
    return f"{float(value):.1e}"


def one_by_one(
    answer: Callable, right: tuple, read: Callable = lambda value: value
) -> object:
    """Return the values that are given, up to the first that is not the right one.

    So whoever is wrong about several of them is told about the first. Whoever gives too
    few or too many is told that, whichever they are.
    """
    given, right = tuple(map(read, answer())), tuple(map(read, right))
    if len(given) != len(right):
        return "another number of values"
    for k, (value, wanted) in enumerate(zip(given, right, strict=True)):
        if value != wanted:
            return given[: k + 1]
    return given
