"""The tuning panel as a picture: settings at the left, curves, table of runs."""

from matplotlib.figure import Figure

from helpers.figures import drawn, line_style
from helpers.tuning.ranges import label_of
from helpers.tuning.runs import Run
from helpers.tuning.session import Session

INK, FAINT = "#333333", "#999999"
TEXT = {"fontsize": 8, "parse_math": False}  # a name may hold a $
MOST_LETTERS = 120  # of a table's head in one line; above, its labels take two
WIDEST = 130  # letters, gaps included, that a table holds at the usual size of text


@drawn
def draw_panel(session: Session) -> Figure:
    """Draw a session's settings, its view and its kept runs on a new Figure.

    Hidden runs stand in the table, not in the curves.
    """
    shown = [run for run in session.runs if run.history is not None]
    names = [n for n, v in session.settings.items() if n != "seeds" or v > 1]
    table_height = 0.45 + 0.22 * len(shown)
    top_height = max(2.9, 0.29 * len(names))
    figure = Figure(figsize=(9.2, top_height + table_height))
    top, bottom = figure.subfigures(2, 1, height_ratios=(top_height, table_height))
    left, right = top.subfigures(1, 2, width_ratios=(1, 3.1))
    _controls(left, session, names)
    axes = right.subplots(1, session.view.num_axes, squeeze=False)[0]
    session.view.draw(axes, shown)
    _table(bottom, session, [n for n in names if n != "seeds"], shown)
    return figure


def _controls(figure, session: Session, names: list[str]) -> None:
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    gap = min(0.16, 0.95 / len(names))
    for k, name in enumerate(names):
        declared, value, y = (
            session.ranges[name],
            session.settings[name],
            0.95 - k * gap,
        )
        ax.text(0, y, label_of(name), **TEXT, color=INK, va="center")
        ax.text(1, y, declared.text(value), **TEXT, color=INK, va="center", ha="right")
        at = declared.fraction(value)
        if at is not None:
            rail = y - 0.45 * gap
            ax.plot((0, 1), (rail, rail), color="#dddddd", linewidth=3)
            ax.plot(at, rail, marker="o", markersize=6, color="#0072B2", clip_on=False)


def _table(figure, session: Session, names: list[str], runs: list[Run]) -> None:
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(len(runs) + 1, -0.2))
    metric = runs[-1].metric_name() if runs else session.source.metric
    head = ["", "run", *(label_of(n) for n in names), metric, "seconds"]
    if sum(map(len, head)) > MOST_LETTERS:
        head = [text.replace(" ", "\n", 1) for text in head]
    letters = [max(map(len, text.split("\n"))) for text in head[1:]]
    weights = [6.0, 10.0, *(max(5.0, n) + 2.0 for n in letters[1:])]
    at = [sum(weights[:k]) / sum(weights) for k in range(len(head))]
    look = TEXT | {"fontsize": TEXT["fontsize"] * min(1.0, WIDEST / sum(weights))}
    for x, text in zip(at, head, strict=True):
        ax.text(x, 0.5, text, **look, color=FAINT, va="center")
    for row, run in enumerate(runs):
        y = row + 1.5
        ax.plot((at[0], at[0] + 0.035), (y, y), **line_style(run.index), linewidth=2)
        settings = (run.setting_text(n, session.ranges[n]) for n in names)
        cells = [run.name, *settings, run.result(), f"{run.history.seconds:.1f}"]
        for x, text in zip(at[1:], cells, strict=True):
            ax.text(x, y, text, **look, color=INK, va="center")
