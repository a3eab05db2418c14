"""Exercises that check themselves: specific feedback, then a hint, then the solution.

An exercise is a reference solution, inputs to try, and the usual mistakes written as
code. A learner's answer is run on the inputs; where it differs from the solution, the
first wrong case is shown, and if it makes the same errors as one of the usual
mistakes on every input, it gets the sentence that belongs to that mistake.
"""

import html
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.guarded import Outcome, call_guarded
from helpers.progress import record_solved


@dataclass(frozen=True)
class Mistake:
    """A usual wrong answer, and the sentence that helps whoever gave it."""

    wrong: Callable
    says: str


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Parameters
    ----------
    name : as it stands in the notebook, for example "log-sum-exp".
    chapter : two digits.
    title : a few words for the table of exercises.
    cases : inputs to try, each a tuple of arguments, the plainest first.
    solution : the reference answer; its source is what the learner may unfold.
    mistakes : usual wrong answers, at least two.
    hint : a nudge that does not give the answer away.
    """

    name: str
    chapter: str
    title: str
    cases: Sequence[tuple]
    solution: Callable
    mistakes: Sequence[Mistake]
    hint: str

    def check(self, answer: object) -> "Feedback":
        """Compare a learner's answer with the solution; a wrong one never raises."""
        state, text = self._judge(answer)
        if state == "solved":
            record_solved(self.chapter, self.name)
        return Feedback(self, state, text)

    def _judge(self, answer) -> tuple[str, str]:
        if answer is ...:
            return "open", "Not attempted yet."
        if not callable(answer):
            return "wrong", (
                f"Give the function itself, without calling it; got {_show(answer)}."
            )
        outcomes = [call_guarded(answer, case) for case in self.cases]
        expected = [self.solution(*case) for case in self.cases]
        for case, outcome, right in zip(self.cases, outcomes, expected, strict=True):
            fault = _fault(outcome, right)
            if fault == "open":
                return "open", "Not attempted yet: the function still returns `...`."
            if fault:
                return "wrong", self._explain(fault, case, outcome, right, outcomes)
        return "solved", "Right: all cases agree with the solution."

    def _explain(self, fault, case, outcome, right, outcomes) -> str:
        lines = [f"For {self._call(case)}", fault]
        if outcome.error is None and outcome.value is not None:
            lines.append(f"yours: {_show(outcome.value)}")
            lines.append(f"expected: {_show(right)}")
        if outcome.printed:
            lines.append("It prints; a check looks only at what it returns.")
        for mistake in self.mistakes:
            theirs = [call_guarded(mistake.wrong, case) for case in self.cases]
            if all(_same(a, b) for a, b in zip(outcomes, theirs, strict=True)):
                lines.append(mistake.says)
                break
        return "\n".join(lines)

    def _call(self, case) -> str:
        names = list(inspect.signature(self.solution).parameters)
        pairs = zip(names, case, strict=True)
        return ", ".join(f"{name} = {_show(value)}" for name, value in pairs)


@dataclass(frozen=True)
class Feedback:
    """What a check says; shows as HTML in a notebook and as text elsewhere.

    ``state`` is "open" (not attempted), "wrong" or "solved".
    """

    exercise: Exercise
    state: str
    text: str

    def __repr__(self) -> str:
        return f"{self.exercise.title}: {self.text}"

    def _repr_html_(self) -> str:
        color = {
            "open": "var(--jp-border-color1, #bbb)",
            "wrong": "var(--jp-warn-color1, #e69f00)",
            "solved": "var(--jp-success-color1, #009e73)",
        }[self.state]
        mark = {"open": "○", "wrong": "✎", "solved": "✓"}[self.state]
        lines = html.escape(self.text).split("\n")
        source = html.escape(
            inspect.cleandoc(inspect.getsource(self.exercise.solution))
        )
        return (
            '<div role="status" '
            f'style="border-left: 4px solid {color}; padding: 2px 12px">'
            f"<p><b>{mark} {html.escape(self.exercise.title)}</b></p>"
            + "".join(f"<p>{line}</p>" for line in lines)
            + "<details><summary>Hint</summary>"
            f"<p>{html.escape(self.exercise.hint)}</p>"
            f"</details><details><summary>Solution</summary><pre>{source}</pre>"
            "</details></div>"
        )


def checker(exercises: Sequence[Exercise]) -> Callable[[str, object], Feedback]:
    """The function ``check(name, answer)`` of a chapter.

    Raises (when called) KeyError for a name that the chapter does not have.
    """
    by_name: Mapping[str, Exercise] = {e.name: e for e in exercises}

    def check(name: str, answer: object) -> Feedback:
        if name not in by_name:
            raise KeyError(f"no exercise {name!r}; there are {', '.join(by_name)}")
        return by_name[name].check(answer)

    return check


def _fault(outcome: Outcome, right) -> str:
    """What is wrong with one outcome, as a clause; "" if nothing, "open" for a stub."""
    value = outcome.value
    if outcome.error is not None:
        return outcome.error
    if outcome.changed:
        return f"it changed its argument {outcome.changed} in place; work on a copy."
    if value is ...:
        return "open"
    if value is None:
        return "it returned None. Is the `return` missing?"
    if isinstance(right, Tensor):
        if isinstance(value, (int, float)) and right.ndim == 0:
            value = torch.tensor(value)
        if not isinstance(value, Tensor):
            return f"it returned a {type(value).__name__}, expected a tensor."
        if value.device != right.device:
            return f"its tensor is on {value.device}, expected {right.device}."
        if value.shape != right.shape:
            return (
                f"it returned shape {tuple(value.shape)}, "
                f"expected shape {tuple(right.shape)}."
            )
    return "" if _equal(value, right) else "the values differ."


def _equal(a, b) -> bool:
    if isinstance(b, Tensor):
        if not isinstance(a, Tensor):
            if isinstance(a, bool) or not isinstance(a, (int, float)) or b.ndim:
                return False
            a = torch.tensor(a)
        if a.shape != b.shape or a.device != b.device:
            return False
        return torch.allclose(
            a.double(), b.double(), rtol=1e-4, atol=1e-4, equal_nan=True
        )
    if isinstance(b, float) and isinstance(a, (int, float)):
        return _equal(torch.tensor(float(a)), torch.tensor(b))
    return type(a) is type(b) and a == b


def _same(a: Outcome, b: Outcome) -> bool:
    """Whether two answers behave alike on a case."""
    if a.error is not None or b.error is not None:
        return a.error_type == b.error_type
    if a.value is None or b.value is None:
        return a.value is b.value
    return a.changed == b.changed and _equal(a.value, b.value)


def _show(value) -> str:
    if isinstance(value, Tensor) and value.is_meta:
        return "a tensor without values"
    if isinstance(value, Tensor):
        with torch.no_grad():
            numbers = torch.round(value.detach().double(), decimals=4)
        if value.numel() <= 24:
            return str(numbers.tolist())
        return f"a tensor of shape {tuple(value.shape)}"
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
