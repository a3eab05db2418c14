"""Small sets drawn from a formula: points in the plane, a linear regression."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .examples import Examples, ImageData, check_count, remembered

KINDS = ("moons", "circles", "spirals", "xor")
MAX_POINTS = 100_000
_CHUNK = 1_000  # drawn at a time, used or not: so the first points do not depend on n


@dataclass(frozen=True, eq=False, repr=False)
class PointData:
    """A set of vectors in two parts that share no example.

    Parameters
    ----------
    name : what the set is called, such as "moons"; bands of results are kept by it.
    classes : the classes' names, label i means classes[i]; empty for a regression.
    train : what the weights are fitted to; X (n, d) float32.
    val : what hyperparameters are chosen on; X (m, d).

    Raises
    ------
    ValueError : X is not (n, d), the parts differ in d, a label has no name, or a
        regression has class names.
    TypeError : one part has class labels and the other numbers.

    Taught in chapters 1 and 3.
    """

    name: str
    classes: tuple[str, ...]
    train: Examples
    val: Examples

    def __post_init__(self) -> None:
        """Refuse what would fail later, and less clearly."""
        numbers = self.train.y.is_floating_point()
        if numbers != self.val.y.is_floating_point():
            raise TypeError(
                f"train has labels of {self.train.y.dtype} and val of "
                f"{self.val.y.dtype}: expected class numbers in both, or targets in "
                "both"
            )
        if numbers and self.classes:
            raise ValueError(
                f"classes={self.classes!r}: expected () for a regression, whose "
                "targets are numbers"
            )
        for part in ("train", "val"):
            examples = getattr(self, part)
            shape = tuple(examples.X.shape)
            if len(shape) != 2:
                raise ValueError(f"{part} has X of shape {shape}: expected (n, d)")
            if shape[1] != self.train.X.shape[1]:
                raise ValueError(
                    f"{part} has {shape[1]} columns: expected "
                    f"{self.train.X.shape[1]}, as in train"
                )
            largest = -1 if numbers else int(examples.y.max())
            if largest >= len(self.classes):
                raise ValueError(
                    f"{part} has label {largest}: with {len(self.classes)} classes "
                    f"allowed are 0 to {len(self.classes) - 1}"
                )

    def __repr__(self) -> str:
        """Return a short text without values: stored outputs stay the same."""
        kind = f"{len(self.classes)} classes" if self.classes else "regression"
        return (
            f"PointData({self.name}: {len(self.train):,} train, {len(self.val):,} val, "
            f"{self.train.X.shape[1]} inputs, {kind})"
        )


def make_points(
    kind: str = "moons",
    n_train: int = 200,
    n_val: int = 200,
    noise: float = 0.1,
    seed: int = 0,
) -> PointData:
    """Draw two classes of points in the plane; the same arguments, the same points.

    Parameters
    ----------
    kind : "moons", two interlocked half circles; "circles", one around the other;
        "spirals", two arms of one and a half turns; "xor", four squares, where a
        point is orange if its coordinates have different signs. All reach to about
        1.5 on either side of the origin, and without noise the classes are 0.3 to
        0.5 apart.
    n_train, n_val : 1 to 100,000; the first points do not depend on it, and classes
        take turns.
    noise : standard deviation of the Gaussian that moves both coordinates, at least
        0. The same points move further when it grows.
    seed : 0 to 2**31 - 1; no global random state is read or changed.

    Returns
    -------
    PointData : X (n, 2) float32, y (n,) int64, 0 or 1

    Raises
    ------
    TypeError, ValueError : an argument outside its range.

    Taught in chapter 3.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: allowed are {', '.join(KINDS)}")
    noise = _number("noise", noise, smallest=0)
    sizes = _sizes(n_train, n_val)
    seed = check_count("seed", seed, 2**31 - 1, 0)
    parts = {
        part: _points(kind, n, noise, 2 * seed + k)
        for k, (part, n) in enumerate(sizes.items())
    }
    return PointData(kind, ("blue", "orange"), **parts)


def make_regression(
    w: Sequence[float] = (2.0, -3.4),
    b: float = 4.2,
    n_train: int = 1_000,
    n_val: int = 200,
    noise: float = 0.01,
    seed: int = 0,
) -> PointData:
    """Draw a linear regression, y = X w + b + noise, with standard normal X.

    Parameters
    ----------
    w : d true weights.
    b : the true bias.
    n_train, n_val : 1 to 100,000; the first examples do not depend on it.
    noise : standard deviation of the Gaussian that is added to y, at least 0.
    seed : 0 to 2**31 - 1; no global random state is read or changed.

    Returns
    -------
    PointData : X (n, d) and y (n, 1), both float32; ``classes`` is empty

    Raises
    ------
    TypeError, ValueError : an argument outside its range.

    Taught in chapter 1.
    """
    weights = torch.as_tensor(w, dtype=torch.float64).tolist()
    if not isinstance(weights, list) or not weights or isinstance(weights[0], list):
        raise ValueError(f"w={w!r}: expected a sequence of 1 number or more")
    weights = tuple(_number("w", value) for value in weights)
    b, noise = _number("b", b), _number("noise", noise, smallest=0)
    sizes = _sizes(n_train, n_val)
    seed = check_count("seed", seed, 2**31 - 1, 0)
    parts = {
        part: _line(weights, b, n, noise, 2 * seed + k)
        for k, (part, n) in enumerate(sizes.items())
    }
    return PointData("regression", (), **parts)


