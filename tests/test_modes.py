"""Each module keeps its own mode, whatever looks at a network or trains it."""

import random

import pytest
import torch
from torch import nn

from helpers import Examples, evaluate, fit, make_points, seeded
from helpers.claims.fair import logits_of
from helpers.figures.plane import plane_of, regions_of
from helpers.training.modes import evaluating, modes_of
from helpers.tuning.diagnosis import dead_relu_share

POINTS = make_points("moons", n_train=40, n_val=20)
DATA = Examples(POINTS.train.X, POINTS.train.y)


def net() -> nn.Module:
    with seeded(0):
        block = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU())
        return nn.Sequential(
            nn.Linear(2, 8), nn.Dropout(0.5), block, nn.Dropout(0.5), nn.Linear(8, 2)
        )


def mixed(seed: int) -> nn.Module:
    """A network in training mode, in which each other module has a mode by chance."""
    made, chance = net(), random.Random(seed)
    for module in list(made.modules())[1:]:
        module.training = chance.random() < 0.5
    return made


def one_epoch(made):
    for _ in fit(made, DATA, DATA, num_epochs=1, batch_size=10, device="cpu"):
        pass


USES = {
    "evaluate": lambda made: evaluate(made, DATA),
    "the doctor": lambda made: dead_relu_share(made, DATA.X),
    "a claim": lambda made: logits_of(made, DATA.X),
    "a picture": lambda made: regions_of(made, plane_of(POINTS)),
    "an epoch": one_epoch,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("seed", range(8))
def test_modes_are_put_back(use, seed):
    made = mixed(seed)
    before = modes_of(made)
    USES[use](made)
    assert modes_of(made) == before


def test_evaluation_mode_is_for_all_modules_and_ends_with_an_error():
    made = mixed(1)
    before = modes_of(made)
    with pytest.raises(RuntimeError, match="look"), evaluating(made):
        assert not any(modes_of(made).values())
        raise RuntimeError("look")
    assert modes_of(made) == before


def test_a_frozen_batch_normalization_stays_frozen_while_all_else_trains():
    made = net()
    made[2][1].eval()
    frozen = made[2][1].running_mean.clone()
    modes = modes_of(made)
    for record in fit(made, DATA, DATA, num_epochs=2, batch_size=10, device="cpu"):
        if record.step == 3:
            made.eval()  # somebody looks at the network while it is paused
    assert modes_of(made) == modes
    assert torch.equal(made[2][1].running_mean, frozen)


def test_a_module_frozen_between_two_steps_stays_so():
    made = net()
    for record in fit(made, DATA, num_epochs=1, batch_size=10, device="cpu"):
        if record.step == 2:
            made[2][1].eval()
            frozen = made[2][1].running_mean.clone()
    assert torch.equal(made[2][1].running_mean, frozen)
    assert made.training and made[1].training
