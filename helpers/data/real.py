"""Fashion-MNIST and MNIST: `download` fetches them, `load_real` reads the .gz files."""

from __future__ import annotations

import contextlib
import errno
import functools
import gzip
import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import torch
from torch import Tensor

from helpers.files import replaced

from .examples import DataError, Examples, ImageData, check_count, remembered

TIMEOUTS = (10, 30)  # seconds: to connect; without any byte
SLOWEST, RATE_SECONDS = 1_000, 30  # bytes a second at least, counted over these seconds
LARGEST = 1 << 30  # bytes of a file whose length is not known
LOCK_TIMEOUT = 900  # seconds to wait for another kernel that fetches the same set
CLOTHES = "t-shirt,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot"


@dataclass(frozen=True)
class RemoteFile:
    """One original file, and what its bytes must be."""

    name: str
    length: int | None  # None where its source does not say
    digest: str  # hexadecimal: SHA-256, or SHA-1 (40 digits) where no better is known

    @property
    def algorithm(self) -> str:
        """The name of the hash in hashlib."""
        return "sha1" if len(self.digest) == 40 else "sha256"

    def __str__(self):
        """Return what is expected, for a message."""
        length = "" if self.length is None else f"{self.length:,} bytes with "
        return f"{length}{self.algorithm} {self.digest[:12]}..."


@dataclass(frozen=True)
class IdxFile(RemoteFile):
    """One packed file, and what its bytes must be once unpacked."""

    unpacked_sha256: str


@dataclass(frozen=True)
class RealSet:
    """Where a set lives, on disk and in the network."""

    folder: str
    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    files: tuple[IdxFile, ...]  # training images, training labels, test images, labels
    n_train: int = 60_000
    n_test: int = 10_000


def _files(table: str) -> tuple[IdxFile, ...]:
    """Read the length, the packed and the unpacked sha256 of each file."""
    kinds = ("images-idx3", "labels-idx1")
    names = [f"{p}-{k}-ubyte.gz" for p in ("train", "t10k") for k in kinds]
    rows = zip(names, *[iter(table.split())] * 3, strict=True)
    return tuple(IdxFile(name, int(size), *hashes) for name, size, *hashes in rows)


# Sources: Xiao, Rasul and Vollgraf 2017; LeCun, Cortes and Burges 1998.
# The md5 sums that torchvision publishes belong to these same files.
SETS = {
    "fashion_mnist": RealSet(
        "FashionMNIST/raw",
        tuple(CLOTHES.split(",")),
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        _files("""
        26421880 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84
                 c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
           29515 a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845
                 bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
         4422102 346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073
                 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
            5148 67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5
                 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34
        """),
    ),
    "mnist": RealSet(
        "MNIST/raw",
        tuple("0123456789"),
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        _files("""
         9912422 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
                 ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
           28881 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
                 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
         1648877 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
                 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
            4542 f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6
                 ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
        """),
    ),
}


def data_folders() -> list[Path]:
    """Return the folders that are searched; downloads go to the first."""
    folders = [Path(__file__).parents[2] / "data"]
    if chosen := os.environ.get("COURSE_DATA"):
        folders.insert(0, Path(os.path.expanduser(chosen)))
        if not folders[0].is_dir():
            raise DataError(
                f"COURSE_DATA={chosen!r} is not a folder: make it, or set COURSE_DATA "
                "to a folder that exists, or unset it to use the course's data/"
            )
    return folders


def load_real(
    name: str, n_train: int | None, n_val: int, n_test: int | None
) -> ImageData:
    """Read a real set; parameters, result and errors are those of `load_images`."""
    real = _known(name)
    n_val = check_count("n_val", n_val, real.n_train - 1)
    most = real.n_train - n_val
    n_train = most if n_train is None else check_count("n_train", n_train, most)
    n_test = real.n_test if n_test is None else n_test
    n_test = check_count("n_test", n_test, real.n_test)
    found = tuple(_found(name, file) for file in real.files)
    train = _cut(name, found[:2], 0, n_train)
    val = _cut(name, found[:2], most, real.n_train)
    test = _cut(name, found[2:], 0, n_test)
    return ImageData(name, real.classes, train, val, test)


