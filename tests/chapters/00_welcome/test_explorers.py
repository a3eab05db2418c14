"""The explorer of the welcome notebook: its errors are those of its line."""

import numpy as np
import pytest
import torch
from matplotlib.path import Path

from helpers.chapters.welcome import explorers


@pytest.mark.parametrize("slope, intercept", [(0.0, 0.0), (1.5, -2.0), (-1.0, 8.0)])
def test_errors_reach_from_the_points_to_the_line(slope, intercept):
    scene = explorers.fit_a_line.scene(slope=slope, intercept=intercept)
    points, line = scene["points"]["xy"], scene["line"]["xy"]
    at = np.interp(points[:, 0], *line.T)
    assert at == pytest.approx(slope * points[:, 0] + intercept)
    errors = scene["errors"]["xy"].reshape(-1, 3, 2)
    assert errors[:, 0] == pytest.approx(points)
    assert errors[:, 1] == pytest.approx(np.c_[points[:, 0], at])
    assert np.isnan(errors[:, 2]).all()
    loss = torch.nn.functional.mse_loss(*map(torch.tensor, (at, points[:, 1])))
    assert scene.says.startswith(f"Mean squared error {loss:.2f}. ")


@pytest.mark.parametrize(
    "slope, intercept, above, outside",
    [(0.0, 0.0, 12, 3), (4.0, 8.0, 0, 4), (*explorers.BEST, None, 0)],
)
def test_its_sentence_says_where_line_and_dot_lie(slope, intercept, above, outside):
    scene = explorers.fit_a_line.scene(slope=slope, intercept=intercept)
    points, rings = scene["points"]["xy"], scene["contours"]["xy"]
    if above is None:
        above = sum(y > slope * x + intercept for x, y in points)
    assert f"Left: {above} of the 12 points lie above the line." in scene.says
    assert f"outside of {outside} of the 5 rings around the best line." in scene.says
    parts = np.split(rings, np.flatnonzero(np.isnan(rings[:, 0])))
    paths = [Path(part[~np.isnan(part[:, 0])]) for part in parts]
    inside = [path.contains_point((slope, intercept)) for path in paths]
    assert inside.count(False) == outside


def test_no_line_is_better_than_the_best():
    best = explorers.mean_squared_error(*explorers.BEST)
    for step in np.random.default_rng(0).normal(0, 0.1, (50, 2)):
        assert explorers.mean_squared_error(*(explorers.BEST + step)) > best
    assert (
        f"The best line there is has {best:.2f}." in explorers.fit_a_line.scene().says
    )


def test_a_ring_is_a_contour_of_the_error():
    scene = explorers.fit_a_line.scene()
    rings = scene["contours"]["xy"]
    breaks = np.flatnonzero(np.isnan(rings[:, 0]))
    least = explorers.mean_squared_error(*explorers.BEST)
    parts = np.split(rings, breaks)
    assert len(parts) == 5
    for part, above in zip(parts, (1, 4, 16, 64, 256), strict=True):
        for slope, intercept in part[~np.isnan(part[:, 0])]:
            error = explorers.mean_squared_error(slope, intercept)
            assert error == pytest.approx(least + above)


@pytest.mark.parametrize("slope, intercept", [(0.0, 0.0), (1.6, -2.5)])
def test_the_dot_in_the_valley_is_the_line(slope, intercept):
    scene = explorers.fit_a_line.scene(slope=slope, intercept=intercept)
    assert scene["here"]["xy"].tolist() == [[slope, intercept]]
    assert scene["here"]["color"] == scene["line"]["color"]
    _, valley = scene.panes
    assert valley.labels == ("slope", "intercept")
    (handle,) = [mark for mark in valley.marks if mark["kind"] == "handle"]
    assert (handle["x"], handle["y"]) == ("slope", "intercept")


def test_the_sliders_reach_the_best_line_and_one_more_in_each_direction():
    """What is asked for can be found, and the dot stays in the picture."""
    ranges = explorers.fit_a_line.ranges
    _, valley = explorers.fit_a_line.scene().panes
    for name, best, ends in zip(
        ("slope", "intercept"), explorers.BEST, valley.ends, strict=True
    ):
        declared = ranges[name]
        assert declared.low <= best - 1 and best + 1 <= declared.high
        assert (declared.low, declared.high) == tuple(ends)
