"""Kept runs as CSV, and one run as plain code that repeats it without a widget."""

import csv
import io
from collections.abc import Callable, Sequence

from torch.nn import functional as F

from helpers.tuning.dispatch import Data, arguments_of, divide, loss_with
from helpers.tuning.quoting import Quoted, loading_of
from helpers.tuning.runs import Run

METRICS = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")


def runs_csv(runs: Sequence[Run]) -> str:
    """One row for every run, seed and epoch, with numbers in full precision.

    ``seconds`` counts from the run's first step; ``epoch_lr`` is the learning rate
    of the epoch's last step. What is not known is left empty.
    """
    names = list(dict.fromkeys(n for run in runs for n in run.settings if n != "seed"))
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    head = ["run", "state", "data", *names, "seed", "epoch", *METRICS]
    table.writerow([*head, "seconds", "epoch_lr"])
    for run in runs:
        values = [_word(run.settings.get(name)) for name in names]
        for k, (seed, history) in enumerate(
            zip(run.seeds, run.histories, strict=False)
        ):
            for epoch in range(history.num_epochs):
                metrics = [
                    series[epoch] if (series := getattr(history, name)) else ""
                    for name in METRICS
                ]
                notes = run.epoch_notes[k][epoch] if run.epoch_notes else ("", "")
                about = [run.name, run.state, run.data, *values, seed, epoch + 1]
                table.writerow([*about, *metrics, *notes])
    return file.getvalue()


def _word(value) -> object:
    return "" if value is None else getattr(value, "__name__", value)


def run_code(
    run: Run,
    build: Callable,
    loss: Callable,
    source: Data | Callable[..., Data] | None = None,
) -> str:
    """Plain code that repeats a run: imports, data, seeded network, train, print.

    The names of classes and functions are imported where they can be; what was
    written in a notebook is included as it was written. ``source`` is the function
    that made the data, if one did.
    """
    quoted = Quoted()
    quoted.use("helpers", "seeded", "train")
    several = len(run.seeds) > 1
    seed = "seed" if several else str(run.seeds[0])
    parts = divide({**run.settings, **run.named}, build, source, loss)
    at = "data"
    if callable(source):
        at, making = _made(run, source, parts.to_data, seed, quoted)
    else:
        making = _data(run.dataset, quoted)
    # data that takes the seed is made anew for each, inside the loop
    inside = several and callable(source) and "seed" in parts.to_data
    body = [*_notes(run), *([] if inside else making)]
    maker = quoted.name_of(build, "build")
    target = "net, parameters" if run.by_hand else "net"
    more = {name: quoted.value(value, name) for name, value in parts.to_fit.items()}
    if loss is not F.cross_entropy or parts.to_loss:
        more["loss"] = quoted.value(loss_with(loss, parts.to_loss), "loss")
    if run.by_hand:
        more["parameters"] = "parameters"
    to_build = {n: quoted.value(v, n) for n, v in parts.to_build.items()}
    if "seed" in to_build:
        to_build["seed"] = seed
    arguments = ", ".join(f"{n}={v}" for n, v in to_build.items())
    steps = [
        *(making if inside else []),
        f"with seeded({seed}):",
        f"    {target} = {maker}({arguments})",
        "history = train(",
        "    net,",
        f"    {at}.train,",
        f"    {at}.val,",
        *(f"    {name}={value}," for name, value in more.items()),
        f"    seed={seed},",
        ")",
    ]
    if several:
        first, last = run.seeds[0], run.seeds[-1]
        body += ["histories = []", f"for seed in range({first}, {last + 1}):"]
        body += [f"    {line}" for line in steps]
        body += ["    histories.append(history)", "    print(seed, history)"]
    else:
        body += [*steps, "print(history)"]
    return "\n".join([*quoted.head(), *body]) + "\n"


def _notes(run: Run) -> list[str]:
    notes = []
    if not run.epoch_notes:
        notes.append(
            f"# {run.name} was trained in a cell; the panel knows its settings"
        )
        notes.append("# and assumes that its network was built as the panel builds it.")
    if run.lr_changes:
        moves = ", ".join(f"{lr:g} after step {step}" for step, lr in run.lr_changes)
        notes.append("# The learning rate was moved by hand while this run trained:")
        notes.append(f"# {moves}. This code keeps the first one, so it differs.")
    if run.state != "finished":
        ended = len(run.histories[-1].step_loss)
        notes.append(f"# The run {run.state} after step {ended} of its last seed;")
        notes.append("# this code goes on to the last epoch.")
    return notes


def _made(
    run: Run, source: Callable, to_data: dict, seed: str, quoted: Quoted
) -> tuple[str, list[str]]:
    """The lines that call the function of the data, and the name they give to it."""
    maker = quoted.name_of(source, "make_data")
    values = {n: quoted.value(v, n) for n, v in to_data.items()}
    if "seed" in arguments_of(source):
        values["seed"] = seed
    else:
        seed = str(run.seeds[0])  # one set for all seeds
    # a notebook may well call its function data, and it is needed for each seed
    name = "data_set" if maker == "data" else "data"
    call = f"{maker}({', '.join(f'{n}={v}' for n, v in values.items())})"
    return name, [f"with seeded({seed}):", f"    {name} = {call}"]


def _data(data: Data, quoted: Quoted) -> list[str]:
    if (call := loading_of(data)) is None:
        kind = type(data).__name__
        article = "an" if kind == "ImageData" else "a"
        return [f"# data: the {data.name!r} data of the notebook, {article} {kind}", ""]
    quoted.use("helpers", "load_images")
    return [f"data = {call}"]
