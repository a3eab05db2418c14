"""The emoji of chapter 9: the loader, the sheet that is there, the script behind it."""

import csv
import hashlib
import io
import json
import tarfile
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from helpers import emoji_concepts, load_emoji
from helpers.data import EMOJI_CLASSES, DataError, emoji
from tools import emoji as script
from tools.stored import ROOT

PARTS = ("train", "val", "test")
STYLES = ("noto", "twemoji")
# Of one style, by class: train, val, test.
COUNTS = {
    "animal": (74, 13, 34),
    "food": (72, 12, 34),
    "vehicle": (29, 6, 17),
    "clothing": (25, 5, 13),
    "plant": (14, 3, 7),
    "face": (27, 5, 13),
}


def table():
    return list(csv.DictReader((ROOT / "data/emoji.csv").read_text().splitlines()))


# -- what is loaded ------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_counts_shapes_and_values(style):
    data = load_emoji(style, EMOJI_CLASSES)
    assert (data.name, data.classes) == (f"emoji_{style}", tuple(COUNTS))
    for k, part in enumerate(PARTS):
        examples = getattr(data, part)
        assert examples.y.bincount().tolist() == [n[k] for n in COUNTS.values()]
        X = examples.X
        assert X.shape[1:] == (3, 64, 64) and X.dtype == torch.float32
        assert 0 <= X.min() < 0.02 and X.max() == 1
        assert torch.equal((255 * X).round() / 255, X)  # whole bytes before
        assert (X.flatten(1).std(1) > 0.05).all(), "a picture without a drawing"
        # white around the drawing: most corners, and never a black ground
        corners = X[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].amin(1)
        assert (corners == 1).float().mean() > 0.9
        assert len(X.flatten(1).unique(dim=0)) == len(X), "a picture stands twice"


def test_the_four_classes_by_default():
    data = load_emoji()
    assert repr(data) == (
        "ImageData(emoji_noto: 200 train, 36 val, 98 test, 3 x 64 x 64, 4 classes)"
    )


@pytest.mark.parametrize("style", STYLES)
def test_no_concept_in_two_parts_whatever_the_style(style):
    data = load_emoji(style, EMOJI_CLASSES)
    own = {part: set(getattr(data, part).origin.tolist()) for part in PARTS}
    other = load_emoji(STYLES[1 - STYLES.index(style)], EMOJI_CLASSES)
    for part in PARTS:
        rest = set().union(*(own[p] for p in PARTS if p != part))
        assert not rest & own[part]
        assert torch.equal(getattr(other, part).origin, getattr(data, part).origin)
    assert set.union(*own.values()) == set(range(len(emoji_concepts())))


def test_classes_in_another_order_number_the_labels_anew():
    all_of_them = load_emoji("noto", EMOJI_CLASSES).train
    two = load_emoji("noto", ["face", "animal"]).train
    assert two.y.bincount().tolist() == [27, 74]
    assert torch.equal(two.X[two.y == 0], all_of_them.X[all_of_them.y == 5])
    assert torch.equal(two.X[two.y == 1], all_of_them.X[all_of_them.y == 0])
    assert load_emoji("noto", "plant").train.y.tolist() == [0] * 14


def test_pictures_stand_where_the_table_says():
    """A tomato is red, a cucumber green, in channels red, green, blue."""
    names = emoji_concepts()
    for style in STYLES:
        data = load_emoji(style, EMOJI_CLASSES)
        X = torch.cat([getattr(data, part).X for part in PARTS])
        origin = torch.cat([getattr(data, part).origin for part in PARTS])
        for name, channel in (("tomato", 0), ("cucumber", 1), ("blueberries", 2)):
            picture = X[origin == names.index(name)][0]
            inside = picture[:, 20:44, 20:44].mean((1, 2))
            assert inside.argmax() == channel, (style, name)
    with Image.open(ROOT / "data/emoji.png") as file:
        sheet = np.array(file.convert("RGB"))
    row = next(r for r in table() if r["name"] == "tomato" and r["style"] == "twemoji")
    down, right = (64 * k for k in divmod(int(row["place"]), 32))
    expected = torch.from_numpy(sheet[down : down + 64, right : right + 64])
    data = load_emoji("twemoji", ["food"])
    examples = getattr(data, row["part"])
    found = examples.X[examples.origin == names.index("tomato")][0]
    assert torch.equal((255 * found).round().byte(), expected.permute(2, 0, 1))


