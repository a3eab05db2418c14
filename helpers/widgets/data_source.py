"""Where a panel's runs get their data: one set, a function of settings, a drop-down."""

import contextlib
from collections.abc import Callable, Mapping, Sequence

import ipywidgets

from helpers.data import DataError
from helpers.tuning.dispatch import Data, arguments_of, made_data
from helpers.tuning.ranges import Range
from helpers.widgets.dataset_menu import DataChoice


class DataSource:
    """The data of a panel.

    Parameters
    ----------
    data : a set, or a function that makes one from hyperparameters.
    datasets : names of sets to choose from; a function gets the chosen one as
        ``name``.
    start : the values that the hyperparameters start from.

    ``first`` is the data at these values, ``names`` what a function takes.

    Raises
    ------
    TypeError, ValueError : nothing to train on, or sets that cannot be chosen; what a
        function raises is raised.
    """

    def __init__(
        self,
        data: Data | Callable,
        datasets: Sequence[str],
        start: Mapping[str, object],
    ):
        self.given = data
        self.names = arguments_of(data) if callable(data) else []
        self.first = made_data(data, start)
        self.choice: DataChoice | None = None
        self.ranges: dict[str, Range] = {}
        if datasets:
            if callable(data) and "name" not in self.names:
                raise TypeError(
                    "datasets are chosen by name: the function that makes the data "
                    "needs an argument name, as load_images has it"
                )
            if not hasattr(self.first, "test"):
                raise ValueError(
                    f"datasets names image sets, but data is {self.first!r}"
                )
            self.ranges["data"] = DataChoice.options(self.first, tuple(datasets))
        # what a run that was trained in a cell is supposed to have had
        self.start = {n: v for n, v in start.items() if n in self.names and n != "seed"}

    def offer(
        self, control: ipywidgets.Widget, say: Callable, settings: Callable[[], dict]
    ) -> None:
        """Let the drop-down choose the set; ``settings()`` are the panel's."""

        def load(name: str) -> Data:
            return made_data(self.given, settings() | {"name": name})

        load = load if callable(self.given) else None
        self.choice = DataChoice(self.first, control, say, load)

    @property
    def current(self) -> Data | Callable:
        """What the next run is given; raises DataError, ValueError if it is missing."""
        if self.choice is None:
            return self.given
        chosen = self.choice.current  # raises, also for a function
        return self.given if callable(self.given) else chosen

    @property
    def chosen(self) -> str:
        """The name that a function is given; "" if it chooses by itself."""
        if self.choice is None or not callable(self.given):
            return ""
        return self.choice.name

    @property
    def metric(self) -> str:
        """What runs on this data are judged by."""
        numbers = self.first.train.y.is_floating_point()
        return "val loss" if numbers else "val accuracy"

    def show(
        self,
        view,
        controls: Mapping[str, ipywidgets.Widget],
        settings: Callable[[], dict | None],
    ) -> None:
        """Give a view that asks for it the data, before the first run and later.

        A view with a method ``prepare`` gets the data of the first settings. One whose
        ``follows_data`` is true gets the data anew when a control of it moves, unless
        something trains: then ``settings()`` is None.
        """
        if (prepare := getattr(view, "prepare", None)) is None:
            return
        prepare(self.first)

        def moved(_):
            if (now := settings()) is None:
                return
            chosen = {"name": self.chosen} if self.chosen else {}
            # What is wrong with the settings, a run will say.
            with contextlib.suppress(DataError, TypeError, ValueError):
                prepare(made_data(self.current, now | chosen))

        if getattr(view, "follows_data", False):
            for name in ("data", *self.names):
                if name in controls:
                    controls[name].observe(moved, "value")
