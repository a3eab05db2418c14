"""The explorer `through_time`: what reaches the states of earlier steps."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from helpers.figures import COLORS, DASHES
from helpers.models.recurrent import CELLS, Cell
from helpers.tuning.ranges import IntSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

NUM_HIDDENS, NUM_INPUTS, MOST_STEPS = 24, 8, 100
WORDS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
LOW, HIGH = 1e-12, 1e6  # of the axis; what lies beyond is drawn at its edge


@torch.no_grad()
def cell_of(kind: str, weights: float, forget_bias: float) -> Cell:
    """A cell in float64 whose gates have ``weights`` times an orthogonal matrix each.

    Biases are 0 but that of the forget gate of an LSTM.
    """
    generator = torch.Generator().manual_seed(1)
    cell = CELLS[kind](NUM_INPUTS, NUM_HIDDENS).double()
    nn.init.normal_(cell.weight_ih, std=NUM_INPUTS**-0.5, generator=generator)
    for rows in cell.weight_hh.chunk(cell.num_gates):
        nn.init.orthogonal_(rows, weights, generator=generator)
    for bias in (cell.bias_ih, cell.bias_hh):
        bias.zero_()
    if kind == "lstm":
        cell.bias_ih[NUM_HIDDENS : 2 * NUM_HIDDENS] = forget_bias
    return cell


def jacobians(cell: Cell, X: Tensor) -> Tensor:
    """Derivatives of the last state with regard to the state after every step.

    The state is c of an LSTM, else h; all ways count, also those through h.

    Parameters
    ----------
    X : inputs (T, d).

    Returns
    -------
    (T, h, h), the last of them the identity; [t, i, j] is that of h_T[i] by h_t[j]
    """
    paired, n = cell.num_gates == 4, cell.num_hiddens  # one copy for each output
    state = X.new_zeros(n, n, requires_grad=True)
    h, states = (state, state) if paired else state, []
    with torch.enable_grad():
        for x in X:
            h = cell(x.expand(n, -1), h)
            states.append(h[1] if paired else h)
        loss = states[-1].trace()
    return torch.stack(torch.autograd.grad(loss, states))


@lru_cache(maxsize=512)
def sizes(kind: str, num_steps: int, weights: float, forget_bias: float) -> np.ndarray:
    """Root mean square of the derivatives by k, the steps back, (num_steps,).

    Scaled so that k = 0 has 1: what a random change of the state is multiplied by.
    """
    X = torch.randn(MOST_STEPS, NUM_INPUTS, dtype=torch.float64,
                    generator=torch.Generator().manual_seed(0))  # fmt: skip
    J = jacobians(cell_of(kind, weights, forget_bias), X[-num_steps:])
    return J.square().sum((1, 2)).div(NUM_HIDDENS).sqrt().flip(0).numpy()


@explorer(width=720, height=340)
def through_time(
    num_steps=IntSlider(10, MOST_STEPS, start=50),
    weights=Slider(0.2, 3.0, start=1.0),
    forget_bias=Slider(-1.0, 4.0, start=0.0),
):
    """Gradient of the last state with regard to the state k steps before it.

    Three untrained cells with 24 units read the same random numbers. Their recurrent
    weights are an orthogonal matrix, which keeps lengths, times the chosen factor. The
    state is c of the LSTM, else h.
    """
    far = num_steps - 1
    pane = Pane(
        "a random change of the state k steps back arrives multiplied by",
        (-0.5, far + 0.5), (LOW, HIGH), log="y", labels=("steps back, k", ""),
    )  # fmt: skip
    pane.line([(-0.5, 1), (far + 0.5, 1)], color=FAINT, width=1)
    steps, found = np.arange(num_steps), {}
    for k, (kind, word) in enumerate(WORDS.items()):
        bias = forget_bias if kind == "lstm" else 0.0
        found[word] = sizes(kind, num_steps, weights, bias)
        xy = np.c_[steps, found[word].clip(LOW * 1.3, HIGH / 1.5)]
        pane.line(xy, color=COLORS[k], dash=DASHES[k], name=word, label=word)
        pane.dots(xy[-1:], color=COLORS[k], shape="os^"[k], size=4)
    kept = 1 / (1 + np.exp(-forget_bias))
    bare = np.c_[steps, (kept**steps).clip(LOW * 1.3)]
    pane.line(bare, color=FAINT, width=1.5, dash=(2, 3), name="bare",
              label="forget gate at its bias alone")  # fmt: skip
    parts = [f"{number(values[-1])} in the {word}" for word, values in found.items()]
    says = (
        f"From {far} steps back arrives {', '.join(parts[:-1])} and {parts[-1]}. A "
        f"forget gate that stands at its bias keeps {number(kept, 3)} of the cell at "
        f"each step, over {far} steps {number(kept**far)}."
    )
    return says, pane
