"""What fit, train and evaluate accept, and what they say to the rest."""

import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers import Examples, evaluate, fit, load_images, seeded, train
from helpers.training.history import Step

X = torch.rand(40, 3, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0.5).long()
EXAMPLES = Examples(X, Y)


def net(outputs: int = 2) -> nn.Linear:
    with seeded(0):
        return nn.Linear(3, outputs)


# -- data ---------------------------------------------------------------------------


@pytest.mark.parametrize("data", [(X, Y), [X, Y], TensorDataset(X, Y)])
def test_pairs_and_tensor_datasets_are_examples(data):
    settings = {"num_epochs": 2, "batch_size": 8}
    expected = train(net(), EXAMPLES, EXAMPLES, **settings)
    assert train(net(), data, data, **settings) == expected
    assert evaluate(net(), data) == evaluate(net(), EXAMPLES)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (DataLoader(EXAMPLES), "got DataLoader: pass Examples.*minibatches are made"),
        (load_images("digits"), "got ImageData: pass data.train and data.val"),
        ((X, Y, Y), "got tuple: pass Examples"),
        ((X, Y.tolist()), "got tuple: pass Examples"),
        (X, "got Tensor: pass Examples"),
    ],
)
def test_other_data_is_refused_in_a_sentence(data, says):
    with pytest.raises(TypeError, match=f"train must be Examples, {says}"):
        fit(net(), data)
    with pytest.raises(TypeError, match=f"val must be Examples, {says}"):
        fit(net(), EXAMPLES, data)
    with pytest.raises(TypeError, match=f"examples must be Examples, {says}"):
        evaluate(net(), data)


def test_labels_are_counted_from_0():
    records = fit(net(), Examples(X, Y + 1), batch_size=40)
    with pytest.raises(ValueError, match="label 2 needs 3 outputs.*has 2: labels are"):
        next(records)


def test_a_label_without_an_output_is_named_before_anything_is_learned():
    """Though the first batch has none: an accelerator would be lost at the second."""
    made, late = net(), Examples(X, torch.where(torch.arange(len(Y)) == 0, 5, Y))
    order = torch.randperm(len(Y), generator=torch.Generator().manual_seed(0))
    assert 0 not in order[:4]
    before = [w.clone() for w in made.parameters()]
    with pytest.raises(ValueError, match="label 5 needs 6 outputs"):
        next(fit(made, late, batch_size=4, seed=0))
    assert all(
        torch.equal(*pair) for pair in zip(before, made.parameters(), strict=True)
    )


def test_evaluate_names_a_label_without_an_output():
    with pytest.raises(ValueError, match="label 2 needs 3 outputs"):
        evaluate(net(), Examples(X, Y + 1))


# -- settings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"num_epoch": 5}, TypeError, "option num_epoch; did you mean num_epochs?"),
        ({"learning_rate": 1}, TypeError, "neither fit nor SGD has an option learning"),
        ({"momentun": 0.9}, TypeError, "did you mean momentum?"),
        ({"parameters": []}, ValueError, "parameters is empty"),
        ({"seed": None}, ValueError, "seed must be a whole number of at least 0"),
        ({"seed": 1.5}, ValueError, "seed must be a whole number"),
        ({"seed": -1}, ValueError, "at least 0, got -1"),
        ({"num_epochs": True}, ValueError, "num_epochs must be a whole number"),
        ({"batch_size": "8"}, ValueError, "at least 1, got '8'"),
        ({"lr": 10**400}, ValueError, "lr is too large"),
        ({"lr": float("nan")}, ValueError, "lr must be a finite number"),
    ],
)
def test_a_setting_is_refused_at_the_call(settings, error, says):
    with pytest.raises(error, match=says.replace("?", r"\?")):
        fit(net(), EXAMPLES, **settings)


def test_whole_numbers_of_any_kind():
    expected = train(net(), EXAMPLES, num_epochs=2, batch_size=8, seed=3)
    whole = {"num_epochs": np.int64(2), "batch_size": np.int32(8), "seed": np.uint8(3)}
    assert train(net(), EXAMPLES, **whole).step_loss == expected.step_loss


def test_options_of_functions_are_theirs():
    """A function that takes any option is not second-guessed."""

    def any_option(parameters, lr, **options):
        assert options == {"num_epoch": 5}
        return torch.optim.SGD(parameters, lr)

    next(fit(net(), EXAMPLES, optimizer=any_option, num_epoch=5))
    nesterov = functools.partial(torch.optim.SGD, nesterov=True)
    next(fit(net(), EXAMPLES, optimizer=nesterov, momentum=0.9))
    with pytest.raises(TypeError, match="did you mean momentum"):
        fit(net(), EXAMPLES, optimizer=nesterov, momentun=0.9)


def test_an_optimizer_of_another_network_is_refused():
    own, other = net(), net()
    with pytest.raises(ValueError, match="moves other tensors than this network's"):
        fit(own, EXAMPLES, optimizer=torch.optim.SGD(other.parameters(), lr=0.1))
    part = torch.optim.SGD([own.bias], lr=0.1)  # all else is frozen
    before = own.weight.clone()
    next(fit(own, EXAMPLES, optimizer=part))
    assert torch.equal(own.weight, before) and own.bias.grad is not None


def test_inference_mode_is_refused_and_no_grad_is_left():
    with torch.inference_mode(), pytest.raises(ValueError, match="inference_mode"):
        fit(net(), EXAMPLES)
    with torch.no_grad():
        assert isinstance(next(fit(net(), EXAMPLES)), Step)
