"""The explorer of universal approximation: tanh networks of growing width."""

from functools import lru_cache

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

MOST = 64  # hidden units
TARGETS = {
    "sin 6x": lambda x: np.sin(6 * x),
    "sin 20x": lambda x: np.sin(20 * x),
    "|x|": np.abs,
}
X_TRAIN = np.linspace(-1, 1, 201)  # more points than a network here has parameters
X_INSIDE = np.linspace(-1, 1, 801)
X_BEYOND = np.linspace(1, 2, 201)
X_SHOWN = np.linspace(-2, 2, 401)


@explorer(width=560, height=250)
def approximation(
    target=Choice(*TARGETS, start="sin 6x"), num_hiddens=IntSlider(1, MOST, start=2)
):
    """Networks with one hidden layer of tanh units, fitted to a function on -1 to 1."""
    weights, errors = networks(target)[num_hiddens - 1], largest_errors(target)
    left = Pane(
        "fitted where it is gray", (-2, 2), (-2.6, 2.6), labels=("x", ""), share=3
    )
    left.area(
        [(-1, -9), (1, -9), (1, 9), (-1, 9)], color=FAINT, alpha=0.13, name="trained"
    )
    true = np.c_[X_SHOWN, TARGETS[target](X_SHOWN)]
    left.line(true, dash=(6, 3), name="function", label="function")
    net = np.c_[X_SHOWN, output(weights, X_SHOWN)]
    left.line(net, color=COLORS[0], name="network", label="network")
    right = Pane(
        "largest error", (0.9, 75), (1e-8, 1e3), labels=("hidden units", ""), log="xy",
        xticks={m: str(m) for m in (1, 4, 16, 64)}, share=2, name="errors",
    )  # fmt: skip
    for k, (name, dash) in enumerate((("on −1 to 1", ()), ("on 1 to 2", (6, 3)))):
        xy = np.c_[np.arange(1, MOST + 1), errors[:, k]]
        right.line(xy, color=COLORS[k], dash=dash, name=name, label=name)
        right.dots(xy[[num_hiddens - 1]], color=COLORS[k], size=4.5)
    inside, beyond = errors[num_hiddens - 1]
    units = "1 tanh unit" if num_hiddens == 1 else f"{num_hiddens} tanh units"
    says = (
        f"With {units}, {len(weights)} parameters, the network is at most "
        f"{number(inside)} away from {target} on −1 to 1, where it was fitted, "
        f"and up to {number(beyond)} away on 1 to 2."
    )
    return says, left, right


def output(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What a network computes: the sum of c tanh(w x + b), and a bias.

    Parameters
    ----------
    weights : (3 m + 1,): all w, all b, all c, and the bias.
    x : (n,).

    Returns
    -------
    (n,)
    """
    w, b, c = weights[:-1].reshape(3, -1)
    return np.tanh(np.outer(x, w) + b) @ c + weights[-1]


def jacobian(weights: np.ndarray) -> np.ndarray:
    """Derivatives of the outputs on X_TRAIN by the weights, (n, 3 m + 1)."""
    w, b, c = weights[:-1].reshape(3, -1)
    a = np.tanh(np.outer(X_TRAIN, w) + b)
    slope = (1 - a**2) * c
    return np.hstack([slope * X_TRAIN[:, None], slope, a, np.ones((len(a), 1))])


def _with_one_more(weights: np.ndarray, rest: np.ndarray, random) -> np.ndarray:
    """Add the one of 50 random units that best explains what is left over."""
    w = random.normal(0, 8, 50)
    b = -w * random.uniform(-1, 1, 50)  # the unit bends somewhere in -1 to 1
    a = np.tanh(np.outer(X_TRAIN, w) + b)
    a -= a.mean(0)
    c = a.T @ rest / (a**2).sum(0)
    best = np.argmax(c**2 * (a**2).sum(0))
    old = weights[:-1].reshape(3, -1)
    new = np.hstack([old, [[w[best]], [b[best]], [c[best]]]])
    return np.append(new.ravel(), weights[-1])


def _trained(weights: np.ndarray, y: np.ndarray, num_steps: int) -> np.ndarray:
    """Levenberg's and Marquardt's steps on the mean squared error; it never rises."""
    damping, rest = 1e-3, y - output(weights, X_TRAIN)
    for _ in range(num_steps):
        J = jacobian(weights)
        H = J.T @ J
        for _ in range(6):
            H_damped = H + damping * np.eye(len(H))
            step = np.linalg.solve(H_damped, J.T @ rest)
            left = y - output(weights + step, X_TRAIN)
            if left @ left < rest @ rest:
                weights, rest, damping = weights + step, left, damping / 5
                break
            damping *= 5
    return weights


@lru_cache
def networks(target: str) -> tuple[np.ndarray, ...]:
    """Networks of 1, 2, ... 64 hidden units, trained on 201 points of a function.

    Each starts from the one before it, with one unit more, and all its weights are
    trained again: so a wider network never fits the points worse.
    """
    random = np.random.default_rng(3)
    y, found = TARGETS[target](X_TRAIN), []
    weights = np.array([y.mean()])
    for m in range(1, MOST + 1):
        rest = y - output(weights, X_TRAIN)
        weights = _with_one_more(weights, rest, random)
        weights = _trained(weights, y, num_steps=60 if m <= 16 else 15)
        found.append(weights)
    return tuple(found)


@lru_cache
def largest_errors(target: str) -> np.ndarray:
    """Largest distance from the function on -1 to 1, and on 1 to 2; (64, 2)."""
    f = TARGETS[target]
    return np.array(
        [
            [np.abs(output(weights, x) - f(x)).max() for x in (X_INSIDE, X_BEYOND)]
            for weights in networks(target)
        ]
    )
