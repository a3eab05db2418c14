"""How answers of several values are read: numbers to two digits, and one by one."""

from collections.abc import Callable


def to_two_digits(answer: Callable) -> object:
    """Return the numbers that are given, rounded to two digits."""
    return tuple(round(float(value), 2) for value in answer())


def up_to_the_first_wrong(
    answer: Callable, right: tuple, read: Callable = lambda value: value
) -> object:
    """Return the values that are given, up to the first that is not the right one.

    So whoever is wrong about several of them is told about the first.
    """
    given = tuple(map(read, answer()))
    for k, (value, wanted) in enumerate(zip(given, right, strict=False)):
        if value != wanted:
            return given[: k + 1]
    return given
