"""What every test starts from: a progress file of its own, and the browser."""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

# Before anything of the course is imported or a kernel starts: no test writes into the
# progress of the person who runs it. Each worker of xdist gets its own.
_folder = tempfile.mkdtemp(prefix="course-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["COURSE_PROGRESS"] = str(Path(_folder) / "progress.json")

# A shell that starts something in the background has it ignore Ctrl-C, and that is
# inherited; tests of interrupts need the signal as a person's terminal gives it.
signal.signal(signal.SIGINT, signal.default_int_handler)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
NO_BROWSER = "no Chromium or Chrome was found"


def find_browser() -> str | None:
    """Return the path of a Chromium: COURSE_BROWSER, else the first one installed."""
    if chosen := os.environ.get("COURSE_BROWSER"):
        return shutil.which(chosen)
    return next(filter(None, map(shutil.which, (*BROWSERS, *MACOS_BROWSERS))), None)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of the browser tests; they are skipped where there is none."""
    path = find_browser()
    if path is None and os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{NO_BROWSER}, and COURSE_REQUIRE_BROWSER=1 asks for one")
    if path is None:
        pytest.skip(NO_BROWSER)
    return path


def pytest_terminal_summary(terminalreporter):
    """Say once that browser tests were left out: a skip is easily overlooked."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if NO_BROWSER in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} browser tests were left out: {NO_BROWSER}"
            " (COURSE_BROWSER=<path> names one; COURSE_REQUIRE_BROWSER=1 asks for one)",
            yellow=True,
        )
