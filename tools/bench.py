"""Measure how fast the course is, against named baselines in the same run.

    python tools/bench.py [--only NAME ...] [--write]

Every row is a ratio of two things measured by turns on this machine, or seconds that
a person waits; each names its threads. Seconds are judged as they would be on a machine
whose bare LeNet loop makes 13,000 examples/s: machines differ twofold. ``--write``
stores the rows in data/bench.csv and in the table of CONTRIBUTING.md, where rows that
were not measured stay as they are. Rows that need the real Fashion-MNIST (COURSE_DATA)
or Chromium are left out, and said to be, where those are missing.
"""

import argparse
import csv
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from helpers import (
    MLP,
    VGG,
    DecisionView,
    Examples,
    IntSlider,
    LeNet,
    ResNet,
    TuningPanel,
    fit,
    load_images,
    make_points,
    seeded,
)
from helpers.chapters.recurrent_networks.panel import char_net, text_data
from helpers.devices import place
from helpers.training import train_side_by_side
from helpers.widgets.curves_view import CurvesView
from tools.bench_d2l import d2l_rows
from tools.bench_rows import ROUNDS, Row, by_turns, ratio_row, threads

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "data/bench.csv"
TABLE = ("<!-- bench -->", "<!-- /bench -->")
USUAL_RATE = 13_000  # examples/s of a bare LeNet loop with one thread


# -- fit against the bare loop ------------------------------------------------------


def bare_rate(build, X, y, steps: int) -> float:
    """Examples per second of forward, backward, step on one fixed batch."""
    net = build()
    place(net, X.device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    begin = time.perf_counter()
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(net(X), y).backward()
        optimizer.step()
    return steps * len(X) / (time.perf_counter() - begin)


def fit_rate(build, examples: Examples, batch_size: int) -> float:
    """Examples per second of one epoch of fit without evaluation."""
    *_, last = fit(build(), examples, num_epochs=1, batch_size=batch_size)
    return last.examples / last.seconds


def fit_rows():
    """Yield a row per network with one and two threads each."""
    images, text = load_images("digits").train, text_data(32).train
    for build, name, data, batch_size, batches, target in (
        (LeNet, "LeNet", images, 256, 40, 0.95),
        (VGG, "VGG", images, 256, 24, 0.95),
        (ResNet, "ResNet-8", images, 256, 12, 0.95),
        (MLP, "MLP", images, 256, 46, 0.88),
        (char_net, "LSTM", text, 32, 39, 0.95),
    ):
        examples = data.take(batch_size * batches)
        first = data.take(batch_size)
        X, y = first.X.contiguous(), first.y
        for n in (1, 2):
            with threads(n):
                new, base = by_turns(
                    lambda e=examples, b=build, size=batch_size: fit_rate(b, e, size),
                    lambda b=build, X=X, y=y, n=batches: bare_rate(b, X, y, n),
                    rounds=3 * ROUNDS,
                )
            what = f"`fit` against the bare loop on a fixed batch, {name}"
            yield ratio_row(what, n, new, base, "examples/s", target)


# -- regions that move while a network trains ---------------------------------------


def plane_rate(view) -> float:
    """Examples per second of a panel's training in the plane, shown by this view."""
    data = make_points("moons", n_train=2_000, n_val=200)
    epochs = IntSlider(1, 100, start=20)
    panel = TuningPanel(lambda: MLP((8, 8), 2, 2), data, view=view, num_epochs=epochs)
    begin = time.perf_counter()
    panel.run()
    return 20 * 2_000 / (time.perf_counter() - begin)


def plane_rows():
    """Yield a row for what the pictures of moving regions cost a training."""
    with threads(1):
        new, base = by_turns(
            lambda: plane_rate(DecisionView()), lambda: plane_rate(CurvesView())
        )
    what = "training with moving decision regions, against curves alone, MLP of 8 + 8"
    yield ratio_row(what, 1, new, base, "examples/s", 0.85)


# -- several runs at once -----------------------------------------------------------


def runs_seconds(build, examples: Examples, batch_size: int, k: int) -> float:
    """Seconds of about 100 steps of k runs side by side."""
    epochs = max(1, 100 * batch_size // len(examples))
    nets = [build() for _ in range(k)]
    begin = time.perf_counter()
    train_side_by_side(nets, examples, 0.1, epochs, batch_size)
    return time.perf_counter() - begin


def side_by_side_rows():
    """Yield what 8 runs side by side cost, as a multiple of one of the same code."""
    points = make_points("moons", n_train=200).train
    digits = load_images("digits").train.take(1_024)
    halved = Examples(F.avg_pool2d(digits.X, 2), digits.y)
    for what, build, examples, batch_size, most in (
        ("points, MLP 2-16-16-2", lambda: MLP((16, 16), 2, 2), points, 32, 2.5),
        ("14 x 14 digits, MLP 196-32-10", lambda: MLP((32,), 196), halved, 64, 2.5),
        ("28 x 28 digits, LeNet", LeNet, digits.take(256), 64, None),
    ):
        with threads(1):
            eight, one = by_turns(
                lambda b=build, e=examples, n=batch_size: runs_seconds(b, e, n, 8),
                lambda b=build, e=examples, n=batch_size: runs_seconds(b, e, n, 1),
            )
        ratio = statistics.median(a / b for a, b in zip(eight, one, strict=True))
        ms = [1000 * statistics.median(seconds) for seconds in (eight, one)]
        yield Row(
            f"8 runs side by side against one, {what}",
            1,
            f"{ratio:.2f} times ({ms[0]:.0f} against {ms[1]:.0f} ms)",
            f"at most {most}" if most else "no limit: it does not pay",
            most is None or ratio <= most,
        )


# -- in the browser -----------------------------------------------------------------


def browser_rows():
    """Yield the rows that need Chromium: open panel, Stop, explorers, sketch pad."""
    import shutil

    chromium = os.environ.get("COURSE_BROWSER") or shutil.which("chromium")
    if not chromium:
        print("left out: there is no chromium", file=sys.stderr)
        return
    from tools.bench_browser import measure

    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), chromium, ROUNDS)
    yield ratio_row(
        "training with the open panel drawing in Chromium, against no panel, LeNet",
        1,
        found["panel"],
        found["alone"],
        "examples/s",
        0.95,
    )
    bare = statistics.median(found["bare"])
    for what, key, middle, worst in (
        ("Stop clicked to training ended and shown", "stop", 2, None),
        ("explorer drawn by the browser, slider to picture", "browser", 0.3, None),
        ("explorer drawn by the kernel, slider to picture", "kernel", 1.5, 2),
        ("sketch pad, move of the pen to new bars", "pad", 1.5, None),
    ):
        median, late = statistics.median(found[key]), percentile_95(found[key])
        text = f"{median / bare:.2f}, 95th percentile {late / bare:.2f}"
        target = f"at most {middle}" + (f", {worst}" if worst else "")
        yield Row(
            f"{what}, against the round trip of a bare slider and label",
            1,
            f"{text} ({median:.0f} and {late:.0f} against {bare:.0f} ms)",
            target,
            median <= middle * bare and (worst is None or late <= worst * bare),
        )


