"""Run the claims at full size and store the results: the script behind `make claims`.

Each claim is run on the digits, on every real image set that is found, and on the sets
of its own. data/claims.csv gets one row for each claim, data set, configuration and
measure, and one for what each question compared; rows of claims that were not run stay.
"""

import argparse
import csv
import importlib
import os
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "data" / "claims.csv"
# The package of each chapter that has claims, by the chapter's number.
CHAPTERS = {
    path.name[:2]: package
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
    if (ROOT / "helpers/chapters" / (package := path.stem[3:].replace("-", "_")))
    .joinpath("claims.py")
    .exists()
}
IMAGES = ("digits", "fashion_mnist")
N_TEST = 10_000  # more than in the notebooks: what is measured scatters less
COLUMNS = (
    *("chapter", "claim", "data", "configuration", "measure", "mean", "sd", "seeds"),
    *("n_train", "num_epochs", "verdict", "seconds", "threads", "torch", "python"),
)


def load(claim, name):
    """Return a data set of a claim at full size."""
    from helpers import load_images

    return (
        claim.sets[name]() if name in claim.sets else load_images(name, n_test=N_TEST)
    )


def rows_of(chapter: str, claim, name: str) -> list[dict[str, str]]:
    """Run one claim at full size on one data set.

    Parameters
    ----------
    chapter : two digits.
    claim : a helpers.widgets.claim.Claim.
    name : "digits", "fashion_mnist" or one of the claim's own sets.

    Returns
    -------
    Rows of the file: numbers with six decimals, seconds of the whole run.

    Raises
    ------
    DataError : a real set is missing.
    """
    import torch

    from helpers.widgets.claim import COMPARED

    data = load(claim, name)
    begin = time.perf_counter()
    table = claim.run(data, claim.full)
    seconds = time.perf_counter() - begin
    found = table.estimates() | {COMPARED: claim.estimates(table)}
    verdict = claim.judge(table).word
    return [
        {
            "chapter": chapter,
            "claim": claim.name,
            "data": name,
            "configuration": configuration,
            "measure": measure,
            "mean": f"{estimate.mean:.6f}",
            "sd": f"{estimate.sd:.6f}",
            "seeds": str(estimate.n),
            "n_train": str(claim.full.n_train),
            "num_epochs": str(claim.full.num_epochs),
            "verdict": verdict,
            "seconds": f"{seconds:.1f}",
            "threads": str(torch.get_num_threads()),
            "torch": torch.__version__.split("+")[0],
            "python": platform.python_version(),
        }
        for configuration, row in found.items()
        for measure, estimate in row.items()
    ]


def read(path: Path) -> list[dict[str, str]]:
    """Return the stored rows; none if there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(rows: list[dict[str, str]], path: Path) -> None:
    """Store rows, whole or not at all."""
    from helpers.files import replaced

    with replaced(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def merged(old: list[dict], new: list[dict]) -> list[dict]:
    """Put new rows in the place of the old ones of the same claim and data set."""

    def place(row):
        return row["chapter"], row["claim"], row["data"]

    replaced = {place(row) for row in new}
    return sorted([*(r for r in old if place(r) not in replaced), *new], key=place)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="02: this chapter's claims only")
    parser.add_argument("--only", default="", help="the name of one claim")
    options = parser.parse_args(arguments)
    chapter = f"{options.chapter:0>2}" if options.chapter else ""
    if chapter and chapter not in CHAPTERS:
        there = ", ".join(CHAPTERS)
        print(f"Chapter {chapter} has no claims; there are: {there}", file=sys.stderr)
        return 1

    sys.path.insert(0, str(ROOT))
    from helpers.data import DataError

    chosen = []
    for number, name in CHAPTERS.items():
        if chapter in ("", number):
            module = importlib.import_module(f"helpers.chapters.{name}.claims")
            chosen += [(number, claim) for claim in module.CLAIMS]
    names = [claim.name for _, claim in chosen]
    if options.only and options.only not in names:
        text = f"There is no claim {options.only!r}; there are: {', '.join(names)}"
        print(text, file=sys.stderr)
        return 1
    for number, claim in chosen:
        if options.only not in ("", claim.name):
            continue
        for name in (*IMAGES, *claim.sets):
            try:
                rows = rows_of(number, claim, name)
            except DataError as error:
                print(f"{claim.name}, {name}: left out, its rows stay. {error}")
                continue
            write(merged(read(PATH), rows), PATH)
            text = f"{claim.name}, {name}: {rows[0]['verdict']}"
            print(f"{text}, {rows[0]['seconds']} s", flush=True)
    return 0


if __name__ == "__main__":
    # Stored results are those of one thread on the CPU.
    os.environ.update(OMP_NUM_THREADS="1", COURSE_THREADS="1", COURSE_DEVICE="cpu")
    sys.exit(main())
