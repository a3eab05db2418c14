"""Claims of chapter 9: their verdicts, and that their experiments can fail."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from helpers import load_emoji, load_images
from helpers.chapters.transfer_learning import claims
from helpers.chapters.transfer_learning.claims import (
    augmenting,
    probing,
    sources,
    training,
    tuning,
)
from helpers.claims import SAME, Size
from helpers.claims.fair import accuracy_on, right_on
from helpers.claims.homemade import halved, only, small_net
from helpers.data import Examples, ImageData
from helpers.seeds import seeded
from tests.verdicts import of_chapter

CLAIMS = of_chapter("09")


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(autouse=True)
def small_sources(monkeypatch):
    monkeypatch.setattr(sources, "SOURCE_SIZE", 60)


@pytest.fixture(scope="module")
def data():
    return halved(load_images("digits", n_train=1_000, n_val=300, n_test=1_000))


@pytest.fixture(scope="module")
def emoji():
    """Few pictures of 32 x 32 pixels."""
    return fewer(load_emoji("noto"))


def fewer(data):
    parts = {}
    for part in ("train", "val", "test"):
        e = getattr(data, part)
        e = e.at(torch.arange(0, len(e), 2))
        parts[part] = replace(e, X=nn.functional.avg_pool2d(e.X, 2))
    return replace(data, **parts)


# -- the choice of a knob ------------------------------------------------------------


def toy(*right):
    """A set of two classes, and networks that name so many of ten val examples."""
    y = torch.arange(10) % 2
    X = torch.eye(10)
    own = Examples(X, y)
    data = ImageData("toy", ("a", "b"), own, own, Examples(X.flip(0), y))

    def net(num_right):
        net = nn.Linear(10, 2, bias=False)
        says = torch.where(torch.arange(10) < num_right, y, 1 - y)
        net.weight.data = nn.functional.one_hot(says, 2).float().T
        return net

    return data, {value: net(n) for value, n in zip((1, 2, 4), right, strict=True)}


@pytest.mark.parametrize("right, best", [((3, 8, 5), 2), ((3, 8, 8), 2)])
def test_what_is_best_on_val_is_reported_on_test(right, best):
    data, nets = toy(*right)
    row = training.over_grid(nets.get, (1, 2, 4), data)
    assert row[training.VAL] == pytest.approx(max(right) / 10)
    assert torch.equal(row[training.TEST], right_on(nets[best], data.test))
    assert row[training.TEST].mean() != row[training.VAL]


# -- augmentation --------------------------------------------------------------------


def test_a_shift_moves_by_whole_pixels_and_fills_with_zeros():
    X = torch.rand(400, 1, 6, 6)
    with seeded(0):
        moved = augmenting.shift(X)
    padded, counts = nn.functional.pad(X, (1, 1, 1, 1)), torch.zeros(3, 3)
    for a in range(3):
        for b in range(3):
            want = padded[:, :, a : a + 6, b : b + 6]
            counts[a, b] = (moved - want).abs().flatten(1).amax(1).lt(1e-5).sum()
    assert counts.sum() == 400 and counts.min() > 20


def test_a_rotation_turns_and_by_at_most_its_angle(monkeypatch):
    X = torch.rand(3, 1, 8, 8)
    none, quarter = torch.zeros(3), torch.full((3,), torch.pi / 2)
    assert torch.allclose(augmenting.warped(X, none, none, none), X, atol=1e-5)
    turned = augmenting.warped(X, quarter, none, none)
    assert torch.allclose(turned, torch.rot90(X, 1, (2, 3)), atol=1e-5)
    angles = []
    monkeypatch.setattr(augmenting, "warped", lambda X, a, dx, dy: angles.append(a))
    augmenting.rotation(torch.rand(2_000, 1, 4, 4))
    degrees = angles[0] * 180 / torch.pi
    assert 14 < degrees.max() <= 15 and -15 <= degrees.min() < -14
    assert abs(degrees.mean()) < 1


def test_flip_noise_and_erasing():
    X = torch.rand(1_000, 1, 7, 7) + 0.1
    flipped = augmenting.flip(X)
    same = (flipped == X).flatten(1).all(1)
    assert 400 < same.sum() < 600
    assert torch.equal(flipped[~same], X[~same].flip(-1))
    added = augmenting.noise(X) - X
    assert added.std().item() == pytest.approx(augmenting.SIGMA, rel=0.03)
    erased = augmenting.erasing(X)
    gone = erased == 0
    assert (gone.flatten(1).sum(1) == augmenting.ERASED**2).all()
    assert torch.equal(erased[~gone], X[~gone])
    assert gone.any(0).all(), "every place is reached"
    height = gone.any(3).sum(2)
    assert (height == augmenting.ERASED).all(), "a square, not a row of pixels"


@pytest.mark.parametrize("change", augmenting.CHANGES.values(), ids=augmenting.CHANGES)
def test_a_change_is_drawn_anew_and_for_training_alone(change, data):
    X = data.train.X[:64]
    net = augmenting.Augmented(nn.Identity(), change)
    assert not torch.equal(net(X), net(X))
    assert net(X).shape == X.shape and not torch.equal(net(X), X)
    assert torch.equal(net.eval()(X), X)
    one = X[:1].expand(64, -1, -1, -1)
    assert len(change(one).unique(dim=0)) > 1, "each image has its own"


def test_all_but_flip_is_all_but_flip(monkeypatch):
    done = []
    for name in augmenting.CHANGES:
        if name != "all but flip":
            monkeypatch.setattr(
                augmenting, name, lambda X, name=name: done.append(name) or X
            )
    augmenting.all_but_flip(torch.zeros(1, 1, 4, 4))
    assert sorted(done) == ["erasing", "noise", "rotation", "shift"]


# -- sources -------------------------------------------------------------------------


def noting_learn(monkeypatch):
    """Note what is trained, and train nothing."""
    calls = []

    def learn(net, examples, lr, num_epochs, seed):
        calls.append((net, examples, lr, num_epochs, seed))
        return net

    monkeypatch.setattr(sources, "learn", learn)
    return calls


def test_sources_have_equally_many_images(data, monkeypatch):
    calls = noting_learn(monkeypatch)
    CLAIMS["complex-source"].experiment(data, 3, 2, 1)
    of_sources, others = calls[:4], calls[4:]
    for num_classes, (net, images, *_) in zip(
        sources.NUM_CLASSES, of_sources, strict=True
    ):
        assert len(images) == 60
        assert {*images.y.tolist()} == {*range(num_classes)}
        assert net.classifier[-1].out_features == num_classes
    for net, *_ in others:
        assert net.classifier[-1].out_features == 10
    assert {len(images) for _, images, *_ in others} == {30}
    noise = others[0][1].X - data.train.X.mean()
    assert noise.min() < -0.5, "the target is noisy"
    assert of_sources[0][1].X.min() >= 0, "the source is not"


def test_a_new_network_takes_the_body_alone():
    source, net = small_net(2, seed=1), small_net(10, seed=2)
    before = {name: p.clone() for name, p in net.classifier.named_parameters()}
    sources.with_body(net, source)
    assert torch.equal(net.features[0].weight, source.features[0].weight)
    for name, p in net.classifier.named_parameters():
        assert torch.equal(p, before[name])


def test_layers_are_frozen_as_their_names_say(data, monkeypatch):
    trained = {}
    plain = sources.learn

    def learn(net, *arguments):
        before = [p.detach().clone() for p in net.features.parameters()]
        plain(net, *arguments)
        moved = [
            not torch.equal(a, b)
            for a, b in zip(before, net.features.parameters(), strict=True)
        ]
        trained.setdefault(len(trained), (net, moved[::2], before[0]))
        return net

    monkeypatch.setattr(sources, "learn", learn)
    monkeypatch.setattr(sources, "over_grid", at_one_rate)
    names = CLAIMS["low-layers"].experiment(data, 8, 1, 0)
    names = [name for name in names if "3 frozen" not in name]  # they are probes
    source, *nets = trained.values()
    assert all(source[1])
    for name, (net, moved, first) in zip(names, nets, strict=True):
        frozen = 0 if name.startswith("scratch") else int(name.split()[1])
        assert moved == [k >= frozen for k in range(3)], name
        of_source = torch.equal(first, source[0].features[0][0].weight)
        assert of_source == name.startswith("source")
        assert net(torch.rand(2, 1, 14, 14)).shape == (2, 5)


def test_a_probe_behind_frozen_layers_leaves_them_alone(data):
    net = sources.ThreeLayers(10, 0)
    before = copy.deepcopy(net.features)
    images = data.train.take(200)
    assert accuracy_on(sources.probed(net, images, 1e-4), images) > 0.7
    for a, b in zip(before.parameters(), net.features.parameters(), strict=True):
        assert torch.equal(a, b)


def test_source_and_target_share_no_class(data, monkeypatch):
    calls = noting_learn(monkeypatch)
    monkeypatch.setattr(sources, "over_grid", at_one_rate)
    results = CLAIMS["low-layers"].experiment(data, 8, 1, 0)
    images = [set(map(bytes, e.X.flatten(1).numpy())) for _, e, *_ in calls]
    assert not any(images[0] & others for others in images[1:])
    of_all = results["scratch, few"][training.TEST]
    assert torch.equal(of_all.isnan(), data.test.y < 5), "others take no part"
    target = sources.taken(data, sources.TARGET)
    assert target.classes == data.classes[5:]
    assert len(target.test) == (data.test.y >= 5).sum()
    assert sorted({len(e) for _, e, *_ in calls[1:]}) == [25, 40]


# -- a body for emoji ----------------------------------------------------------------


def test_the_best_block_is_chosen_on_val(emoji, monkeypatch):
    scores = []

    def over_grid(*_):
        return {training.TEST: len(scores), training.VAL: scores.pop(0)}

    monkeypatch.setattr(probing, "over_grid", over_grid)
    monkeypatch.setattr(probing, "featured", lambda data, *_: data)
    scores += [0.9, 0.7, 0.8, 0.8, 1.0, 1.0]  # blocks 4 to 14, the head, two blocks
    row = CLAIMS["last-layer"].experiment(emoji, 3, 1, 0)
    assert row[probing.BEST] == row["block 4"]
    scores += [0.7, 0.8, 0.8, 0.6, 1.0, 1.0]
    row = CLAIMS["last-layer"].experiment(emoji, 3, 1, 0)
    assert row[probing.BEST] == row["block 11"], "of equal ones the later"


def test_each_way_trains_what_it_says(emoji):
    made = tuning.ways(emoji, 2, 0)
    assert list(made) == ["pixels", "from scratch", "frozen", "last stages", "all"]
    counts = {}
    for way, (own, grid, train) in made.items():
        net = train(own.train.at(torch.arange(0, 100, 10)), grid[1])
        assert torch.isfinite(net(own.test.X[:2])).all()
        counts[way] = sum(p.numel() for p in net.parameters())
    assert counts["pixels"] == 4 * (3 * 32 * 32 + 1)
    assert counts["frozen"] == 4 * (304 + 1)
    assert 2_000_000 < counts["last stages"] < counts["all"]


def test_as_many_steps_for_few_labels(emoji, monkeypatch):
    tuned, scratch = [], []
    monkeypatch.setattr(tuning, "fine_tune", lambda net, *a: tuned.append(a))
    monkeypatch.setattr(tuning, "learn", lambda net, *a: scratch.append(a))
    made = tuning.ways(emoji, 42, 0)
    for num_examples in (8, 100):
        for way in ("from scratch", "last stages", "all"):
            own, grid, train = made[way]
            train(own.train.take(num_examples), grid[0])
    for _, lr, lr_head, num_steps, seed in tuned:
        assert lr_head == pytest.approx(25 * lr)
        assert (num_steps, seed) == (42, 0)
    assert [num_epochs for *_, num_epochs, seed in scratch] == [126, 18]


# -- verdicts ------------------------------------------------------------------------

FULL = {  # as stored at full size: on which set, the verdict and the answer
    ("last-layer", "emoji_noto"): ("not supported", "it is worse"),
    ("last-layer", "emoji_twemoji"): ("not supported", "it is worse"),
    ("fine-tuning", "emoji_noto"): ("not supported", "it is worse"),
    ("fine-tuning", "emoji_twemoji"): ("not supported", "it is worse"),
    ("augmentation", "digits"): ("not supported", "it is worse"),
    ("augmentation", "fashion_mnist"): ("not supported", "it is worse"),
    ("low-layers", "digits"): ("supported", "it is worse"),
    ("complex-source", "digits"): (
        "undecided",
        f"undecided between “{SAME}” and “it is better”",
    ),
    ("complex-source", "fashion_mnist"): ("supported", "it is better"),
}


def sighted(data, sees=True):
    """The same set with the label itself in the place of a picture, or with nothing."""
    parts = {}
    for part in ("train", "val", "test"):
        e = getattr(data, part)
        X = nn.functional.one_hot(e.y, len(data.classes)).float()
        parts[part] = replace(e, X=X if sees else 0 * X)
    return replace(data, **parts)


def seeing_head(data, blocks, size):
    """Features in which the head alone sees something."""
    return sighted(data, blocks == (16,))


def blind_body(data, num_steps, seed):
    """Probes for all ways; those of the frozen body see nothing."""
    return {
        way: (
            sighted(data, way != "frozen"),
            training.PENALTIES,
            lambda examples, penalty: probing.linear_probe(examples, 4, penalty),
        )
        for way in ("pixels", "from scratch", "frozen", "last stages", "all")
    }


def blind_without(net, change):
    """A linear network, which sees nothing if images are left as they are."""
    with seeded(0):
        net = nn.Sequential(nn.Flatten(), nn.Linear(196, 10))
    return net if change else net.insert(0, nn.Threshold(1e9, 0.0))


def ruin_large_sources(net, source):
    """A body that is ruined if it comes from ten classes."""
    if source.classifier[-1].out_features == 10:
        for p in net.features.parameters():
            nn.init.zeros_(p)


def learned_the_test(net, examples, penalty):
    """All layers train, where none should, and on the test images."""
    images = halved(load_images("digits", n_train=1_000, n_val=300, n_test=1_000)).test
    net.requires_grad_(True)
    return sources.learn(net, only(images, sources.TARGET), 0.01, 3, 0)


BUGS = {  # module, attribute, what takes its place, size, the verdict then
    "last-layer": (probing, "featured", seeing_head, Size(5, 1, 3), "supported"),
    "fine-tuning": (tuning, "ways", blind_body, Size(25, 1, 3), "supported"),
    "augmentation": (
        augmenting,
        "Augmented",
        blind_without,
        Size(200, 3, 3),
        "supported",
    ),
    "complex-source": (
        sources,
        "with_body",
        ruin_large_sources,
        Size(20, 4, 3),
        "not supported",
    ),
    "low-layers": (sources, "probed", learned_the_test, Size(8, 2, 3), "not supported"),
}


def at_one_rate(train, grid, data):
    """The middle of a grid, so that it takes a moment."""
    net = train(grid[1])
    return {
        training.TEST: right_on(net, data.test),
        training.VAL: accuracy_on(net, data.val),
    }


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_has_another_verdict(name, data, emoji, monkeypatch):
    module, attribute, bug, size, expected = BUGS[name]
    claim = CLAIMS[name]
    monkeypatch.setattr(module, attribute, bug)
    monkeypatch.setattr(module, "over_grid", at_one_rate)
    found = claim.run(emoji if claim.sets else data, size)
    assert claim.judge(found).word == expected
    first = next(iter(claim.sets), "digits")
    assert FULL[name, first][0] != expected


@pytest.mark.parametrize("name, of", FULL)
def test_the_full_size_has_the_verdict(name, of):
    assert CLAIMS[name].judge(CLAIMS[name].stored()[of].found) == FULL[name, of]


def test_all_are_here():
    assert {name for name, _ in FULL} == set(BUGS) == set(CLAIMS)


def test_cuts_are_those_that_are_told():
    """Fixed before any run at full size: one percentage point."""
    assert "differ from one percentage point on" in " ".join(claims.__doc__.split())
    for claim in CLAIMS.values():
        assert claim.full.num_seeds >= 5 and len(claim.questions) <= 5
        assert all(q.cuts == (-0.01, 0.01) for q in claim.questions.values())