def percentile_95(values: list[float]) -> float:
    """The value that 95 % of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


# -- seconds that a person waits ----------------------------------------------------


def machine_rate() -> float:
    """Examples per second of the bare LeNet loop with one thread, now."""
    train = load_images("digits").train
    X, y = train.X[:256].contiguous(), train.y[:256]
    with threads(1):
        return statistics.median(bare_rate(LeNet, X, y, 20) for _ in range(5))


def seconds_row(what: str, wait, most: int) -> Row:
    """A row for what ``wait`` takes; its rate of the machine is that before and after.

    ``wait`` returns whether all went well.
    """
    rate, begin = machine_rate(), time.perf_counter()
    well = wait()
    seconds = time.perf_counter() - begin
    rate = (rate + machine_rate()) / 2
    scaled = seconds * rate / USUAL_RATE
    text = f"{scaled:.0f} s ({seconds:.0f} s here, where it makes {rate:,.0f}/s)"
    text += "" if well else ", failed"
    target = f"at most {most} s at {USUAL_RATE:,} examples/s"
    return Row(what, 1, text, target, well and scaled <= most)


def notebook_rows():
    """Yield the seconds that each notebook takes from its first cell to its last."""
    import nbclient
    import nbformat

    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        client = nbclient.NotebookClient(
            notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}
        )
        os.environ["OMP_NUM_THREADS"] = "1"
        what = f"notebook {path.stem}, kernel start and all cells"
        most = 90 if "06" <= path.name[:2] <= "10" else 45
        yield seconds_row(what, lambda c=client: bool(c.execute()), most)


def test_rows():
    """Yield the seconds of `make test` with the environment made."""

    def wait() -> bool:
        # Not by make, which hands on the ARGS of `make bench ARGS=...`.
        command = [sys.executable, "course.py", "test"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        return done.returncode == 0

    yield seconds_row("`make test` with the environment made", wait, 360)


GROUPS = {
    "fit": fit_rows,
    "plane": plane_rows,
    "side_by_side": side_by_side_rows,
    "d2l": d2l_rows,
    "browser": browser_rows,
    "notebooks": notebook_rows,
    "test": test_rows,
}


def merged(stored: list[list], measured: list[list]) -> list[list]:
    """Stored rows, each replaced where it was measured anew; new ones after those.

    Rows are of the same measurement when what they measure and their threads agree.
    """
    new, last, result = {(r[0], str(r[1])): r for r in measured}, 0, []
    for row in stored:
        result.append(new.pop((row[0], str(row[1])), row))
        if result[-1] is not row:
            last = len(result)
    last = last or len(result)
    return result[:last] + list(new.values()) + result[last:]


def write(rows: list[Row]) -> None:
    """Store the rows in data/bench.csv and in CONTRIBUTING.md; other rows stay."""
    about = (
        f"{platform.machine()}, {os.cpu_count()} logical cores, "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )
    with FILE.open(newline="", encoding="utf8") as file:
        head, *stored = csv.reader(file)
    measured = [[r.what, r.threads, r.result, r.target, about] for r in rows]
    stored = merged(stored, measured)
    with FILE.open("w", newline="", encoding="utf8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *stored])
    lines = ["| what | threads | measured | must reach |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(map(str, row[:4]))} |" for row in stored]
    page = ROOT / "CONTRIBUTING.md"
    text = page.read_text(encoding="utf8")
    before, rest = text.split(TABLE[0])
    after = rest.split(TABLE[1])[1]
    machines = "; ".join(dict.fromkeys(row[4] for row in stored))
    table = "\n".join([TABLE[0], *lines, "", f"({machines})", TABLE[1]])
    page.write_text(before + table + after, encoding="utf8")


def main() -> int:
    """Measure, print, store; 1 if a row misses what it must reach."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    with seeded(0):
        rows = []
        for name in chosen.only:
            for row in GROUPS[name]():
                mark = "fine  " if row.fine else "MISSED"
                print(f"{mark} {row.what}, threads {row.threads}: {row.result}")
                rows.append(row)
    if chosen.write:
        write(rows)
    return 0 if all(row.fine for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
