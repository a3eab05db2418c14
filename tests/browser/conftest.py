"""One JupyterLab for each theme; every test looks for errors that nobody showed."""

import pytest

from tools.lab import Lab


@pytest.fixture(scope="session")
def labs(tmp_path_factory, chromium_path):
    """Return the JupyterLab of a theme, started when it is first asked for."""
    with pytest.MonkeyPatch.context() as patch:
        # A learner who has downloaded nothing.
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("no-data")))
        started: dict[str, Lab] = {}

        def lab_of(theme: str) -> Lab:
            if theme not in started:
                folder = tmp_path_factory.mktemp(theme)
                started[theme] = Lab(folder, chromium_path, theme).__enter__()
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
def nothing_goes_wrong_unseen(request):
    """Fail a test that left errors in the console or tried to leave the machine."""
    yield
    for name in ("lab", "dark_lab"):
        if name in request.fixturenames:
            lab = request.getfixturevalue(name)
            errors, outside = lab.console_errors[:], lab.outside[:]
            lab.console_errors.clear()
            lab.outside.clear()
            assert errors == []
            assert outside == [], "a request left the machine"
