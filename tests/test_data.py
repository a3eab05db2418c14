"""The embedded digits, the containers, and the batches."""

import pytest
import torch
from torch.utils.data import DataLoader

from helpers.data import (
    Examples,
    ImageData,
    load_images,
    make_digits,
    minibatches,
)
from helpers.data import digits as digits_module

SMALL = {"n_train": 300, "n_val": 100, "n_test": 100}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    monkeypatch.delenv("COURSE_IMAGES", raising=False)
    monkeypatch.delenv("COURSE_DATA", raising=False)


def numbered(n=10, c=1):
    """Examples whose X says which row they are."""
    y = torch.arange(n)
    return Examples(y.float().view(n, 1, 1, 1).repeat(1, c, 2, 2), y)


# --- digits


def test_default_sizes_shapes_and_range():
    data = load_images()
    assert data.name == "digits"
    assert data.classes == tuple("0123456789")
    sizes = {"train": 12_000, "val": 2_000, "test": 2_000}
    for part, n in sizes.items():
        examples = getattr(data, part)
        assert examples.X.shape == (n, 1, 28, 28)
        assert examples.X.dtype == torch.float32
        assert examples.X.is_contiguous()
        assert 0 <= examples.X.min() < 0.01
        assert 0.9 < examples.X.max() <= 1
        assert examples.y.shape == (n,)
        assert examples.y.dtype == torch.int64
        assert examples.y.bincount(minlength=10).min() > 0.05 * n


def test_images_show_their_digit():
    """Upright and unturned, an image shrunk to 8x8 is its source, not another one."""
    plain = {"rotation": 0, "scale": (1, 1), "shear": 0, "shift": 0, "noise": 0}
    n = 500
    drawn = make_digits(n, **plain)
    _, images, y = digits_module.sources("train")
    inner = drawn.X[:, :, 4:24, 4:24]  # scale 1 puts the 8 source pixels on 20
    shrunk = torch.nn.functional.interpolate(inner, size=(8, 8), mode="area")
    distance = torch.cdist(shrunk.flatten(1), images.flatten(1))
    nearest = y[distance.argmin(1)]
    assert (nearest == drawn.y).float().mean() > 0.97


def test_same_seed_same_images_in_any_state():
    first = make_digits(50, seed=3)
    digits_module.drawn.cache_clear()
    torch.manual_seed(123)
    assert torch.equal(make_digits(50, seed=3).X, first.X)
    digits_module.drawn.cache_clear()
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"), torch.inference_mode():
            again = make_digits(50, seed=3)
    finally:
        torch.set_default_dtype(before)
    assert torch.equal(again.X, first.X)
    assert again.X.dtype == torch.float32
    assert not again.X.is_inference()


def test_other_seed_other_images():
    assert not torch.equal(make_digits(50, seed=0).X, make_digits(50, seed=1).X)


def test_first_images_do_not_depend_on_n():
    few, many = make_digits(300), make_digits(2_500)
    assert torch.equal(few.X, many.X[:300])
    assert torch.equal(few.y, many.y[:300])


def test_every_image_has_its_own_noise():
    """Digits are drawn in chunks: no chunk may repeat another one's numbers."""
    corner = make_digits(2 * digits_module.CHUNK).X[:, 0, 0, 0]
    pair = torch.stack(corner.chunk(2))
    assert corner.std() > 0.01
    assert torch.corrcoef(pair)[0, 1].abs() < 0.1


def test_sources_are_never_shared():
    rows = {split: digits_module.sources(split)[0] for split in digits_module.SPLITS}
    assert {split: len(r) for split, r in rows.items()} == digits_module.SPLITS
    assert len(rows["test"]) == 360
    together = torch.cat(list(rows.values()))
    assert torch.equal(together.sort().values, torch.arange(1_797))


def test_each_part_is_written_from_its_own_sources(monkeypatch):
    asked = []
    sources = digits_module.sources
    monkeypatch.setattr(
        digits_module, "sources", lambda split: asked.append(split) or sources(split)
    )
    digits_module.drawn.cache_clear()
    load_images(**SMALL, seed=5)
    assert asked == ["train", "val", "test"]


