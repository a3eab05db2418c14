"""Where training runs."""

import os

import torch
from torch import nn


def default_device() -> torch.device:
    """``$COURSE_DEVICE`` if set, else CUDA, else Apple's MPS, else the CPU."""
    wanted = os.environ.get("COURSE_DEVICE")
    if wanted:
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def place(net, device: torch.device) -> None:
    """Move a module to the device, convolutions on the CPU in channels_last layout.

    Functions are left alone. On a CPU the channels_last layout makes LeNet 10 to 18 %
    faster and changes no result beyond rounding.
    """
    if not isinstance(net, nn.Module):
        return
    net.to(device)
    if device.type == "cpu" and any(isinstance(m, nn.Conv2d) for m in net.modules()):
        net.to(memory_format=torch.channels_last)
