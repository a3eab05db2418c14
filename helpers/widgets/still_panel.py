"""The tuning panel as a picture: settings at the left, curves, table of runs."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from helpers.figures import line_style
from helpers.widgets.controls import Range, label_of
from helpers.widgets.run import Run

INK, FAINT = "#333333", "#999999"


def draw_panel(values: Mapping[str, tuple[Range, object]], view, runs: list[Run]):
    """Draw a panel's settings, its view and its kept runs on a new Figure.

    Parameters
    ----------
    values : for every hyperparameter its range and its value.
    view : the panel's view; ``view.draw(axes, runs)`` draws on as many axes as
        ``view.num_axes`` says, on two if it does not say.
    runs : kept runs; hidden ones stand in the table, not in the curves.
    """
    shown = [run for run in runs if run.history is not None]
    table_height = 0.35 + 0.22 * len(shown)
    height = 2.9 + table_height
    figure = Figure(figsize=(9.2, height))
    top, bottom = figure.subfigures(2, 1, height_ratios=(2.9, table_height))
    left, right = top.subfigures(1, 2, width_ratios=(1, 3.1))
    _controls(left, values)
    axes = right.subplots(1, getattr(view, "num_axes", 2), squeeze=False)[0]
    view.draw(axes, shown)
    names = [name for name in values if name != "seeds"]
    _table(bottom, names, {n: r for n, (r, _) in values.items()}, shown)
    return figure


def _controls(figure, values) -> None:
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    gap = min(0.16, 0.95 / len(values))
    for k, (name, (declared, value)) in enumerate(values.items()):
        y = 0.95 - k * gap
        ax.text(0, y, label_of(name), fontsize=8, color=INK, va="center")
        ax.text(
            1, y, declared.text(value), fontsize=8, color=INK, va="center", ha="right"
        )
        at = declared.fraction(value)
        if at is not None:
            ax.plot((0, 1), (y - 0.06,) * 2, color="#dddddd", linewidth=3)
            ax.plot(
                at, y - 0.06, marker="o", markersize=6, color="#0072B2", clip_on=False
            )


def _table(figure, names, ranges, runs) -> None:
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(len(runs) + 1, 0))
    metric = runs[-1].metric_name() if runs else "val accuracy"
    head = ["", "run", *(label_of(n) for n in names), metric, "seconds"]
    weights = [0.6, *(max(1.0, len(h) / 8) for h in head[1:])]
    at = [sum(weights[:k]) / sum(weights) for k in range(len(head))]
    for x, text in zip(at, head, strict=True):
        ax.text(x, 0.5, text, fontsize=8, color=FAINT, va="center")
    for row, run in enumerate(runs):
        y = row + 1.5
        ax.plot((at[0], at[0] + 0.035), (y, y), **line_style(run.index), linewidth=2)
        cells = [run.name, *(_text(ranges[n], run, n) for n in names)]
        final, spread = run.final(), run.spread()
        cells += [
            ("–" if final is None else run.text(final))
            + ("" if spread is None else f" ± {run.text(spread)}"),
            f"{run.history.seconds:.1f}",
        ]
        for x, text in zip(at[1:], cells, strict=True):
            ax.text(x, y, text, fontsize=8, color=INK, va="center")


def _text(declared: Range, run: Run, name: str) -> str:
    value = run.data if name == "data" else run.settings.get(name)
    if value is None:
        return "–"
    if name == "seed":
        return run.seeds_text()
    try:
        return declared.text(value)
    except StopIteration:
        return str(value)