def _known(name: str) -> RealSet:
    if name not in SETS:
        raise ValueError(f"name={name!r}: allowed are {', '.join(SETS)}")
    return SETS[name]


@remembered
def _cut(name: str, found: tuple, start: int, stop: int) -> Examples:
    images, labels = (_unpacked(name, *file) for file in found)
    X = images[start:stop, None].to(torch.float32).div_(255)
    return Examples(X, labels[start:stop].to(torch.int64))


def _found(name: str, file: IdxFile) -> tuple[IdxFile, str, int, int]:
    """Return the file, its path, size and time: an altered file has other ones."""
    folders = [folder / SETS[name].folder for folder in data_folders()]
    for folder in folders:
        for path in (folder / file.name, folder / file.name.removesuffix(".gz")):
            if path.is_file():
                state = path.stat()
                return file, str(path), state.st_size, state.st_mtime_ns
    looked = " and ".join(str(folder) for folder in folders)
    raise DataError(
        f"{name}: {file.name} ({file.length:,} bytes) is missing in {looked}. "
        f"`make data` or `python -m helpers.data {name}` fetches it; or set "
        f"COURSE_DATA to the folder that holds {SETS[name].folder}."
    )


@functools.lru_cache(maxsize=8)
def _unpacked(name: str, file: IdxFile, path: str, size: int, time: int) -> Tensor:
    """Read one IDX file, (n, 28, 28) or (n,) uint8; its hash is checked once."""
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}. Make it readable, or set "
            "COURSE_DATA to a folder of your own and run `make data`."
        ) from error
    packed = path.endswith(".gz")
    expected = file.digest if packed else file.unpacked_sha256
    if (found := hashlib.sha256(raw).hexdigest()) != expected:
        what = "an HTML page" if raw.lstrip()[:1] == b"<" else "altered or cut off"
        length = f"{file.length:,} bytes with " if packed else ""
        raise DataError(
            f"{path} is {what}: expected {length}sha256 {expected[:12]}..., found "
            f"{len(raw):,} bytes with {found[:12]}... Delete it, then `make data` or "
            f"`python -m helpers.data {name}` fetches it anew."
        )
    raw = gzip.decompress(raw) if packed else raw
    axes = raw[3]  # IDX: two zeros, the type (8 = uint8), the number of axes, sizes
    shape = struct.unpack(f">{axes}I", raw[4 : 4 + 4 * axes])
    values = torch.frombuffer(bytearray(raw), dtype=torch.uint8, offset=4 + 4 * axes)
    return values.view(shape)


def download(
    name: str,
    folder: str | os.PathLike | None = None,
    mirrors: tuple[str, ...] | None = None,
    progress: bool = True,
) -> Path:
    """Fetch a real set, unless it is there already, and check every file's hash.

    Parameters
    ----------
    name : "fashion_mnist" or "mnist".
    folder : will hold FashionMNIST/raw; None = COURSE_DATA, else the course's data/.
    mirrors : addresses to try in turn; None = the known ones.
    progress : show a bar on stderr.

    Returns
    -------
    the folder of the files, each whole and checked

    Raises
    ------
    DataError : no mirror sent a file, or the folder cannot be written.
    """
    real = _known(name)
    target = (Path(folder) if folder else data_folders()[0]) / real.folder
    if all(is_whole(target, file) for file in real.files):
        return target  # before any lock: a finished folder may be read-only
    total = sum(file.length for file in real.files)
    with fetching(name, target, total, progress) as bar:
        for file in real.files:
            fetch(name, file, target, mirrors or real.mirrors, bar)
    return target


