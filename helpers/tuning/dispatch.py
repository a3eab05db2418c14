"""From settings to a training: who takes which setting, and the data of a run."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import nn

from helpers.data import (
    DataError,
    Examples,
    ImageData,
    PointData,
    load_images,
    remote_size,
)
from helpers.seeds import seeded
from helpers.training import fit
from helpers.tuning.ranges import Choice
from helpers.words import many

_OWN = {"net", "train", "val", "loss", "parameters", "seed", "optimizer_options"}
_FIT = set(inspect.signature(fit).parameters) - _OWN
PARTS = ("train", "val", "test")
Data = ImageData | PointData


@dataclass
class Division:
    """A run's settings, by the function that gets them."""

    to_build: dict[str, object] = field(default_factory=dict)
    to_data: dict[str, object] = field(default_factory=dict)
    to_loss: dict[str, object] = field(default_factory=dict)
    to_fit: dict[str, object] = field(default_factory=dict)


def divide(
    settings: Mapping[str, object],
    build: Callable,
    data: Data | Callable | None = None,
    loss: Callable | None = None,
) -> Division:
    """Part a run's settings by who takes them.

    A name that `fit` knows goes to `fit` alone. Any other goes to each of ``build``,
    ``data`` and ``loss`` that has an argument of this name, and the rest to `fit`,
    which hands on to the optimizer what it does not know. The loss is given its first
    two arguments by position, so they are none of its names.
    """
    parts = Division()
    takers = (
        (arguments_of(build), parts.to_build),
        (arguments_of(data), parts.to_data),
        (arguments_of(loss)[2:], parts.to_loss),
    )
    for name, value in settings.items():
        taken = [part for names, part in takers if name in names and name not in _FIT]
        if not taken and name != "seed":  # each training is given its own
            taken = [parts.to_fit]
        for part in taken:
            part[name] = value
    return parts


def arguments_of(function: object) -> list[str]:
    """The names that a function's arguments may be given by; none if it hides them."""
    if not callable(function):
        return []
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return []
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p.name for p in parameters if p.kind in named]


def defaults_of(function: object) -> dict[str, object]:
    """The values that a function's arguments have where nobody gives them."""
    names = arguments_of(function)
    parameters = inspect.signature(function).parameters if names else {}
    given = {name: parameters[name].default for name in names}
    return {n: v for n, v in given.items() if v is not inspect.Parameter.empty}


def made_data(data: Data | Callable, settings: Mapping[str, object]) -> Data:
    """The data of a run: as it is given, or made by a function from its settings.

    The function draws what it takes from torch's global generator from the run's
    ``seed``; afterwards that generator is where it was.

    Raises
    ------
    TypeError : the function returns something without training examples.
    """
    if not callable(data):
        return data
    known = arguments_of(data)
    seed = settings["seed"]
    with seeded(seed):
        made = data(**{name: v for name, v in settings.items() if name in known})
    parts = [getattr(made, part, None) for part in ("train", "val")]
    if not isinstance(parts[0], Examples) or not isinstance(parts[1], Examples):
        name = getattr(data, "__name__", "data")
        raise TypeError(
            f"{name} returned a {type(made).__name__}: expected an ImageData or a "
            "PointData, with training and validation examples"
        )
    return made


def loss_with(loss: Callable, options: Mapping[str, object]) -> Callable:
    """The loss with its options filled in."""
    return functools.partial(loss, **options) if options else loss


def train_with(
    build: Callable,
    data: Data,
    loss: Callable,
    settings: Mapping[str, object],
    source: Callable | None = None,
):
    """Build a network and the generator of its training.

    Parameters
    ----------
    build : makes the network, or a pair (function, parameters).
    data : what to train on.
    settings : with a ``seed``, which fixes the initial weights and the training.
    source : the function that made the data, if one did; it has had its settings.

    The settings are parted by `divide`.

    Returns
    -------
    The network (or function), and the generator that `fit` returns.
    """
    parts = divide(settings, build, source, loss)
    with seeded(settings["seed"]):
        net = build(**parts.to_build)
    parameters = None
    if isinstance(net, tuple) and not isinstance(net, nn.Module):
        net, parameters = net
    records = fit(
        net,
        data.train,
        data.val,
        loss=loss_with(loss, parts.to_loss),
        parameters=parameters,
        seed=settings["seed"],
        **parts.to_fit,
    )
    return net, records


