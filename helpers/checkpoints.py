"""Weights written to a file and read again, whole or not at all."""

import copy
import pickle
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from helpers.files import replaced


def save_checkpoint(path: str | Path, net: nn.Module) -> None:
    """Write the state_dict of a network, whole or not at all.

    Raises
    ------
    OSError : the folder does not exist or cannot be written.
    """
    with replaced(path) as part:
        torch.save(net.state_dict(), part)


def load_checkpoint(path: str | Path, net: nn.Module) -> None:
    """Read a state_dict into a network of the same shape; weights only, never code.

    Raises
    ------
    FileNotFoundError : there is no such file.
    ValueError : the file is damaged, holds more than tensors, or its tensors do not
        fit the network. The network is left unchanged.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    try:
        _check_sums(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds something other than weights and was not loaded; a "
            "checkpoint is a state_dict written by save_checkpoint"
        ) from error
    except Exception as error:  # the reader raises whatever the damage leads it to
        raise ValueError(
            f"{path} is damaged or is no checkpoint ({error}); save it again"
        ) from error
    _check_state(path, state, net.state_dict())
    try:  # what cannot be copied, as a sparse tensor, is found out on another network
        copy.deepcopy(net).load_state_dict(state)
    except Exception as error:
        raise ValueError(f"{path} does not fit this network: {error}") from error
    net.load_state_dict(state)


def _check_sums(path: Path) -> None:
    """Raise ValueError where a part has another check sum; torch looks at none."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            if (damaged := file.testzip()) is not None:
                raise ValueError(f"the check sum of {damaged} is another")


def _check_state(path: Path, found, expected: dict[str, Tensor]) -> None:
    # load_state_dict copies what fits before it raises, so look first
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds a {type(found).__name__}, not a state_dict")
    for name in expected.keys() | found.keys():
        shapes = [
            tuple(d[name].shape) if isinstance(d.get(name), Tensor) else "nothing"
            for d in (found, expected)
        ]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"{path} does not fit this network: {name} is {shapes[0]} in the file "
                f"and {shapes[1]} in the network"
            )
