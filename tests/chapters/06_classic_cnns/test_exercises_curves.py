"""The curves that the diagnosis of chapter 6 shows have the answers in them."""

import math
from functools import partial

from torch import nn

from helpers.chapters.classic_cnns.exercises import training
from helpers.models import NiN


def test_each_network_has_one_place_in_the_curves():
    found = training.histories()
    start, dropout, rate, healthy = map(found.get, training.stuck_networks.solution())
    assert max(abs(loss - math.log(10)) for loss in start.step_loss) < 0.1
    assert max(rate.step_loss[:5]) > 4 and min(rate.step_loss[5:]) > 2
    for stuck in (start, rate):
        assert max(stuck.train_accuracy[-1], stuck.val_accuracy[-1]) < 0.2
    assert dropout.val_accuracy[-1] - dropout.train_accuracy[-1] > 0.1
    assert dropout.train_accuracy[-1] < 0.55 and dropout.step_loss[-1] < 2.2
    assert min(healthy.train_accuracy[-1], healthy.val_accuracy[-1]) > 0.75
    assert max(healthy.step_loss) < 4


def test_a_larger_rate_does_not_help_the_nin_and_a_normalization_does():
    make, init, lr = training.NETWORKS[training.stuck_networks.solution()[0]]
    assert training.trained(make, init, 5 * lr).val_accuracy[-1] < 0.2
    normalized = partial(NiN, 8, norm=nn.BatchNorm2d)
    assert training.trained(normalized, init, lr).val_accuracy[-1] > 0.7
