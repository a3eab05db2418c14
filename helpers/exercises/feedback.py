"""What a check says, and the table of a chapter's exercises, as rich results.

Folds of HTML serve as buttons: they need no kernel, so they work in a notebook opened
again, on a web page and in print, and they are reached by keyboard.
"""

from __future__ import annotations

import html
import inspect
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.exercises.progress import not_saved, states

if TYPE_CHECKING:
    from helpers.exercises.checking import Exercise

WORDS = {"open": "not attempted", "wrong": "attempted", "solved": "solved"}
MARKS = {"open": "○", "wrong": "✎", "solved": "✓"}
COLORS = {
    "open": "var(--jp-border-color1, #bdbdbd)",
    "wrong": "var(--jp-warn-color1, #e69f00)",
    "solved": "var(--jp-success-color1, #009e73)",
}
_BUTTON = (
    "cursor:pointer;width:fit-content;padding:1px 10px;border-radius:3px;"
    "border:1px solid var(--jp-border-color1, #bdbdbd);"
    "background:var(--jp-layout-color2, #eee)"
)
_CODE = (
    "margin:4px 0;padding:6px 10px;overflow-x:auto;"
    "background:var(--jp-layout-color2, #eee)"
)
LEFT = "text-align:left;padding:1px 16px 1px 0;vertical-align:top"


@dataclass
class Feedback:
    """What a check says; shows as HTML in a notebook and as text elsewhere.

    Parameters
    ----------
    exercise : what was checked.
    state : "open" (not attempted), "wrong" or "solved".
    says : a sentence on the first case that is wrong.
    case : its arguments, and the values, as pairs of name and text.
    means : the sentence of the usual mistake that the answer makes.
    notes : more sentences.
    score : how many cases are right, in words.
    saved : whether the progress file has it; None if it was not to be saved.
    """

    exercise: Exercise
    state: str
    says: str
    case: tuple[tuple[str, str], ...] = ()
    means: str = ""
    notes: tuple[str, ...] = ()
    score: str = ""
    saved: bool | None = None

    @property
    def text(self) -> str:
        """All of it but the hint and the solution, in lines."""
        pairs = [f"  {name}: {value}" for name, value in self.case]
        lines = [self.says, *pairs, self.means, *self.notes, self.score]
        lines.append(self._not_saved())
        return "\n".join(filter(None, lines))

    def __repr__(self) -> str:
        return f"{self.exercise.title}: {self.text}"

    def _not_saved(self) -> str:
        return not_saved() if self.saved is False else ""

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr style="background:none"><th style="{LEFT}">{html.escape(name)}</th>'
            f'<td style="{LEFT};white-space:pre-wrap;'
            'font-family:var(--jp-code-font-family, monospace)">'
            f"{html.escape(value)}</td></tr>"
            for name, value in self.case
        )
        score = f' <span style="opacity:.75">({self.score})</span>' * bool(self.score)
        means = f"<p><b>Most likely:</b> {_prose(self.means)}</p>" * bool(self.means)
        notes = [*self.notes, self._not_saved()]
        return (
            f'<div role="status" style="border-left:4px solid {COLORS[self.state]};'
            'padding:2px 12px;max-width:50em">'
            f"<p><b>{MARKS[self.state]} {html.escape(self.exercise.title)}</b>"
            f"{score}</p><p>{_prose(self.says)}</p>"
            + (f'<table style="margin:0 0 8px">{rows}</table>' if rows else "")
            + means
            + "".join(f"<p>{_prose(note)}</p>" for note in notes if note)
            + self._help()
            + "</div>"
        )

    def _help(self) -> str:
        """Return the hint, and in it the solution: each level behind the one before.

        Whoever has not tried gets no solution yet, and whoever has solved it may
        compare at once.
        """
        exercise = self.exercise
        source = html.escape(textwrap.dedent(inspect.getsource(exercise.solution)))
        solution = f'<pre style="{_CODE}">{source}</pre>'
        if self.state == "solved":
            return _fold("Compare with our solution", solution)
        hint = f"<p>{_prose(exercise.hint)}</p>"
        if self.state == "open":
            return _fold("Hint", hint)
        return _fold("Hint", hint + _fold("Still stuck? Show the solution", solution))


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _fold(title: str, content: str) -> str:
    return (
        f'<details style="margin:4px 0"><summary style="{_BUTTON}" '
        f">{title}</summary>{content}</details>"
    )


class ExerciseTable:
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
            f"  {MARKS[state]} {e.title:{width}}  {kind(e):5}  {WORDS[state]}"
            for e, state in self._rows
        ]
        return "\n".join([self._summary(), *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="{LEFT};color:{COLORS[state]}">{MARKS[state]}</td>'
            f'<td style="{LEFT}"><a href="#cell-id=ex-{e.name}">{html.escape(e.title)}'
            f'</a></td><td style="{LEFT}">{kind(e)}</td>'
            f'<td style="{LEFT}">{WORDS[state]}</td></tr>'
            for e, state in self._rows
        )
        head = "".join(
            f'<th style="{LEFT}">{word}</th>' for word in ("", "exercise", "", "state")
        )
        return (
            f"<p>{self._summary()}. Run the cell again to bring this up to date.</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def kind(exercise: Exercise) -> str:
    """Return how much work an exercise is, in a word."""
    return "build" if exercise.build else "short"
