"""What the tests of every chapter run under."""

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """A folder of its own: some systems write files."""
    monkeypatch.chdir(tmp_path)
