"""Real sets: every fault of network and disk gives one message and no bad file."""

import errno
import gzip
import hashlib
import http.server
import itertools
import os
import random
import re
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from helpers.data import DataError, download, load_images, real
from helpers.data.__main__ import main
from tools.waiting import PATIENCE, wait_for

REPOSITORY = Path(__file__).parents[1]
GOOD = ("ok", "chunked", "gzip_encoding")
PIXELS = {"train": 60, "t10k": 10}  # images of the toy set


def toy_files():
    """The four packed files of a toy set, and their contents."""
    files = {}
    for part, n in PIXELS.items():
        images = bytes(i * 7 % 256 for i in range(n * 28 * 28))
        labels = bytes(i % 10 for i in range(n))
        for name, raw in (
            (f"{part}-images-idx3-ubyte", struct.pack(">4I", 2051, n, 28, 28) + images),
            (f"{part}-labels-idx1-ubyte", struct.pack(">2I", 2049, n) + labels),
        ):
            files[name + ".gz"] = gzip.compress(raw, mtime=0)
    return files


FILES = toy_files()
FIRST = "train-images-idx3-ubyte.gz"


def toy_set():
    """The toy set's description, as `real.SETS` holds it."""
    files = [
        real.IdxFile(
            name,
            len(content),
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(gzip.decompress(content)).hexdigest(),
        )
        for name, content in FILES.items()
    ]
    classes = tuple("abcdefghij")
    return real.RealSet("FashionMNIST/raw", classes, (), tuple(files), *PIXELS.values())


@pytest.fixture
def toy(monkeypatch):
    """Register the toy set under the name of a real one."""
    monkeypatch.setitem(real.SETS, "fashion_mnist", toy_set())
    return real.SETS["fashion_mnist"]


