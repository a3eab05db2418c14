"""Run notebooks and store their outputs: the script behind `make execute`.

A notebook is written only if every cell ran without an error and without a line on
stderr (a warning has no place in a textbook). Reads chapter numbers, or paths.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from helpers.files import replaced

sys.path.insert(0, str(Path(__file__).resolve().parent))
from stored import ROOT, clean  # noqa: E402

TIMEOUT = 120  # seconds a cell may take
MOST = 450_000  # bytes a stored notebook may have


class NotStored(Exception):
    """Why a notebook was not written."""


def execute(path: Path) -> tuple[float, int]:
    """Run one notebook and store it.

    Parameters
    ----------
    path : the notebook; it is replaced in one step, or left as it was.

    Returns
    -------
    Seconds that the cells took, and the size of the file in bytes.

    Raises
    ------
    NotStored : a cell failed, took too long or wrote to stderr; or the file is no
        notebook, or was changed meanwhile.
    """
    before = path.read_bytes()
    try:
        notebook = nbformat.reads(before.decode(), as_version=4)
    except nbformat.reader.NotJSONError:
        raise NotStored(_why_no_notebook(before)) from None
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=TIMEOUT,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=40"],  # no word on its transport, each time
    )
    running = 0

    def note(cell, cell_index):
        nonlocal running
        running = cell_index

    client.on_cell_execute = note
    start = time.perf_counter()
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        text = _plain(str(error))
        raise NotStored(f"{_name(notebook, running)}\n{text}") from None
    seconds = time.perf_counter() - start
    _check_stderr(notebook)
    clean(notebook)
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)  # cells have ids
    nbformat.validate(notebook)
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT, indent=1)
    if path.read_bytes() != before:
        raise NotStored("the file was changed while it ran: run it again")
    with replaced(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text.rstrip("\n") + "\n")
    return seconds, path.stat().st_size


def _why_no_notebook(content: bytes) -> str:
    marker = re.search(rb"^(<{7}|={7}|>{7})", content, re.MULTILINE)
    if marker is None:
        return "the file is no notebook: its JSON is damaged"
    line = content[: marker.start()].count(b"\n") + 1
    return (
        f"a merge left its conflict markers in the file, the first in line {line}: "
        "settle the conflict and run it again"
    )


def _name(notebook, index: int) -> str:
    cell = notebook.cells[index]
    return f"cell {index} ({cell.get('id', 'without id')})"


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _check_stderr(notebook) -> None:
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                raise NotStored(
                    f"{_name(notebook, index)} wrote to stderr:\n"
                    f"{cell.source}\n{'-' * 18}\n{output.text}"
                )


def _chosen(words: list[str]) -> list[Path]:
    """Return the notebooks that chapter numbers or paths name; all for none."""
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if not words:
        return notebooks
    chosen = []
    for word in words:
        if word.endswith(".ipynb"):
            found = [path for path in [Path(word).resolve()] if path.is_file()]
        else:
            found = [p for p in notebooks if p.name.startswith(f"{word:0>2}-")]
        if not found:
            there = ", ".join(path.stem for path in notebooks) or "none"
            sys.exit(f"No notebook {word!r}; there are: {there}.")
        chosen += found
    return chosen


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="02, or a path; none means all")
    chosen = _chosen(parser.parse_args().chapters)
    os.environ.pop("COURSE_IMAGES", None)  # what is stored is made from the digits
    os.environ.update(OMP_NUM_THREADS="1", COURSE_THREADS="1", COURSE_DEVICE="cpu")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_PROGRESS"] = str(Path(folder) / "progress.json")
        for path in chosen:
            print(f"{path.name}: running", flush=True)
            try:
                seconds, size = execute(path)
            except NotStored as error:
                print(f"{path.name}: not stored, {error}", file=sys.stderr)
                return 1
            large = f", more than {MOST // 1000} KB" if size > MOST else ""
            print(f"{path.name}: {seconds:.1f} s, {size / 1000:.0f} KB{large}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
