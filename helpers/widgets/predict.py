"""Predict, then test: the two cells of a claim.

The learner chooses an answer, the next cell runs the experiment, and both show
prediction and verdict side by side. The prediction is kept like the progress with
exercises, so that Run All and a new kernel find it again. Nothing waits for the choice:
where the cells run without a person, what was found stays folded.
"""

import functools
import html
from pathlib import Path
from textwrap import wrap
from weakref import WeakKeyDictionary

import anywidget
import ipywidgets
import traitlets
from matplotlib.figure import Figure

from helpers import claims
from helpers.exercises.progress import predictions, record_prediction
from helpers.figures import drawn
from helpers.figures.style import plain
from helpers.widgets.picture import StillPicture

INK, FAINT, DOT = "#333333", "#767676", "#0072B2"


class RadioButtons(anywidget.AnyWidget):
    """A statement with its answers; predict.js draws it.

    Those of ipywidgets cannot be used by keyboard in JupyterLab, whose shortcuts take
    the arrow keys. The button "Predict anew", there while the answer is fixed, makes
    the value None.
    """

    _esm = Path(__file__).with_name("predict.js")
    statement = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    fixed = traitlets.Bool(False).tag(sync=True)


class Predict(StillPicture, ipywidgets.VBox):
    """A claim with its possible answers as radio buttons, and later its verdict.

    A prediction is fixed once the claim was tested, or when it was found again in a
    later run; `anew` forgets it. The verdict is shown to those who have predicted.
    Without a front end it works the same: ``predict.answer("no difference")``.
    """

    def __init__(self, claim: claims.Claim):
        self.claim, self.report = claim, None
        kept = predictions().get(claim.chapter, {}).get(claim.name)
        kept = kept if kept in claim.question.answers else None  # it may be reworded
        self.buttons = RadioButtons(
            statement=claim.statement,
            options=list(claim.question.answers),
            value=kept,
            fixed=kept is not None,
        )
        self._line = ipywidgets.HTML()
        super().__init__(
            [self.buttons, self._line],
            layout=ipywidgets.Layout(padding="4px", max_width="680px"),
        )
        self.buttons.observe(lambda _: self._chosen(), "value")
        self._say()

    @property
    def prediction(self) -> str | None:
        """The chosen answer; None as long as there is none."""
        return self.buttons.value

    def answer(self, answer: str) -> None:
        """Choose an answer, as a click does.

        Raises
        ------
        ValueError : no such answer.
        RuntimeError : the prediction is fixed; `anew` comes before another.
        """
        if self.buttons.fixed:
            raise RuntimeError(
                f"predicted already: {self.prediction!r}; `anew()` forgets that"
            )
        if answer not in self.buttons.options:
            raise ValueError(
                f"no answer {answer!r}; there are {', '.join(self.buttons.options)}"
            )
        self.buttons.value = answer

    def anew(self) -> None:
        """Forget the prediction, as the button does."""
        self.buttons.value = None

    def show(self, report: claims.Report) -> None:
        """Put the verdict beside the prediction, which is fixed from now on."""
        self.report = report
        self._fix()
        self._say()

    @property
    def status(self) -> str:
        """The line under the answers."""
        if self.prediction is None and self.report is None:
            return "Your prediction? Choose an answer, then run the next cell."
        if self.prediction is None:
            return "Your prediction? Choose an answer to see what was found."
        if self.report is None:
            return f"You predict: {self.prediction}. Run the next cell."
        return f"{self.report.headline} {self.report.guess}"

    def _chosen(self) -> None:
        record_prediction(self.claim.chapter, self.claim.name, self.prediction)
        if self.report is not None:
            self.report.prediction = self.prediction
        self._fix()
        self._say()

    def _fix(self) -> None:
        self.buttons.fixed = self.report is not None and self.prediction is not None

    def _say(self) -> None:
        self._line.value = (
            '<p role="status" style="line-height:1.4;margin:4px 0">'
            f"{html.escape(self.status)}</p>"
        )

    def __repr__(self) -> str:
        return f"Predict({self.claim.name}: {self.prediction or 'no prediction'})"

    def described(self) -> str:
        """Statement, answers, and the line under them, in words."""
        answers = "; ".join(self.buttons.options)
        return f"{self.claim.statement} Answers: {answers}. {self.status}"

    @drawn
    def picture(self) -> Figure:
        """Statement, answers, and the line under them."""
        lines = [(text, None) for text in wrap(self.claim.statement, 84)]
        bold = len(lines)
        lines += [(text, text == self.prediction) for text in self.buttons.options]
        lines += [(text, None) for text in wrap(self.status, 92)]
        height = len(lines) + 0.4
        figure = plain(6.8, 0.25 * height, layout="none")
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        ax.set(xlim=(0, 6.8), ylim=(height, 0))
        for k, (text, chosen) in enumerate(lines):
            y, is_answer = k + 0.7, chosen is not None
            weight = "bold" if k < bold else "normal"
            ax.text(0.4 if is_answer else 0.1, y, text, fontsize=9, color=INK,
                    weight=weight, va="center")  # fmt: skip
            if is_answer:
                ax.plot(0.2, y, marker="o", markersize=7,
                        markeredgecolor=DOT if chosen else FAINT,
                        markerfacecolor=DOT if chosen else "white")  # fmt: skip
        return figure


class Claim(claims.Claim):
    """A claim of a chapter, which a notebook shows in two cells."""

    def predict(self) -> Predict:
        """The question, to click."""
        _asked[self] = Predict(self)
        return _asked[self]

    def test(self, data) -> claims.Report:
        """Run the claim at live size, if it has one; show it beside the full size.

        The `Predict` above gets the verdict too.
        """
        table = self.run(data) if self.live else None
        widget = _asked.get(self) or Predict(self)
        report = claims.Report(self, table, data.name, widget.prediction)
        widget.show(report)
        return report


_asked: WeakKeyDictionary[Claim, Predict] = WeakKeyDictionary()  # the last of each

claim = functools.partial(claims.claim, form=Claim)
