"""Questions: one number that an experiment measures, and what its size would mean."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from helpers.claims.table import Estimate, Key, Table
from helpers.words import number

# From the lowest to the highest, each with the number at which the next one begins.
Answers = Mapping[str, float | None]
SAME = "less than a percentage point apart"


@dataclass(frozen=True)
class Question:
    """One number that an experiment measures, and what its size would mean.

    Parameters
    ----------
    quantity : what is measured, as the subject of a sentence.
    measure : function of the table -> (n_seeds,), one value for each seed, such as
        ``lambda t: t["focal"] - t["cross-entropy"]``: differences are paired.
    ends : the answers, from the lowest to the highest, each with the cut that parts it
        from the next; None for the last. Cuts are fixed before the run and say which
        differences matter, so that a tiny effect is not called an effect only because
        many seeds can resolve it.
    axis : what the picture says under its numbers: their unit, and how to read them.

    The rule: an answer is given if the whole 95 % interval lies between its cuts.
    Then a wrong answer is given in at most 5 % of all experiments (2.5 % at each
    cut); this is the two one-sided tests of Schuirmann (1987) for "no difference
    that matters", and a t test for the answers at both ends.
    """

    quantity: str
    measure: Callable[[Table], Tensor]
    ends: Answers
    axis: str = ""

    def __post_init__(self):
        *cuts, last = self.ends.values()
        if last is not None or None in cuts or list(cuts) != sorted(set(cuts)):
            raise ValueError(
                f"answers of {self.quantity!r}: expected ascending cuts and None for "
                f"the last, got {dict(self.ends)}"
            )

    @property
    def answers(self) -> tuple[str, ...]:
        """From the lowest to the highest."""
        return tuple(self.ends)

    @property
    def cuts(self) -> tuple[float, ...]:
        """The numbers that part the answers, ascending."""
        return tuple(self.ends.values())[:-1]

    def possible(self, estimate: Estimate) -> tuple[str, ...]:
        """The answers that the interval reaches; one if it is decided."""
        low, high = estimate.interval
        first, last = bisect_right(self.cuts, low), bisect_left(self.cuts, high)
        return self.answers[first : max(first, last) + 1]

    def meaning(self, estimate: Estimate) -> str:
        """The answer, or between which answers it is undecided."""
        first, *others = self.possible(estimate)
        return f"undecided between “{first}” and “{others[-1]}”" if others else first

    def sentence(self, estimate: Estimate) -> str:
        """What was measured and what it means, with the spread."""
        low, high = (number(end, 3) for end in estimate.interval)
        return (
            f"{self.quantity}: {estimate} over {estimate.n} seeds, "
            f"95 % interval {low} to {high}: {self.meaning(estimate)}."
        )


def difference(
    first: Key,
    second: Key,
    answers: Answers | None = None,
    quantity: str = "",
    axis: str = "",
) -> Question:
    """Ask how much more the first is than the second.

    Parameters
    ----------
    first, second : what to look up in the table: a configuration, whose first measure
        is meant, or (configuration, measure).
    answers : by default "... is lower", no difference, "... is higher", cut at one
        percentage point.
    quantity : by default "Measure, first minus second, what both names end with".
    axis : as in `Question`.
    """
    measure, a, b, ending = _names(first, second)
    return Question(
        quantity or _sentence(f"{measure}{a} minus {b}{ending}"),
        lambda table: table[first] - table[second],
        answers or {f"{a} is lower": -0.01, SAME: 0.01, f"{a} is higher": None},
        axis,
    )


def ratio(first: Key, second: Key, answers: Answers, quantity: str = "") -> Question:
    """Ask how many times the second the first is; parameters as in `difference`."""
    measure, a, b, ending = _names(first, second)
    return Question(
        quantity or _sentence(f"{measure}{a} over {b}{ending}"),
        lambda table: table[first] / table[second],
        answers,
    )


def level(
    quantity: str,
    measure: Key | Callable[[Table], Tensor],
    answers: Answers,
    axis: str = "",
) -> Question:
    """Ask how large one value of the table is, or a function of the table."""
    if not callable(measure):
        return Question(quantity, lambda table: table[measure], answers, axis)
    return Question(quantity, measure, answers, axis)


def _names(first: Key, second: Key) -> tuple[str, str, str, str]:
    """What two keys share in front, the two names, and what both end with.

    "twice, loss" and "once, loss" are "twice" and "once" with the ending ", loss".
    """
    measure, keys = "", [k if isinstance(k, tuple) else (k,) for k in (first, second)]
    if all(len(key) == 2 for key in keys) and keys[0][1] == keys[1][1]:
        measure = f"{keys[0][1]}, "
        keys = [key[:1] for key in keys]
    a, b = (", ".join(key).split(", ") for key in keys)
    ending: list[str] = []
    while len(a) > 1 and len(b) > 1 and a[-1] == b[-1]:
        ending.insert(0, a.pop())
        b.pop()
    return measure, ", ".join(a), ", ".join(b), "".join(f", {e}" for e in ending)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
