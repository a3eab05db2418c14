"""What a check says, as a rich result.

Folds of HTML serve as buttons: they need no kernel, so they work in a notebook opened
again, on a web page and in print, and they are reached by keyboard.
"""

import html
import re
from dataclasses import dataclass

from helpers.exercises.progress import not_saved

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
    title : of the exercise.
    state : "open" (not attempted), "wrong" or "solved".
    says : a sentence on the first case that is wrong.
    case : its arguments, and the values, as pairs of name and text.
    means : the sentence of the usual mistake that the answer makes.
    notes : more sentences.
    score : how many cases are right, in words.
    hint, solution : what may be unfolded; the solution is its source.
    saved : whether the progress file has it; None if it was not to be saved.
    """

    title: str
    state: str
    says: str
    case: tuple[tuple[str, str], ...] = ()
    means: str = ""
    notes: tuple[str, ...] = ()
    score: str = ""
    hint: str = ""
    solution: str = ""
    saved: bool | None = None

    @property
    def text(self) -> str:
        """All of it but the hint and the solution, in lines."""
        pairs = [f"  {name}: {value}" for name, value in self.case]
        lines = [self.says, *pairs, self.means, *self.notes, self.score]
        lines.append(self._not_saved())
        return "\n".join(filter(None, lines))

    def __repr__(self) -> str:
        return f"{self.title}: {self.text}"

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
            f"<p><b>{MARKS[self.state]} {html.escape(self.title)}</b>"
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
        solution = f'<pre style="{_CODE}">{html.escape(self.solution)}</pre>'
        if self.state == "solved":
            return _fold("Compare with our solution", solution)
        hint = f"<p>{_prose(self.hint)}</p>"
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
