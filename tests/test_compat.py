"""torchvision is imported when somebody asks for it, whatever build it is."""

import importlib
import subprocess
import sys

import pytest

from helpers import compat

NEEDS_NMS = """
import torch
if "again" not in globals():
    again = True
    import torchvision.half
    raise RuntimeError("operator torchvision::nms does not exist")
import torchvision.half
"""


@pytest.fixture
def other_torchvision(tmp_path, monkeypatch):
    """Put another package of that name in the place of the installed one."""
    for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    declared = []

    class Library:
        def __init__(self, *of):
            declared.append(of)

        def define(self, schema):
            declared.append(schema.partition("(")[0])

    monkeypatch.setattr(compat.torch.library, "Library", Library)
    monkeypatch.setattr(compat, "declared", None)
    folder = tmp_path / "torchvision"
    folder.mkdir()
    (folder / "half.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    def write(code):
        (folder / "__init__.py").write_text(code)
        importlib.invalidate_caches()
        return declared

    yield write
    for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
        del sys.modules[name]


def test_missing_operators_are_declared_and_no_half_module_stays(other_torchvision):
    declared = other_torchvision(NEEDS_NMS)
    torchvision = importlib.import_module("torchvision")
    assert declared == [("torchvision", "DEF"), "nms", "qnms"]
    assert torchvision.half is sys.modules["torchvision.half"]


def test_nothing_is_declared_where_nothing_is_missing(other_torchvision):
    assert other_torchvision("fine = True") == []
    assert importlib.import_module("torchvision").fine


@pytest.mark.parametrize("error", ["RuntimeError('no CUDA')", "ImportError('half')"])
def test_other_errors_are_told(other_torchvision, error):
    declared = other_torchvision(f"raise {error}")
    with pytest.raises((RuntimeError, ImportError), match="CUDA|half"):
        importlib.import_module("torchvision")
    assert declared == []


def test_it_is_mended_once():
    compat.mend_torchvision()
    finders = sys.meta_path[:]
    compat.mend_torchvision()
    assert sys.meta_path == finders


def test_the_course_does_not_wait_for_what_most_notebooks_leave():
    """torchvision, and what torch's optimizers import, take a second each."""
    code = (
        "import sys, helpers; late = {'torchvision', 'torch._dynamo', 'd2l'};"
        "print(sorted(late & set(sys.modules)));"
        "from torchvision.ops import sigmoid_focal_loss;"
        "from torchvision.transforms import v2; print('there')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["[]", "there"], done.stderr
