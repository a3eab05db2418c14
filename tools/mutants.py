"""Plant faults in a copy of the course, one by one: the script behind `make mutants`.

tests/mutants.toml lists them: a file, one of its lines, what stands there instead, and
the test that is expected to notice. That test is run first, and, if it stays green,
all others without a browser. A fault that nothing notices is a test that is missing.
"""

import argparse
import fnmatch
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from faults import Fault, Unplantable, planted, read_faults, source_of  # noqa: E402
from stored import ROOT  # noqa: E402

NBVAL = ("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120")
EXPECTED_SECONDS, ALL_SECONDS = 150, 900  # time limits of pytest
PASSED = 0  # exit code of pytest


class Unusable(Exception):
    """Why nothing can be shown."""


@dataclass(frozen=True)
class Verdict:
    """What became of a fault: the tests that noticed it, or why it is not caught."""

    caught_by: tuple[str, ...]
    seconds: float
    note: str = ""


class Copy:
    """A copy of the working tree that faults are planted in.

    Parameters
    ----------
    folder : where to make it; it must not exist.
    root : the working tree, a git clone.

    Raises
    ------
    Unusable : there is no git, or Python would not import the copy's helpers.
    """

    parallel = ("-n", "2", "--dist", "loadscope")

    def __init__(self, folder: Path, root: Path = ROOT):
        self.folder = folder
        self.red_anyway: set[str] = set()  # tests that fail without any fault
        for name in _files(root):
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("COURSE_")}
        self.environment = kept | {
            "PYTHONPATH": str(folder),
            # Two writes in one second look alike to Python's cache of compiled files.
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "COURSE_THREADS": "1",
            "COURSE_PROGRESS": str(folder / ".progress.json"),
        }
        self._check_imports()

    def _check_imports(self) -> None:
        """The environment's own helpers are the original: the copy's must win."""
        ask = "import importlib.util as u; print(u.find_spec('helpers').origin)"
        found = subprocess.run(
            [sys.executable, "-c", ask],
            cwd=self.folder / "notebooks",  # where kernels run
            env=self.environment,
            capture_output=True,
            text=True,
        ).stdout.strip()
        if Path(found).resolve() != (self.folder / "helpers/__init__.py").resolve():
            raise Unusable(f"Python imports helpers from {found}, not from the copy")

    def pytest(self, tests: Iterable[str], limit: float) -> tuple[str, ...] | None:
        """Run tests; return those that failed, or None if they did not end.

        Raises
        ------
        Unusable : pytest found no such test.
        """
        command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=no", "-x"]
        command += ["-p", "no:cacheprovider", "--rootdir=.", "-c", "pyproject.toml"]
        command += [*NBVAL, *tests]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # kernels and workers end with it
        )
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            _end(process)
            return None
        except BaseException:
            _end(process)
            raise
        if process.returncode == PASSED:
            return ()
        lines = [line.split(" - ")[0] for line in said.splitlines()]
        bad = [x.split(" ", 1)[1] for x in lines if x.startswith(("FAILED ", "ERROR "))]
        if not bad:  # with some, even a crash at the end has shown something
            raise Unusable(f"pytest {' '.join(tests)} ended with:\n{said[-2000:]}")
        return tuple(dict.fromkeys(bad))

    def try_fault(self, fault: Fault) -> Verdict:
        """Plant a fault, see who notices it, and take it out again."""
        start, note = time.perf_counter(), ""
        try:
            caught = self._with(fault, [fault.expect], EXPECTED_SECONDS)
            if caught == ():
                caught, note = self._all_others(fault), "not by the expected test"
        except Unplantable as error:
            return Verdict((), 0.0, str(error))
        except Unusable as error:  # no test could start, so that none has noticed
            last = str(error).strip().splitlines()[-1]
            return Verdict((), time.perf_counter() - start, f"no test started: {last}")
        seconds = time.perf_counter() - start
        if caught is None:
            return Verdict((), seconds, "the tests did not end")
        names = tuple(readable(name, self.folder) for name in caught)
        return Verdict(names, seconds, note if names else "SURVIVED")

    def _with(self, fault: Fault, tests: list[str], limit: float):
        """Run tests with a fault planted."""
        path = self.folder / fault.file
        text, before = planted(fault, self.folder), path.read_bytes()
        try:
            path.write_text(text, encoding="utf-8")
            return self.pytest(tests, limit)
        finally:
            path.write_bytes(before)

    def _all_others(self, fault: Fault) -> tuple[str, ...] | None:
        """All tests but the browser's, and those that compare the list with the files.

        One that fails without the fault, too, has not noticed it.
        """
        left_out = ["tests/browser", "tests/test_mutants.py", *self.red_anyway]
        while True:
            tests = ["tests", "notebooks", *self.parallel]
            tests += [f"--ignore={name}" for name in left_out if "::" not in name]
            tests += [f"--deselect={name}" for name in left_out if "::" in name]
            caught = self._with(fault, tests, ALL_SECONDS)
            if not caught:
                return caught
            red = self.pytest(caught, ALL_SECONDS)
            if red == ():
                return caught
            if red is None:
                raise Unusable(f"without any fault, {caught[0]} does not end")
            self.red_anyway |= set(red)
            left_out += red


