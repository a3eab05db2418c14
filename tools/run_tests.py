"""Run the tests: the script behind `make test`.

The notebooks and the unit tests run two at a time, one thread each. The browser tests
and those that start programs mostly wait: they come after them, three at a time, and
nothing trains beside them. All are run even if some fail. At the end
stands what was left out and why; `--junit FILE` writes one report of everything. A
notebook with local changes is tested as git holds it, so that a learner's answers break
nothing; `--notebooks here` tests it as it stands. With `--only-notebooks` the notebooks
are run and nothing else.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools.stored import ROOT, as_committed, changed_notebooks  # noqa: E402

NBVAL = ("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120")
# A file goes to one worker, and in their order: the long ones are not the last.
IN_ORDER = ("--dist", "loadscope", "--no-loadscope-reorder")
COMMANDS = (
    "learner_clone",
    "new_chapter",
    "make",
    "doctor",
    "environment",
    "variables",
    "install",
)
# What every chapter must obey; with --chapter they run for that one alone.
OF_EVERY_CHAPTER = (
    "stored_notebooks",
    "live_outputs",
    "prose_numbers",
    "prose_recorded",
    "torch_in_prose",
    "anatomy",
    "notebook_code",
    "pages",
    "exercises",
    "exercises_notebooks",
    "explorers",
)
NOTHING_COLLECTED = 5
# Colors, as a terminal is sent them and as pytest writes them into a report.
COLORS = re.compile(r"(?:\x1b|#x1B)\[[0-9;]*m")


def run(what: str, arguments: list[str], report: Path, empty: bool = False) -> bool:
    """Run pytest once, say how it ended, and return whether all is well.

    Parameters
    ----------
    what : said above and below its output.
    arguments : of pytest.
    report : the file that gets its report.
    empty : whether it may find no test.
    """
    print(f"\n== {what}", flush=True)
    start = time.perf_counter()
    # The root is given, because copied notebooks lie elsewhere.
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir=.", "-c"]
    command += ["pyproject.toml", "-p", "tools.cell_names"]
    command += ["-p", "tools.live_verdicts", "-p", "tools.live_outputs"]
    command += [f"--junitxml={report}"]
    command += [f"--override-ini=junit_suite_name={what}", *arguments]
    if sys.stdout.isatty():
        code = subprocess.run(command, cwd=ROOT).returncode
    else:
        code = _without_colors([*command, "--color=no"])
    passed = code == 0 or (empty and code == NOTHING_COLLECTED)
    if not report.exists():
        _write_crash(report, what, code)
    word = "passed" if passed else "FAILED"
    seconds = time.perf_counter() - start
    print(f"== {what}: {word}, {seconds:.0f} s", flush=True)
    return passed


def _without_colors(command: list[str]) -> int:
    """Run a command; its output goes on without the kernels' colors."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf8",
        errors="replace",
    )
    for line in process.stdout:
        print(COLORS.sub("", line), end="", flush=True)
    return process.wait()


def _write_crash(report: Path, what: str, code: int) -> None:
    """Write the report of a pytest that wrote none."""
    suite = ET.Element("testsuite", name=what, tests="1", errors="1")
    case = ET.SubElement(suite, "testcase", name=what)
    message = f"pytest ended with status {code} and left no report"
    ET.SubElement(case, "error", message=message)
    ET.ElementTree(suite).write(report, "utf-8")


def merged(reports: list[Path]) -> ET.Element:
    """Return the reports of several runs as one, without colors."""
    whole = ET.Element("testsuites", name="make test")
    for report in reports:
        text = COLORS.sub("", report.read_text("utf8"))
        whole.extend(ET.fromstring(text).iter("testsuite"))
    return whole


def left_out(report: ET.Element) -> str:
    """Say in one line which tests were left out, and why; "" if none was."""
    reasons = collections.Counter(
        skipped.get("message") for skipped in report.iter("skipped")
    )
    listed = ", ".join(f"{why} ({n})" for why, n in reasons.items())
    return f"Tests were left out: {listed}" if reasons else ""


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="02: this chapter's tests only")
    parser.add_argument("--notebooks", default="", choices=["", "here"])
    parser.add_argument("--only-notebooks", action="store_true")
    parser.add_argument("--junit", default="", help="file for one report of all tests")
    parser.add_argument("pytest", nargs="*", help="passed on to pytest")
    options = parser.parse_args()
    chapter = f"{options.chapter:0>2}" if options.chapter else ""
    # Tests are compared with results of one thread, and run two at a time.
    os.environ.update(OMP_NUM_THREADS="1", COURSE_THREADS="1")
    os.environ.setdefault("COURSE_DEVICE", "cpu")  # where the bands were measured
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
        if changed:
            # Outside the repository a file that is named singly loses its name in the
            # ids of its cells: name the folder, and leave in it what is to be tested.
            for path in set(notebooks.glob("*.ipynb")) - set(found):
                path.unlink()
        paths = [str(notebooks)] if changed else [str(path) for path in found]
        reports = [Path(folder) / f"{k}.xml" for k in range(2)]
        cells = ["-n", "2", *IN_ORDER, *NBVAL, *paths]
        if options.only_notebooks:
            passed = run("notebooks", [*cells, *options.pytest], reports[0])
        else:
            commands = [f"tests/test_{name}.py" for name in COMMANDS]
            tests = ["tests", *(f"--ignore={path}" for path in commands)]
            tests += ["--ignore=tests/browser"]
            programs = ["tests/browser", *commands]
            if chapter:
                tests = [str(p) for p in ROOT.glob(f"tests/chapters/{chapter}_*")]
                tests += [f"tests/test_{name}.py" for name in OF_EVERY_CHAPTER]
                programs = [
                    str(p) for p in ROOT.glob(f"tests/browser/test_{chapter}_*")
                ]
            of = f" of chapter {chapter}" if chapter else ""
            # The notebooks first: they take longest.
            tests = [*cells, *tests, *options.pytest]
            passed = run(f"notebooks and tests{of}", tests, reports[0])
            if programs:
                what = f"browser{of}" if chapter else "browser and commands"
                programs = ["-n", "3", *IN_ORDER, *programs, *options.pytest]
                passed &= run(what, programs, reports[1], empty=True)
        report = merged([path for path in reports if path.exists()])
        if options.junit:
            Path(options.junit).parent.mkdir(parents=True, exist_ok=True)
            ET.ElementTree(report).write(options.junit, "utf-8", xml_declaration=True)
        for line in filter(None, [changed and note, left_out(report)]):
            print(line)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
