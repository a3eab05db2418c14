"""The images of the claims' small networks."""

import pytest

from helpers import load_images
from helpers.claims.small_images import small


@pytest.fixture
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def data():
    return load_images("digits", n_train=2_000, n_val=500, n_test=1_000)


@pytest.fixture(scope="module")
def shrunk(data):
    return small(data)