def _end(process) -> None:
    os.killpg(process.pid, 9)
    process.wait()


def _files(root: Path) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Unusable("git must say which files belong to the course") from None
    return [name for name in listed.stdout.decode().split("\0") if name]


def readable(test: str, folder: Path) -> str:
    """A test's name; of a notebook, the id of the cell instead of its number."""
    file, _, name = test.partition("::")
    if file.endswith(".ipynb") and name.startswith("Cell "):
        number = int(name.split()[1])
        return f"{Path(file).name}, cell {source_of(folder / file)[number].id}"
    return f"{Path(file).name}::{name}" if name else file


def check_green(copy: Copy, faults: list[Fault]) -> None:
    """A test that fails without a fault shows nothing with one."""
    tests = list(dict.fromkeys(fault.expect for fault in faults))
    # The browser's keep an event loop running, beside which no other can run.
    browser = [test for test in tests if test.startswith("tests/browser/")]
    others = [test for test in tests if test not in browser]
    for group in filter(None, (others, browser)):
        failed = copy.pytest(group, ALL_SECONDS)
        if failed is None:
            raise Unusable("without any fault, the tests do not end")
        if failed:
            bad = ", ".join(failed)
            raise Unusable(f"without any fault, this fails already: {bad}")


def run(faults: list[Fault], jobs: int, folder: Path) -> dict[str, Verdict]:
    """Try every fault, `jobs` at a time; print a line for each as it ends."""
    copies: queue.Queue[Copy] = queue.Queue()
    for number in range(min(jobs, len(faults))):
        copies.put(Copy(folder / f"copy-{number}"))
    first = copies.get()
    check_green(first, faults)
    copies.put(first)
    width = max(len(fault.name) for fault in faults)

    def try_one(fault: Fault) -> Verdict:
        copy = copies.get()
        try:
            verdict = copy.try_fault(fault)
        finally:
            copies.put(copy)
        who = ", ".join(verdict.caught_by[:1]) or verdict.note
        extra = f" ({verdict.note})" if verdict.caught_by and verdict.note else ""
        print(f"{fault.name:{width}}  {verdict.seconds:4.0f} s  {who}{extra}")
        sys.stdout.flush()
        return verdict

    with ThreadPoolExecutor(jobs) as pool:
        verdicts = pool.map(try_one, faults)
        return dict(zip((f.name for f in faults), verdicts, strict=True))


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=["*"], help="names, or data-*")
    parser.add_argument("--jobs", type=int, default=1, help="faults at a time")
    parser.add_argument("--list", action="store_true", help="list them, and run none")
    options = parser.parse_args()
    faults = [
        fault
        for fault in read_faults(ROOT / "tests/mutants.toml")
        if any(fnmatch.fnmatchcase(fault.name, name) for name in options.only)
    ]
    if not faults:
        print(f"No fault is named {' or '.join(options.only)}.", file=sys.stderr)
        return 2
    if options.list:
        for fault in faults:
            print(
                f"{fault.name}\n  {fault.file}\n  - {fault.before}\n  + {fault.after}"
            )
        return 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            verdicts = run(faults, max(1, options.jobs), Path(folder))
    except Unusable as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 2
    missed = [name for name, verdict in verdicts.items() if not verdict.caught_by]
    print(f"{len(faults) - len(missed)} of {len(faults)} faults were caught")
    if missed:
        print(f"not caught: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
