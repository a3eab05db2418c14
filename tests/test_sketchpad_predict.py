"""The sketch pad is given a picture: any size, framed or as it is."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.data.drawings import framed
from tests.test_sketchpad import data, net, pad, quadrants  # noqa: F401


@pytest.mark.parametrize("form", [np.asarray, torch.as_tensor, lambda x: x[None]])
@pytest.mark.parametrize("shape", [(28, 28), (64, 40), (7, 100)])
def test_pictures_of_any_size_are_predicted(pad, net, form, shape):  # noqa: F811
    image = torch.zeros(shape)
    image[1:-1, 2 : shape[1] // 2] = 0.8
    found = pad.predict(form(image))
    with torch.no_grad():
        expected = net(framed(image, pad.frame)[None, None]).softmax(1)[0]
    assert torch.equal(found, expected) and found.sum().item() == pytest.approx(1)


def test_a_picture_that_is_not_framed_keeps_its_place(quadrants):  # noqa: F811
    image = torch.zeros(80, 100)
    image[50:60, 70:90] = 1
    assert quadrants.predict(image).argmax() == 3
    assert quadrants.predict(image.T).argmax() == 3
    assert quadrants.predict(image.flip(1)).argmax() == 2


def test_a_picture_that_is_not_framed_is_filled_up_to_a_square(quadrants):  # noqa: F811
    wide = torch.linspace(0.1, 1, 800).view(20, 40)
    for image, added in ((wide, (0, 0, 10, 10)), (wide.T, (10, 10, 0, 0))):
        square = nn.functional.pad(image, added)
        assert square.shape == (40, 40)
        found, expected = quadrants.predict(image), quadrants.predict(square)
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "image, error, message",
    [
        (torch.zeros(28), ValueError, r"shape \(28,\): expected \(h, w\)"),
        (torch.zeros(1, 1, 28, 28), ValueError, r"shape \(1, 1, 28, 28\)"),
        (torch.zeros(3, 28, 28), ValueError, r"shape \(3, 28, 28\)"),
        (torch.zeros(0, 5), ValueError, r"shape \(0, 5\)"),
        (torch.full((28, 28), np.nan), ValueError, "not from 0 to 1"),
        (torch.full((28, 28), 255.0), ValueError, "not from 0 to 1"),
        (-torch.ones(28, 28), ValueError, "not from 0 to 1"),
        (torch.zeros(28, 28, dtype=torch.uint8), TypeError, "divide them by 255"),
    ],
)
def test_predict_refuses_what_is_no_picture(pad, image, error, message):  # noqa: F811
    with pytest.raises(error, match=message):
        pad.predict(image)