def test_parts_and_seeds_share_no_random_numbers():
    corners = [
        make_digits(500, split, seed=seed).X[:, 0, 0, 0]
        for seed in range(4)
        for split in digits_module.SPLITS
    ]
    assert torch.corrcoef(torch.stack(corners)).triu(1).abs().max() < 0.2


def test_global_random_state_is_untouched():
    digits_module.drawn.cache_clear()
    before = torch.get_rng_state()
    load_images(**SMALL, seed=11)
    list(minibatches(numbered(), 3, torch.Generator().manual_seed(0)))
    assert torch.equal(torch.get_rng_state(), before)


def test_second_call_is_the_same_object_unless_spoiled():
    first = load_images(**SMALL).train
    assert load_images(**SMALL).train is first
    clean = first.X.clone()
    next(minibatches(first, 10))[0].mul_(0)  # a learner's in-place mistake
    again = load_images(**SMALL).train
    assert torch.equal(again.X, clean)


@pytest.mark.parametrize("size", [8, 32, 64, 128])
def test_any_size(size):
    X = make_digits(20, size=size).X
    assert X.shape == (20, 1, size, size)
    assert 0.05 < X.mean() < 0.3  # about as much ink at every size


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n": 0}, "n=0: allowed are 1 to 100,000"),
        ({"n": 100_001}, "n=100,001: allowed are 1 to 100,000"),
        ({"n": 10, "size": 7}, "size=7: allowed are 8 to 128"),
        ({"n": 10, "seed": -1}, "seed=-1: allowed are 0 to"),
        ({"n": 10, "split": "dev"}, "split='dev': allowed are train, val, test"),
        ({"n": 10, "noise": -1.0}, "noise=-1.0: allowed is 0 or more"),
        ({"n": 10, "scale": (1.1, 0.9)}, r"scale=\(1.1, 0.9\): allowed are"),
    ],
)
def test_make_digits_names_value_and_range(options, message):
    with pytest.raises(ValueError, match=message):
        make_digits(**options)


# --- load_images


@pytest.mark.parametrize(
    "options, message",
    [
        ({"name": "cifar"}, "name='cifar': allowed are digits, fashion_mnist, mnist"),
        ({"name": ""}, "name='': allowed are"),
        ({"n_train": 0}, "n_train=0: allowed are 1 to"),
        ({"n_val": -5}, "n_val=-5: allowed are 1 to"),
        ({"n_test": 10**6}, "n_test=1,000,000: allowed are 1 to 100,000"),
        ({"n_train": None}, "n_train=None means all images of a real set"),
    ],
)
def test_load_images_names_value_and_range(options, message):
    with pytest.raises(ValueError, match=message):
        load_images(**options)


@pytest.mark.parametrize("n", [12e3, "12", True])
def test_sizes_are_whole_numbers(n):
    with pytest.raises(TypeError, match="n_train=.*: expected a whole number"):
        load_images(n_train=n)


def test_course_images_chooses_and_is_checked(monkeypatch):
    monkeypatch.setenv("COURSE_IMAGES", "digits")
    assert load_images(**SMALL).name == "digits"
    monkeypatch.setenv("COURSE_IMAGES", "digit")
    with pytest.raises(ValueError, match="COURSE_IMAGES='digit': allowed are digits,"):
        load_images(**SMALL)


# --- Examples and ImageData


def test_examples_are_a_dataset():
    examples = numbered(10)
    assert len(examples) == 10
    x, y = examples[3]
    assert x.shape == (1, 2, 2)
    assert y == 3
    with pytest.raises(IndexError):
        examples[10]
    X, y = next(iter(DataLoader(examples, batch_size=4)))
    assert X.shape == (4, 1, 2, 2)
    assert y.tolist() == [0, 1, 2, 3]


def test_take_is_the_first_n():
    few = numbered(10).take(4)
    assert few.y.tolist() == [0, 1, 2, 3]
    assert few.X[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="n=11: allowed are 1 to 10"):
        numbered(10).take(11)
    with pytest.raises(ValueError, match="n=0: allowed are 1 to 10"):
        numbered(10).take(0)


def test_to_is_free_on_the_same_device():
    examples = numbered()
    assert examples.to("cpu") is examples


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_to_moves_both_and_batches_stay_there():
    examples = numbered().to("cuda")
    for X, y in minibatches(examples, 4, torch.Generator().manual_seed(0)):
        assert X.is_cuda
        assert torch.equal(X[:, 0, 0, 0].long(), y)


