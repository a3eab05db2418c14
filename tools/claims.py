"""Run the claims at full size and store the results: the script behind `make claims`.

Each claim is run on the digits and on every real image set that is found, unless it
says `images=False`, and on the sets of its own. data/claims.csv gets one row for each
claim, data set, configuration and measure, and one for each question, under its letter;
rows of claims that were not run stay.

`--jobs 4` runs four at once, each in a process of one thread, with joblib: the numbers
are those of one by one. Any backend of joblib that hands results over as they come
takes them, such as a cluster's: ``with joblib.parallel_config("dask"): main()`` without
`--jobs`. Threads are the one exception, since they share one random state.
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
IMAGES = ("digits", "fashion_mnist")
N_TEST = 10_000  # more than in the notebooks: what is measured scatters less
COLUMNS = (
    *("chapter", "claim", "data", "question", "configuration", "measure"),
    *("mean", "sd", "test_error", "seeds", "n_train", "num_epochs", "verdict"),
    *("seconds", "threads", "torch", "python"),
)


def chapters() -> dict[str, str]:
    """Return the module with the claims of each chapter that has some, by its number.

    Chapters are found by their notebooks.
    """
    found = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb")):
        package = path.stem[3:].replace("-", "_")
        if any((ROOT / "helpers/chapters" / package).glob("claims*")):
            found[path.name[:2]] = f"helpers.chapters.{package}.claims"
    return found


def claims_in(module: str) -> dict:
    """Return the claims of a chapter's module by their names."""
    from helpers.claims import claims_of

    return {claim.name: claim for claim in claims_of(importlib.import_module(module))}


def load(claim, name):
    """Return a data set of a claim at full size."""
    from helpers import load_images

    return (
        claim.sets[name]() if name in claim.sets else load_images(name, n_test=N_TEST)
    )


def rows_of(chapter: str, module: str, name: str, data_name: str) -> list[dict]:
    """Run one claim at full size on one data set.

    Parameters
    ----------
    chapter, module : two digits, and where the claim stands.
    name, data_name : of the claim; "digits", "fashion_mnist" or one of its own sets.

    Returns
    -------
    Rows of the file: numbers with six decimals, seconds of the whole run. None where
    the data set is missing, which is said.
    """
    import torch

    from helpers.data import DataError

    claim = claims_in(module)[name]
    try:
        data = load(claim, data_name)
    except DataError as error:
        print(f"{name}, {data_name}: left out, its rows stay. {error}", flush=True)
        return []
    begin = time.perf_counter()
    table = claim.run(data, claim.full)
    seconds = time.perf_counter() - begin
    estimates = [
        (("", configuration, measure), estimate)
        for configuration, row in table.estimates().items()
        for measure, estimate in row.items()
    ]
    estimates += [((k, "", ""), e) for k, e in claim.estimates(table).items()]
    verdict = claim.judge(table).word
    print(f"{name}, {data_name}: {verdict}, {seconds:.1f} s", flush=True)
    return [
        {
            "chapter": chapter,
            "claim": name,
            "data": data_name,
            "question": question,
            "configuration": configuration,
            "measure": measure,
            "mean": f"{estimate.mean:.6f}",
            "sd": f"{estimate.sd:.6f}",
            "test_error": f"{estimate.test_error:.6f}" if question else "",
            "seeds": str(estimate.n),
            "n_train": str(claim.full.n_train),
            "num_epochs": str(claim.full.num_epochs),
            "verdict": verdict,
            "seconds": f"{seconds:.1f}",
            "threads": str(torch.get_num_threads()),
            "torch": torch.__version__.split("+")[0],
            "python": platform.python_version(),
        }
        for (question, configuration, measure), estimate in estimates
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


def run_all(tasks: list[tuple], jobs: int | None = None) -> None:
    """Run tasks, arguments of `rows_of`, side by side; store each when it is done."""
    from joblib import Parallel, delayed

    run = Parallel(n_jobs=jobs, return_as="generator_unordered")
    for rows in run(delayed(rows_of)(*task) for task in tasks):
        if rows:
            write(merged(read(PATH), rows), PATH)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="02: this chapter's claims only")
    parser.add_argument("--only", default="", help="the name of one claim")
    parser.add_argument("--jobs", type=int, help="so many at once; one by default")
    options = parser.parse_args(arguments)
    found = chapters()
    chapter = f"{options.chapter:0>2}" if options.chapter else ""
    if chapter and chapter not in found:
        there = ", ".join(found)
        print(f"Chapter {chapter} has no claims; there are: {there}", file=sys.stderr)
        return 1

    sys.path.insert(0, str(ROOT))
    chosen = [
        (number, module, claim)
        for number, module in found.items()
        if chapter in ("", number)
        for claim in claims_in(module).values()
    ]
    names = [claim.name for _, _, claim in chosen]
    if options.only and options.only not in names:
        text = f"There is no claim {options.only!r}; there are: {', '.join(names)}"
        print(text, file=sys.stderr)
        return 1
    tasks: dict[bool, list[tuple]] = {False: [], True: []}
    for number, module, claim in chosen:
        if options.only in ("", claim.name):
            sets = (*(IMAGES if claim.images else ()), *claim.sets)
            tasks[claim.alone] += [(number, module, claim.name, s) for s in sets]
    run_all(tasks[False], options.jobs)
    run_all(tasks[True], 1)  # what measures time, with nothing beside it
    return 0


if __name__ == "__main__":
    # Stored results are those of one thread on the CPU.
    os.environ.update(OMP_NUM_THREADS="1", COURSE_THREADS="1", COURSE_DEVICE="cpu")
    sys.exit(main())
