"""Ants and bees: the archive is checked and unpacked whole, or one message says why."""

import functools
import hashlib
import http.server
import io
import os
import shutil
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from helpers import d2l, load_photo_set
from helpers.data import DataError, download_photo_set, photo_sets, real
from helpers.data.__main__ import main

REPOSITORY = Path(__file__).parents[1]
NAME = "hymenoptera"
COUNTS = {"train": (11, 6), "val": (3, 2)}
NAMES = [
    "ant photos",
    "F.pergan.28(f)",
    "0013035",
]  # such are in the real set


def jpeg(color, size=(60, 40)):
    content = io.BytesIO()
    Image.new("RGB", size, color).save(content, format="JPEG", quality=95)
    return content.getvalue()


def members(counts=COUNTS):
    """Return the made-up photographs by name: ants are red, bees blue."""
    files = {}
    for folder, numbers in counts.items():
        for label, number in enumerate(numbers):
            for k in range(number):
                color = [(200, 8 * k, 0), (0, 8 * k, 200)][label]
                name = NAMES[k] if k < len(NAMES) else f"{k:03}"
                kind = ("ants", "bees")[label]
                files[f"hymenoptera_data/{folder}/{kind}/{name}.jpg"] = jpeg(color)
    return files


def archive(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return content.getvalue()


def describe(content, monkeypatch):
    """Let the set be the made-up one, in an archive with these bytes."""
    known = photo_sets.PHOTO_SETS[NAME]
    file = real.RemoteFile(
        known.archive.name, len(content), hashlib.sha256(content).hexdigest()
    )
    toy = photo_sets.PhotoSet(known.folder, known.root, known.classes, COUNTS, file, ())
    monkeypatch.setitem(photo_sets.PHOTO_SETS, NAME, toy)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    """An HTTP server; what is written into its folder is sent."""
    folder = tmp_path / "server"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        httpd.asked, httpd.folder = [], folder
        httpd.url = f"http://127.0.0.1:{httpd.server_port}"
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield httpd
        httpd.shutdown()


@pytest.fixture
def toy(server, monkeypatch):
    """The made-up archive, on the server and described; returns its bytes."""
    content = archive(members())
    (server.folder / "hymenoptera_data.zip").write_bytes(content)
    describe(content, monkeypatch)
    return content


def fetch(folder, server):
    return download_photo_set(NAME, folder, (server.url,), progress=False)


def there(folder):
    """Return what lies in a folder but for the lock: files by their path."""
    found = (p for p in folder.rglob("*") if p.is_file() and p.name[0] != ".")
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


# -- fetching ------------------------------------------------------------------------


def test_it_is_fetched_and_unpacked(toy, server, tmp_path):
    root = fetch(tmp_path / "data", server)
    assert root == tmp_path / "data/hymenoptera/hymenoptera_data"
    assert there(root.parent) == members() | {"hymenoptera_data.zip": toy}
    assert fetch(tmp_path / "data", server) == root
    assert server.asked == ["/hymenoptera_data.zip"]


def test_two_at_once_fetch_and_unpack_it_once(toy, server, tmp_path, monkeypatch):
    made, put = [], os.replace

    def counted(source, target):
        made.append(Path(target).name)
        put(source, target)

    monkeypatch.setattr(os, "replace", counted)
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(fetch, tmp_path, server) for _ in range(2)]
        assert len({run.result() for run in both}) == 1
    assert len(server.asked) == 1
    assert made == ["hymenoptera_data.zip", "hymenoptera_data"]
    assert len(there(tmp_path / "hymenoptera")) == len(members()) + 1


def test_other_bytes_are_not_opened(toy, server, tmp_path, monkeypatch):
    altered = toy[:-1] + bytes([toy[-1] ^ 1])
    (server.folder / "hymenoptera_data.zip").write_bytes(altered)
    monkeypatch.setattr(photo_sets.zipfile, "ZipFile", None)
    with pytest.raises(DataError, match="sent other bytes, sha256") as caught:
        fetch(tmp_path / "data", server)
    assert "make data DATA=hymenoptera" in str(caught.value)
    assert there(tmp_path / "data") == {}


