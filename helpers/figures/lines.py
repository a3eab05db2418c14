"""Curves of a value against another, a line for each name."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from helpers.figures.style import drawn, line_style

MOST_TICKS = 12


@drawn
def show_lines(
    values: Mapping[str, Mapping[float, float]],
    xlabel: str,
    ylabel: str,
    log: str = "",
) -> Figure:
    """Draw a value against another, a line for each name.

    Parameters
    ----------
    values : name -> x -> y.
    log : which axes are logarithmic, "x", "y" or "xy".
    """
    figure = Figure(figsize=(5, 2.9))
    ax = figure.subplots()
    said, form = [], ".2g" if "y" in log else ".2f"
    for k, (name, by_x) in enumerate(values.items()):
        ax.plot(list(by_x), list(by_x.values()), label=name, marker=".",
                **line_style(k))  # fmt: skip
        said.append(
            f"{name} " + ", ".join(f"{x:g}: {y:{form}}" for x, y in by_x.items())
        )
    ax.set(**{f"{axis}scale": "log" for axis in log})
    ticks = sorted({x for by_x in values.values() for x in by_x})
    ticks = ticks[:: -(-len(ticks) // MOST_TICKS)]
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
    ax.xaxis.minorticks_off()
    ax.legend()
    figure.set_label(f"{ylabel} against {xlabel}. {'; '.join(said)}.")
    return figure
