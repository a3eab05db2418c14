"""Chapter 4: the notebook's definitions agree with torch's, numpy's and helpers'."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import helpers
from helpers import Examples, ImageData, seeded
from helpers.chapters.dropout_and_regularization import figures
from helpers.figures.described import described
from tests.taught import source_of, taught

own = taught(
    "04",
    "sample",
    "fit",
    "error",
    "fit_with_penalty",
    "dropout",
    "mlp",
    "with_dropout_at",
    "best_coin",
    "noisy_images",
)


# -- polynomials --------------------------------------------------------------------


def test_sample_is_the_source_it_is_said_to_be():
    x, y = own.sample(100_000, seed=1)
    noise = y - torch.sin(3 * x)
    assert -1 <= x.min() and x.max() <= 1
    assert abs(x.mean()) < 0.01 and abs(x.var() - 1 / 3) < 0.01
    assert abs(noise.mean()) < 0.005 and abs(noise.std() - 0.2) < 0.005
    assert torch.equal(own.sample(20, seed=3)[1], own.sample(20, seed=3)[1])
    assert not torch.equal(own.sample(20, seed=3)[1], own.sample(20, seed=4)[1])


@pytest.mark.parametrize("degree", [1, 3, 9])
@pytest.mark.parametrize("seed", [0, 5])
def test_fit_and_error_are_those_of_numpy(degree, seed):
    x, y = own.sample(20, seed)
    w = own.fit(x, y, degree)
    expected = np.polynomial.polynomial.polyfit(x, y, degree)
    torch.testing.assert_close(w, torch.from_numpy(expected), rtol=1e-6, atol=1e-8)
    y_hat = np.polynomial.polynomial.polyval(x.numpy(), expected)
    assert own.error(w, x, y) == pytest.approx(((y_hat - y.numpy()) ** 2).mean())


@pytest.mark.parametrize("lam", [1e-3, 0.1, 10.0])
def test_invented_examples_are_the_penalty(lam):
    """Least squares on them minimizes half the mean squared error + lam / 2 |w|^2."""
    x, y = own.sample(30, seed=2)
    w = own.fit_with_penalty(x, y, 6, lam).requires_grad_()
    powers = x[:, None] ** torch.arange(7)
    objective = ((powers @ w - y) ** 2).mean() / 2 + lam / 2 * (w**2).sum()
    (slope,) = torch.autograd.grad(objective, w)
    assert slope.abs().max() < 1e-10


# -- dropout ------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_dropout_drops_and_scales_as_torch_does(p):
    h = torch.full((200_000,), 3.0)
    with seeded(7):
        outs = own.dropout(h, p), F.dropout(h, p)
    for out in outs:
        expected = [0.0, 3 / (1 - p)] if p else [3.0]
        assert out.unique().tolist() == pytest.approx(expected)
        assert (out == 0).float().mean() == pytest.approx(p, abs=0.01)
        assert out.mean() == pytest.approx(3.0, abs=0.1)
        assert out.var() == pytest.approx(9 * p / (1 - p), rel=0.05, abs=1e-9)
    assert torch.equal(h, torch.full((200_000,), 3.0))


def test_dropout_passes_its_gradient_through_the_same_mask():
    h = torch.linspace(1, 2, 1000, requires_grad=True)
    with seeded(8):
        out = own.dropout(h, 0.25)
    (slope,) = torch.autograd.grad(out.sum(), h)
    torch.testing.assert_close(slope * h, out)


def test_dropout_is_off_in_use():
    h = torch.randn(5, 4)
    assert torch.equal(own.dropout(h, 0.5, training=False), h)


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_the_network_drops_its_hidden_units_in_training_alone(p):
    """What mlp builds is the network without dropout, and the mask of the notebook."""
    net, plain = own.mlp(dropout=p), own.mlp()
    # behind a dropout layer the parameters have other names, and the same order
    weights = zip(plain.state_dict(), net.state_dict().values(), strict=True)
    plain.load_state_dict(dict(weights))
    X = torch.rand(50, 1, 28, 28)
    assert torch.equal(net.eval()(X), plain(X))
    hidden, *_, last = [m for m in net if isinstance(m, nn.Linear)]
    seen = []
    last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad(), seeded(9):
        net.train()(X)
        active = F.relu(hidden(X.flatten(1)))
    kept = seen[0] != 0
    torch.testing.assert_close(seen[0][kept], active[kept] / (1 - p))
    share = kept[active > 0].float().mean().item()
    assert share == pytest.approx(1 - p, abs=0.03)


@pytest.mark.parametrize(("place", "before"), [(1, nn.Flatten), (4, nn.Linear)])
def test_dropout_stands_where_it_is_said_to(place, before):
    net = own.with_dropout_at(place)
    assert isinstance(net[place], nn.Dropout) and isinstance(net[place - 1], before)
    assert net(torch.rand(3, 1, 28, 28)).shape == (3, 10)


# -- data ---------------------------------------------------------------------------


def test_the_chosen_coin_is_a_coin_again():
    on_val, on_test = torch.tensor([own.best_coin(seed) for seed in range(200)]).T
    assert on_val.min() > 0.55
    assert abs(on_test.mean() - 0.5) < 4 * 0.05 / 200**0.5


def test_noisy_images_have_wrong_labels_in_training_alone(monkeypatch):
    def images(name=None, n_train=50):
        X, y = torch.zeros(n_train, 1, 2, 2), torch.arange(n_train) % 10
        return ImageData(
            name or "zeros", tuple("0123456789"), *[Examples(X, y) for _ in range(3)]
        )

    monkeypatch.setitem(own.noisy_images.__globals__, "load_images", images)
    noisy, clean = own.noisy_images(50, 0.4), images()
    assert (noisy.train.y != clean.train.y).sum() == 20
    assert torch.equal(noisy.val.y, clean.val.y)
    assert torch.equal(noisy.test.y, clean.test.y)
    assert own.noisy_images(50, 0.4, name="other").name == "other"
    assert helpers.with_label_noise is own.noisy_images.__globals__["with_label_noise"]


def test_the_best_epoch_is_counted_from_one(capsys):
    history = SimpleNamespace(
        train_loss=[2.0, 1.0, 0.5, 0.75], val_accuracy=[0.5, 0.625, 0.25, 0.125]
    )
    space = {
        "torch": torch,
        "history": history,
        "net": None,
        "noisy": SimpleNamespace(train=None),
        "evaluate": lambda net, examples: SimpleNamespace(accuracy=0.875),
    }
    exec(source_of("04", "best-epoch"), space)
    assert capsys.readouterr().out.splitlines() == [
        "lowest training loss in epoch 3",
        "best validation accuracy 0.625 in epoch 2",
        "at the end 0.125, on the training labels 0.875",
    ]


# -- drawings -----------------------------------------------------------------------


def test_show_fits_draws_each_polynomial():
    x, y = torch.tensor([-0.5, 0.5]), torch.tensor([1.0, 2.0])
    w = {"line": torch.tensor([1.0, 2.0]), "parabola": torch.tensor([0.0, 0.0, 1.0])}
    line, parabola = figures.show_fits(x, y, w).axes
    titles = [ax.get_title("left") for ax in (line, parabola)]
    assert titles == ["line", "parabola"]
    for ax, f in ((line, lambda x: 1 + 2 * x), (parabola, lambda x: x**2)):
        curve = {drawn.get_label(): drawn for drawn in ax.lines}["fit"]
        np.testing.assert_allclose(curve.get_ydata(), f(curve.get_xdata()), atol=1e-12)
        assert list(ax.lines[-1].get_ydata()) == [1.0, 2.0]


def test_a_fit_that_leaves_the_picture_is_said_to():
    x, y = torch.tensor([-0.5, 0.5]), torch.tensor([1.0, 2.0])
    w = {"line": [1.0, 2.0], "steep": [0.0, 3.0], "flat": [1.0, 1.0]}
    figure = figures.show_fits(x, y, {name: torch.tensor(v) for name, v in w.items()})
    assert described(figure) == (
        "2 points, sin 3x and a fit. With line it misses the points by 0.50 on average "
        "and leaves the picture at the right. With steep it misses the points by 1.50 "
        "on average and leaves the picture at the left and at the right. With flat it "
        "misses the points by 0.50 on average."
    )


def test_show_errors_draws_them_at_their_degrees():
    errors = {"a": torch.tensor([3.0, 1.0]), "b": torch.tensor([2.0, 4.0])}
    (ax,) = figures.show_errors(range(1, 3), errors).axes
    for drawn, values in zip(ax.lines, errors.values(), strict=True):
        assert list(drawn.get_xdata()) == [1, 2]
        assert list(drawn.get_ydata()) == values.tolist()
    assert ax.get_yscale() == "log"
