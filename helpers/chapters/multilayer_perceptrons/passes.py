"""The explorer of the two passes: one network, one example, step by step."""

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import INK, Pane

# The network of the chapter: two inputs, two sigmoid units, one sigmoid unit.
X, TARGET, BIAS = np.array([1.0, 2.0]), 1.0, 0.1
W1, W2 = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5, 0.6]])
AT = [[(0, 0.75), (0, -0.75)], [(2, 0.75), (2, -0.75)], [(4, 0)]]  # the units


def numbers() -> dict[str, np.ndarray]:
    """All values of the forward pass, and all derivatives of the backward pass."""
    a1 = 1 / (1 + np.exp(-(W1 @ X + BIAS)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + BIAS)))
    d2 = (a2 - TARGET) * a2 * (1 - a2)
    d1 = (W2.T @ d2) * a1 * (1 - a1)
    return {"a1": a1, "a2": a2, "d2": d2, "d1": d1,
            "dW2": np.outer(d2, a1), "dW1": np.outer(d1, X),
            "loss": 0.5 * ((a2 - TARGET) ** 2).sum()}  # fmt: skip


def _told(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}g}".replace("-", "−")


def _sentences(n: dict[str, np.ndarray]) -> list[str]:
    (a, b), (y_hat,), (delta,), (upper, lower) = n["a1"], n["a2"], n["d2"], n["d1"]
    t, loss = _told, n["loss"]
    return [
        "The inputs stand at the left, and a weight on each line; all biases are 0.1.",
        f"Forward: the upper hidden unit is σ(0.1 · 1 + 0.2 · 2 + 0.1) = {t(a)}, the "
        f"lower one σ(0.3 · 1 + 0.4 · 2 + 0.1) = {t(b)}.",
        f"Forward: the output is σ(0.5 · {t(a)} + 0.6 · {t(b)} + 0.1) = {t(y_hat)}; "
        f"the target is 1, and the loss is ½({t(y_hat)} − 1)² = {t(loss)}.",
        f"Backward: the output's error signal is δ = ({t(y_hat)} − 1) · {t(y_hat)} · "
        f"(1 − {t(y_hat)}) = {t(delta, 3)}.",
        f"Backward: a weight's derivative is the error signal on its right times the "
        f"value on its left, {t(delta, 3)} · {t(a)} = {t(n['dW2'][0, 0], 3)} for the "
        "upper line.",
        f"Backward: the upper hidden unit's error signal is δ = 0.5 · "
        f"({t(delta, 3)}) · {t(a)} · (1 − {t(a)}) = {t(upper, 3)}; the lower "
        f"one's, through the weight 0.6, is {t(lower, 3)}.",
        f"Backward: error signal times input gives the first layer's derivatives, "
        f"{t(upper, 3)} · 2 = {t(n['dW1'][0, 1], 3)} for the line from the lower input "
        "to the upper unit.",
    ]


@explorer(width=560, height=250)
def passes(step=IntSlider(0, 6, start=6)):
    """Forward and backward through the network of the chapter, step by step."""
    n = numbers()
    bare = {"xticks": {}, "yticks": {}, "grid": False, "framed": False}
    pane = Pane("", (-0.7, 4.7), (-1.6, 1.6), **bare)
    for k, (W, back, since) in enumerate(((W1, "dW1", 6), (W2, "dW2", 4))):
        for (j, i), weight in np.ndenumerate(W):
            start, end = np.array(AT[k][i], float), np.array(AT[k + 1][j], float)
            pane.line([start, end], color="#888888", width=1, name=f"line {k} {i} {j}")
            pane.text(start + 0.25 * (end - start), _told(weight), align="center",
                      size=11, halo=True, name=f"weight {k} {i} {j}")  # fmt: skip
            if step >= since:
                pane.text(start + 0.66 * (end - start), _told(n[back][j, i], 3),
                          align="center", size=11, color=COLORS[1], halo=True,
                          name=f"derivative {k} {i} {j}")  # fmt: skip
                # the error signal comes to the weight from the right
                pane.arrow(start + 0.45 * (end - start), start + 0.33 * (end - start),
                           color=COLORS[1], width=1.5,
                           name=f"back {k} {i} {j}")  # fmt: skip
    layers = ((X, 0, None, 0), (n["a1"], 1, n["d1"], 5), (n["a2"], 2, n["d2"], 3))
    for k, (values, since, signals, back) in enumerate(layers):
        for i, (place, value) in enumerate(zip(AT[k], values, strict=True)):
            pane.dots([place], size=29, color="white", edge=INK, name=f"unit {k} {i}")
            if step >= since:
                pane.text(place, _told(value), align="center", size=12, shift=(0, 4),
                          color=COLORS[0], name=f"value {k} {i}")  # fmt: skip
            if signals is not None and step >= back:
                up = k == 1 and i == 0
                pane.text(place, f"δ = {_told(signals[i], 3)}", align="center", size=12,
                          color=COLORS[1], shift=(0, -30 if up else 38),
                          name=f"signal {k} {i}")  # fmt: skip
    if step >= 2:
        told = f"target {TARGET:g}, ℓ = {_told(n['loss'])}"
        pane.text(AT[2][0], told, align="center", size=12, shift=(0, -34),
                  name="target")  # fmt: skip
    return _sentences(n)[step], pane