# Addresses to which no client can go.
REDIRECTS = {
    "bracket": b"http://[::1/file",
    "not_utf8": b"http://127.0.0.1:1/\xff\xfe",
    "no_scheme": b"nowhere://x",
    "port": b"http://127.0.0.1:99999999/file",
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers /<how>/<file>; `how` is a fault."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, how, name = self.path.split("/")
        self.server.asked.append(self.path)
        if how == "held" and len(self.server.asked) > self.server.free:
            self.server.released.wait(PATIENCE)
        body = FILES[name]
        length = len(body)
        if how in ("404", "500"):
            return self.send_error(int(how))
        if how == "html":
            body = b"\n <!DOCTYPE html><title>Log in</title>"
            length = len(body)
        elif how == "wrong_hash":
            body = body[:-1] + bytes([body[-1] ^ 1])
        elif how == "short":  # an honest but incomplete file
            body = body[: length // 2]
            length = len(body)
        elif how in ("truncated", "dropped", "stalled"):
            body = body[: length // 2]
        elif how == "too_long":
            body += b"more"
            length = len(body)
        if how in REDIRECTS:
            head = b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
            self.wfile.write(head % REDIRECTS[how])
            return
        self.send_response(200)
        if how == "gzip_encoding":  # some servers call a .gz file an encoding
            self.send_header("Content-Encoding", "gzip")
        if how == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        if how == "stalled":
            self.server.released.wait(PATIENCE)
        if how in ("truncated", "dropped", "stalled"):
            self.close_connection = True
        if how == "dropped":  # a reset, not an orderly end
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.asked, httpd.released = [], threading.Event()
        httpd.free = 0  # files that are given before the rest is held
        httpd.url = f"http://127.0.0.1:{httpd.server_port}"
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield httpd
        httpd.released.set()
        httpd.shutdown()


def fetch(folder, server, *hows):
    mirrors = [f"{server.url}/{how}" for how in hows]
    return download("fashion_mnist", folder, mirrors, progress=False)


def names(folder):
    return sorted(p.name for p in folder.rglob("*.*") if p.name != ".download.lock")


# --- network


@pytest.mark.parametrize("how", GOOD)
def test_good_answers(how, toy, server, tmp_path):
    folder = fetch(tmp_path, server, how)
    assert folder == tmp_path / "FashionMNIST/raw"
    assert names(folder) == sorted(FILES)
    for name, content in FILES.items():
        assert (folder / name).read_bytes() == content


FAULTS = {
    "404": "HTTP status 404",
    "500": "HTTP status 500",
    "html": "sent an HTML page",
    "wrong_hash": "sent other bytes, sha256",
    "short": "sent [0-9,]+ of [0-9,]+ bytes",
    "too_long": "sent [0-9,]+ of [0-9,]+ bytes",
    "truncated": "IncompleteRead|after [0-9,]+ bytes",
    "dropped": "after [0-9,]+ bytes",
    "stalled": "no answer in time, after [0-9,]+ bytes",
    **dict.fromkeys(REDIRECTS, "after 0 bytes"),
}


@pytest.mark.parametrize("how", FAULTS)
def test_faults_give_one_message_and_leave_no_file(
    how, toy, server, tmp_path, monkeypatch
):
    if how == "stalled":
        monkeypatch.setattr(real, "TIMEOUTS", (5, 0.5))
    with pytest.raises(DataError, match=FAULTS[how]) as caught:
        fetch(tmp_path, server, how)
    text = str(caught.value)
    assert FIRST in text
    assert f"expected {toy.files[0].length:,} bytes" in text
    assert f"{server.url}/{how}" in text
    assert "make data" in text
    assert names(tmp_path) == []


# Not "stalled": it would cost a timeout for each of the four files.
@pytest.mark.parametrize("how", [how for how in FAULTS if how != "stalled"])
def test_the_next_mirror_is_tried(how, toy, server, tmp_path):
    folder = fetch(tmp_path, server, how, "ok")
    assert names(folder) == sorted(FILES)


def test_a_mirror_that_drips_is_left(toy, server, tmp_path, monkeypatch):
    """Each block takes 31 seconds of a clock of its own."""
    seconds = itertools.count(step=31)
    monkeypatch.setattr(real, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(real, "SLOWEST", 10**6)
    with pytest.raises(DataError, match="sent less than 1,000,000 bytes a second"):
        fetch(tmp_path, server, "ok")
    assert names(tmp_path) == []
    monkeypatch.setattr(real, "SLOWEST", 0)
    assert names(fetch(tmp_path, server, "ok")) == sorted(FILES)


def test_a_mirror_that_is_fast_and_then_drips_is_left(server, tmp_path, monkeypatch):
    """The rate is that of the last interval: what came at once before does not count.

    20 blocks of 1 KiB come at once, then each takes 2 seconds of a clock of its own.
    """
    noise = random.Random(0).randbytes(30 << 10)  # as long packed as it is unpacked
    monkeypatch.setitem(FILES, FIRST, gzip.compress(noise, mtime=0))
    monkeypatch.setitem(real.SETS, "fashion_mnist", toy_set())
    clock = itertools.chain([0] * 21, itertools.count(2, 2))
    monkeypatch.setattr(real, "monotonic", lambda: next(clock))
    monkeypatch.setattr(real, "RATE_SECONDS", 1)
    monkeypatch.setattr(real, "SLOWEST", 1_100)  # more than a block a second
    with pytest.raises(DataError, match="sent less than 1,100 bytes a") as caught:
        fetch(tmp_path, server, "ok")
    assert str(caught.value).startswith(FIRST)
    assert names(tmp_path) == []


def test_nobody_listens(toy, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with pytest.raises(DataError, match="refused|NewConnectionError"):
        download("fashion_mnist", tmp_path, [url], progress=False)


def test_whole_files_are_kept_and_others_fetched_anew(toy, server, tmp_path):
    folder = fetch(tmp_path, server, "ok")
    (folder / FIRST).write_bytes(b"altered")
    (folder / f"{FIRST}.0.part").write_bytes(b"of a killed run")
    server.asked.clear()
    fetch(tmp_path, server, "ok")
    assert server.asked == [f"/ok/{FIRST}"]
    assert (folder / FIRST).read_bytes() == FILES[FIRST]
    assert names(folder) == sorted(FILES)
    server.asked.clear()
    fetch(tmp_path, server, "404")
    assert server.asked == []


def test_a_killed_write_never_has_the_final_name(toy, server, tmp_path, monkeypatch):
    seen = []

    def killed(descriptor):
        seen.extend(names(tmp_path))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path, server, "ok")
    assert len(seen) == 1
    assert seen[0].startswith(FIRST)
    assert seen[0].endswith(".part")
    assert names(tmp_path) == []


# The package is entered without helpers/__init__.py, which imports far more.
SCRIPT = """
import sys, types
sys.path[:0] = [{tests!r}, {root!r}]
sys.modules["helpers"] = types.ModuleType("helpers")
sys.modules["helpers"].__path__ = [{helpers!r}]
import test_real_data as toy
toy.real.SETS["fashion_mnist"] = toy.toy_set()
print("begins", flush=True)
toy.download("fashion_mnist", {folder!r}, [{url!r}], progress=False)
"""


def test_two_processes_at_once_fetch_each_file_once(toy, server, tmp_path):
    script = SCRIPT.format(
        tests=str(Path(__file__).parent),
        root=str(REPOSITORY),
        helpers=str(REPOSITORY / "helpers"),
        folder=str(tmp_path),
        url=f"{server.url}/held",
    )
    both = []
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        both.append(process)
        assert process.stdout.readline() == "begins\n"
        wait_for(lambda: server.asked)  # the first waits for its first file
    server.released.set()
    for process in both:
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output
    assert names(tmp_path) == sorted(FILES)
    assert sorted(server.asked) == sorted(f"/held/{name}" for name in FILES)


def test_a_held_lock_is_reported(toy, server, tmp_path, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(real, "LOCK_TIMEOUT", 0.1)
    folder = tmp_path / toy.folder
    folder.mkdir(parents=True)
    with FileLock(folder / ".download.lock"):
        with pytest.raises(DataError, match="another process has been fetching"):
            fetch(tmp_path, server, "ok")


# --- disk


def test_full_disk(toy, server, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left.*Free space") as caught:
        fetch(tmp_path, server, "ok", "ok")
    assert str(tmp_path) in str(caught.value)
    assert "COURSE_DATA" in str(caught.value)
    assert names(tmp_path) == []
    assert len(server.asked) == 1  # another mirror would not help


def test_read_only_folder(toy, server, tmp_path, monkeypatch):
    def refused(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(DataError, match="Permission denied.*Make it writable"):
        fetch(tmp_path, server, "ok")


def test_parent_is_a_file(toy, server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written: .*COURSE_DATA"):
        fetch(tmp_path / "file", server, "ok")


def test_complete_read_only_folder_needs_no_lock(toy, server, tmp_path, monkeypatch):
    fetch(tmp_path, server, "ok")

    def refused(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(Path, "mkdir", refused)
    fetch(tmp_path, server, "404")


# --- loading


@pytest.fixture
def fetched(toy, server, tmp_path, monkeypatch):
    """A folder with the toy set, named by COURSE_DATA."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    return fetch(tmp_path, server, "ok")


SIZES = {"n_train": 20, "n_val": 5, "n_test": 4}


def test_parts_and_their_order(fetched):
    data = load_images("fashion_mnist", **SIZES)
    assert data.classes == tuple("abcdefghij")
    assert data.train.X.shape == (20, 1, 28, 28)
    assert data.train.y.tolist() == [i % 10 for i in range(20)]
    assert data.val.y.tolist() == [5, 6, 7, 8, 9]  # the last of 60
    assert data.test.y.tolist() == [0, 1, 2, 3]
    expected = torch.arange(20 * 784) * 7 % 256 / 255
    assert torch.allclose(data.train.X.flatten(), expected)
    start = 55 * 784
    expected = torch.arange(start, start + 5 * 784) * 7 % 256 / 255
    assert torch.allclose(data.val.X.flatten(), expected)
    most = load_images("fashion_mnist", n_train=None, n_val=5, n_test=None)
    assert (len(most.train), len(most.val), len(most.test)) == (55, 5, 10)
    assert torch.equal(most.val.X, data.val.X)  # whatever n_train is


def test_second_load_reads_nothing(fetched, monkeypatch):
    first = load_images("fashion_mnist", **SIZES)
    monkeypatch.setattr(Path, "read_bytes", None)
    assert load_images("fashion_mnist", **SIZES).train is first.train


def test_unpacked_files_are_accepted_and_checked(fetched):
    for name, content in FILES.items():
        (fetched / name).unlink()
        (fetched / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
    assert load_images("fashion_mnist", **SIZES).test.y.tolist() == [0, 1, 2, 3]
    path = fetched / FIRST.removesuffix(".gz")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=f"{path} is altered or cut off: expected sha"):
        load_images("fashion_mnist", **SIZES)


@pytest.mark.parametrize(
    "content, message",
    [
        (FILES[FIRST][:-9], "is altered or cut off: expected"),
        (b"<html>Sign in</html>", "is an HTML page: expected"),
        (b"", "found 0 bytes"),
        (FILES[FIRST][:-9] + b"\0" + FILES[FIRST][-8:], "is altered or cut off"),
    ],
)
def test_altered_file(content, message, toy, fetched):
    load_images("fashion_mnist", **SIZES)  # noticed although the good one was cached
    path = fetched / FIRST
    before = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(before + 1_000_000_000,) * 2)  # also on a coarse clock
    with pytest.raises(DataError, match=message) as caught:
        load_images("fashion_mnist", **SIZES)
    text = str(caught.value)
    assert str(path) in text
    assert f"{toy.files[0].length:,} bytes" in text
    assert "make data" in text


def test_unreadable_file(fetched, monkeypatch):
    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(DataError, match=f"{FIRST} cannot be read: Permission denied"):
        load_images("fashion_mnist", **SIZES)


def test_missing_set_says_how_to_fetch_it(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(real, "__file__", str(tmp_path / "a/b/real.py"))
    with pytest.raises(DataError) as caught:
        load_images("fashion_mnist", **SIZES)
    text = str(caught.value)
    assert f"{FIRST} ({toy.files[0].length:,} bytes) is missing" in text
    assert str(tmp_path / "FashionMNIST/raw") in text
    assert "make data" in text
    assert "python -m helpers.data fashion_mnist" in text
    assert names(tmp_path) == []  # and nothing was fetched


def test_course_data_must_be_a_folder(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    message = "COURSE_DATA='.*nowhere' is not a folder"
    with pytest.raises(DataError, match=message):
        load_images("fashion_mnist", **SIZES)
    with pytest.raises(DataError, match=message):
        download("fashion_mnist")


@pytest.mark.parametrize(
    "sizes, message",
    [
        ({"n_train": 0}, "n_train=0: allowed are 1 to 55"),
        ({"n_train": 56}, "n_train=56: allowed are 1 to 55"),
        ({"n_val": 60}, "n_val=60: allowed are 1 to 59"),
        ({"n_val": 0}, "n_val=0: allowed are 1 to 59"),
        ({"n_test": 11}, "n_test=11: allowed are 1 to 10"),
    ],
)
def test_sizes_outside_the_set(sizes, message, toy):
    with pytest.raises(ValueError, match=message):
        load_images("fashion_mnist", **(SIZES | sizes))


def test_download_of_an_unknown_set():
    with pytest.raises(ValueError, match="'cifar': allowed are fashion_mnist, mnist"):
        download("cifar")


# --- the command


def test_command(toy, fetched, capsys, tmp_path):
    assert main(["fashion_mnist"]) == 0
    assert "fashion_mnist: complete in " in capsys.readouterr().out
    assert main(["fashion_mnist", "--folder", str(fetched / FIRST)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["cifar"])


# --- the real files


def test_classes_are_torchvisions_in_their_order():
    from torchvision.datasets import MNIST, FashionMNIST

    for name, published in (("fashion_mnist", FashionMNIST), ("mnist", MNIST)):
        # "T-shirt/top" and "5 - five" are called t-shirt and 5 here
        names = [re.split("/| - ", c)[0].lower() for c in published.classes]
        assert list(real.SETS[name].classes) == names


def test_hashes_are_those_of_torchvisions_files():
    """The published md5 belong to the same files; compared where they are present."""
    from torchvision.datasets import MNIST, FashionMNIST

    for name, published in (("fashion_mnist", FashionMNIST), ("mnist", MNIST)):
        files = real.SETS[name].files
        assert {f.name for f in files} == {n for n, _ in published.resources}
        for file, md5 in (
            (file, dict(published.resources)[file.name]) for file in files
        ):
            for folder in (*real.data_folders(), REPOSITORY / "../shared/data"):
                path = folder / real.SETS[name].folder / file.name
                if path.is_file():
                    content = path.read_bytes()
                    assert len(content) == file.length
                    assert hashlib.md5(content).hexdigest() == md5
                    assert hashlib.sha256(content).hexdigest() == file.digest


def test_real_fashion_mnist(monkeypatch):
    near = REPOSITORY / "../shared/data"
    if "COURSE_DATA" not in os.environ and near.is_dir():
        monkeypatch.setenv("COURSE_DATA", str(near))
    try:
        data = load_images("fashion_mnist", n_train=None, n_test=None)
    except DataError as error:
        if "is missing" not in str(error):
            raise
        pytest.skip("Fashion-MNIST is not on this machine")
    assert repr(data) == (
        "ImageData(fashion_mnist: 58,000 train, 2,000 val, 10,000 test, 1 x 28 x 28, "
        "10 classes)"
    )
    assert data.classes[data.train.y[0]] == "ankle boot"
    assert data.classes[data.test.y[0]] == "ankle boot"
    y = torch.cat([data.train.y, data.val.y])
    assert y.bincount().tolist() == [6_000] * 10
    assert data.train.X.min() == 0
    assert data.train.X.max() == 1
    pixels = torch.cat([data.train.X, data.val.X])
    assert abs(pixels.mean() - 0.2860) < 1e-4  # as torchvision's own loader gives
    assert abs(pixels.std() - 0.3530) < 1e-4