def test_a_repeat_is_free_and_spoiled_data_are_made_anew(monkeypatch):
    first = load_emoji("noto", ["plant", "food"]).train
    assert load_emoji("noto", ("plant", "food")).train is first
    kept = first.X.clone()
    first.X.zero_()
    assert torch.equal(load_emoji("noto", ["plant", "food"]).train.X, kept)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"style": "apple"}, "style='apple': allowed are noto, twemoji"),
        ({"classes": ["flag"]}, "no class 'flag'; allowed are animal, food"),
        ({"classes": []}, "at least one"),
        ({"classes": ["food", "food"]}, "each once"),
    ],
)
def test_what_is_not_there_is_refused(given, says):
    with pytest.raises(ValueError, match=says):
        load_emoji(**given)


# -- the files -----------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A folder with copies of the sheet and its table, which is loaded from."""
    for name in emoji.FILES:
        (tmp_path / name).write_bytes((ROOT / "data" / name).read_bytes())
    monkeypatch.setattr(emoji, "sheet_folder", lambda: tmp_path)
    load_emoji()
    return tmp_path


@pytest.mark.parametrize("name", ["emoji.png", "emoji.csv"])
def test_a_missing_or_altered_file_is_said(name, copied):
    path = copied / name
    content = path.read_bytes()
    for altered in (content[:-1], content[:99] + b"?" + content[100:], b""):
        path.write_bytes(altered)
        with pytest.raises(DataError, match="altered or cut off") as caught:
            load_emoji()
        text = str(caught.value)
        assert str(path) in text and f"expected {len(content):,} bytes" in text
        assert f"found {len(altered):,} bytes" in text
        assert f"git checkout data/{name}" in text
    path.unlink()
    with pytest.raises(DataError, match=f"{name} .* is missing. .*git checkout"):
        load_emoji()


def test_the_sheet_is_small_and_its_licences_are_named():
    assert (ROOT / "data/emoji.png").stat().st_size < 800_000
    text = (ROOT / "data/README.md").read_text("utf-8")
    for named in ("Noto Emoji", "Apache-2.0", "Twemoji", "CC BY 4.0", "16.0.0"):
        assert named in text
    for package in script.PACKAGES.values():
        assert package.name in text


# -- the script ----------------------------------------------------------------------


def test_the_table_is_what_the_script_deals_out():
    rows = table()
    parts = {row["concept"]: row["part"] for row in rows}
    assert tuple(rows[0]) == script.FIELDS
    assert [int(row["place"]) for row in rows] == list(range(len(rows)))
    for style in STYLES:
        own = [row for row in rows if row["style"] == style]
        assert script.dealt(own) == parts
        assert [row["part"] for row in own] == [parts[r["concept"]] for r in own]
    half = len(rows) // 2
    same = ("class", "concept", "name", "part")
    for noto, twemoji in zip(rows[:half], rows[half:], strict=True):
        assert [noto[k] for k in same] == [twemoji[k] for k in same]


def test_drawings_of_one_thing_share_a_concept():
    concept = {row["name"]: row["concept"] for row in table()}
    lines = [line.split() for line in script.SAME.strip().split("\n")]
    named = [name for line in lines for name in line]
    assert len(named) == len(set(named)), "a name in two lines"
    for line in lines:
        assert {concept[name] for name in line} == {line[0]}
    # a face of an animal and the animal; sides of a vehicle
    for name in concept:
        for plain in (name.removesuffix("_face"), name.removeprefix("oncoming_")):
            if plain in concept:
                assert concept[plain] == concept[name], name


CLASSES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.lists(st.integers(1, 5), min_size=1, max_size=30),
    min_size=1,
)


@given(CLASSES)
def test_dealing_out(sizes):
    rows = [
        {"class": label, "concept": f"{label}{k}"}
        for label, numbers in sizes.items()
        for k, number in enumerate(numbers)
        for _ in range(number)
    ]
    parts = script.dealt(rows)
    assert set(parts) == {row["concept"] for row in rows}
    for label, numbers in sizes.items():
        n = sum(numbers)
        own = Counter(parts[r["concept"]] for r in rows if r["class"] == label)
        assert own["test"] >= min(n, script.SHARES["test"] * n)
        # by one concept, which has at most five pictures, too many
        assert own["test"] <= script.SHARES["test"] * n + 5
        assert own["val"] <= script.SHARES["val"] * n + 5
    alone = {c: p for c, p in parts.items() if c[0] == min(sizes)}
    assert script.dealt([r for r in rows if r["class"] == min(sizes)]) == alone


