"""Wait for a state, never for a time: what tests and the browser's page share."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0  # seconds; on a slow, busy machine a state may be long in coming


class Patience:
    """True for a minute: ends what would otherwise go on for ever."""

    def __init__(self):
        self._end = time.monotonic() + PATIENCE

    def __bool__(self) -> bool:
        return time.monotonic() < self._end


def wait_for(condition: Callable[[], T]) -> T:
    """Return what the condition says once it holds; AssertionError if it never does."""
    patience = Patience()
    while not (holds := condition()):
        assert patience, f"nothing of the kind happened within {PATIENCE:.0f} s"
        time.sleep(0.002)
    return holds
