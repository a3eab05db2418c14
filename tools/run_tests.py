"""Run the tests: the script behind `make test`.

The unit tests and every notebook run two at a time, one thread each. The browser tests
mostly wait, so they run beside them; those that measure time (marked `alone`) come
last, when nothing else runs. All are run even if some fail. A notebook with local
changes is tested as git holds it, so that a learner's answers break nothing;
`--notebooks here` tests it as it stands. With `--only-notebooks` the notebooks are run
and nothing else.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from stored import ROOT, as_committed, changed_notebooks  # noqa: E402

NBVAL = ("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120")
PARALLEL = ("-n", "2", "--dist", "loadscope")
BESIDE, ALONE = ("-m", "not alone"), ("-m", "alone")
NOTHING_COLLECTED = 5


class Run:
    """One run of pytest, started at once.

    Parameters
    ----------
    what : said above and below its output.
    arguments : of pytest.
    beside : whether it runs beside another; its output is then shown at its end.
    empty : whether it may find no test.
    """

    def __init__(
        self, what: str, arguments: list[str], beside: bool = False, empty: bool = False
    ):
        self._what, self._empty, self._output = what, empty, None
        self._start = time.perf_counter()
        if beside:
            self._output = tempfile.TemporaryFile("w+", encoding="utf8")
        else:
            print(f"\n== {what}", flush=True)
        # The root is given, because copied notebooks lie elsewhere.
        command = [sys.executable, "-m", "pytest", "-q", "--rootdir=.", "-c"]
        self._process = subprocess.Popen(
            [*command, "pyproject.toml", *arguments],
            cwd=ROOT,
            stdout=self._output,
            stderr=self._output and subprocess.STDOUT,
        )

    def passed(self) -> bool:
        """Wait for its end, say how it ended, and return whether all is well."""
        code = self._process.wait()
        if self._output is not None:
            self._output.seek(0)
            print(f"\n== {self._what}\n{self._output.read()}", end="")
        passed = code == 0 or (self._empty and code == NOTHING_COLLECTED)
        word = "passed" if passed else "FAILED"
        seconds = time.perf_counter() - self._start
        print(f"== {self._what}: {word}, {seconds:.0f} s", flush=True)
        return passed


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="02: this chapter's tests only")
    parser.add_argument("--notebooks", default="", choices=["", "here"])
    parser.add_argument("--only-notebooks", action="store_true")
    parser.add_argument("pytest", nargs="*", help="passed on to pytest")
    options = parser.parse_args()
    chapter = f"{options.chapter:0>2}" if options.chapter else ""
    # Tests are compared with results of one thread, and run two at a time.
    os.environ.update(OMP_NUM_THREADS="1", COURSE_THREADS="1")
    with tempfile.TemporaryDirectory() as folder:
        notebooks = ROOT / "notebooks"
        changed = [] if options.notebooks == "here" else changed_notebooks()
        if changed:
            notebooks = as_committed(Path(folder))
            note = (
                f"{', '.join(path.name for path in changed)}: has local changes, so"
                " what git holds is tested (NOTEBOOKS=here tests it as it stands)"
            )
            print(note)
        os.environ["COURSE_PROGRESS"] = str(Path(folder) / "progress.json")
        os.environ["COURSE_NOTEBOOKS"] = str(notebooks)
        os.environ["COURSE_CHAPTER"] = chapter
        found = sorted(notebooks.glob(f"{chapter}*-*.ipynb"))
        if chapter and not found:
            there = ", ".join(sorted(path.stem for path in notebooks.glob("*.ipynb")))
            print(f"There is no chapter {chapter}; there are: {there}", file=sys.stderr)
            return 1
        if options.only_notebooks:
            what, tests, browser = "notebooks", [], None
        elif chapter:
            what = f"chapter {chapter}: its tests and its notebook"
            tests = [str(p) for p in ROOT.glob(f"tests/chapters/test_{chapter}_*.py")]
            tests.append("tests/test_stored_notebooks.py")
            browser = ["-k", f"_{chapter} or {chapter}-"]
        else:
            what = "tests and notebooks"
            tests, browser = ["tests", "--ignore=tests/browser"], []
        if changed:
            # Outside the repository a file that is named singly loses its name in the
            # ids of its cells: name the folder, and leave in it what is to be tested.
            for path in set(notebooks.glob("*.ipynb")) - set(found):
                path.unlink()
            tests.append(str(notebooks))
        else:
            tests += [str(path) for path in found]
        tests += options.pytest
        runs = []
        if browser is not None:
            browser = ["tests/browser", *browser, *options.pytest]
            # The loop of one chapter is to be short: all of its browser tests at once.
            marked = () if chapter else BESIDE
            runs.append(Run("browser", [*browser, *marked], beside=True, empty=True))
        runs.insert(0, Run(what, [*NBVAL, *PARALLEL, *tests]))
        results = [started.passed() for started in runs]
        if browser is not None and not chapter:
            measured = Run(
                "browser, what measures time", [*browser, *ALONE], empty=True
            )
            results.append(measured.passed())
        if changed:
            print(note)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
