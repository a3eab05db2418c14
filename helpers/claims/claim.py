"""A claim is its experiment, decorated with the statement and the rule that judges it.

The same claim is run at two sizes: live in the notebook, which is a look, and by
`make claims`, which stores its results in data/claims.csv. What takes too long for a
look is run by `make claims` alone.
"""

import csv
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_lowercase
from types import ModuleType
from typing import NamedTuple

from helpers.claims.question import Question
from helpers.claims.table import PARTS, Estimate, Estimates, Table, run_seeds
from helpers.words import many

STORED = Path(__file__).parents[2] / "data" / "claims.csv"


class Size(NamedTuple):
    """How large an experiment is: training examples, passes over them, seeds."""

    n_train: int
    num_epochs: int
    num_seeds: int

    def __str__(self) -> str:
        return ", ".join(map(many, self, ("example", "epoch", "seed")))


class Verdict(NamedTuple):
    """Supported, not supported or undecided, and the answer that was found.

    ``answer`` is one of the question's answers, or between which it is undecided.
    """

    word: str
    answer: str


class Stored(NamedTuple):
    """What is known of one run: of each question by its letter, and of the table."""

    found: dict[str, Estimate]
    table: Estimates


@dataclass(frozen=True, eq=False)
class Claim:
    """A statement and its test; made by the decorator `claim`.

    Parameters
    ----------
    statement : what is claimed, one sentence.
    experiment : function (data, n_train, num_epochs, seed) -> configuration ->
        measure -> value; everything random in it comes from the seed. A value is a
        number, or one number for each example of ``data.test``, such as whether it was
        named correctly: their mean counts, and the luck of the test set is known.
    question : what decides; its answers are the predictions to choose from.
    true : the answers with which the statement is true.
    live, full : the two sizes, with at least 3 and 5 seeds; live None: no look.
    also : further questions, answered beside the verdict.
    sets : data sets besides the images, name -> function that makes them.
    images : it is run on the digits and on real images as well, not on `sets` alone.
    anew : what is drawn anew for each seed, for the reader.
    apart : each seed gets a part of the test set of its own, so that the spread over
        the seeds holds the luck of the test set. For values that are no means.
    alone : it measures time, so `make claims` runs nothing beside it.
    """

    statement: str
    experiment: Callable[..., Mapping]
    question: Question
    true: tuple[str, ...]
    live: Size | None
    full: Size
    also: tuple[Question, ...] = ()
    sets: Mapping[str, Callable] = field(default_factory=dict)
    images: bool = True
    anew: tuple[str, ...] = ()
    apart: bool = False
    alone: bool = False

    @property
    def name(self) -> str:
        """The experiment's name: "softmax-twice"."""
        return self.experiment.__name__.replace("_", "-")

    @property
    def chapter(self) -> str:
        """Name of the chapter's package, or of the module outside of chapters."""
        parts = self.experiment.__module__.split(".")
        return parts[2] if parts[:2] == ["helpers", "chapters"] else parts[-1]

    @property
    def questions(self) -> dict[str, Question]:
        """All questions by their letters, under which results are stored."""
        asked = (self.question, *self.also)
        return dict(zip(ascii_lowercase, asked, strict=False))

    def run(self, data, size: Size | None = None) -> Table:
        """The table at a size, live by default; nothing is printed or drawn.

        Raises
        ------
        ValueError : fewer than 3 seeds, or more training images than there are.
        """
        n_train, num_epochs, num_seeds = size or self.live or self.full
        if num_seeds < 3:
            raise ValueError(f"a verdict needs 3 seeds or more, got {num_seeds}")
        if self.apart:
            apart, parts = data.test.parts(num_seeds), None
        else:
            parts = data.test.parts(PARTS) if hasattr(data, "test") else None

        def of_seed(seed: int) -> Mapping:
            own = data
            if self.apart:
                own = dataclasses.replace(data, test=data.test.at(apart == seed))
            return self.experiment(own, n_train, num_epochs, seed)

        return run_seeds(of_seed, range(num_seeds), parts)

    def estimates(self, table: Table) -> dict[str, Estimate]:
        """What each question measures, by its letter."""
        return {
            letter: table.estimate(question.measure)
            for letter, question in self.questions.items()
        }

    def judge(self, found: Table | Mapping[str, Estimate]) -> Verdict:
        """The verdict on a table, or on the estimates that were stored of one."""
        if isinstance(found, Table):
            found = self.estimates(found)
        true = [answer in self.true for answer in self.question.possible(found["a"])]
        word = "undecided" if any(true) else "not supported"
        return Verdict(
            "supported" if all(true) else word, self.question.meaning(found["a"])
        )

    def stored(self, path: Path = STORED) -> dict[str, Stored]:
        """Full-size results by data set; empty if `make claims` has stored none."""
        runs: dict[str, Stored] = {}
        if not path.is_file():
            return runs
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["claim"] != self.name:
                    continue
                run = runs.setdefault(row["data"], Stored({}, {}))
                estimate = Estimate(
                    float(row["mean"]),
                    float(row["sd"]),
                    int(row["seeds"]),
                    float(row["test_error"] or 0),
                )
                if row["question"]:
                    run.found[row["question"]] = estimate
                else:
                    table = run.table.setdefault(row["configuration"], {})
                    table[row["measure"]] = estimate
        return runs


def claim(
    statement: str,
    question: Question,
    *,
    true: str | Sequence[str],
    live: tuple[int, int, int] | None,
    full: tuple[int, int, int],
    also: Sequence[Question] = (),
    sets: Mapping[str, Callable] | None = None,
    images: bool = True,
    anew: Sequence[str] = ("initial weights", "order"),
    apart: bool = False,
    alone: bool = False,
    form: type[Claim] = Claim,
) -> Callable[[Callable[..., Mapping]], Claim]:
    """Decorate an experiment, which becomes a `Claim` of its name.

    Parameters as in `Claim`; ``true`` may be one answer, sizes are plain tuples. New
    questions go to the end of ``also``: results are stored under their letters.

    Raises
    ------
    ValueError : ``true`` names no answer, or all of them, or two questions are one.
    """
    true = (true,) if isinstance(true, str) else tuple(true)
    if not set(true) < set(question.answers) or not true:
        raise ValueError(
            f"true={true}: expected some of the answers {question.answers}, not all"
        )
    quantities = [q.quantity for q in (question, *also)]
    if len(set(quantities)) < len(quantities):
        raise ValueError(f"two questions have the same quantity: {quantities}")

    def made(experiment: Callable[..., Mapping]) -> Claim:
        return form(
            statement=statement,
            experiment=experiment,
            question=question,
            true=true,
            live=Size(*live) if live else None,
            full=Size(*full),
            also=tuple(also),
            sets=sets or {},
            images=images,
            anew=tuple(anew),
            apart=apart,
            alone=alone,
        )

    return made


def claims_of(chapter: ModuleType) -> list[Claim]:
    """All claims of a chapter's module, in the order in which they stand there."""
    return [value for value in vars(chapter).values() if isinstance(value, Claim)]
