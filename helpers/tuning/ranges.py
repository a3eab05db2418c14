"""Hyperparameters declared with their range: `Slider`, `LogSlider`, ..."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.words import number

# Words for the names that the field shortens.
WORDS = {
    "lr": "learning rate",
    "num_epochs": "epochs",
    "num_hiddens": "hidden units",
    "n_train": "training size",
    "lambda_": "lambda",  # which Python keeps for itself
}


def label_of(name: str) -> str:
    """A hyperparameter's name as words: ``batch_size`` becomes "batch size"."""
    return WORDS.get(name, name.replace("_", " "))


class Range:
    """A declared hyperparameter: knows its start value and what is allowed."""

    start: object

    def check(self, name: str, value):
        """Return the value, or raise ValueError naming it and the allowed range."""
        raise NotImplementedError

    def by_hand(self, name: str, value):
        """The value that a control stands for where a person left it, checked.

        Of a slider it is the number that is shown beside it: what a person reads,
        writes down and pastes back is what the training gets.
        """
        return self.check(name, value)

    def text(self, value) -> str:
        """The value as it stands in tables."""
        return number(value) if isinstance(value, float) else str(value)

    def fraction(self, value) -> float | None:
        """Where the value lies between the ends, 0..1; None without an order."""
        return None


def _number(name: str, value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{label_of(name)} must be a number, got {value!r}")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        raise ValueError(f"{label_of(name)} is too large a number") from None
    if not finite:
        raise ValueError(f"{label_of(name)} must be a finite number, got {value}")
    return value


def _kind(value: object) -> type:
    """The type of a value; numbers are of one type, so that 0 is 0.0."""
    return float if type(value) is int else type(value)


@dataclass(frozen=True)
class _Interval(Range):
    low: float
    high: float
    start: float | None = None

    def __post_init__(self):
        if not self.low < self.high:
            raise ValueError(
                f"a range needs low < high, got low={self.low}, high={self.high}"
            )
        if self.start is None:
            object.__setattr__(self, "start", self._middle())
        self.check("start", self.start)

    def _middle(self):
        return (self.low + self.high) / 2

    def check(self, name, value):
        if not self.low <= _number(name, value) <= self.high:
            raise ValueError(
                f"{label_of(name)} must lie in {self.low:g} to {self.high:g}, "
                f"got {value:g}"
            )
        return float(value)

    def by_hand(self, name, value):
        value = self.check(name, value)
        if isinstance(value, int) or value in (self.low, self.high):
            return value
        return min(max(float(f"{value:.3g}"), self.low), self.high)

    def fraction(self, value):
        return (value - self.low) / (self.high - self.low)


class Slider(_Interval):
    """A real number whose slider moves evenly from ``low`` to ``high``."""


class LogSlider(_Interval):
    """A positive number whose slider moves by factors, for rates and decays."""

    def __post_init__(self):
        if not self.low > 0:
            raise ValueError(
                f"a logarithmic range must start above 0, got low={self.low}"
            )
        super().__post_init__()

    def _middle(self):
        return math.sqrt(self.low * self.high)

    def check(self, name, value):
        # the slider's ends are 10 to a power, a rounding away from the ends declared
        near = [
            e for e in (self.low, self.high) if math.isclose(_number(name, value), e)
        ]
        return float(near[0]) if near else super().check(name, value)

    def fraction(self, value):
        return math.log(value / self.low) / math.log(self.high / self.low)


class IntSlider(_Interval):
    """A whole number from ``low`` to ``high``, both included."""

    def __post_init__(self):
        for end in (self.low, self.high):
            if isinstance(end, bool) or not isinstance(end, int):
                raise ValueError(
                    f"the ends of a whole-number range are whole, got {end!r}"
                )
        super().__post_init__()

    def _middle(self):
        return (self.low + self.high) // 2

    def check(self, name, value):
        if _number(name, value) != int(value):
            raise ValueError(f"{label_of(name)} must be a whole number, got {value}")
        super().check(name, value)
        return int(value)


class Choice(Range):
    """One of several values: ``Choice(16, 64, 256)``, or labels to values.

    ``Choice({"SGD": torch.optim.SGD, "Adam": torch.optim.Adam})`` shows the labels.
    """

    def __init__(self, *values, start=None):
        if len(values) == 1 and isinstance(values[0], Mapping):
            self.options = {str(label): value for label, value in values[0].items()}
        else:
            self.options = {str(value): value for value in values}
        if len(self.options) < 2:
            raise ValueError("a choice needs at least two different values")
        self.start = next(iter(self.options.values())) if start is None else start
        self.check("start", self.start)

    def check(self, name, value):
        for label, option in self.options.items():
            if value is option or (_kind(value) is _kind(option) and value == option):
                return option
            if value == label:
                return option
        raise ValueError(
            f"{label_of(name)} must be one of {', '.join(self.options)}, got {value!r}"
        )

    def text(self, value):
        labels = (k for k, v in self.options.items() if v is value or v == value)
        return next(labels, str(value))  # a first run may have had another value


class Typed(Range):
    """A line that is typed, of at most ``longest`` characters; for explorers."""

    def __init__(self, start: str = "", longest: int = 60):
        self.longest = longest
        self.start = self.check("start", start)

    def check(self, name, value):
        if not isinstance(value, str) or len(value) > self.longest:
            got = f"{len(value)}" if isinstance(value, str) else repr(value)
            raise ValueError(
                f"{label_of(name)} must be a text of at most {self.longest} "
                f"characters, got {got}"
            )
        return value

    def text(self, value):
        return repr(value)