def archive(folder, rows, draw, name="package/img/made/64"):
    """Write a package of made-up emoji; return its path."""
    path = folder / "made-up.tgz"
    files = {"package/emoji.json": json.dumps(rows).encode()}
    for k, row in enumerate(rows):
        content = io.BytesIO()
        draw(k).save(content, format="PNG")
        files[f"{name}/{row['image']}"] = content.getvalue()
    with tarfile.open(path, "w:gz") as file:
        for member, content in files.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A package of 40 emoji, on a transparent ground, and what is chosen from it."""
    rows = [
        {"short_name": f"e{k}", "subcategory": kind, "image": f"{k}.png"}
        for k, kind in enumerate(["cars"] * 20 + ["food"] * 18 + ["sign", "hat"])
    ]
    monkeypatch.setattr(
        script, "CLASSES", {"vehicle": ("cars", "e3"), "food": ("food", "")}
    )
    monkeypatch.setattr(script, "MORE", {"food": "e39"})
    monkeypatch.setattr(script, "SAME", "\ne0 e1 e2\n")

    def draw(k):
        picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
        picture.paste((5 * k, 100, 200, 255), (16, 16, 48, 48))
        return picture

    path = archive(tmp_path, rows, draw)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    package = script.Package("made-up", "img/made/64", sha256)
    monkeypatch.setattr(script, "PACKAGES", {"noto": package})
    return path


def test_what_is_built_from_a_package(made_up):
    image, written = script.build({"noto": made_up})
    assert script.build({"noto": made_up}) == (image, written)
    rows = list(csv.DictReader(written.decode().splitlines()))
    names = [row["name"] for row in rows]
    assert names == [f"e{k}" for k in range(20) if k != 3] + [
        f"e{k}" for k in (*range(20, 38), 39)
    ]
    assert [row["concept"] for row in rows[:4]] == ["e0", "e0", "e0", "e4"]
    with Image.open(io.BytesIO(image)) as file:
        assert file.mode == "P" and file.size == (32 * 64, 2 * 64)
        sheet = np.array(file.convert("RGB"))
    for row in rows:
        down, right = (64 * k for k in divmod(int(row["place"]), 32))
        tile = sheet[down : down + 64, right : right + 64]
        assert (tile[:16] == 255).all() and (tile[:, :16] == 255).all()
        drawn = [5 * int(row["name"][1:]), 100, 200]
        assert abs(tile[16:48, 16:48].astype(int) - drawn).max() <= 1


def test_another_package_is_refused(made_up, capsys, tmp_path):
    made_up.write_bytes(made_up.read_bytes() + b"\0")
    with pytest.raises(script.Refused, match="made-up.tgz has sha256 .* 16.0.0 has"):
        script.build({"noto": made_up})
    made_up.rename(tmp_path / "made-up-16.0.0.tgz")
    out = tmp_path / "out"
    out.mkdir()
    assert script.main(["--packages", str(tmp_path), "--out", str(out)]) == 1
    assert "has sha256" in capsys.readouterr().err
    assert not list(out.iterdir())


def test_a_name_that_the_package_lacks_is_refused(made_up, monkeypatch):
    monkeypatch.setattr(script, "MORE", {"food": "e39 e40"})
    with pytest.raises(script.Refused, match="no such emoji in the table: e40"):
        script.build({"noto": made_up})


def test_the_command_writes_both_files(made_up, capsys, tmp_path):
    made_up.rename(tmp_path / "made-up-16.0.0.tgz")
    assert script.main(["--packages", str(tmp_path), "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for name in ("emoji.png", "emoji.csv"):
        content = (tmp_path / name).read_bytes()
        assert f"{name}: {len(content):,} bytes" in said
        assert hashlib.sha256(content).hexdigest() in said
    assert "vehicle: 19 pictures, 17 concepts" in said


def test_no_npm_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    assert script.main(["--packages", str(tmp_path)]) == 1
    assert "there is no npm" in capsys.readouterr().err