class DataSource:
    """Where runs get their data: one set, a function of settings, a choice of sets.

    Parameters
    ----------
    data : a set, or a function that makes one from hyperparameters.
    datasets : names of sets to choose from; they are loaded with as many examples as
        the first one. A function gets the chosen one as ``name``.
    start : the values that the hyperparameters start from.

    Attributes
    ----------
    first : the data at these values.
    names : the hyperparameters that a function takes.
    sets : the declared choice of a set; None where there is nothing to choose.
    chosen : the name of the chosen set.
    problem : why it cannot be used. It is not replaced by another one.

    Raises
    ------
    TypeError, ValueError : nothing to train on, or sets that cannot be chosen; what a
        function raises is raised.
    """

    def __init__(
        self,
        data: Data | Callable[..., Data],
        datasets: Sequence[str],
        start: Mapping[str, object],
    ):
        self.given, self.names = data, arguments_of(data)
        self.first = made_data(data, start)
        self.chosen = self.first.name
        self.problem: Exception | None = None
        self.sets: Choice | None = None
        self._start = start
        self._loaded = {self.chosen: self.first}
        if not datasets:
            return
        if callable(data) and "name" not in self.names:
            raise TypeError(
                "datasets are chosen by name: the function that makes the data "
                "needs an argument name, as load_images has it"
            )
        if not hasattr(self.first, "test"):
            raise ValueError(f"datasets names image sets, but data is {self.first!r}")
        names = dict.fromkeys((self.chosen, *datasets))
        self.sets = Choice(*names, start=self.chosen)

    @property
    def start(self) -> dict[str, object]:
        """What a run that was trained in a cell is supposed to have had."""
        taken = set(self.names) - {"seed"}
        return {n: v for n, v in self._start.items() if n in taken}

    @property
    def metric(self) -> str:
        """What runs on this data are judged by."""
        numbers = self.first.train.y.is_floating_point()
        return "val loss" if numbers else "val accuracy"

    @property
    def named(self) -> dict[str, object]:
        """The chosen name as a setting, where a function takes it."""
        chooses = self.sets is not None and callable(self.given)
        return {"name": self.chosen} if chooses else {}

    @property
    def current(self) -> Data | Callable[..., Data]:
        """What the next run is given.

        Raises
        ------
        DataError, ValueError : the chosen set is missing or altered, or has fewer
            examples.
        """
        if self.problem is not None:
            raise self.problem
        return self.given if callable(self.given) else self.loaded

    @property
    def loaded(self) -> Data | None:
        """The chosen set as it was loaded; None if it was not."""
        return self._loaded.get(self.chosen)

    def load(self, settings: Mapping[str, object]) -> None:
        """Load the chosen set; what hinders it is the ``problem``."""
        self.problem = None
        if self.loaded is not None:
            return
        try:
            if callable(self.given):
                found = made_data(self.given, {**settings, "name": self.chosen})
            else:
                sizes = {f"n_{part}": len(getattr(self.first, part)) for part in PARTS}
                found = load_images(self.chosen, **sizes)
        except (DataError, ValueError) as error:
            self.problem = error
        else:
            self._loaded[self.chosen] = found

    @property
    def told(self) -> str:
        """The chosen set, or why it cannot be used, in a sentence."""
        name, problem = self.chosen, self.problem
        if problem is None:
            images = many(len(self.loaded.train), "image")
            return f"The next run trains on {images} of {name}."
        if not isinstance(problem, DataError):
            return f"{name} cannot be used: {problem}"
        total = remote_size(name)
        size = "it" if total is None else f"{total / 1e6:.0f} MB"
        # where it was looked for helps nobody who only has to press a button
        absent = " is missing" in str(problem)
        why = "is not on this machine." if absent else f"is no use: {problem}"
        return f"{name} {why} Download fetches {size}, or choose another set."
