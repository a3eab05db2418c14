"""The exercises of a chapter: found by what a learner gives, and shown as a table."""

import difflib
import html
import importlib
from collections.abc import Callable, Sequence

from helpers.exercises.checking import Exercise
from helpers.exercises.feedback import COLORS, MARKS, Feedback
from helpers.exercises.progress import states

CELL = "text-align:left;padding:1px 16px 1px 0"
WORDS = {"open": "not attempted", "wrong": "attempted", "solved": "solved"}


def cells(
    *modules: str,
) -> tuple[tuple[Exercise, ...], Callable[..., Feedback], Callable[[], "Table"]]:
    """Return a chapter's exercises, and the functions ``check`` and ``table``.

    Parameters
    ----------
    modules : names of the modules in which the exercises stand, in the order of the
        notebook; in each they stand in its order, too.

    Returns
    -------
    exercises : all of them.
    check : ``check(log_softmax)`` takes a function or class that has the name of an
        exercise's solution, ``check(which_curve="B")`` an answer by the name.
    table : ``table()`` shows all of them with their states.
    """
    exercises = tuple(
        value
        for module in modules
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, Exercise) and value.solution.__module__ == module
    )
    return exercises, checker(exercises), lambda: Table(exercises)


def checker(exercises: Sequence[Exercise]) -> Callable[..., Feedback]:
    """Return the function ``check`` of these exercises.

    Raises (when called) ValueError for a name that no exercise has, and TypeError for
    anything but one answer.
    """
    by_name = {e.solution.__name__: e for e in exercises}

    def check(*answer: object, **named: object) -> Feedback:
        if len(answer) + len(named) != 1:
            example = next(iter(by_name))
            raise TypeError(
                f"check takes one answer, as in check({example}) or "
                f"check({example}=...); got {len(answer) + len(named)}"
            )
        if answer:
            named = {getattr(answer[0], "__name__", None): answer[0]}
        ((name, given),) = named.items()
        if name is None:
            raise ValueError(
                f"which exercise is this an answer to? Give its name, as in "
                f"check({next(iter(by_name))}=...)"
            )
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, 1)
            there = f"did you mean {near[0]}?" if near else "there are: "
            raise ValueError(
                f"no exercise asks for {name}; {there}"
                + ("" if near else ", ".join(by_name))
            )
        return by_name[name].check(given)

    return check


class Table:
    """All exercises of a chapter and how far the learner is with each.

    Parameters
    ----------
    exercises : of one chapter, in the order of the notebook.
    """

    def __init__(self, exercises: Sequence[Exercise]):
        done = states()
        self._rows = [
            (e, done.get(e.chapter, {}).get(e.name, "open")) for e in exercises
        ]

    def _summary(self) -> str:
        solved = sum(state == "solved" for _, state in self._rows)
        return f"{solved} of {len(self._rows)} exercises solved"

    def __repr__(self) -> str:
        width = max((len(e.title) for e, _ in self._rows), default=0)
        lines = [
            f"  {MARKS[state]} {e.title:{width}}  {e.kind:8}  {difficulty(e)}"
            f"  {WORDS[state]}"
            for e, state in self._rows
        ]
        return "\n".join([self._summary(), *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="{CELL};color:{COLORS[state]}">{MARKS[state]}</td>'
            f'<td style="{CELL}"><a href="#cell-id=ex-{e.name}">{html.escape(e.title)}'
            f'</a></td><td style="{CELL}">{e.kind}</td><td style="{CELL}">'
            f'<span role="img" aria-label="difficulty {e.stars} of 3">{difficulty(e)}'
            f'</span></td><td style="{CELL}">{WORDS[state]}</td></tr>'
            for e, state in self._rows
        )
        head = "".join(
            f'<th style="{CELL}">{word}</th>'
            for word in ("", "exercise", "kind", "difficulty", "state")
        )
        return (
            f"<p>{self._summary()}. Run the cell again to bring this up to date.</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def difficulty(exercise: Exercise) -> str:
    """Return one to three stars of three."""
    return "★" * exercise.stars + "☆" * (3 - exercise.stars)
