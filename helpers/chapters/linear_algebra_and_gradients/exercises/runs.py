"""Reading curves: what is wrong with a training, by its losses."""

from functools import lru_cache, partial

import torch
from matplotlib.figure import Figure

from helpers.data import make_regression
from helpers.exercises import exercise
from helpers.figures import COLORS, drawn
from helpers.words import number

NUM_STEPS = 40
# Learning rate, and whether the gradient is set back before each step.
RUNS = {"A": (0.01, True), "B": (0.1, False), "C": (2.1, True), "D": (0.1, True)}


@lru_cache
def losses() -> dict[str, tuple[float, ...]]:
    """Train a linear regression four times: the loss before each step, and the last."""
    data, found = make_regression(n_train=200, noise=0.5).train, {}
    X = torch.cat([data.X, torch.ones(len(data), 1)], 1).double()
    y = data.y.squeeze(1).double()
    for name, (lr, forgets) in RUNS.items():
        w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        values = []
        for _ in range(NUM_STEPS + 1):
            loss = 0.5 * ((X @ w - y) ** 2).mean()
            values.append(loss.item())
            w.grad = None if forgets else w.grad
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
        found[name] = tuple(values)
    return found


@drawn
def four_curves() -> Figure:
    """Draw the losses of the four runs beside each other."""
    figure = Figure(figsize=(5.8, 1.6))
    axes = figure.subplots(1, len(RUNS))
    for ax, (name, values) in zip(axes, losses().items(), strict=True):
        ax.plot(values, color=COLORS[0], linewidth=1.2, label="loss")
        ax.set(title=name, xlabel="step", ylim=(0, 1.05 * max(values)))
        ax.yaxis.offsetText.set_x(0.6)  # a power of ten, right of the title
    axes[0].set_ylabel("loss")
    low = {name: number(min(values)) for name, values in losses().items()}
    figure.set_label(
        f"Loss against step, four curves that begin at the same height. A falls "
        f"slowly all the way, to {low['A']}. B falls to {low['B']} and climbs back to "
        f"where it began, again and again. C falls to {low['C']}, then rises faster "
        f"and faster, to {number(losses()['C'][-1])}. D falls quickly to {low['D']} "
        "and stays there."
    )
    return figure


ask = partial(exercise, kind="diagnose", options=tuple(RUNS), shows=four_curves)


@ask(
    "The run without zero_grad",
    name="run-without-zero-grad",
    stars=2,
    hint="If all earlier gradients are still in a step, what happens when the weights "
    "arrive at the minimum? Do they stop there?",
    then="The old gradients carry it past the minimum and up the other side, again and "
    "again. Its rate is that of the healthy run.",
    usual="""
        "B" => "A"
            This loss falls all the time, only slowly: the rate is too low.
        "B" => "C"
            This loss grows faster and faster: the rate is beyond the limit.
        "B" => "D"
            This loss falls quickly and stays low, as it should.
    """,
)
def run_without_zero_grad():
    return "B"


@ask(
    "The run whose rate is too high",
    name="run-with-too-high-rate",
    hint="A step that is too long lands higher up on the other side. And the next one?",
    then="Each step lands farther away than the one before. Once you see this, stop: "
    "it does not come back.",
    usual="""
        "C" => "A"
            This loss falls slowly: its rate is too low, not too high.
        "C" => "B"
            This loss comes back to its lowest value again and again. With too high a
            rate it would end up growing without limit.
        "C" => "D"
            This loss falls quickly and stays low: a healthy run.
    """,
)
def run_with_too_high_rate():
    return "C"
