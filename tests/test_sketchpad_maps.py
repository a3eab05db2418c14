"""The sketch pad with feature maps: they are those of the layers, and drawn as such."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers import SketchPad, load_images, seeded
from helpers.models import ConvNet
from helpers.widgets.feature_maps import MOST_MAPS, maps_scene

SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)]


@pytest.fixture(scope="module")
def data():
    return load_images("digits")


@pytest.fixture(scope="module")
def net():
    with seeded(3):
        return ConvNet((5, 6))


@pytest.fixture
def pad(net, data):
    maps = {"first layer": net.features[:3], "second layer": net.features}
    return SketchPad(net, data, maps=maps)


def drawn(scene, name):
    """Return the maps (c, h, w) of a layer as they are drawn, 0..1."""
    return np.stack([mark["values"][..., 0] for mark in scene[name].marks])


def test_the_maps_are_those_of_the_layers_for_what_the_network_sees(pad, net):
    pad.draw(SEVEN)
    scene = maps_scene(pad.feature_maps)
    with torch.no_grad():
        first = net.features[:3](pad.image[None, None])[0]
        second = net.features(pad.image[None, None])[0]
    for name, expected in (("first layer", first), ("second layer", second)):
        assert torch.equal(pad.feature_maps[name], expected)
        assert drawn(scene, name) == pytest.approx(
            (expected / expected.max()).numpy(), abs=1e-6
        )
        c, h, w = expected.shape
        assert scene[name].title.startswith(f"{name}: {c} × {h} × {w}, 0 to ")
    assert pad.maps_view.scene == scene.sent()
    assert pad.maps_view.says == scene.says
    assert scene.says == (
        "Feature maps: first layer, 5 maps of 14 × 14; second layer, 6 maps of 7 × 7."
    )


def test_the_answer_is_the_same_with_and_without_maps(pad, net, data):
    without = SketchPad(net, data)
    for one in (pad, without):
        one.draw(SEVEN)
    assert torch.equal(pad.probabilities, without.probabilities)
    assert pad.scene.sent() == without.scene.sent()
    assert without.maps_view is None and without.feature_maps == {}
    assert len(without.children[0].children) == 2
    assert pad.children[0].children[2] is pad.maps_view


def test_maps_follow_each_stroke_and_are_black_without_one(pad):
    assert not any(m.any() for m in pad.feature_maps.values())
    assert not drawn(maps_scene(pad.feature_maps), "first layer").any()
    pad.draw(SEVEN)
    before = pad.maps_view.scene
    pad.draw([(0.2, 0.8), (0.8, 0.8)])
    assert pad.maps_view.scene != before
    pad.clear()
    assert not any(m.any() for m in pad.feature_maps.values())


def test_maps_with_values_below_0_are_drawn_from_the_lowest():
    maps = torch.tensor([[[-2.0, 0.0], [1.0, 2.0]], [[0.5, 0.5], [0.5, -1.0]]])
    scene = maps_scene({"layer": maps})
    assert drawn(scene, "layer") == pytest.approx(((maps + 2) / 4).numpy())
    assert scene["layer"].title == "layer: 2 × 2 × 2, −2 to 2"
    first, second = scene["layer"].marks
    assert first["x"][1] < second["x"][0] and first["y"] == second["y"]


def test_of_many_maps_the_first_are_drawn():
    maps = torch.rand(MOST_MAPS + 3, 4, 6)
    scene = maps_scene({"layer": maps})
    assert drawn(scene, "layer").shape == (MOST_MAPS, 4, 6)
    assert f"{MOST_MAPS} of {MOST_MAPS + 3} × 4 × 6" in scene["layer"].title
    (pane,) = scene.sent()["panes"]
    for mark in pane["marks"]:
        assert 0 < mark["x"][0] < mark["x"][1] < pane["x"][1]
        assert 0 < mark["y"][1] < mark["y"][0] < pane["y"][0]
    left, top, width, height = pane["box"]
    assert left + width <= scene.width and top + height <= scene.height


def test_maps_are_asked_in_evaluation_mode_and_leave_no_trace(data):
    class Noisy(nn.Module):
        def forward(self, X):
            self.asked_in = self.training
            return X + torch.randn(1)

    layer = Noisy()
    net = nn.Sequential(layer, nn.Flatten(), nn.Linear(784, 10))
    torch.manual_seed(1)
    before = torch.get_rng_state()
    pad = SketchPad(net, data, maps={"own": lambda X: layer(X)})
    pad.draw(SEVEN)
    assert layer.asked_in is False and net.training and layer.training
    assert torch.equal(torch.get_rng_state(), before)
    assert not pad.feature_maps["own"].requires_grad


def test_what_gives_no_maps_is_refused_at_once(net, data):
    with pytest.raises(
        ValueError, match=r"'flat' .* shape \(1, 10\): expected \(1, c,"
    ):
        SketchPad(net, data, maps={"flat": net})
    with pytest.raises(ValueError, match=r"'list' for one image has shape \(\)"):
        SketchPad(net, data, maps={"list": lambda X: [X]})
    with pytest.raises(RuntimeError, match="channels"):
        SketchPad(net, data, maps={"second": net.features[3:]})


def test_what_maps_raise_later_stands_in_the_pad(net, data):
    def maps(X):
        if X.max() > 0:
            raise RuntimeError("no <maps> today")
        return X

    pad = SketchPad(net, data, maps={"own": maps})
    pad.draw(SEVEN)
    assert pad.scene.says == "The feature maps failed: RuntimeError: no <maps> today"
    assert 'class="course-error">The feature maps failed' in pad.reading.value
    assert isinstance(pad.error, RuntimeError)
    assert pad.answer is not None and not pad.feature_maps["own"].any()
    assert "RuntimeError" in pad.described()
    pad.picture()
    pad.clear()
    assert pad.error is None


def test_the_still_shows_the_maps_below_the_answer(pad, data):
    (ax,) = pad.picture().axes
    drawing, seen, *maps = ax.images
    assert len(maps) == 11
    bottom = max(image.get_extent()[2] for image in (drawing, seen))
    assert all(image.get_extent()[3] > bottom for image in maps)
    assert max(image.get_array()[..., 0].max() for image in maps) == 1
    assert "first layer, 5 maps of 14 × 14" in pad.described()
    texts = [text.get_text() for text in ax.texts]
    titles = [t for t in texts if t.startswith(("first layer: ", "second layer: "))]
    assert len(titles) == 2
    assert pad.sketch.is_empty