def with_label_noise(
    data: ImageData | PointData, share: float, seed: int = 0
) -> ImageData | PointData:
    """The same data with a share of the training labels replaced by another class.

    Parameters
    ----------
    data : classes, not a regression. Its images or points are not copied, and what is
        validated and tested on keeps its labels.
    share : 0 to 1; exactly round(share * n) labels become wrong, each with the same
        chance for every other class.
    seed : 0 to 2**31 - 1; chooses which, and what they become.

    Raises
    ------
    TypeError, ValueError : an argument outside its range, or no labels to replace.

    Taught in chapter 4.
    """
    if not isinstance(data, (ImageData, PointData)):
        raise TypeError(
            f"data is a {type(data).__name__}: expected an ImageData or a PointData"
        )
    share = _number("share", share, smallest=0, largest=1)
    seed = check_count("seed", seed, 2**31 - 1, 0)
    num_classes = len(data.classes)
    if num_classes < 2:
        raise ValueError(
            f"{data.name} has {num_classes} classes: a wrong label needs at least 2"
        )
    y = data.train.y
    generator = torch.Generator("cpu").manual_seed(seed)
    # All are drawn, whatever the share: a larger share keeps the wrong labels and
    # adds some.
    options = {"generator": generator, "device": "cpu"}
    wrong = torch.randperm(len(y), **options)[: round(share * len(y))].to(y.device)
    step = torch.randint(1, num_classes, (len(y),), **options).to(y.device)
    noisy = y.clone()
    noisy[wrong] = (y[wrong] + step[wrong]) % num_classes
    return dataclasses.replace(data, train=dataclasses.replace(data.train, y=noisy))


def _sizes(n_train: int, n_val: int) -> dict[str, int]:
    return {
        "train": check_count("n_train", n_train, MAX_POINTS),
        "val": check_count("n_val", n_val, MAX_POINTS),
    }


def _number(
    name: str,
    value: object,
    smallest: float = -math.inf,
    largest: float = math.inf,
) -> float:
    """Return `value` as a float if it is finite and in its range, else say why not."""
    if largest < math.inf:
        allowed = f"{smallest:g} to {largest:g}"
    elif smallest > -math.inf:
        allowed = f"{smallest:g} or more"
    else:
        allowed = "every finite number"
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}={value!r}: expected a number, {allowed}")
    number = float(value)
    if not (math.isfinite(number) and smallest <= number <= largest):
        raise ValueError(f"{name}={value!r}: allowed is {allowed}")
    return number


def _drawn(n: int, stream: int, columns: int, normal: int) -> tuple[Tensor, Tensor]:
    """Return (n, columns) uniform in 0..1 and (n, normal) standard normal numbers."""
    generator = torch.Generator("cpu").manual_seed(stream)
    chunks = [
        (
            torch.rand(_CHUNK, columns, generator=generator, dtype=torch.float32),
            torch.randn(_CHUNK, normal, generator=generator, dtype=torch.float32),
        )
        for _ in range(-(-n // _CHUNK))
    ]
    uniform, gauss = zip(*chunks, strict=True)
    return torch.cat(uniform)[:n], torch.cat(gauss)[:n]


@remembered
def _points(kind: str, n: int, noise: float, stream: int) -> Examples:
    (u, v), z = (part.T for part in _drawn(n, stream, 2, 2))
    y = torch.arange(n) % 2
    side = 1 - 2.0 * y  # 1 for class 0, -1 for class 1
    if kind == "moons":
        angle = math.pi * u
        X = side * torch.stack([angle.cos() - 0.5, angle.sin() - 0.25])
    elif kind == "circles":
        radius, angle = 1.25 + 0.25 * side, 2 * math.pi * u
        X = radius * torch.stack([angle.cos(), angle.sin()])
    elif kind == "spirals":
        radius, angle = 0.15 + 1.35 * u, 3 * math.pi * u
        X = side * radius * torch.stack([angle.sin(), angle.cos()])
    else:
        # class 0 lies where both signs agree; 0.2 stay free beside each axis
        horizontal = torch.where(v < 0.5, 1.0, -1.0)
        height = (2 * v).remainder(1)
        X = torch.stack(
            [horizontal * (0.2 + 1.3 * u), side * horizontal * (0.2 + 1.3 * height)]
        )
    return Examples((X + noise * z).T.contiguous(), y)


@remembered
def _line(
    w: tuple[float, ...], b: float, n: int, noise: float, stream: int
) -> Examples:
    _, z = _drawn(n, stream, 1, len(w) + 1)
    X = z[:, :-1].contiguous()
    y = X @ torch.tensor(w, dtype=torch.float32)[:, None] + b + noise * z[:, -1:]
    return Examples(X, y)
