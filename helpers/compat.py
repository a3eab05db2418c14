"""Make torchvision and d2l import beside any build of torch.

Two gaps are closed, and only where they are open:

* A CPU build of torch beside a torchvision built for CUDA stops with "operator
  torchvision::nms does not exist", because the compiled operators cannot be
  loaded. Their *declarations* are enough for models, transforms and datasets.
* d2l 0.17.0, the last release that does not pin old versions of NumPy and
  matplotlib, asks IPython for a function that has moved to matplotlib_inline.
"""

import sys
import warnings

import IPython.display
import torch
from matplotlib_inline import backend_inline

# The declarations vanish with the Library object, so the module keeps it.
_declared: torch.library.Library | None = None


def import_torchvision() -> None:
    """Import torchvision, declaring its operators first if they are missing."""
    global _declared
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        _declared = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            _declared.define(
                f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )
        import torchvision  # noqa: F401


def import_d2l():
    """Return the module ``d2l.torch``, with the moved IPython function put back."""
    import_torchvision()
    if not hasattr(IPython.display, "set_matplotlib_formats"):
        IPython.display.set_matplotlib_formats = backend_inline.set_matplotlib_formats
    from d2l import torch as d2l

    # Its loops read the loss of a batch in a way that torch has warned of since.
    warnings.filterwarnings("ignore", "Converting a tensor with requires", module="d2l")
    return d2l
