"""Predict, then test: the two cells of a claim.

The learner chooses an answer, the next cell runs the experiment, and both show
prediction and verdict side by side. Nothing waits for the choice: where the cells run
without a person, the verdict says that no prediction was made.
"""

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import wrap

import anywidget
import ipywidgets
import traitlets
from matplotlib.figure import Figure

from helpers.widgets.claim import Claim, Report
from helpers.widgets.still import StillPicture

INK, FAINT, DOT = "#333333", "#767676", "#0072B2"


class RadioButtons(anywidget.AnyWidget):
    """A statement with its answers; predict.js draws it.

    Those of ipywidgets cannot be used by keyboard in JupyterLab, whose shortcuts take
    the arrow keys.
    """

    _esm = Path(__file__).with_name("predict.js")
    statement = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)


class Predict(StillPicture, ipywidgets.VBox):
    """A claim with its possible answers as radio buttons, and later its verdict.

    Without a front end it works the same: ``predict.answer("no difference")``.
    """

    def __init__(self, claim: Claim):
        self.claim, self.report = claim, None
        self.buttons = RadioButtons(
            statement=claim.statement, options=list(claim.question.answers)
        )
        self._line = ipywidgets.HTML()
        super().__init__(
            [self.buttons, self._line],
            layout=ipywidgets.Layout(padding="4px", max_width="680px"),
        )
        self.buttons.observe(lambda _: self._say(), "value")
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
        RuntimeError : the claim was tested already; a prediction comes before.
        """
        if self.report is not None:
            raise RuntimeError(
                "the claim was tested already: run the cell again to predict anew"
            )
        if answer not in self.buttons.options:
            raise ValueError(
                f"no answer {answer!r}; there are {', '.join(self.buttons.options)}"
            )
        self.buttons.value = answer

    def show(self, report: Report) -> None:
        """Put the verdict beside the prediction, which is fixed from now on."""
        self.report = report
        self.buttons.disabled = True
        self._say()

    @property
    def status(self) -> str:
        """The line under the answers."""
        if self.report is not None:
            return f"{self.report.guess} Verdict: {self.report.verdict.word}."
        if self.prediction is None:
            return "Your prediction? Choose an answer, then run the next cell."
        return f"You predict: {self.prediction}. Run the next cell."

    def _say(self) -> None:
        self._line.value = f'<p role="status">{html.escape(self.status)}</p>'

    def __repr__(self) -> str:
        return f"Predict({self.claim.name}: {self.prediction or 'no prediction'})"

    def picture(self) -> Figure:
        """Statement, answers, and the line under them."""
        lines = [(text, None) for text in wrap(self.claim.statement, 84)]
        bold = len(lines)
        lines += [(text, text == self.prediction) for text in self.buttons.options]
        lines += [(text, None) for text in wrap(self.status, 92)]
        height = len(lines) + 0.4
        figure = Figure(figsize=(6.8, 0.25 * height), layout="none")
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


def cells(claims: Sequence[Claim]) -> tuple[Callable, Callable]:
    """The functions ``predict(name)`` and ``test(name, data)`` of a chapter.

    ``predict`` returns a `Predict` to click. ``test`` runs the claim at live size,
    writes the verdict into the last `Predict` of that claim, and returns a `Report`
    with the live and the stored full-size results. Both raise KeyError for a name
    that the chapter does not have.
    """
    by_name = {claim.name: claim for claim in claims}
    asked: dict[str, Predict] = {}

    def find(name: str) -> Claim:
        if name not in by_name:
            raise KeyError(f"no claim {name!r}; there are {', '.join(by_name)}")
        return by_name[name]

    def predict(name: str) -> Predict:
        asked[name] = Predict(find(name))
        return asked[name]

    def test(name: str, data) -> Report:
        claim, widget = find(name), asked.get(name)
        table = claim.run(data)
        prediction = widget.prediction if widget is not None else None
        report = Report(claim, table, data.name, prediction)
        if widget is not None:
            widget.show(report)
        return report

    return predict, test
