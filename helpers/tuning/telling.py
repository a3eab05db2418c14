"""What a session tells: sentences for the learner, changes for whoever shows it."""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Message(NamedTuple):
    """A sentence for the learner, and whether it reports an error."""

    text: str
    error: bool = False


def tell_all(functions: Iterable[Callable[[str], None]], what: str) -> None:
    """Call each function with what has changed, whatever the others raise.

    Raises
    ------
    What the first of them that failed has raised.
    """
    errors = []
    for function in tuple(functions):
        try:
            function(what)
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
