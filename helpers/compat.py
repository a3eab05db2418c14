"""Make torchvision, d2l and others import where they otherwise would not.

Three gaps are closed, and only where they are open:

* A CPU build of torch beside a torchvision built for CUDA stops with "operator
  torchvision::nms does not exist", because the compiled operators cannot be
  loaded. Their *declarations* are enough for models, transforms and datasets.
* d2l 0.17.0, the last release that does not pin old versions of NumPy and
  matplotlib, asks IPython for a function that has moved to matplotlib_inline.
* jedi, which IPython imports, and matplotlib look for the home folder, to keep caches
  and settings in. Their last releases for Python 3.10 cannot be imported by somebody
  without one, as in a container under any user id.
"""

import os
import sys
import tempfile
import warnings
from importlib.machinery import PathFinder, SourceFileLoader

if os.path.expanduser("~") == "~":
    for _name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ.setdefault(_name, tempfile.gettempdir())

# ruff: noqa: E402  (the imports below need what stands above)
import IPython.display
import torch
from matplotlib_inline import backend_inline

# The declarations vanish with the Library object, so the module keeps it.
declared: torch.library.Library | None = None


class _Loader(SourceFileLoader):
    """Runs torchvision's code, and once more with its operators declared if need be."""

    def exec_module(self, module) -> None:
        global declared
        try:
            super().exec_module(module)
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
            for name in [m for m in sys.modules if m.startswith("torchvision.")]:
                del sys.modules[name]
            declared = torch.library.Library("torchvision", "DEF")
            for name in ("nms", "qnms"):
                declared.define(
                    f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
                )
            super().exec_module(module)


class _Finder:
    """Finds torchvision where Python would, for the loader above."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "torchvision":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def mend_torchvision() -> None:
    """Have ``import torchvision`` work from now on, whoever says it.

    It is not imported here: it takes a second that most notebooks need not wait.
    """
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


def import_d2l():
    """Return the module ``d2l.torch``, with the moved IPython function put back."""
    mend_torchvision()
    if not hasattr(IPython.display, "set_matplotlib_formats"):
        IPython.display.set_matplotlib_formats = backend_inline.set_matplotlib_formats
    from d2l import torch as d2l

    # Its loops read the loss of a batch in a way that torch has warned of since.
    warnings.filterwarnings("ignore", "Converting a tensor with requires", module="d2l")
    return d2l
