"""What the tuning panel of chapter 10 trains, and its view: curves and a sample."""

import html
import math
from collections.abc import Iterable, Sequence
from functools import cache

import ipywidgets
import torch
from matplotlib.axes import Axes
from torch import nn

from helpers.data import Vocab, WindowData, load_time_machine, text_windows
from helpers.data.text import Text
from helpers.models.recurrent import CharModel, generate
from helpers.training.history import History
from helpers.tuning.runs import Run
from helpers.widgets.curves_view import CurvesView
from helpers.words import many, number

NUM_TRAIN, NUM_VAL = 40_000, 8_000  # characters of the text's parts
BEGINNING, NUM_CHARS, TEMPERATURE = "the time ", 70, 0.7  # of the sample


@cache
def vocabulary() -> Vocab:
    """The characters of The Time Machine, letters and spaces only: 28 with unknown."""
    return Vocab(load_time_machine().train)


def text_data(num_steps: int = 32) -> WindowData:
    """The first 40,000 characters of The Time Machine in windows of T characters."""
    text = load_time_machine()
    part = Text(text.name, text.train[:NUM_TRAIN], text.val[:NUM_VAL])
    return text_windows(part, num_steps, vocabulary())


def char_net(
    cell: str = "lstm",
    num_hiddens: int = 64,
    num_layers: int = 1,
    num_embedding: int | None = None,
) -> CharModel:
    """A `CharModel` for what `text_data` gives."""
    return CharModel(len(vocabulary()), num_hiddens, cell, num_layers, num_embedding)


class SampleView(CurvesView):
    """Curves, and under them what the network writes after its newest epoch.

    Attributes
    ----------
    sample : that text as a sentence, "" before the first epoch.
    """

    def __init__(self):
        super().__init__()
        self.sample, self._net, self._epochs = "", None, 0
        self._line = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self.chart, self._line])

    def begin(self, run: Run, net: nn.Module) -> None:
        """Another network will write."""
        super().begin(run, net)
        self._net, self._epochs = net, 0

    def push(self, history: History) -> None:
        """Draw the curve, and after an epoch let the network write."""
        super().push(history)
        self._write(history)

    def show(self, runs: Iterable[Run], summary: str) -> None:
        """Draw the kept runs; the network of the last one writes."""
        super().show(runs, summary)
        if self._net is not None and self._run.histories:
            self._write(self._run.histories[-1])

    def _write(self, history: History) -> None:
        if history.num_epochs == self._epochs:
            return
        self._epochs = history.num_epochs
        at = number(math.exp(min(history.val_loss[-1], 99)))
        text = "… (its weights are no numbers any more)"
        if all(p.isfinite().all() for p in self._net.parameters()):
            text = generate(self._net, vocabulary(), BEGINNING, NUM_CHARS, TEMPERATURE,
                            torch.Generator().manual_seed(0))  # fmt: skip
        self.sample = (
            f"{self._run.name.capitalize()} after {many(self._epochs, 'epoch')}, "
            f"validation perplexity {at}: “{text}”"
        )
        self._line.value = f'<p role="status">{html.escape(self.sample)}</p>'

    def draw(self, axes: Sequence[Axes], runs: Iterable[Run]) -> None:
        """Draw the curves of the visible runs, and the sample under them."""
        super().draw(axes, runs)
        axes[0].figure.supxlabel(self.sample, fontsize=7, parse_math=False)


OPTIMIZERS = {"Adam": torch.optim.Adam, "SGD": torch.optim.SGD}
CLIPPING = {"1": 1.0, "0.1": 0.1, "none": None}
