"""How the embedded digits are drawn: each parameter, seen in the images themselves.

Where a parameter is one number the image has one: the center of its ink moves, its axis
turns and slants, its size grows, on both sides of 0 alike and with nothing else.
"""

import hashlib
import os
from pathlib import Path

import pytest
import torch

from helpers.data import digits as digits_module
from helpers.data import load_images, make_digits
from helpers.data.real import SETS
from tests.recorded import same_as_recorded

PLAIN = {"rotation": 0, "scale": (1, 1), "shear": 0, "shift": 0, "noise": 0}
N = 600


def moments(X):
    """Center (n, 2) in half widths, and second moments xx, yy, xy (n,) of the ink."""
    ink = X[:, 0].clamp(min=0.3) - 0.3
    grid = (torch.arange(X.shape[-1]) + 0.5) / X.shape[-1] * 2 - 1
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    mass = ink.sum((1, 2))
    mx, my = ((ink * a).sum((1, 2)) / mass for a in (x, y))
    dx, dy = x - mx[:, None, None], y - my[:, None, None]
    xx, yy, xy = ((ink * p).sum((1, 2)) / mass for p in (dx * dx, dy * dy, dx * dy))
    return torch.stack([mx, my], 1), xx, yy, xy


def drawn(**changed):
    return make_digits(N, **PLAIN | changed).X


@pytest.fixture(scope="module")
def plain():
    return moments(drawn())


def skew(values):
    return (((values - values.mean()) / values.std()) ** 3).mean().abs()


def test_they_are_shifted_to_all_sides_evenly(plain):
    center = moments(drawn(shift=0.3))[0] - plain[0]
    assert center.mean(0).abs().max() < 0.03
    limit = 0.3 / 3**0.5  # the spread of a uniform draw, seen in pixels of this zoom
    assert ((center.std(0) / limit > 0.75) & (center.std(0) / limit < 1.15)).all()
    assert torch.corrcoef(center.T)[0, 1].abs() < 0.12, "not along a diagonal"
    assert skew(center[:, 0]) < 0.3 and skew(center[:, 1]) < 0.3


def turned(now, before):
    """The turn of the ink's axis in radians, for digits that have a long axis."""
    angles = [0.5 * torch.atan2(2 * m[3], m[1] - m[2]) for m in (now, before)]
    apart = (angles[0] - angles[1] + torch.pi / 2) % torch.pi - torch.pi / 2
    return apart[(before[2] > 1.8 * before[1])]


def test_they_are_turned_both_ways_evenly(plain):
    angle = turned(moments(drawn(rotation=20)), plain)
    assert len(angle) > 100
    assert angle.mean().abs() < 0.04
    assert 0.7 < angle.std() / (torch.pi / 9 / 3**0.5) < 1.2
    assert 0.4 < (angle > 0).float().mean() < 0.6
    few = turned(moments(drawn(rotation=5)), plain)
    assert 3 < angle.std() / few.std() < 5


def test_they_slant_both_ways_evenly(plain):
    slant = moments(drawn(shear=0.4))
    change = slant[3] / slant[2] - plain[3] / plain[2]  # widths per height
    assert change.mean().abs() < 0.05
    assert 0.65 < change.std() / (0.4 / 3**0.5) < 1.2
    height = (slant[2] / plain[2]).mean()
    assert height == pytest.approx(1, abs=0.05), "a slant keeps the height"


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.15])
def test_a_larger_scale_is_a_larger_digit(plain, scale):
    now = moments(drawn(scale=(scale, scale)))
    for k in (1, 2):
        assert (now[k] / plain[k]).median() == pytest.approx(scale**2, rel=0.06)


def test_noise_has_the_standard_deviation_that_was_asked_for():
    noise = (drawn(noise=0.05) - drawn())[:, :, :2]  # a rim without ink
    assert noise[noise > 0].square().mean().sqrt() == pytest.approx(0.05, rel=0.05)


def test_the_digits_are_those_that_were_looked_at():
    """Means by class and part: another source, order, edge or light is another set."""
    data = load_images("digits", n_train=1_000, n_val=500, n_test=500)
    kept = {}
    for name in ("train", "val", "test"):
        part = getattr(data, name)
        center, xx, yy, xy = moments(part.X)
        kept[name] = {
            "labels": part.y[:40].tolist(),
            "classes": part.y.bincount(minlength=10).tolist(),
            "light": [part.X[part.y == k].mean().item() for k in range(10)],
            "bright": [part.X.amax((1, 2, 3)).quantile(q).item() for q in (0.1, 0.9)],
            "xx, yy": [xx.mean().item(), yy.mean().item(), xx.std().item()],
            "first": part.X[:3].mean((1, 2)).flatten().tolist(),
        }
    same_as_recorded("digits", kept, fine=5e-3)
    assert digits_module.SPLITS == {"train": 1149, "val": 288, "test": 360}


# -- the real sets ------------------------------------------------------------------

# Of names, lengths and hashes as they were when all eight files were read and compared
# with torchvision's md5 (test_hashes_are_those_of_torchvisions_files).
CHECKED = {
    "fashion_mnist": "f6cb3a77498ad8bfab1c1f6614c80581cf744c91824cf2dfcb256f1521cde43a",
    "mnist": "e100f2682ea1ddc6015f18092a60637b5d7f3704e13fdcee98889218f00f6e0d",
}


@pytest.mark.parametrize("name", SETS)
def test_lengths_and_hashes_are_those_that_were_checked(name):
    table = repr(
        [(f.name, f.length, f.digest, f.unpacked_sha256) for f in SETS[name].files]
    )
    assert hashlib.sha256(table.encode()).hexdigest() == CHECKED[name]


def test_names_and_mirrors_are_those_of_torchvision():
    from torchvision.datasets import MNIST, FashionMNIST

    theirs = [name.lower() for name in FashionMNIST.classes]
    ours = list(SETS["fashion_mnist"].classes)
    same = {"t-shirt/top": "t-shirt"}
    assert ours == [same.get(name, name) for name in theirs]
    assert list(SETS["mnist"].classes) == [c.split(" ")[0] for c in MNIST.classes]
    assert SETS["fashion_mnist"].mirrors[0] in FashionMNIST.mirrors
    assert set(SETS["mnist"].mirrors) & set(MNIST.mirrors)
    for name, known in (("fashion_mnist", FashionMNIST), ("mnist", MNIST)):
        files = [file.name for file in SETS[name].files]
        assert sorted(files) == sorted(name for name, _ in known.resources)
        assert SETS[name].folder == os.path.join(known.__name__, "raw")
        assert all(m.startswith("http") and m.endswith("/") for m in SETS[name].mirrors)


def test_the_readme_counts_the_originals_of_each_part():
    readme = Path(__file__).parents[1] / "data" / "README.md"
    text = " ".join(readme.read_text("utf-8").split())
    n = {part: f"{n:,}" for part, n in digits_module.SPLITS.items()}
    said = "into {train} for training, {val} for validation and {test} for testing"
    assert said.format(**n) in text
    for part, number in n.items():
        assert f"{len(digits_module.sources(part)[2]):,}" == number
