"""One JupyterLab for each theme; every test looks for errors that nobody showed.

A test that fails leaves a picture of each open page and Playwright's trace of it, which
`playwright show-trace` opens.
"""

import re
import shutil

import pytest

from tools.lab import ROOT, Lab

FAILURES = ROOT / "build/browser-failures"
LABS = pytest.StashKey[dict[str, Lab]]()


def pytest_configure(config):
    """Forget the failures of the last run, once for all workers."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(FAILURES, ignore_errors=True)


@pytest.fixture(scope="session")
def labs(request, tmp_path_factory, chromium_path):
    """Return the JupyterLab of a theme, started when it is first asked for."""
    with pytest.MonkeyPatch.context() as patch:
        # A learner who has downloaded nothing.
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("no-data")))
        started = request.config.stash.setdefault(LABS, {})

        def lab_of(theme: str) -> Lab:
            if theme not in started:
                lab = Lab(tmp_path_factory.mktemp(theme), chromium_path, theme, True)
                started[theme] = lab.__enter__()
            return started[theme]

        yield lab_of
        for lab in started.values():
            lab.__exit__(None, None, None)


@pytest.fixture(scope="session")
def lab(labs):
    """JupyterLab in its light theme, shared by all files."""
    return labs("Light")


@pytest.fixture(scope="session")
def dark_lab(labs):
    """JupyterLab in its dark theme, shared by all files."""
    return labs("Dark")


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(labs, request):
    """Fail a test that left errors in the console or tried to leave the machine."""
    labs = request.config.stash[LABS]
    shared = {page for lab in labs.values() for page in lab.pages}
    yield
    wrong = []
    for lab in labs.values():
        wrong += lab.console_errors + [f"asked for {url}" for url in lab.outside]
        lab.console_errors.clear()
        lab.outside.clear()
        for page in lab.pages[:]:
            if page in shared:
                page.trace(None)
            else:  # the test failed before it closed its page
                page.close()
    assert wrong == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and report.when != "teardown":
        name = re.sub(r"\W+", "-", item.nodeid.removeprefix("tests/browser/"))
        left = []
        for theme, lab in item.config.stash.get(LABS, {}).items():
            for k, page in enumerate(lab.pages):
                left += page.leave(FAILURES / f"{name}-{theme.lower()}{k}")
            report.sections.append(
                ("errors of the page", "\n".join(lab.console_errors))
            )
        names = [str(path.relative_to(ROOT)) for path in left]
        report.sections.append(("picture and trace", "\n".join(names)))
        report.user_properties += [("left", name) for name in names]
    return report
