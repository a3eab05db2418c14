"""A claim: a statement, the experiment that tests it, and the rule that judges it.

The same claim is run at two sizes: live in the notebook, and by `make claims`, which
stores its results in data/claims.csv.
"""

import csv
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.experiments import (
    Estimate,
    Question,
    Table,
    html_table,
    run_seeds,
    text_table,
)

STORED = Path(__file__).parents[2] / "data" / "claims.csv"
COMPARED = "(compared)"  # in place of a configuration: what a question measures


@dataclass(frozen=True)
class Size:
    """How large an experiment is: training examples, passes over them, seeds."""

    n_train: int
    num_epochs: int
    num_seeds: int

    def __str__(self) -> str:
        return (
            f"{self.n_train:,} examples, {self.num_epochs} epochs, "
            f"{self.num_seeds} seeds"
        )


@dataclass(frozen=True)
class Verdict:
    """Supported, not supported or undecided, and the sentences that say why.

    ``answer`` is the one of the question's answers that was found, or "undecided".
    """

    word: str
    answer: str
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        first, *others = self.sentences
        return "\n".join((f"{self.word.capitalize()}. {first}", *others))


@dataclass(frozen=True)
class Claim:
    """A statement and its test.

    Parameters
    ----------
    name : short, for example "softmax-twice".
    statement : what is claimed, one sentence.
    experiment : function (data, n_train, num_epochs, seed) -> configuration ->
        measure -> value; everything random in it comes from the seed.
    question : what decides; its answers are the predictions to choose from.
    holds : the answers with which the statement is true.
    live, full : the two sizes, with at least 3 and 5 seeds.
    also : further questions, answered beside the verdict.
    sets : data sets besides the images, name -> function that makes them.
    """

    name: str
    statement: str
    experiment: Callable[..., Mapping]
    question: Question
    holds: tuple[str, ...]
    live: Size
    full: Size
    also: tuple[Question, ...] = ()
    sets: Mapping[str, Callable] = field(default_factory=dict)

    def run(self, data, size: Size | None = None) -> Table:
        """The table at a size, live by default; nothing is printed or drawn.

        Raises
        ------
        ValueError : fewer than 3 seeds, or more training images than there are.
        """
        size = size or self.live
        if size.num_seeds < 3:
            raise ValueError(f"a verdict needs 3 seeds or more, got {size.num_seeds}")
        return run_seeds(
            lambda seed: self.experiment(data, size.n_train, size.num_epochs, seed),
            range(size.num_seeds),
        )

    def estimates(self, table: Table) -> dict[str, Estimate]:
        """What each question measures, by its quantity."""
        questions = (self.question, *self.also)
        return {q.quantity: Estimate.of(q.measure(table)) for q in questions}

    def judge(self, found: Table | Mapping[str, Estimate]) -> Verdict:
        """The verdict on a table, or on the estimates that were stored of one."""
        if isinstance(found, Table):
            found = self.estimates(found)
        possible = self.question.possible(found[self.question.quantity])
        true = [answer in self.holds for answer in possible]
        word = "undecided" if any(true) else "not supported"
        return Verdict(
            "supported" if all(true) else word,
            possible[0] if len(possible) == 1 else "undecided",
            tuple(q.sentence(found[q.quantity]) for q in (self.question, *self.also)),
        )

    def stored(self, path: Path = STORED) -> dict[str, dict[str, dict[str, Estimate]]]:
        """Full-size results by data set; empty if `make claims` has stored none."""
        found: dict[str, dict] = {}
        if not path.is_file():
            return found
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["claim"] == self.name:
                    table = found.setdefault(row["data"], {})
                    table.setdefault(row["configuration"], {})[row["measure"]] = (
                        Estimate(
                            float(row["mean"]), float(row["sd"]), int(row["seeds"])
                        )
                    )
        return found


class Report:
    """What a test of a claim shows: prediction, verdict, both tables.

    Parameters
    ----------
    claim, table : the claim, and its table at live size.
    data_name : the data set of the live run.
    prediction : what the learner chose, or None.
    """

    def __init__(
        self, claim: Claim, table: Table, data_name: str, prediction: str | None = None
    ):
        self.claim, self.table, self.prediction = claim, table, prediction
        self.verdict = claim.judge(table)
        self.live = {f"live: {data_name}, {claim.live}": table.estimates()}
        self.full: dict[str, dict] = {}
        self.stored: dict[str, Verdict] = {}
        for name, found in claim.stored().items():
            compared = found.pop(COMPARED)
            self.full[f"full size: {name}, {claim.full}"] = found
            self.stored[name] = claim.judge(compared)
        self._data_name = data_name

    @property
    def compared(self) -> str:
        """One sentence on the two sizes: whether they agree."""
        full = self.stored.get(self._data_name)
        if not self.stored:
            return "No full-size results are stored; `make claims` makes them."
        if full is None:
            return f"On {self._data_name} there is no full-size run to compare with."
        if full.word == self.verdict.word:
            return f"Both sizes agree on {self._data_name}: {full.word}."
        return (
            f"The two sizes disagree on {self._data_name}: live it is "
            f"{self.verdict.word}, at full size {full.word}. The full size has more "
            "of everything, so its verdict counts."
        )

    @property
    def guess(self) -> str:
        """The prediction beside what was found."""
        if self.prediction is None:
            return f"No prediction made. Found: {self.verdict.answer}."
        right = {True: "as found", False: f"found: {self.verdict.answer}"}
        return (
            f"You predicted: {self.prediction}; "
            f"{right[self.prediction == self.verdict.answer]}."
        )

    def _sentences(self) -> tuple[str, ...]:
        full = (
            f"At full size on {name}: {verdict.word}. {verdict.sentences[0]}"
            for name, verdict in self.stored.items()
        )
        return (*repr(self.verdict).split("\n"), self.guess, *full, self.compared)

    def __repr__(self) -> str:
        tables = text_table(self.live | self.full)
        return "\n".join((self.claim.statement, *self._sentences(), tables))

    def _repr_html_(self) -> str:
        first, *others = map(html.escape, self._sentences())
        word, rest = first.split(". ", 1)
        lines = "".join(f"<p>{line}</p>" for line in others)
        full = "<details><summary>The table at full size</summary>"
        full += f"{html_table(self.full)}</details>"
        return (
            f"<p>{html.escape(self.claim.statement)}</p>"
            f'<div role="status"><p><b>{word}.</b> {rest}</p>{lines}</div>'
            f"{html_table(self.live)}{full if self.full else ''}"
        )
