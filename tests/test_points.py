"""Points in the plane, a linear regression, and wrong labels."""

import math

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from helpers import (
    Examples,
    ImageData,
    PointData,
    load_images,
    make_points,
    make_regression,
    with_label_noise,
)
from helpers.data import KINDS


def nearest_neighbor(data: PointData) -> float:
    """Accuracy on val of the label of the nearest training point."""
    model = KNeighborsClassifier(1).fit(data.train.X, data.train.y)
    return model.score(data.val.X, data.val.y)


# -- points -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_types_and_names(kind):
    data = make_points(kind, n_train=51, n_val=20)
    assert data.name == kind and data.classes == ("blue", "orange")
    assert repr(data) == f"PointData({kind}: 51 train, 20 val, 2 inputs, 2 classes)"
    for part, n in ((data.train, 51), (data.val, 20)):
        assert part.X.shape == (n, 2) and part.X.dtype == torch.float32
        assert part.X.is_contiguous()
        assert part.y.shape == (n,) and part.y.dtype == torch.int64
        assert part.y.bincount().tolist() == [n - n // 2, n // 2]


@pytest.mark.parametrize("kind", KINDS)
def test_without_noise_the_classes_are_apart(kind):
    data = make_points(kind, 1000, 1000, noise=0)
    X, y = data.train.X, data.train.y
    assert 1.4 < X.abs().max() < 1.51
    assert 0.28 < torch.cdist(X[y == 0], X[y == 1]).min() < 0.56
    assert nearest_neighbor(data) == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_noise_mixes_them(kind):
    scores = [nearest_neighbor(make_points(kind, 500, 500, s)) for s in (0.1, 0.3, 1)]
    assert scores[0] > 0.9 and scores[0] > scores[1] > scores[2] and scores[2] < 0.75


def test_noise_moves_the_same_points_by_its_standard_deviation():
    still, moved = (make_points("xor", 5000, noise=s).train for s in (0, 0.2))
    step = moved.X - still.X
    assert step.std(0).sub(0.2).abs().max() < 0.01 and step.mean(0).abs().max() < 0.01
    further = make_points("xor", 5000, noise=0.4).train
    torch.testing.assert_close(further.X - still.X, 2 * step)


def formula(kind: str, X: torch.Tensor) -> torch.Tensor:
    """The class of noiseless points, from the shape's description alone."""
    x, y = X.T
    if kind == "xor":
        return (x * y < 0).long()
    if kind == "circles":
        return (X.norm(dim=1) < 1.25).long()
    if kind == "moons":  # circles of radius 1 around (-0.5, -0.25) and (0.5, 0.25)
        away = [((X - s * torch.tensor([0.5, 0.25])).norm(dim=1) - 1).abs() for s in
                (-1, 1)]  # fmt: skip
        return (away[0] > away[1]).long()
    # on arm 0 the direction is 3 pi (r - 0.15) / 1.35, on arm 1 it is the opposite
    r = X.norm(dim=1)
    angle = 3 * math.pi * (r - 0.15) / 1.35
    return (x * angle.sin() + y * angle.cos() < 0).long()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_what_it_is_called(kind):
    examples = make_points(kind, 400, noise=0).train
    assert formula(kind, examples.X).equal(examples.y)


def test_more_points_keep_the_first_ones():
    few, many = (make_points("moons", n).train for n in (30, 2500))
    assert few.X.equal(many.X[:30]) and few.y.equal(many.y[:30])
    few, many = (make_regression(n_train=n).train for n in (30, 2500))
    assert few.X.equal(many.X[:30]) and few.y.equal(many.y[:30])


@pytest.mark.parametrize("make", [make_points, make_regression])
def test_the_seed_alone_decides_and_nothing_global_changes(make):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    data = make(seed=3)
    assert torch.get_rng_state().equal(before)
    torch.manual_seed(6)
    assert make(seed=3).train.X.equal(data.train.X)
    assert not make(seed=4).train.X.equal(data.train.X)
    assert not data.val.X.equal(data.train.X[:200]), "val has points of its own"
    # neither does a neighboring seed's set hold them
    assert not make(seed=4).train.X[:200].equal(data.val.X)


def test_points_changed_in_place_spoil_no_other_call():
    make_points().train.X.mul_(0)
    assert make_points().train.X.abs().max() > 1


def test_points_made_in_inference_mode_can_be_trained_on():
    with torch.inference_mode():
        data = make_points(n_train=17)
    loss = torch.nn.Linear(2, 2)(data.train.X).sum()
    loss.backward()


# -- regression ---------------------------------------------------------------------


def test_the_true_weights_are_found_again():
    data = make_regression(w=(1.0, -2.0, 3.0), b=0.5, noise=0.1)
    assert data.classes == () and data.train.y.shape == (1000, 1)
    assert data.train.X.shape == (1000, 3) and data.train.y.dtype == torch.float32
    assert repr(data) == (
        "PointData(regression: 1,000 train, 200 val, 3 inputs, regression)"
    )
    X = torch.cat([data.train.X, torch.ones(1000, 1)], 1)
    found = torch.linalg.lstsq(X, data.train.y).solution.squeeze()
    torch.testing.assert_close(
        found, torch.tensor([1.0, -2.0, 3.0, 0.5]), atol=0.02, rtol=0
    )
    rest = data.train.y - X @ found[:, None]
    assert abs(rest.std() - 0.1) < 0.01


def test_one_weight_is_enough():
    assert make_regression(w=[2.0]).train.X.shape == (1000, 1)


# -- wrong labels -------------------------------------------------------------------


@pytest.mark.parametrize("share", [0, 0.1, 0.3, 1])
def test_exactly_the_share_is_wrong_and_all_else_stays(share):
    data = load_images("digits", n_train=600, n_val=20, n_test=20)
    noisy = with_label_noise(data, share)
    assert isinstance(noisy, ImageData) and noisy.name == data.name
    changed = noisy.train.y != data.train.y
    assert changed.sum() == round(share * 600)
    assert noisy.train.y.min() >= 0 and noisy.train.y.max() <= 9
    assert noisy.train.X is data.train.X
    assert noisy.val is data.val and noisy.test is data.test
    assert (data.train.y == load_images("digits", 600, 20, 20).train.y).all()


def test_a_share_is_rounded_to_whole_labels():
    """0.29 * 100 is a little less than 29 in floating point."""
    data = make_points(n_train=100)
    wrong = [
        int((with_label_noise(data, share).train.y != data.train.y).sum())
        for share in (0.29, 0.294, 0.296)
    ]
    assert wrong == [29, 29, 30]


def test_every_other_class_is_as_likely_and_the_seed_decides():
    X, y = torch.zeros(9000, 2), torch.zeros(9000, dtype=torch.int64)
    part = Examples(X, y)
    data = PointData("zeros", tuple("abcd"), part, part)
    counts = with_label_noise(data, 1.0).train.y.bincount(minlength=4)
    assert counts[0] == 0 and (counts[1:] - 3000).abs().max() < 200
    half = [with_label_noise(data, 0.5, seed).train.y for seed in (0, 0, 1)]
    assert half[0].equal(half[1]) and not half[0].equal(half[2])
    assert abs((half[0][:4500] > 0).float().mean() - 0.5) < 0.05, "spread evenly"
    more = with_label_noise(data, 0.6).train.y
    wrong = half[0] > 0
    assert more[wrong].equal(half[0][wrong]), "a larger share adds wrong labels"


def test_label_noise_leaves_the_global_random_state():
    before = torch.get_rng_state()
    noisy = with_label_noise(make_points(), 0.2)
    assert torch.get_rng_state().equal(before) and isinstance(noisy, PointData)


# -- what is refused ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: make_points("stars"), ValueError, "kind='stars': allowed are moons"),
        (lambda: make_points(n_train=0), ValueError, "n_train=0: allowed are 1 to 100"),
        (lambda: make_points(n_val=1.5), TypeError, "n_val=1.5: expected a whole"),
        (lambda: make_points(noise=-1), ValueError, "noise=-1: allowed is 0 or more"),
        (lambda: make_points(noise=math.nan), ValueError, "noise=nan: allowed is 0 or"),
        (lambda: make_points(noise="a"), TypeError, "noise='a': expected a number"),
        (lambda: make_points(seed=-1), ValueError, "seed=-1: allowed are 0 to"),
        (lambda: make_regression(w=()), ValueError, r"w=\(\): expected a sequence"),
        (lambda: make_regression(w=[[1.0]]), ValueError, "expected a sequence of 1"),
        (lambda: make_regression(w=3.0), ValueError, "w=3.0: expected a sequence"),
        (lambda: make_regression(w=(1, math.inf)), ValueError, "w=inf: allowed is"),
        (lambda: make_regression(b=math.inf), ValueError, "b=inf: allowed is every"),
        (lambda: make_regression(noise=-0.1), ValueError, "noise=-0.1: allowed is 0"),
        (
            lambda: with_label_noise(make_points(), 1.1),
            ValueError,
            "share=1.1: allowed is 0 to 1",
        ),
        (
            lambda: with_label_noise(make_points(), -0.1),
            ValueError,
            "share=-0.1: allowed is 0 to 1",
        ),
        (
            lambda: with_label_noise(make_regression(), 0.1),
            ValueError,
            "regression has 0 classes: a wrong label needs at least 2",
        ),
        (
            lambda: with_label_noise(make_points().train, 0.1),
            TypeError,
            "data is a Examples: expected an ImageData or a PointData",
        ),
    ],
)
def test_refusals_name_the_value_and_the_range(call, error, message):
    with pytest.raises(error, match=message):
        call()


def part(d=2, label=1, n=4):
    return Examples(torch.zeros(n, d), torch.full((n,), label))


def targets(d=2, n=4):
    return Examples(torch.zeros(n, d), torch.zeros(n, 1))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((("a", "b"), part(label=2), part()), ValueError, "train has label 2: with 2"),
        ((("a", "b"), part(), part(label=2)), ValueError, "val has label 2: with 2"),
        ((("a", "b"), part(), part(3)), ValueError, "val has 3 columns: expected 2"),
        ((("a", "b"), part(), targets()), TypeError, "train has labels of torch.int64"),
        ((("a", "b"), targets(), targets()), ValueError, "expected () for a regress"),
        (
            ((), Examples(torch.zeros(4, 1, 2, 2), torch.zeros(4)), targets()),
            ValueError,
            "train has X of shape (4, 1, 2, 2): expected (n, d)",
        ),
    ],
)
def test_point_data_refuses_what_would_fail_later(arguments, error, message):
    with pytest.raises(error) as caught:
        PointData("points", *arguments)
    assert message in str(caught.value)
