"""The sketch pad without a browser: what it shows a network, and what it says."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers import MLP, ImageData, SketchPad, load_images, seeded, train
from helpers.data import Examples
from helpers.widgets.sketch import answer_panes, says_of
from tests.handwriting import WAYS, written

SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)]


@pytest.fixture(scope="module")
def data():
    return load_images("digits")


@pytest.fixture(scope="module")
def net(data):
    with seeded(0):
        net = MLP()
    train(net, data.train, num_epochs=5, lr=0.1, batch_size=128)
    return net


@pytest.fixture
def pad(net, data):
    return SketchPad(net, data)


class Quadrants(nn.Module):
    """Logits that say where the ink is: upper left, upper right, lower left, right."""

    def forward(self, X):
        n = X.shape[-1] // 2
        halves = [X[..., a : a + n, b : b + n] for a in (0, n) for b in (0, n)]
        return torch.stack([half.mean((1, 2, 3)) for half in halves], 1) * 100


@pytest.fixture
def quadrants():
    """A pad whose four classes are the quadrants of the image."""
    names = ("upper left", "upper right", "lower left", "lower right")
    X = torch.zeros(4, 1, 28, 28)
    X[:, :, 4:24, 8:20] = 1
    part = Examples(X, torch.arange(4))
    return SketchPad(
        Quadrants(), ImageData("digits", names, part, part, part), center=False
    )


def bars(pad):
    """Return the lengths of the bars that are drawn."""
    return pad.scene["bars"]["lengths"]


# -- drawing ------------------------------------------------------------------------


def test_an_empty_pad_asks_for_a_drawing(pad):
    assert pad.probabilities is None and pad.answer is None
    assert pad.reading.value.startswith('<p role="status">Draw in the square')
    assert bars(pad).tolist() == [0] * 10
    assert pad.scene["bars"]["digits"] is None


def test_the_answer_is_that_of_the_net_for_what_it_sees(pad, net):
    pad.draw(SEVEN)
    with torch.no_grad():
        expected = net(pad.image[None, None]).softmax(1)[0]
    assert torch.equal(pad.probabilities, expected)
    assert bars(pad) == pytest.approx(expected.numpy())
    assert pad.answer == "7"
    assert pad.scene.says == pad.view.says
    said = re.match(r"The network says 7 \((\d+)%\), then (\d) \(", pad.scene.says)
    assert int(said[1]) == round(100 * expected[7].item())
    assert int(said[2]) == expected.argsort()[-2]
    assert pad.view.scene == pad.scene.sent()
    assert 'role="status"' in pad.reading.value


def test_a_second_class_is_named_from_one_percent_on():
    rest = torch.zeros(8)
    for second, names_it in ((0.006, True), (0.004, False)):
        says = says_of(torch.tensor([1 - second, second, *rest]), "0123456789", None)
        assert (", then 1 (1%)" in says) == names_it, says


def test_the_likeliest_bar_stands_out(pad):
    pad.draw(SEVEN)
    colors = pad.scene["bars"]["color"]
    assert [k for k in range(10) if colors.count(colors[k]) == 1] == [7]
    assert [k for k in range(10) if pad.scene[f"class {k}"]["bold"]] == [7]


@pytest.mark.parametrize(
    "at, expected",
    [
        ((0.2, 0.2), "upper left"),
        ((0.8, 0.2), "upper right"),
        ((0.2, 0.8), "lower left"),
        ((0.8, 0.8), "lower right"),
    ],
)
def test_the_drawing_is_neither_mirrored_nor_transposed(quadrants, at, expected):
    quadrants.draw([at])
    assert quadrants.answer == expected
    seen = quadrants.scene["image"]["values"]
    row, column = np.argwhere(seen[..., 0] == seen.max()).mean(0) / 28
    assert (column, row) == pytest.approx(at, abs=0.05)


def test_undo_takes_the_last_line_and_clear_all(pad):
    pad.draw(SEVEN)
    first = pad.image
    pad.draw([(0.1, 0.1), (0.2, 0.9)], [(0.9, 0.1)])
    assert len(pad.sketch.strokes) == 3 and not torch.equal(pad.image, first)
    pad.undo()
    pad.undo()
    assert torch.equal(pad.image, first)
    pad.set(turn=20.0, stored="3")
    pad.clear()
    assert pad.sketch.is_empty and pad.sketch.turn == 0
    assert pad.square.stored == b"" and pad.probabilities is None


@pytest.mark.parametrize("bad", [[0.5, 0.5], [(0.5, 1.5)], [(0.1, 0.2, 0.3)], []])
def test_a_stroke_is_points_of_the_square(pad, bad):
    with pytest.raises(ValueError, match="stroke"):
        pad.draw(bad)
    assert pad.square.strokes == []


# -- stored images, moved -----------------------------------------------------------


def test_a_stored_image_is_of_its_class_and_from_the_test_part(pad, data):
    pad.set(stored="3", center=False)
    first, *others = data.test.X[data.test.y == 3]
    assert (pad.image - first[0]).abs().mean() < 0.03  # it was sampled anew
    assert pad.square.stored == (255 * first[0]).round().byte().numpy().tobytes()
    assert pad.scene.says.endswith("The stored image is labeled 3.")
    before = pad.square.stored
    pad.another.click()
    assert pad.square.stored == (255 * others[0][0]).round().byte().numpy().tobytes()
    for _ in others:
        pad.another.click()
    assert pad.square.stored == before, "after the last image comes the first again"
    pad.another.click()
    pad.set(stored="none")
    assert pad.sketch.is_empty and pad.another.disabled
    pad.set(stored="3")
    assert pad.square.stored == before


@pytest.mark.parametrize(
    "moves, expected",
    [
        ({"right": 0.3}, "upper right"),
        ({"down": 0.3, "right": 0.3}, "lower right"),
        ({"turn": 90.0}, "upper right"),
        ({"turn": -90.0}, "lower left"),
        ({"size": 0.4, "down": 0.2}, "lower left"),
    ],
)
def test_lines_and_stored_images_move_alike(quadrants, moves, expected):
    """What stands in the upper left moves right, down, and turns clockwise."""
    quadrants.draw([(0.3, 0.3), (0.36, 0.36)])
    quadrants.set(**moves)
    assert quadrants.answer == expected
    lines = quadrants.image
    quadrants.clear()
    under = torch.zeros(1, 1, 28, 28)
    quadrants.draw([(0.3, 0.3), (0.36, 0.36)])
    under[0, 0] = quadrants.image
    quadrants.clear()
    part = Examples(under, torch.tensor([1]))
    data = quadrants.data
    other = SketchPad(
        quadrants.net,
        ImageData("digits", data.classes, part, part, part),
        center=False,
    )
    other.set(stored="upper right", **moves)
    assert other.answer == expected
    assert (other.image - lines).abs().max() < 0.35  # it was sampled twice


def test_lines_are_drawn_over_a_stored_image(pad):
    pad.set(stored="3", center=False)
    alone = pad.image
    pad.draw([(0.9, 0.1), (0.9, 0.9)])
    assert torch.equal(pad.image[:, :20], alone[:, :20])
    assert pad.image[4:24, 25].min() == 1


def test_framed_or_not_is_for_the_learner_to_switch(pad):
    (two,) = written("2", way=1)
    pad.draw(0.35 * two + 0.02)
    assert pad.answer == "2"
    framed_image = pad.image
    pad.set(center=False)
    assert not torch.equal(pad.image, framed_image)
    assert pad.image[14:].max() == 0 and framed_image[14:].max() == 1
    assert torch.equal(pad.image, pad.sketch.drawing(28))


def test_controls_refuse_what_they_have_not(pad):
    with pytest.raises(ValueError, match="no control 'left'; there are stored, right"):
        pad.set(left=1.0)
    with pytest.raises(ValueError, match="right must lie in -0.5 to 0.5, got 2"):
        pad.set(right=2.0)
    with pytest.raises(ValueError, match="stored='ten': allowed are none, 0, 1"):
        pad.set(stored="ten")


# -- the net ------------------------------------------------------------------------


class Noisy(nn.Module):
    """Draws random numbers whatever its mode; remembers the mode it was asked in."""

    def __init__(self):
        super().__init__()
        self.dropout, self.frozen = nn.Dropout(), nn.BatchNorm1d(10).eval()
        self.linear = nn.Linear(784, 10)

    def forward(self, X):
        self.asked_in = self.training, self.dropout.training
        return self.linear(X.flatten(1)) + torch.randn(10)


def test_modes_weights_and_random_states_stay_what_they_are(data):
    net = Noisy()
    modes = [module.training for module in net.modules()]
    torch.manual_seed(1)
    before, numbers = torch.get_rng_state(), np.random.get_state()[1]
    pad = SketchPad(net, data)
    pad.draw(SEVEN)
    pad.predict(torch.ones(5, 5))
    assert net.asked_in == (False, False)
    assert [module.training for module in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numbers)
    assert all(p.grad is None for p in net.parameters())
    assert not pad.probabilities.requires_grad


def test_the_weights_count_as_they_are_at_the_stroke(pad, net):
    pad.draw(SEVEN)
    before = pad.probabilities
    try:
        with torch.no_grad():
            net[-1].bias[4] += 100
        pad.draw([(0.5, 0.5)])
        assert pad.answer == "4"
    finally:
        with torch.no_grad():
            net[-1].bias[4] -= 100
    assert before.argmax() == 7


def test_a_net_that_cannot_answer_is_refused_at_once(data):
    with pytest.raises(ValueError, match=r"shape \(1, 7\): expected \(1, 10\)"):
        SketchPad(MLP(num_outputs=7), data)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        SketchPad(MLP(num_inputs=100), data)


def test_colors_are_refused(data):
    part = Examples(torch.zeros(2, 3, 28, 28), torch.arange(2))
    colors = ImageData("digits", data.classes, part, part, part)
    with pytest.raises(ValueError, match="images are 3 x 28 x 28: expected square"):
        SketchPad(MLP(), colors)


def test_what_a_net_raises_later_stands_in_the_pad(data):
    def net(X):
        if X.max() > 0:
            raise RuntimeError("no <ink>, please")
        return torch.zeros(1, 10)

    pad = SketchPad(net, data)
    pad.draw(SEVEN)
    assert isinstance(pad.error, RuntimeError) and pad.probabilities is None
    assert pad.scene.says == "The network failed: RuntimeError: no <ink>, please"
    assert 'class="course-error">The network failed' in pad.reading.value
    assert "no &lt;ink&gt;" in pad.reading.value
    assert bars(pad).tolist() == [0] * 10
    assert "RuntimeError" in pad.described()
    pad.clear()
    assert pad.error is None and "course-error" not in pad.reading.value


def test_an_output_that_is_no_number_is_said(data):
    pad = SketchPad(lambda X: torch.full((1, 10), np.nan), data)
    pad.draw(SEVEN)
    assert pad.scene.says == "The network's output is not a number."
    assert pad.answer is None and bars(pad).tolist() == [0] * 10
    pad.picture()


def test_of_many_classes_the_likeliest_are_drawn():
    names = [str(k) for k in range(30)]
    p = torch.arange(30.0).flip(0)
    p[3] = 100
    _, pane = answer_panes(torch.zeros(28, 28), p / p.sum(), names)
    named = [m["text"] for m in pane.marks if m["kind"] == "text"]
    assert named == names[:10]
    assert pane.marks[0]["lengths"].argmax() == 3


# -- the still picture --------------------------------------------------------------


def test_the_still_of_an_empty_pad_shows_a_stored_image(pad, data):
    label = data.classes[data.test.y[0]]
    (ax,) = pad.picture().axes
    drawing, seen = (image.get_array() for image in ax.images)
    assert drawing[..., 0].max() > 0.5 and seen[..., 0].max() > 0.5
    assert pad.described().startswith("A square with a drawing, what the network sees")
    assert pad.described().endswith(f"The stored image is labeled {label}.")
    bundle, metadata = pad._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == pad.described()
    assert bundle["text/plain"].startswith("SketchPad(Draw in the square")
    assert pad.sketch.is_empty  # it is only in the picture


def test_the_still_shows_no_noise_around_the_stored_image(pad, data):
    """What is bright stays so; the rest of the square is black, like what is drawn."""
    (ax,) = pad.picture().axes
    drawing = ax.images[0].get_array()[..., 0]
    assert (data.test.X[0] > 0).float().mean() > 0.5, "it is noisy"
    inked = np.argwhere(drawing > 0)
    assert (np.ptp(inked, axis=0) < 0.5 * len(drawing)).all() and drawing.max() > 0.5


def test_the_still_shows_what_was_drawn(pad):
    pad.draw(SEVEN)
    (ax,) = pad.picture().axes
    drawing, seen = (image.get_array() for image in ax.images)
    drawn = pad.sketch.drawing(len(drawing))
    for shown, expected in ((seen, pad.image), (drawing, drawn)):
        assert np.allclose(shown[..., 0], expected, atol=1 / 255)
    texts = {text.get_text() for text in ax.texts}
    assert {"drawing", "what the network sees", "probability", "7"} <= texts
    assert pad.described().endswith(pad.scene.says)


# -- what people write --------------------------------------------------------------


def test_digits_written_by_hand_are_recognized(pad):
    """Two ways of writing each digit, in several sizes and places.

    Of these 60, over five seeds of the network (mean and standard deviation): 56.8,
    0.4 if they are framed and 33.6, 0.5 if not. What is missed is the open 4.
    """
    right = {True: 0, False: 0}
    for center in right:
        pad.set(center=center)
        for digit, ways in WAYS.items():
            for way in range(len(ways)):
                for seed in range(3):
                    pad.clear()
                    pad.draw(*written(digit, way, seed))
                    right[center] += pad.answer == digit
    assert right[True] == pytest.approx(56.8, abs=1.8)
    assert right[False] == pytest.approx(33.6, abs=2.2)
