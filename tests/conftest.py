"""What every test starts from: a progress file of its own, and the browser."""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from tools.browser import NO_BROWSER, find_browser

# Before anything of the course is imported or a kernel starts: no test writes into the
# progress of the person who runs it. Each worker of xdist gets its own.
_folder = tempfile.mkdtemp(prefix="course-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["COURSE_PROGRESS"] = str(Path(_folder) / "progress.json")

# Bands, recordings and stored outputs are numbers of the CPU; kernels inherit this.
os.environ.setdefault("COURSE_DEVICE", "cpu")

# A shell that starts something in the background has it ignore Ctrl-C, and that is
# inherited; tests of interrupts need the signal as a person's terminal gives it.
signal.signal(signal.SIGINT, signal.default_int_handler)

NO_CUDA = "no CUDA device"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of the browser tests; they are skipped where there is none."""
    path = find_browser()
    if path is None:
        pytest.skip(NO_BROWSER)
    return path


def asked_for(reason: str) -> str:
    """Return the variable that asks for what a test lacks, or "".

    COURSE_REQUIRE_ALL=1 asks for all but a GPU, COURSE_REQUIRE_BROWSER=1 for a browser.
    """
    wanted = {"COURSE_REQUIRE_ALL": NO_CUDA not in reason}
    wanted["COURSE_REQUIRE_BROWSER"] = NO_BROWSER in reason
    asking = (name for name, is_wanted in wanted.items() if is_wanted)
    return next((name for name in asking if os.environ.get(name) == "1"), "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Fail a test that would be skipped for want of what was asked for."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if variable := asked_for(reason):
            report.outcome = "failed"
            report.longrepr = f"{reason}, and {variable}=1 asks for it"
    return report
