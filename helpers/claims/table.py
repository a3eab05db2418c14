"""Results of configurations x seeds, and what is known of their means."""

import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from scipy.special import stdtrit
from torch import Tensor

from helpers.words import number

Key = str | tuple[str, str]  # a configuration, or one with the name of a measure


PARTS = 20  # of a test set, for its share in the error of a mean


@dataclass(frozen=True)
class Estimate:
    """Mean and standard deviation of ``n`` values, one for each seed.

    Parameters
    ----------
    mean, sd, n : of the values.
    test_error : standard error that all seeds share, since they are judged on the same
        test images: other images would move all values by about as much. 0 if none.

    `interval` is the 95 % confidence interval of the mean, mean +- t e with the
    standard error e = sqrt(sd^2 / n + test_error^2). Without a test error this is
    Student's (1908), t = 4.30 for 3 values, 2.78 for 5, 2.26 for 10; with one, t is
    that of as many degrees of freedom as Satterthwaite (1946) counts for the sum. For
    values that scatter like a normal distribution it misses the true mean in 5 % of
    all experiments, 2.5 % on each side, whatever n is. Three values that are far
    from normal can double that, which is why full-size runs take more.
    """

    mean: float
    sd: float
    n: int
    test_error: float = 0.0

    @classmethod
    def of(
        cls, values: Sequence[float] | Tensor, left_out: Sequence[Tensor] = ()
    ) -> "Estimate":
        """The estimate from one value per seed; a value that is no number spoils it.

        Parameters
        ----------
        values : (n,)
        left_out : the same values, each time without one of the parts of the test set.
        """
        values = torch.as_tensor(values, dtype=torch.float64)
        sd = values.std().item() if len(values) > 1 else math.inf
        error = _test_error(values, torch.stack([*left_out], 1)) if left_out else 0.0
        return cls(values.mean().item(), sd, len(values), error)

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval; all numbers if there are too few values."""
        numbers = (self.mean, self.sd, self.test_error)
        if self.n < 2 or not all(map(math.isfinite, numbers)):
            return -math.inf, math.inf
        of_seeds, of_test = self.sd**2 / self.n, self.test_error**2
        if of_seeds + of_test == 0:
            return self.mean, self.mean
        freedom = (of_seeds + of_test) ** 2 / (
            of_seeds**2 / (self.n - 1) + of_test**2 / (PARTS - 1)
        )
        reach = float(stdtrit(freedom, 0.975)) * math.sqrt(of_seeds + of_test)
        return self.mean - reach, self.mean + reach

    def __str__(self) -> str:
        return f"{number(self.mean, 3)} ± {number(self.sd, 3)}"


def _test_error(values: Tensor, left_out: Tensor) -> float:
    """Standard error of the mean over seeds that comes from the test images they share.

    Parameters
    ----------
    values : (n,), one for each seed, on the whole test set.
    left_out : (n, m), on the test set without each of its m parts.

    The jackknife of Tukey (1958) turns them into values of single parts, whatever
    function of the test images they are. Seeds and parts then form a table of two
    random effects. What the parts' means scatter more than the rest, which is luck of
    one seed on one part and shows in the spread over the seeds already, is the parts'
    own share.
    """
    change = values[:, None] - left_out  # all 0 if nothing was measured on the test set
    if not change.any():
        return 0.0
    n, m = left_out.shape
    of_part = values[:, None] + (m - 1) * change
    seeds, parts = of_part.mean(1, keepdim=True), of_part.mean(0, keepdim=True)
    rest = (of_part - seeds - parts + of_part.mean()).square().sum()
    rest = rest / ((n - 1) * (m - 1)) if n > 1 else math.nan
    return math.sqrt(max(0.0, (parts.var() - rest / n).item() / m))


Estimates = Mapping[str, Mapping[str, Estimate]]  # configuration -> measure


@dataclass(frozen=True)
class Table:
    """Results of configurations x seeds.

    Parameters
    ----------
    seeds : in the order of the values.
    values : configuration -> measure -> one value for each seed. Not every
        configuration needs every measure.
    left_out : the same tables, each measured without one of the parts of the test set;
        none where nothing was measured on one.

    ``table["focal", "recall"]`` is a float64 tensor (n_seeds,); ``table["focal"]``
    is the first measure. All configurations share the seeds, so a difference
    between two of them is taken seed by seed.
    """

    seeds: tuple[int, ...]
    values: Mapping[str, Mapping[str, tuple[float, ...]]]
    left_out: tuple["Table", ...] = ()

    def estimate(self, measure: Callable[["Table"], Tensor]) -> Estimate:
        """What is known of a number that is computed from the table of each seed."""
        return Estimate.of(measure(self), [measure(t) for t in self.left_out])

    def __getitem__(self, key: Key) -> Tensor:
        name, measure = key if isinstance(key, tuple) else (key, self.measures[0])
        try:
            return torch.tensor(self.values[name][measure], dtype=torch.float64)
        except KeyError:
            raise KeyError(
                f"no {measure!r} of {name!r}; there are the configurations "
                f"{', '.join(self.values)} and the measures {', '.join(self.measures)}"
            ) from None

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures, in order of appearance."""
        return tuple(dict.fromkeys(m for row in self.values.values() for m in row))

    def estimates(self) -> Estimates:
        """Mean and spread of every configuration and measure."""
        return {
            name: {m: Estimate.of(v) for m, v in row.items()}
            for name, row in self.values.items()
        }

    def __repr__(self) -> str:
        return text_table({f"{len(self.seeds)} seeds": self.estimates()})

    def _repr_html_(self) -> str:
        return html_table({f"{len(self.seeds)} seeds": self.estimates()})


