"""What a test of a claim shows: a picture first, one sentence, the rest folded."""

import ast
import base64
import html
import inspect
import re
import textwrap
from itertools import groupby

from matplotlib.figure import Figure

from helpers.claims.claim import Claim, Verdict
from helpers.claims.table import Estimate, Table, html_table
from helpers.figures.card import CARD_STYLE
from helpers.figures.intervals import Interval, Scale, plot_intervals
from helpers.figures.style import to_webp
from helpers.words import number

UNKNOWN = Verdict("undecided", "nothing is stored yet")
_CODE = "margin:4px 0;padding:6px 10px;overflow-x:auto"


class Report:
    """The verdict on a claim, from the full size where it is stored.

    Parameters
    ----------
    claim, table : the claim, and its table at live size, a look; None without one.
    data_name : the data set of the live run, or of the notebook.
    prediction : what the learner chose, or None. Without one everything is folded, so
        that nobody reads the answer before the question.
    """

    def __init__(
        self,
        claim: Claim,
        table: Table | None,
        data_name: str,
        prediction: str | None = None,
    ):
        self.claim, self.table, self.prediction = claim, table, prediction
        self.data_name, self.stored = data_name, claim.stored()
        self.estimates = claim.estimates(table) if table else {}
        self.look = claim.judge(self.estimates) if table else UNKNOWN
        self.full = {n: claim.judge(run.found) for n, run in self.stored.items()}

    @property
    def verdict(self) -> Verdict:
        """That of the full size on the data of the live run, else that of the look.

        Without a look, that of the first set at full size.
        """
        others = [self.look] if self.table else [*self.full.values(), UNKNOWN]
        return self.full.get(self.data_name, others[0])

    @property
    def headline(self) -> str:
        """What was found, in one sentence; data sets of one verdict are together."""
        if not self.full:
            word, answer = self.look.word, _after(self.look)
            at = ", at a look" if self.table else ""
            return f"{word.capitalize()}{at}: {answer}."
        names: dict[Verdict, list[str]] = {}
        for name, verdict in self.full.items():
            names.setdefault(verdict, []).append(name)
        text = "; ".join(
            f"{verdict.word} on {_listed(group)}: {_after(verdict)}"
            for verdict, group in names.items()
        )
        return f"{text[0].upper()}{text[1:]}."

    @property
    def sizes(self) -> str:
        """What was run at which size."""
        size = f"The full size has {self.claim.full}."
        if self.table is None:
            return size
        look = f"This run was a look: {self.data_name}, {self.claim.live}."
        if not self.full:
            return f"{look} No full-size results are stored; `make claims` makes them."
        return f"{size} {look}"

    @property
    def beside(self) -> str:
        """What the look says beside the full size, which counts."""
        if self.table is None:
            return "It takes too long for a look."
        if not self.full:
            return "Only the full size counts, and it is not stored yet."
        word, answer = self.look
        full = self.full.get(self.data_name)
        if full == self.look:
            return f"A look at {self.data_name} says the same."
        says = answer if answer.startswith(word) else f"{word}, {answer}"
        counts = "the full size counts" if full else "it has no full size"
        return f"A look at {self.data_name} says: {says}; {counts}."

    @property
    def guess(self) -> str:
        """The prediction beside what was found."""
        answer = self.verdict.answer
        if self.prediction is None:
            return "No prediction made."
        right = "as found" if self.prediction == answer else f"found: {answer}"
        return f"You predicted: {self.prediction}; {right}."

    def picture(self) -> Figure:
        """An interval for the look and one for each data set at full size.

        Questions that follow each other and share their answers share an axis.
        """
        scales = []
        for (cuts, answers, axis), asked in groupby(
            self.claim.questions.items(),
            key=lambda q: (q[1].cuts, q[1].answers, q[1].axis),
        ):
            rows = {question.quantity: self._intervals(key) for key, question in asked}
            scales.append(Scale(cuts, answers, rows, axis))
        return plot_intervals(scales)

    def _runs(self, letter: str) -> dict[str, Estimate]:
        look = f"a look: {self.data_name}"
        looks = {look: self.estimates[letter]} if self.table else {}
        return looks | {
            f"full size: {name}": run.found[letter] for name, run in self.stored.items()
        }

    def _intervals(self, letter: str) -> list[Interval]:
        return [
            Interval(
                label,
                estimate.mean,
                *estimate.interval,
                look=label.startswith("a look"),
            )
            for label, estimate in self._runs(letter).items()
        ]

    @property
    def described(self) -> str:
        """The picture in words, for those who do not see it."""
        return " ".join(
            f"{question.quantity}: "
            + "; ".join(
                f"{label} {number(estimate.mean, 3)}, {question.meaning(estimate)}"
                for label, estimate in self._runs(letter).items()
            )
            + "."
            for letter, question in self.claim.questions.items()
        )

    @property
    def seeds(self) -> str:
        """What the intervals hold besides luck with what is drawn anew."""
        text = f"Drawn anew for each seed: {', '.join(self.claim.anew)}."
        if self.claim.apart:
            text += (
                " Each seed is judged on a part of the test set of its own, so its "
                "spread holds the luck of the test set too."
            )
        elif any(
            found.test_error
            for letter in self.claim.questions
            for found in self._runs(letter).values()
        ):
            text += (
                " All seeds are judged on the same test images; the intervals hold the "
                "luck of those as well."
            )
        return text

    def _numbers(self) -> list[str]:
        """A sentence with its interval for each question and run."""
        return [
            f"{label[0].upper()}{label[1:]}. {question.sentence(estimate)}"
            for letter, question in self.claim.questions.items()
            for label, estimate in self._runs(letter).items()
        ]

    def _tables(self) -> dict:
        look = f"a look: {self.data_name}, {self.claim.live}"
        looks = {look: self.table.estimates()} if self.table else {}
        return looks | {
            f"full size: {name}, {self.claim.full}": run.table
            for name, run in self.stored.items()
        }

    def __repr__(self) -> str:
        said = f"{self.guess} {self.beside}"
        lines = [self.claim.statement, self.headline, said, self.sizes]
        looks = [line for line in self._numbers() if line.startswith("A look")]
        return "\n".join([*lines, *looks])  # the full size stands in claims.csv

    def _repr_html_(self) -> str:
        picture = base64.b64encode(to_webp(self.picture())).decode("ascii")
        lines = (self.sizes, *self._numbers(), self.seeds)
        numbers = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        source = html.escape(source_of(self.claim.experiment))
        path = self.claim.experiment.__module__.replace(".", "/") + ".py"
        shown = (
            f'<div role="status"><p><b>{html.escape(self.headline)}</b></p>'
            f"<p>{html.escape(self.guess)} {html.escape(self.beside)}</p></div>"
            f'<img style="{CARD_STYLE}" alt="{html.escape(self.described)}" '
            f'src="data:image/webp;base64,{picture}">'
            + _fold("The numbers", numbers + html_table(self._tables()))
            + _fold(
                "The experiment",
                f'<pre style="{_CODE}">{source}</pre><p>It stands, with what it calls, '
                f"in <code>{path}</code>.</p>",
            )
        )
        predicted = self.prediction is not None
        return _fold("Show what was found", shown, is_open=predicted)


def source_of(function) -> str:
    """The source of a function without its decorators."""
    source = textwrap.dedent(inspect.getsource(function))
    begin = ast.parse(source).body[0].lineno  # of def, not of the first decorator
    return "\n".join(source.splitlines()[begin - 1 :])


def _fold(title: str, content: str, is_open: bool = False) -> str:
    return (
        f'<details style="margin:4px 0"{" open" * is_open}>'
        f'<summary style="cursor:pointer">{title}</summary>{content}</details>'
    )


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _after(verdict: Verdict) -> str:
    """The answer behind a verdict's word.

    A claim that is refuted either way need not decide which of two answers it is.
    """
    word, answer = verdict
    if word == "undecided":
        return answer.removeprefix("undecided ")
    between = re.fullmatch("undecided between “(.*)” and “(.*)”", answer)
    return "either “{}” or “{}”".format(*between.groups()) if between else answer
