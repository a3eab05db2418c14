"""Last names by language: the loader, and the script that made the file."""

import hashlib
import re
import zipfile

import pytest
import torch

from helpers import load_names, spelled
from helpers.data import DataError, committed
from tools import names as script
from tools.stored import ROOT

TABLE = ROOT / "data" / "names.csv"


def rows():
    head, *lines = TABLE.read_text("ascii").splitlines()
    assert head == "language,name"
    return [tuple(line.split(",")) for line in lines]


# --- the file and its loader


def test_the_file_is_as_its_script_says():
    assert rows() == sorted(rows()) and len(rows()) == 6 * script.PER_LANGUAGE == 1980
    names = [name for _, name in rows()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]{2,13}", name) for name in names)
    readme = (ROOT / "data" / "README.md").read_text("utf-8")
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() in readme
    assert script.SHA256 in readme and f"Faker/) {script.VERSION}" in readme


def test_every_language_has_the_same_share_of_each_part():
    data = load_names()
    assert data.classes == tuple(sorted(script.LOCALES)) and len(data.classes) == 6
    for part, n in ((data.train, 198), (data.val, 66), (data.test, 66)):
        assert part.y.bincount().tolist() == [n] * 6
    assert repr(data) == "NameData(1,188 train, 396 val, 396 test, 6 languages)"


def test_labels_and_letters_are_those_of_the_table():
    data, language = load_names(), {name: label for label, name in rows()}
    seen = []
    for part, names in data.names.items():
        examples = getattr(data, part)
        assert examples.X.shape == (len(names), 13)
        for name, (x, y) in zip(names, examples, strict=True):
            assert language[name] == data.classes[y]
            letters = "".join(" abcdefghijklmnopqrstuvwxyz"[i] for i in x)
            assert letters == name.rjust(13)
        seen += names
    assert sorted(seen) == sorted(language)


def test_the_split_is_the_same_every_time_and_in_mixed_order():
    first, again = load_names(), load_names()
    assert first.names == again.names and first.train.X.equal(again.train.X)
    # this very split: what is reported about the names stands on it
    assert first.names["test"][:3] == ("morpurgo", "vespa", "sabljak")
    assert len(first.test.y[:30].unique()) == 6


def test_names_are_spelled_from_the_right():
    X = spelled(["ab", "z"], 4)
    assert X.tolist() == [[0, 0, 1, 2], [0, 0, 0, 26]] and X.dtype == torch.int64
    assert spelled(["abc", "z"]).shape == (2, 3)


@pytest.mark.parametrize(
    "names, says",
    [
        ([], "names is empty"),
        (["", "a"], "'': expected 1 to 3 letters"),
        (["abcd"], "'abcd': expected 1 to 3 letters"),
        (["Ab"], "'Ab': expected 1 to 3 letters, a to z"),
        (["a b"], "'a b'"),
    ],
)
def test_what_cannot_be_spelled(names, says):
    with pytest.raises(ValueError, match=says):
        spelled(names, 3)


def test_an_altered_file_is_refused(tmp_path, monkeypatch):
    from helpers.data import names as loader

    monkeypatch.setattr(committed, "FOLDER", tmp_path)
    (tmp_path / "names.csv").write_bytes(TABLE.read_bytes() + b"Finnish,x\n")
    with pytest.raises(DataError, match="names.csv is altered or cut off"):
        committed.read_committed(loader.FILE, loader.FILE_SHA256)


# --- the script


def test_names_are_folded():
    assert script.folded("Čačić") == "cacic" and script.folded("Groß") == "gross"
    assert script.folded("Đurić") == "duric" and script.folded("Väisänen") == "vaisanen"


LISTS = {
    "Westish": ["Bo", "Ida", "Éva", "eva", "O'Neill", "Van Dam", "X", "Shared", "Ola"],
    "Eastish": ["Shared", "Zoe", "Ann", "Yva", "Xia"],
}


def test_names_are_chosen_by_the_rules():
    assert script.chosen(LISTS, 4) == [
        *[("Eastish", name) for name in ("ann", "xia", "yva", "zoe")],
        *[("Westish", name) for name in ("bo", "eva", "ida", "ola")],
    ]
    halves = script.chosen(LISTS, 2)  # at equal distances in the order of the alphabet
    assert [name for _, name in halves] == ["ann", "yva", "bo", "ida"]
    backward = {k: v[::-1] for k, v in reversed(LISTS.items())}
    assert script.chosen(backward, 2) == halves
    with pytest.raises(script.Refused, match="Eastish has 4 names left: expected 5"):
        script.chosen(LISTS, 5)


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A wheel like Faker's, with made-up names, and the script that expects it."""
    path = tmp_path / "faker-0-py3-none-any.whl"
    folder = "faker/providers/person/"
    with zipfile.ZipFile(path, "w") as packed:
        for package in ("faker/", "faker/providers/", folder):
            packed.writestr(package + "__init__.py", "")
        for language, locale in (("Westish", "we_WE"), ("Eastish", "ea_EA")):
            content = f"class Provider:\n    last_names = {LISTS[language]!r}\n"
            packed.writestr(f"{folder}{locale}/__init__.py", content)
    monkeypatch.setattr(script, "LOCALES", {"Westish": "we_WE", "Eastish": "ea_EA"})
    monkeypatch.setattr(script, "PER_LANGUAGE", 2)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(script, "SHA256", found)
    return path


def test_the_script_writes_the_same_bytes_again(wheel, tmp_path):
    target = tmp_path / "names.csv"
    first = script.make(wheel, target)
    assert target.read_text() == (
        "language,name\nEastish,ann\nEastish,yva\nWestish,bo\nWestish,ida\n"
    )
    assert script.make(wheel, target) == first
    assert hashlib.sha256(target.read_bytes()).hexdigest() == first


def test_the_script_takes_no_other_wheel(wheel, tmp_path):
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(script.Refused, match="expected Faker"):
        script.make(wheel, tmp_path / "names.csv")
    assert not (tmp_path / "names.csv").exists()
