"""Histograms of layers side by side: a column for each, as strengths of a color."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor


class Bins(NamedTuple):
    """Bins of one width from low to high; what lies beyond counts in the last ones.

    Parameters
    ----------
    low, high : the ends; with ``log`` the powers of ten of magnitudes.
    num : how many; with an odd number the middle one holds the middle.
    log : whether magnitudes are counted, by their logarithms: a 0 is in the first bin.
    """

    low: float
    high: float
    num: int
    log: bool = False

    def counts(self, layers: Iterable[Tensor]) -> Tensor:
        """How many values of each layer lie in each bin, (layers, num).

        A row sums to the number of the layer's values, but for those that are not a
        number.
        """
        rows = []
        for values in layers:
            values = values.flatten()
            values = values.abs().log10() if self.log else values
            place = (values - self.low) / (self.high - self.low) * self.num
            known = place[~place.isnan()].clamp(0, self.num - 1)
            rows.append(torch.bincount(known.long(), minlength=self.num))
        return torch.stack(rows)


def columns(counts: Tensor) -> Tensor:
    """Strengths of a color from 0 on, (bins, layers), the highest bin in the first row.

    Parameters
    ----------
    counts : (layers, bins), see `Bins.counts`.

    It is the root of a bin's share of its layer, so that a thin tail is seen beside a
    high peak; from a share of 0.36 on a bin has the full color.
    """
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1)
    return shares.T.sqrt().flip(0) / 0.6
