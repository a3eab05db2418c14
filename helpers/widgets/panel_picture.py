"""The tuning panel as a picture: settings at the left, curves, table of runs."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from helpers.figures import line_style
from helpers.tuning.ranges import Range, label_of
from helpers.tuning.runs import Run

INK, FAINT = "#333333", "#999999"
MOST_LETTERS = 120  # of a table's head in one line; above, its labels take two


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
    table_height = 0.45 + 0.22 * len(shown)
    top_height = max(2.9, 0.29 * len(values))
    figure = Figure(figsize=(9.2, top_height + table_height))
    top, bottom = figure.subfigures(2, 1, height_ratios=(top_height, table_height))
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
            rail = y - 0.45 * gap
            ax.plot((0, 1), (rail, rail), color="#dddddd", linewidth=3)
            ax.plot(at, rail, marker="o", markersize=6, color="#0072B2", clip_on=False)


def _table(figure, names, ranges, runs) -> None:
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(len(runs) + 1, -0.2))
    metric = runs[-1].metric_name() if runs else "val accuracy"
    head = ["", "run", *(label_of(n) for n in names), metric, "seconds"]
    if sum(map(len, head)) > MOST_LETTERS:
        head = [text.replace(" ", "\n", 1) for text in head]
    letters = [max(map(len, text.split("\n"))) for text in head[1:]]
    weights = [6.0, 10.0, *(max(5.0, n) + 2.0 for n in letters[1:])]
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
