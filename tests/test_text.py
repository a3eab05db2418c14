"""The Time Machine, its vocabulary, and the windows cut from it: beside d2l's own."""

import gzip
import hashlib
import random
import shutil

import pytest
import torch

from helpers import (
    Text,
    Vocab,
    clean_text,
    d2l,
    load_time_machine,
    ngram_counts,
    random_windows,
    sequential_windows,
    text_windows,
    tokenize,
    windows,
)
from helpers.data import DataError, committed
from helpers.data import text as text_module
from tools import time_machine
from tools.stored import ROOT

PACKED = ROOT / "data" / "timemachine.txt.gz"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A folder that holds the text as d2l would have fetched it."""
    folder = tmp_path_factory.mktemp("d2l")
    (folder / "timemachine.txt").write_bytes(gzip.decompress(PACKED.read_bytes()))
    return folder


@pytest.fixture
def of_d2l(cache, monkeypatch):
    """d2l, which finds its text in the folder and has no network."""

    def refuse(*_, **__):
        raise AssertionError("d2l asked the network")

    fetch = d2l.download
    monkeypatch.setattr(d2l, "download", lambda name: fetch(name, str(cache)))
    monkeypatch.setattr("requests.get", refuse)
    return d2l


# --- the text


def test_the_text_is_the_one_that_d2l_names():
    content = gzip.decompress(PACKED.read_bytes())
    assert hashlib.sha1(content).hexdigest() == d2l.DATA_HUB["time_machine"][1]
    raw = load_time_machine(clean=False)
    assert (raw.train + raw.val).encode() == content
    readme = (ROOT / "data" / "README.md").read_text("utf-8")
    assert hashlib.sha256(content).hexdigest() in readme
    assert hashlib.sha256(PACKED.read_bytes()).hexdigest() in readme


def test_it_has_the_words_of_d2l_and_a_space_at_each_line_end(of_d2l):
    text = load_time_machine()
    whole = text.train + text.val
    lines = [line for line in of_d2l.read_time_machine() if line]
    assert whole.strip() == " ".join(lines)
    assert "himwas" in "".join(lines) and "him was" in whole
    # 173,428 is the length that d2l 1.0 gives for it, in its chapter 9.2
    assert len(whole) == 173_428 and len(set(whole)) == 27


def test_the_last_tenth_is_held_out():
    for text, n in (
        (load_time_machine(), 173_428),
        (load_time_machine(False), 178_979),
    ):
        assert len(text.val) == n // 10 and len(text.train) + len(text.val) == n
    assert load_time_machine().train.startswith("the time machine by h g wells")
    assert load_time_machine().val.endswith("lived on in the heart of man ")


def test_a_text_shows_its_sizes_only_and_cannot_be_changed():
    text = Text("toy", "abc" * 400, "d")
    assert repr(text) == "Text(toy: 1,200 characters train, 1 val)"
    with pytest.raises(AttributeError):
        text.val = "e"


def test_cleaning():
    assert clean_text("It's 5 o'clock,\n\n  Weena!") == "it s o clock weena "
    assert clean_text("déjà") == "d j "  # as in d2l: other letters go


@pytest.mark.parametrize(
    "damage, says",
    [
        (lambda path: path.unlink(), r"is missing.*git checkout -- data/timemachine"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "altered or cut off"),
        (lambda path: path.write_bytes(b"<!DOCTYPE html>"), "found 15 bytes"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, monkeypatch, damage, says):
    monkeypatch.setattr(committed, "FOLDER", tmp_path)
    copy = tmp_path / PACKED.name
    shutil.copy(PACKED, copy)
    good = committed.read_committed(PACKED.name, text_module.FILE_SHA256)
    assert good == PACKED.read_bytes()
    damage(copy)
    with pytest.raises(DataError, match=says):
        committed.read_committed(PACKED.name, text_module.FILE_SHA256)


def test_the_script_makes_the_file_again(cache, tmp_path):
    target = tmp_path / "made.gz"
    time_machine.make(cache, target)
    assert gzip.decompress(target.read_bytes()) == gzip.decompress(PACKED.read_bytes())
    first = target.read_bytes()
    assert time_machine.make(cache, target) == hashlib.sha256(first).hexdigest()
    assert target.read_bytes() == first


def test_the_script_takes_no_other_text(tmp_path, monkeypatch):
    (tmp_path / "timemachine.txt").write_text("<!DOCTYPE html>")
    path = str(tmp_path / "timemachine.txt")
    monkeypatch.setattr(
        d2l, "download", lambda *_: path
    )  # it checks nothing it fetched
    with pytest.raises(ValueError, match="and d2l says 090b5e7e70c2"):
        time_machine.make(tmp_path, tmp_path / "made.gz")
    assert not (tmp_path / "made.gz").exists()


# --- tokens and their numbers


@pytest.mark.parametrize("by", ["char", "word"])
@pytest.mark.parametrize("min_freq", [1, 3])
def test_a_vocabulary_is_that_of_d2l(of_d2l, by, min_freq):
    lines = of_d2l.read_time_machine()[:400]
    tokens = [t for line in of_d2l.tokenize(lines, by) for t in line]
    vocab, expected = Vocab(tokens, min_freq), of_d2l.Vocab(tokens, min_freq)
    assert vocab.idx_to_token == expected.idx_to_token
    assert vocab.token_to_idx == expected.token_to_idx
    assert vocab.freqs.most_common() == expected.token_freqs
    some = [*tokens[:50], "never seen"]
    assert vocab.encode(some).tolist() == expected[some]
    assert [vocab[token] for token in some] == expected[some]
    assert vocab.decode(range(5)) == expected.to_tokens(list(range(5)))


def test_tokens_are_those_of_d2l(of_d2l):
    lines = of_d2l.read_time_machine()[:50]
    for by in ("char", "word"):
        assert [tokenize(line, by) for line in lines] == of_d2l.tokenize(lines, by)
    with pytest.raises(ValueError, match="'char' and 'word'"):
        tokenize("a", "letter")


def test_a_vocabulary_by_hand():
    vocab = Vocab("abracadabra")
    assert vocab.idx_to_token == ["<unk>", "a", "b", "r", "c", "d"] and len(vocab) == 6
    assert vocab.encode("cabz").tolist() == [4, 1, 2, 0]
    assert vocab.encode("cab").dtype == torch.int64
    assert "".join(vocab.decode(vocab.encode("cab"))) == "cab"
    assert "a" in vocab and "z" not in vocab
    assert Vocab("abracadabra", min_freq=2).idx_to_token == ["<unk>", "a", "b", "r"]
    assert Vocab(["<unk>", "x"]).idx_to_token == ["<unk>", "x"]
    assert repr(vocab) == "Vocab(6 tokens)"
    for wrong in (6, -1):
        with pytest.raises(ValueError, match=f"number {wrong}: allowed are 0 to 5"):
            vocab.decode([wrong])


def test_n_grams_are_counted():
    counts = ngram_counts("banana", 2)
    assert counts == {("b", "a"): 1, ("a", "n"): 2, ("n", "a"): 2}
    assert sum(ngram_counts("banana", 5).values()) == 2
    assert ngram_counts(["a", "b"], 3) == {}
    with pytest.raises(ValueError, match="n=0"):
        ngram_counts("banana", 0)


# --- windows


def seed_whose_draw_is(offset, num_steps):
    """Return a generator that draws this offset first."""
    for seed in range(1000):
        draw = torch.randint(
            num_steps, (), generator=torch.Generator().manual_seed(seed)
        )
        if draw == offset:
            return torch.Generator().manual_seed(seed)
    raise AssertionError(f"no seed draws {offset}")


@pytest.mark.parametrize("N", [60, 61, 64])
@pytest.mark.parametrize("offset", [0, 3, 4])
def test_random_windows_are_those_of_d2l(monkeypatch, N, offset):
    tokens = torch.arange(N) * 2
    got = list(random_windows(tokens, 3, 5, seed_whose_draw_is(offset, 5)))
    order = torch.cat([X[:, 0] for X, _ in got]).tolist()  # what d2l is to draw as well

    def shuffle(starts):
        rest = [s for s in starts if (s + offset) * 2 not in order]
        starts[:] = [place // 2 - offset for place in order] + rest

    monkeypatch.setattr(random, "randint", lambda *_: offset)
    monkeypatch.setattr(random, "shuffle", shuffle)
    expected = list(d2l.seq_data_iter_random(tokens.tolist(), 3, 5))
    assert len(got) == len(expected) > 2
    for (X, y), (X_d2l, y_d2l) in zip(got, expected, strict=True):
        assert X.equal(X_d2l) and y.equal(y_d2l) and X.dtype == torch.int64


@pytest.mark.parametrize("N", [60, 61, 64])
@pytest.mark.parametrize("offset", [0, 3, 4])
def test_sequential_windows_are_those_of_d2l(monkeypatch, N, offset):
    tokens = torch.arange(N) * 2
    monkeypatch.setattr(random, "randint", lambda *_: offset)
    expected = list(d2l.seq_data_iter_sequential(tokens.tolist(), 3, 5))
    got = list(sequential_windows(tokens, 3, 5, seed_whose_draw_is(offset, 5)))
    assert len(got) == len(expected) > 2
    for (X, y), (X_d2l, y_d2l) in zip(got, expected, strict=True):
        assert X.equal(X_d2l) and y.equal(y_d2l)
        assert X.untyped_storage().data_ptr() == tokens.untyped_storage().data_ptr()


def test_rows_go_on_from_batch_to_batch():
    batches = list(sequential_windows(torch.arange(41), 2, 6))
    assert [X[:, 0].tolist() for X, _ in batches] == [[0, 20], [6, 26], [12, 32]]
    for (_, y), (X, _) in zip(batches, batches[1:], strict=False):
        assert y[:, -1].equal(X[:, 0])  # a target is the next batch's first input


def test_random_windows_hold_a_token_once_and_come_in_another_order():
    generator = torch.Generator().manual_seed(0)
    passes = [list(random_windows(torch.arange(500), 4, 7, generator)) for _ in "12"]
    for batches in passes:
        seen = torch.cat([X.flatten() for X, _ in batches])
        assert len(seen.unique()) == len(seen) > 450
        for X, y in batches:
            assert y.equal(X + 1)
    firsts = [torch.cat([X[:, 0] for X, _ in batches]) for batches in passes]
    assert firsts[0].diff().min() < 0 and not firsts[0].equal(
        firsts[1][: len(firsts[0])]
    )


def test_windows_for_fit():
    tokens = torch.arange(20)
    examples = windows(tokens, 4, offset=2)
    assert examples.X.tolist() == [[k, k + 1, k + 2, k + 3] for k in (2, 6, 10, 14)]
    assert examples.y.equal(examples.X + 1)
    assert examples.X.data_ptr() == tokens[2:].data_ptr()
    assert len(windows(tokens, 19)) == 1
    first, last = windows(tokens, 3).X[[0, -1]]
    assert first.tolist() == [0, 1, 2] and last.tolist() == [15, 16, 17]


def test_a_text_in_windows():
    data = text_windows(Text("toy", "abcabcabd" * 4, "bacz" * 3), 5)
    assert repr(data) == "WindowData(toy: 7 train, 2 val, 5 steps, 5 tokens)"
    assert data.classes == ("<unk>", "a", "b", "c", "d")
    read = ["".join(data.vocab.decode(x)) for x in data.val.X]
    assert read == ["bac<unk>b", "ac<unk>ba"]
    assert "".join(data.vocab.decode(data.train.y[0])) == "bcabc"
    own = Vocab("zyx")
    assert text_windows(Text("toy", "xyz" * 4, "xyz"), 2, own).vocab is own


FEW = "20 tokens are too few: 4 windows of 5 need "


@pytest.mark.parametrize(
    "call, error, says",
    [
        (lambda t: windows(t.float(), 4), TypeError, "tokens is torch.float32"),
        (lambda t: windows([1, 2], 1), TypeError, "tokens is list"),
        (
            lambda t: windows(t[None], 4),
            ValueError,
            r"shape \(1, 20\): expected \(N,\)",
        ),
        (lambda t: windows(t, 20), ValueError, "num_steps=20: allowed are 1 to 19"),
        (lambda t: windows(t, 4, -1), ValueError, "offset=-1: allowed are 0 to 15"),
        (lambda t: sequential_windows(t, 4, 5), ValueError, FEW + "21"),
        (
            lambda t: random_windows(t, 4, 5, torch.Generator()),
            ValueError,
            FEW + "25",
        ),
        (lambda t: sequential_windows(t, 0, 5), ValueError, "batch_size=0"),
        (lambda t: sequential_windows(t, 1, 2.0), TypeError, "num_steps=2.0"),
    ],
)
def test_windows_refuse_at_the_call(call, error, says):
    with pytest.raises(error, match=says):
        call(torch.arange(20))