def test_an_archive_put_there_by_hand_is_taken(toy, server, tmp_path):
    (tmp_path / "hymenoptera").mkdir()
    (tmp_path / "hymenoptera/hymenoptera_data.zip").write_bytes(toy)
    assert len(there(fetch(tmp_path, server))) == len(members())
    assert server.asked == []


def test_an_incomplete_folder_is_unpacked_anew(toy, server, tmp_path):
    root = fetch(tmp_path, server)
    (root / "train/ants/0013035.jpg").unlink()
    (root / "train/ants/stranger.txt").write_text("")
    fetch(tmp_path, server)
    assert there(root.parent) == members() | {"hymenoptera_data.zip": toy}
    assert len(server.asked) == 1  # the archive was still there


def test_paths_that_lead_elsewhere_are_not_written(server, tmp_path, monkeypatch):
    evil = [
        "../outside.jpg",
        "hymenoptera_data/train/ants/../../../outside.jpg",
        "/outside.jpg",
        "hymenoptera_data/train/ants/..\\..\\outside.jpg",
        "hymenoptera_data/train/ants/c:outside.jpg",
        "hymenoptera_data/train/wasps/outside.jpg",
        "hymenoptera_data/train/ants/deeper/outside.jpg",
        "hymenoptera_data/train/ants/.hidden.jpg",
        "hymenoptera_data/train/ants/imageNotFound.gif",
        "other/train/ants/outside.jpg",
    ]
    content = archive(dict.fromkeys(evil, b"outside") | members())
    describe(content, monkeypatch)
    (server.folder / "hymenoptera_data.zip").write_bytes(content)
    root = fetch(tmp_path / "a/b/c", server)
    assert there(root) == {
        name.removeprefix("hymenoptera_data/"): data for name, data in members().items()
    }
    found = {name for name in there(tmp_path) if "server/" not in name}
    assert len(found) == len(members()) + 1
    assert not [p for p in tmp_path.rglob("*") if p.name == ".hidden.jpg"]
    assert not Path("/outside.jpg").exists()


def test_a_link_in_the_archive_becomes_a_plain_file(server, tmp_path, monkeypatch):
    link = zipfile.ZipInfo("hymenoptera_data/train/ants/ant photos.jpg")
    link.create_system, link.external_attr = 3, 0o120777 << 16  # a link on Unix
    files = members()
    del files[link.filename]
    content = io.BytesIO(archive(files))
    with zipfile.ZipFile(content, "a") as packed:
        packed.writestr(link, "/etc/hostname")
    describe(content.getvalue(), monkeypatch)
    (server.folder / "hymenoptera_data.zip").write_bytes(content.getvalue())
    path = fetch(tmp_path, server) / "train/ants/ant photos.jpg"
    assert not path.is_symlink() and path.read_bytes() == b"/etc/hostname"


def test_an_archive_of_something_else_leaves_no_folder(server, tmp_path, monkeypatch):
    content = archive(members({"train": (11, 5), "val": (3, 2)}))
    describe(content, monkeypatch)
    (server.folder / "hymenoptera_data.zip").write_bytes(content)
    with pytest.raises(DataError, match="bees holds 5 photographs: expected 6"):
        fetch(tmp_path / "data", server)
    assert list(there(tmp_path / "data")) == ["hymenoptera/hymenoptera_data.zip"]


def test_a_run_killed_while_it_unpacks_leaves_no_folder(
    toy, server, tmp_path, monkeypatch
):
    def killed(source, target):
        if "unpacking" in str(source):
            raise KeyboardInterrupt
        return put(source, target)

    put = os.replace
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch(tmp_path, server)
    assert not (tmp_path / "hymenoptera/hymenoptera_data").exists()
    left = tmp_path / "hymenoptera/unpacking/train/ants"
    left.mkdir(parents=True)  # as of one that was killed for good
    (left / "half.jpg").write_bytes(b"")
    assert len(there(fetch(tmp_path, server))) == len(members())


def test_a_full_disk_is_said(toy, server, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match="No space left.*Free space.*COURSE_DATA"):
        fetch(tmp_path / "data", server)
    assert list(there(tmp_path / "data")) == ["hymenoptera/hymenoptera_data.zip"]