def test_reprs_are_short_and_stable():
    data = load_images(**SMALL)
    assert repr(data.train) == "Examples(300 x 1 x 28 x 28, cpu)"
    assert repr(data) == (
        "ImageData(digits: 300 train, 100 val, 100 test, 1 x 28 x 28, 10 classes)"
    )


def test_frozen():
    data = load_images(**SMALL)
    with pytest.raises(AttributeError):
        data.train.X = None
    with pytest.raises(AttributeError):
        data.name = "mine"


X, Y = torch.zeros(3, 1, 2, 2), torch.zeros(3, dtype=torch.int64)


@pytest.mark.parametrize(
    "x, y, error, message",
    [
        (X, Y[:2], ValueError, "X has 3 rows and y 2"),
        (X[:0], Y[:0], ValueError, "n=0: expected 1 example or more"),
        (X, Y - 1, ValueError, "label -1: expected 0 or more"),
        (X, Y.int(), TypeError, r"y has dtype torch.int32: .*y.long\(\)"),
        (X.to(torch.uint8), Y, TypeError, r"uint8 values 0..255: .*/ 255"),
        (X.numpy(), Y, TypeError, "X is a ndarray: expected a torch tensor"),
        (X, Y[:, None], ValueError, r"y \(3, 1\): expected \(n, c, h, w\) and \(n,\)"),
    ],
)
def test_examples_refuse(x, y, error, message):
    with pytest.raises(error, match=message):
        Examples(x, y)


def test_image_data_refuses():
    good = numbered(3)
    with pytest.raises(ValueError, match="val has label 3: with 3 classes allowed are"):
        ImageData("toy", ("a", "b", "c"), good, numbered(4), good)
    with pytest.raises(ValueError, match=r"test has images of shape \(2, 2, 2\)"):
        ImageData("toy", ("a", "b", "c"), good, good, numbered(3, c=2))


# --- minibatches


@pytest.mark.parametrize("n, batch_size", [(10, 3), (10, 5), (10, 1), (10, 64)])
@pytest.mark.parametrize("seed", [None, 0])
def test_batches_hold_every_example_once(n, batch_size, seed):
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    batches = list(minibatches(numbered(n), batch_size, generator))
    rest = n % batch_size
    sizes = [batch_size] * (n // batch_size) + ([rest] if rest else [])
    assert [len(y) for _, y in batches] == sizes
    for X, y in batches:
        assert torch.equal(X[:, 0, 0, 0].long(), y)  # each input kept its label
    order = torch.cat([y for _, y in batches])
    assert torch.equal(order.sort().values, torch.arange(n))


def test_order_comes_from_the_generator():
    def order(generator):
        return torch.cat([y for _, y in minibatches(numbered(50), 8, generator)])

    first = order(torch.Generator().manual_seed(0))
    assert torch.equal(order(torch.Generator().manual_seed(0)), first)
    assert not torch.equal(order(torch.Generator().manual_seed(1)), first)
    assert torch.equal(order(None), torch.arange(50))
    assert not torch.equal(first, torch.arange(50))
    generator = torch.Generator().manual_seed(0)  # the next epoch has another order
    assert not torch.equal(order(generator), order(generator))


@pytest.mark.parametrize("seed", [None, 0])
def test_batches_keep_channels_last(seed):
    plain = numbered(10, c=3)
    turned = Examples(plain.X.to(memory_format=torch.channels_last), plain.y)
    for examples, layout in (
        (plain, torch.contiguous_format),
        (turned, torch.channels_last),
    ):
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        for X, y in minibatches(examples, 4, generator):
            assert X.is_contiguous(memory_format=layout)
            assert torch.equal(X[:, 2, 1, 1].long(), y)


def test_flat_inputs_make_batches_too():
    flat = Examples(torch.arange(6.0).view(6, 1), torch.arange(6))
    for X, y in minibatches(flat, 4, torch.Generator().manual_seed(0)):
        assert torch.equal(X[:, 0].long(), y)


@pytest.mark.parametrize("batch_size", [0, -1, 2.0])
def test_wrong_batch_size_fails_at_the_call(batch_size):
    with pytest.raises((TypeError, ValueError), match="batch_size="):
        minibatches(numbered(), batch_size)
