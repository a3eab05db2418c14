"""Batch normalization for dense and convolutional layers alike, from chapter 7."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Norm = Callable[[int], nn.Module]  # of the channels, such as BatchNorm


class BatchNorm(_BatchNorm):
    """`nn.BatchNorm1d` and `nn.BatchNorm2d` in one: axis 1 holds what is normalized.

    Input (n, c) or (n, c, ...), output of the same shape; arguments, parameters and
    buffers are those of `nn.BatchNorm2d`. So one name serves as the `norm` of an MLP
    and of a convolutional network.

    Raises
    ------
    ValueError : an input without a batch axis and channels; in training, a batch that
        has one value per channel (torch's words).

    Taught in chapter 7. Source: Ioffe, Szegedy 2015, Batch normalization: accelerating
    deep network training by reducing internal covariate shift.
    """

    def _check_input_dim(self, X: Tensor) -> None:
        if X.ndim < 2:
            raise ValueError(
                f"BatchNorm got shape {tuple(X.shape)}: expected (n, c) or (n, c, ...)"
            )
