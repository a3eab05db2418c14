"""The drawing of the welcome notebook: what training does, over and over."""

from matplotlib.figure import Figure

from helpers.figures import COLORS, drawn

INK = "#333333"


@drawn
def show_loop(num_parameters: int) -> Figure:
    """Draw the loop of training: image, network, scores, loss, and the way back.

    Parameters
    ----------
    num_parameters : the adjustable numbers of the network.
    """
    boxes = {  # place of the middle: text
        (0, 0): "image\n28 × 28",
        (2.1, 0): f"network\n{num_parameters:,} numbers",
        (4.2, 0): "ten scores",
        (6.1, 0): "loss:\nhow wrong?",
        (6.1, 1.25): "label: “2”",
    }
    figure = Figure(figsize=(6.8, 2.3))
    ax = figure.subplots()
    ax.set(xlim=(-0.75, 6.95), ylim=(-1.3, 1.65))
    ax.set_axis_off()
    for (x, y), text in boxes.items():
        ax.text(x, y, text, ha="center", va="center", fontsize=9,
                bbox={"boxstyle": "round,pad=0.4", "facecolor": "white",
                      "edgecolor": INK})  # fmt: skip
    ways = [((0.55, 0), (1.25, 0)), ((2.95, 0), (3.6, 0)), ((4.8, 0), (5.5, 0)),
            ((6.1, 0.98), (6.1, 0.42))]  # fmt: skip
    for start, end in ways:
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": INK})
    back = {"arrowstyle": "->", "color": COLORS[1], "linewidth": 2.2,
            "connectionstyle": "arc3,rad=-0.36"}  # fmt: skip
    ax.annotate("", (2.1, -0.42), (6.1, -0.42), arrowprops=back)
    ax.text(4.0, -0.66, "change each number a little: one step", ha="center",
            fontsize=9, color=COLORS[1])  # fmt: skip
    figure.set_label(
        "An image goes through the network to ten scores; the loss compares them with "
        "the label; an arrow leads back from the loss to the network's "
        f"{num_parameters:,} numbers: change each a little, one step."
    )
    return figure