Value = float | Tensor  # a number, or one for each test example: their mean counts


def run_seeds(
    experiment: Callable[[int], Mapping[str, Value | Mapping[str, Value]]],
    seeds: Sequence[int],
    parts: Tensor | None = None,
) -> Table:
    """Run an experiment once for each seed.

    Parameters
    ----------
    experiment : ``experiment(seed)`` returns for every configuration a value or
        named measures, {"focal": {"recall": 0.8}}. A value is a number, or a tensor
        (n_test,) with a number for each test example, of which the mean counts; NaN
        where an example does not take part.
    seeds : at least one, all different.
    parts : (n_test,), the part of the test set that each test example belongs to, from
        0 to PARTS - 1. None if there is no test set.

    Raises
    ------
    ValueError : no seed, or the same seed twice, which would count one run twice.
    """
    seeds = tuple(seeds)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={seeds}: expected at least one, all different")
    whole: dict[str, dict[str, list[float]]] = {}
    without: list[dict] = [{} for _ in range(0 if parts is None else PARTS)]
    for seed in seeds:
        for name, result in experiment(seed).items():
            named = result if isinstance(result, Mapping) else {"result": result}
            for measure, value in named.items():
                for k, table in enumerate((whole, *without), -1):
                    column = table.setdefault(name, {}).setdefault(measure, [])
                    column.append(_mean(value, None if k < 0 else parts != k))
    left_out = (_frozen(seeds, table) for table in without)
    return _frozen(seeds, whole, tuple(left_out))


def _mean(value: Value, chosen: Tensor | None) -> float:
    """A number as it is; of one number for each example the mean over those chosen."""
    value = torch.as_tensor(value, dtype=torch.float64).cpu()
    if value.ndim and chosen is not None:
        value = value[chosen]
    return value.nanmean().item() if value.ndim else value.item()


def _frozen(seeds: tuple[int, ...], table: Mapping, left_out=()) -> Table:
    values = {
        name: {m: tuple(v) for m, v in row.items()} for name, row in table.items()
    }
    return Table(seeds, values, left_out)


# -- shown --------------------------------------------------------------------------


def _lines(groups: Mapping[str, Estimates]) -> tuple[list[str], list[list[str]]]:
    measures = list(
        dict.fromkeys(m for g in groups.values() for row in g.values() for m in row)
    )
    lines = []
    for title, rows in groups.items():
        lines.append([title])
        for name, row in rows.items():
            lines.append([name, *(str(row[m]) if m in row else "" for m in measures)])
    return measures, lines


def text_table(groups: Mapping[str, Estimates]) -> str:
    """Tables under each other, mean ± standard deviation, as aligned text."""
    measures, lines = _lines(groups)
    lines = [["", *measures], *lines]
    widths = [
        max(len(line[k]) for line in lines if len(line) > max(k, 1) or k == 0)
        for k in range(len(measures) + 1)
    ]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=False)).rstrip()
        for line in lines
    )


def html_table(groups: Mapping[str, Estimates]) -> str:
    """The same as HTML, with headings that a screen reader announces."""
    measures, lines = _lines(groups)
    head = "".join(f'<th scope="col">{html.escape(m)}</th>' for m in measures)
    body = ""
    for name, *cells in lines:
        if not cells:
            body += (
                f'<tr><th colspan="{len(measures) + 1}" scope="rowgroup" '
                f'style="text-align:left"><i>{html.escape(name)}</i></th></tr>'
            )
            continue
        body += (
            f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
            + "".join(f"<td>{html.escape(c)}</td>" for c in cells)
            + "</tr>"
        )
    return (
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
