"""Rows of the bench: two things measured by turns, and their ratio."""

import contextlib
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import torch

ROUNDS = 5


@dataclass
class Row:
    """One line: what, with how many threads, the result, what it must reach."""

    what: str
    threads: int
    result: str
    target: str
    fine: bool


@contextlib.contextmanager
def threads(n: int):
    """Compute with n threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def by_turns(*measures: Callable[[], float], rounds: int = ROUNDS) -> list[list[float]]:
    """Results of each measure by turns; one warm-up round is not counted."""
    results = [[] for _ in measures]
    for turn in range(rounds + 1):
        for k, measure in enumerate(measures):
            value = measure()
            if turn:
                results[k].append(value)
    return results


def ratio_row(what, n, new, base, unit, target) -> Row:
    """A row for rates measured by turns; the ratio is that of each round's pair."""
    ratio = statistics.median(a / b for a, b in zip(new, base, strict=True))
    text = (
        f"{ratio:.2f} ({statistics.median(new):,.0f} against "
        f"{statistics.median(base):,.0f} {unit})"
    )
    return Row(what, n, text, f"at least {target}", ratio >= target)
