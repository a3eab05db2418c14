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


@dataclass(frozen=True)
class Estimate:
    """Mean and standard deviation of ``n`` values, one for each seed.

    `interval` is the 95 % confidence interval of the mean after Student (1908),
    mean +- t sd / sqrt(n), with t = 4.30 for 3 values, 2.78 for 5, 2.26 for 10. For
    values that scatter like a normal distribution it misses the true mean in 5 % of
    all experiments, 2.5 % on each side, whatever n is. Three values that are far
    from normal can double that, which is why full-size runs take 10.
    """

    mean: float
    sd: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float] | Tensor) -> "Estimate":
        """The estimate from one value per seed; a value that is no number spoils it."""
        values = torch.as_tensor(values, dtype=torch.float64)
        sd = values.std().item() if len(values) > 1 else math.inf
        return cls(values.mean().item(), sd, len(values))

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval; all numbers if there are too few values."""
        if self.n < 2 or not (math.isfinite(self.mean) and math.isfinite(self.sd)):
            return -math.inf, math.inf
        reach = float(stdtrit(self.n - 1, 0.975)) * self.sd / math.sqrt(self.n)
        return self.mean - reach, self.mean + reach

    def __str__(self) -> str:
        return f"{number(self.mean, 3)} ± {number(self.sd, 3)}"


Estimates = Mapping[str, Mapping[str, Estimate]]  # configuration -> measure


@dataclass(frozen=True)
class Table:
    """Results of configurations x seeds.

    Parameters
    ----------
    seeds : in the order of the values.
    values : configuration -> measure -> one value for each seed. Not every
        configuration needs every measure.

    ``table["focal", "recall"]`` is a float64 tensor (n_seeds,); ``table["focal"]``
    is the first measure. All configurations share the seeds, so a difference
    between two of them is taken seed by seed.
    """

    seeds: tuple[int, ...]
    values: Mapping[str, Mapping[str, tuple[float, ...]]]

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


def run_seeds(
    experiment: Callable[[int], Mapping[str, float | Mapping[str, float]]],
    seeds: Sequence[int],
) -> Table:
    """Run an experiment once for each seed.

    Parameters
    ----------
    experiment : ``experiment(seed)`` returns for every configuration a number or
        named measures, {"focal": {"recall": 0.8}}.
    seeds : at least one, all different.

    Raises
    ------
    ValueError : no seed, or the same seed twice, which would count one run twice.
    """
    seeds = tuple(seeds)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={seeds}: expected at least one, all different")
    values: dict[str, dict[str, list[float]]] = {}
    for seed in seeds:
        for name, result in experiment(seed).items():
            named = result if isinstance(result, Mapping) else {"result": result}
            for measure, value in named.items():
                column = values.setdefault(name, {}).setdefault(measure, [])
                column.append(float(value))
    frozen = {
        name: {m: tuple(v) for m, v in row.items()} for name, row in values.items()
    }
    return Table(seeds, frozen)


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
                f'style="text-align: left">{html.escape(name)}</th></tr>'
            )
            continue
        body += (
            '<tr><th scope="row" style="text-align: left; font-weight: normal; '
            f'padding-left: 1.5em">{html.escape(name)}</th>'
            + "".join(f"<td>{html.escape(c)}</td>" for c in cells)
            + "</tr>"
        )
    return (
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