def test_the_command(toy, server, tmp_path, monkeypatch, capsys):
    known = photo_sets.PHOTO_SETS[NAME]
    there_now = photo_sets.PhotoSet(
        *(known.folder, known.root, known.classes, known.counts, known.archive),
        (server.url,),
    )
    monkeypatch.setitem(photo_sets.PHOTO_SETS, NAME, there_now)
    assert main([NAME, "--folder", str(tmp_path)]) == 0
    assert f"{NAME}: complete in {tmp_path}" in capsys.readouterr().out


# -- hot dogs, of which d2l publishes the hash alone ---------------------------------


@pytest.fixture
def dogs(server, monkeypatch):
    """A made-up archive: hot dogs are red, what is none is blue; returns its bytes."""
    files = {}
    for folder, number in (("train", 6), ("test", 2)):
        for kind, color in (("hotdog", (200, 0, 0)), ("not-hotdog", (0, 0, 200))):
            for k in range(number):
                end = ("png", "jpg")[k % 2]
                files[f"hotdog/{folder}/{kind}/{k}.{end}"] = jpeg(color)
    content = archive(files | {"hotdog/train/hotdog/notes.txt": b"no photograph"})
    known = photo_sets.PHOTO_SETS["hotdog"]
    toy = replace(
        known,
        counts={"train": (6, 6), "test": (2, 2)},
        archive=replace(known.archive, digest=hashlib.sha1(content).hexdigest()),
    )
    monkeypatch.setitem(photo_sets.PHOTO_SETS, "hotdog", toy)
    (server.folder / "hotdog.zip").write_bytes(content)
    return content


def test_address_and_hash_are_those_of_d2l():
    known = photo_sets.PHOTO_SETS["hotdog"]
    url, digest = d2l.DATA_HUB["hotdog"]
    assert [mirror + known.archive.name for mirror in known.mirrors] == [url]
    assert (known.archive.digest, known.archive.algorithm) == (digest, "sha1")


def test_hot_dogs_are_fetched_and_read(dogs, server, tmp_path, monkeypatch):
    root = download_photo_set("hotdog", tmp_path, (server.url,), progress=False)
    assert (tmp_path / "hotdog/hotdog.zip").read_bytes() == dogs
    assert len(there(root)) == 16  # not the text
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    data = load_photo_set("hotdog", size=32)
    assert data.classes == ("hotdog", "not-hotdog")
    assert data.train.y.tolist() == [0] * 5 + [1] * 5
    assert data.val.y.tolist() == [0, 1] and data.test.y.tolist() == [0, 0, 1, 1]
    for part in (data.train, data.val, data.test):
        red, _, blue = part.X.mean((2, 3)).T
        assert ((red > blue) == (part.y == 0)).all()


def test_other_hot_dogs_are_refused(dogs, server, tmp_path, monkeypatch):
    (server.folder / "hotdog.zip").write_bytes(dogs + b".")
    with pytest.raises(DataError, match="sent other bytes, sha1") as caught:
        download_photo_set("hotdog", tmp_path / "data", (server.url,), progress=False)
    expected = hashlib.sha1(dogs).hexdigest()[:12]
    assert f"expected sha1 {expected}" in str(caught.value)
    monkeypatch.setattr(real, "LARGEST", len(dogs))  # and what does not end is cut off
    with pytest.raises(DataError, match=f"of {len(dogs):,} bytes"):
        download_photo_set("hotdog", tmp_path / "data", (server.url,), progress=False)
    assert there(tmp_path / "data") == {}


# -- loading -------------------------------------------------------------------------


@pytest.fixture
def fetched(toy, server, tmp_path, monkeypatch):
    """The made-up set in a folder named by COURSE_DATA."""
    folder = tmp_path / "data"
    root = fetch(folder, server)
    monkeypatch.setenv("COURSE_DATA", str(folder))
    return root


