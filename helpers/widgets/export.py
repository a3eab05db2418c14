"""Kept runs as CSV, and one run as plain code that repeats it without a widget."""

import csv
import io
from collections.abc import Callable, Sequence

from torch.nn import functional as F

from helpers.data import IMAGE_SETS, DataError, ImageData, load_images
from helpers.widgets.run import Run
from helpers.widgets.source import Quoted
from helpers.widgets.wiring import divide

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


def run_code(run: Run, build: Callable, data: ImageData, loss: Callable) -> str:
    """Plain code that repeats a run: imports, data, seeded network, train, print.

    The names of classes and functions are imported where they can be; what was
    written in a notebook is included as it was written.
    """
    quoted = Quoted()
    quoted.use("helpers", "seeded", "train")
    body = [*_notes(run), *_data(run, data, quoted)]
    to_build, to_fit = divide(build, run.settings)
    maker = quoted.name_of(build, "build")
    target = "net, parameters" if run.by_hand else "net"
    more = {name: quoted.value(value, name) for name, value in to_fit.items()}
    if loss is not F.cross_entropy:
        more["loss"] = quoted.value(loss, "loss")
    if run.by_hand:
        more["parameters"] = "parameters"
    several = len(run.seeds) > 1
    seed = "seed" if several else str(run.seeds[0])
    to_build = {n: quoted.value(v, n) for n, v in to_build.items()}
    if "seed" in to_build:
        to_build["seed"] = seed
    arguments = ", ".join(f"{n}={v}" for n, v in to_build.items())
    steps = [
        f"with seeded({seed}):",
        f"    {target} = {maker}({arguments})",
        "history = train(",
        "    net,",
        "    data.train,",
        "    data.val,",
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


def _data(run: Run, data: ImageData, quoted: Quoted) -> list[str]:
    sizes = {
        f"n_{part}": len(examples)
        for part in ("train", "val", "test")
        if (examples := getattr(data, part, None)) is not None
    }
    if data.name not in IMAGE_SETS or not _is_loaded(data, sizes):
        return [f"# data: the {data.name!r} data of the notebook, an ImageData", ""]
    usual = {"n_train": 12_000, "n_val": 2_000, "n_test": 2_000}
    other = "".join(f", {n}={v:_}" for n, v in sizes.items() if usual[n] != v)
    quoted.use("helpers", "load_images")
    return [f'data = load_images("{data.name}"{other})']


def _is_loaded(data: ImageData, sizes: dict[str, int]) -> bool:
    """Whether load_images gives the same examples; it keeps what it gave before."""
    try:
        again = load_images(data.name, **sizes)
    except (DataError, ValueError):
        return False
    return all(
        getattr(again, part).X.equal(getattr(data, part).X)
        and getattr(again, part).y.equal(getattr(data, part).y)
        for part in ("train", "val")
    )
