"""The explorer of the welcome notebook: its errors are those of its line."""

import numpy as np
import pytest
import torch

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


def test_no_line_is_better_than_the_best():
    best = explorers.mean_squared_error(*explorers.BEST)
    for step in np.random.default_rng(0).normal(0, 0.1, (50, 2)):
        assert explorers.mean_squared_error(*(explorers.BEST + step)) > best
    assert (
        f"The best line there is has {best:.2f}." in explorers.fit_a_line.scene().says
    )