@contextlib.contextmanager
def fetching(name: str, target: Path, total: int | None, progress: bool) -> Iterator:
    """Make the folder and give the block a progress bar; one process at a time.

    Raises
    ------
    DataError : another process holds the folder, or it cannot be written.
    """
    from filelock import FileLock, Timeout
    from tqdm import tqdm

    lock = FileLock(target / ".download.lock", timeout=LOCK_TIMEOUT)
    try:
        target.mkdir(parents=True, exist_ok=True)
        bar = tqdm(total=total, desc=name, unit="B", unit_scale=1, disable=not progress)
        with bar, lock:
            for leftover in target.glob("*.part"):  # of a killed run: we hold the lock
                leftover.unlink()
            yield bar
    except Timeout as error:
        raise DataError(
            f"{target}: another process has been fetching {name} for {LOCK_TIMEOUT} s. "
            "End it, then try again."
        ) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
        fits = "it fits" if total is None else f"{total:,} bytes fit"
        raise DataError(
            f"{target} cannot be written: {error.strerror or error}. Expected: "
            f"{fits} there. {'Free space' if full else 'Make it writable'}"
            f", or set COURSE_DATA to another folder, then run {_command(name)} again."
        ) from error


def _command(name: str) -> str:
    return f"`make data DATA={name}`"


def is_whole(target: Path, file: RemoteFile) -> bool:
    """Say whether a folder holds a file with the right bytes."""
    path = target / file.name
    content = path.read_bytes() if path.is_file() else b""
    return hashlib.new(file.algorithm, content).hexdigest() == file.digest


def fetch(
    name: str, file: RemoteFile, target: Path, mirrors: tuple[str, ...], bar
) -> None:
    """Put a whole, checked file under its name, from the first mirror that has it.

    Nothing is fetched where it is whole already: another kernel may have been first.

    Raises
    ------
    DataError : no mirror sent it.
    """
    if is_whole(target, file):
        bar.update((target / file.name).stat().st_size)
        return
    failures = []
    for mirror in mirrors:
        before = bar.n
        try:
            with replaced(target / file.name) as part, part.open("wb") as stream:
                _receive(mirror.rstrip("/") + "/" + file.name, file, stream, bar)
                stream.flush()
                os.fsync(stream.fileno())
            return
        except ConnectionError as error:
            failures.append(f"  {mirror}: {error}")
            bar.update(before - bar.n)
    tried = "\n".join(failures)
    raise DataError(
        f"{file.name} could not be fetched; expected {file}\n{tried}\n"
        f"Check the network and run {_command(name)} again, or copy the file by hand "
        f"into {target}"
    )


def _receive(url: str, file: RemoteFile, stream, bar) -> None:
    import requests
    from urllib3.exceptions import HTTPError

    digest, received = hashlib.new(file.algorithm), 0
    plain, most = {"Accept-Encoding": "identity"}, file.length or LARGEST
    begin, counted = monotonic(), 0
    try:
        with requests.get(url, stream=True, timeout=TIMEOUTS, headers=plain) as reply:
            if reply.status_code != 200:
                raise ConnectionError(f"HTTP status {reply.status_code}")
            # Not iter_content: it unpacks a .gz if the server calls gzip its encoding.
            # Small blocks, since each is waited for, however slowly it drips.
            for block in reply.raw.stream(1 << 10, decode_content=False):
                if not received and block.lstrip().startswith(b"<"):
                    raise ConnectionError("sent an HTML page (a log-in?) for the file")
                received += len(block)
                if received > most:
                    break
                digest.update(block)
                stream.write(block)
                bar.update(len(block))
                if (now := monotonic()) - begin > RATE_SECONDS:
                    if received - counted < RATE_SECONDS * SLOWEST:
                        raise ConnectionError(
                            f"sent less than {SLOWEST:,} bytes a second"
                        )
                    begin, counted = now, received
    except (requests.RequestException, HTTPError, ValueError) as error:
        # A ValueError is an address that is none, to which a mirror redirects.
        reason = str(error).rpartition("(Caused by ")[2] or type(error).__name__
        reason = "no answer in time" if "timed out" in reason else reason
        raise ConnectionError(f"{reason}, after {received:,} bytes") from error
    if received != file.length and (file.length or received > most):
        raise ConnectionError(f"sent {received:,} of {most:,} bytes")
    if (found := digest.hexdigest()) != file.digest:
        raise ConnectionError(f"sent other bytes, {file.algorithm} {found[:12]}...")