def test_parts_labels_and_pixels(fetched):
    data = load_photo_set(NAME, size=32)
    assert (data.name, data.classes) == (NAME, ("ants", "bees"))
    # every fifth of a class is for validation: of 11 ants two, of 6 bees one
    assert data.train.y.tolist() == [0] * 9 + [1] * 5
    assert data.val.y.tolist() == [0] * 2 + [1]
    assert data.test.y.tolist() == [0] * 3 + [1] * 2
    assert data.train.X.shape[1:] == (3, 32, 32) and data.train.X.dtype == torch.float32
    red, _, blue = data.train.X.mean((2, 3)).T
    assert ((red - blue > 0.7) == (data.train.y == 0)).all()
    assert ((blue - red > 0.7) == (data.train.y == 1)).all()
    assert load_photo_set(NAME, size=32).train is data.train


def test_the_middle_is_cut_out(fetched):
    """Left third green, middle red, right third blue: the square sees the middle."""
    wide = Image.new("RGB", (120, 40), (200, 0, 0))
    wide.paste((0, 200, 0), (0, 0, 40, 40))
    wide.paste((0, 0, 200), (80, 0, 120, 40))
    path = sorted((fetched / "val/ants").iterdir())[0]
    wide.save(path, quality=95)
    picture = load_photo_set(NAME, size=40).test.X[0]
    assert (picture[0, :, 4:-4] > 0.7).all() and (picture[1:, :, 4:-4] < 0.1).all()


def test_what_is_missing_is_said(fetched, tmp_path, monkeypatch):
    path = fetched / "val/bees/ant photos.jpg"
    content = path.read_bytes()
    path.write_bytes(content[:99])
    with pytest.raises(DataError, match="cannot be read as a photograph") as caught:
        load_photo_set(NAME)
    assert str(path) in str(caught.value) and "make data" in str(caught.value)
    path.unlink()
    with pytest.raises(DataError, match="bees holds 1 photographs: expected 2"):
        load_photo_set(NAME)
    shutil.rmtree(fetched)
    monkeypatch.setattr(real, "__file__", str(tmp_path / "a/b/real.py"))
    with pytest.raises(DataError, match="hymenoptera is missing") as caught:
        load_photo_set(NAME)
    text = str(caught.value)
    assert str(fetched) in text and "`make data DATA=hymenoptera`" in text


@pytest.mark.parametrize(
    ("name", "size", "error", "says"),
    [
        ("wasps", 128, ValueError, "name='wasps': allowed are hymenoptera, hotdog"),
        (NAME, 31, ValueError, "size=31: allowed are 32 to 256"),
        (NAME, 257, ValueError, "32 to 256"),
        (NAME, 64.0, TypeError, "whole number"),
    ],
)
def test_what_it_cannot_give_is_refused(name, size, error, says):
    with pytest.raises(error, match=says):
        load_photo_set(name, size)
    if error is ValueError and name != NAME:
        with pytest.raises(error, match=says):
            download_photo_set(name)


# -- the real photographs ------------------------------------------------------------


def test_real_photographs(monkeypatch, tmp_path):
    near = REPOSITORY / "../shared/data/hymenoptera_256"  # the same, made smaller
    here = [f / "hymenoptera/hymenoptera_data" for f in real.data_folders()]
    if near.is_dir() and not any(root.is_dir() for root in here):
        (tmp_path / "hymenoptera").mkdir()
        (tmp_path / "hymenoptera/hymenoptera_data").symlink_to(near.resolve())
        monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    try:
        data = load_photo_set(NAME, size=64)
    except DataError as error:
        if "is missing" not in str(error):
            raise
        pytest.skip("the photographs of ants and bees are not on this machine")
    assert repr(data) == (
        "ImageData(hymenoptera: 196 train, 48 val, 153 test, 3 x 64 x 64, 2 classes)"
    )
    assert data.train.y.bincount().tolist() == [99, 97]
    assert data.val.y.bincount().tolist() == [24, 24]
    assert data.test.y.bincount().tolist() == [70, 83]
    for part in (data.train, data.val, data.test):
        assert 0 <= part.X.min() < 0.05 and 0.95 < part.X.max() <= 1
        assert (part.X.flatten(1).std(1) > 0.03).all()
