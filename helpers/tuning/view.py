"""What a session tells whoever shows its trainings."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes

from helpers.training.history import History
from helpers.tuning.dispatch import Data
from helpers.tuning.runs import Run


class View:
    """How trainings are shown. This one shows nothing; others say what they need.

    Attributes
    ----------
    num_axes : how many axes `draw` wants.
    follows_data : whether `prepare` is called as soon as a setting of the data moves,
        and not only when a training begins.
    """

    num_axes = 1
    follows_data = False

    def prepare(self, data: Data) -> None:
        """The next training uses this data; called before `begin`."""

    def begin(self, run: Run, net) -> None:
        """A new training begins; ``net`` is the network that will train.

        A run with several seeds begins once with each.
        """

    def push(self, history: History) -> None:
        """Show what the training did so far; called at most ten times a second."""

    def settle(self) -> None:
        """The training pauses: show how it stands, whatever that takes."""

    def show(self, runs: Iterable[Run], summary: str) -> None:
        """Show the kept runs; the live one has ended and is among them, if kept."""

    def hide(self, runs: Iterable[Run]) -> None:
        """Kept runs changed in what is hidden, or left; a live run goes on."""

    def draw(self, axes: Sequence[Axes], runs: Iterable[Run]) -> None:
        """Draw the visible runs on ``num_axes`` axes, for the still picture."""
