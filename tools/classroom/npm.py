"""Packages of npm that slides and handouts carry along, fetched once and then kept.

What was fetched must have the hash that stands here. It is kept in the person's cache
folder, so that the second call needs no network.
"""

import base64
import hashlib
import io
import os
import tarfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

import platformdirs

from helpers.files import replaced

REGISTRY = "https://registry.npmjs.org"
PATIENCE = 60  # seconds without a byte
OFFLINE = (
    "{name} {version} is not here yet and could not be fetched from {registry} ({why})."
    " It is needed once; call again with a network connection."
)
ALTERED = (
    "What came from {address} is not {name} {version}: its SHA-512 is not the expected"
    " one. Nothing was kept; call again, or look at what answers in between."
)


class NotFetched(Exception):
    """What is missing and what to do, in one sentence."""


class Package(NamedTuple):
    """One version of a package, and what of it is needed.

    Parameters
    ----------
    name, version : as npm has them.
    sha512 : of the whole archive, in base64, as npm gives it ("integrity").
    files : how the paths begin of what is needed, its license among them.
    """

    name: str
    version: str
    sha512: str
    files: tuple[str, ...]

    @property
    def archive(self) -> str:
        """The file name of its archive."""
        return f"{self.name}-{self.version}.tgz"


REVEAL = Package(
    "reveal.js",
    "5.2.1",
    "r7//6mIM5p34hFiDMvYfXgyjXqGRta+/psd9YtytsgRlrpRzFv4RbH76TXd2qD+7ZPZEbpBDhdRhJaFgfQ7zNQ==",
    (
        *(
            "LICENSE",
            "dist/reveal.css",
            "dist/theme/white.css",
            "plugin/notes/notes.js",
        ),
        *("dist/reveal.js", "dist/theme/fonts/source-sans-pro/"),
    ),
)
# The version that JupyterLab shows formulas with; its own copy is cut into pieces that
# only JupyterLab puts together.
MATHJAX = Package(
    "mathjax",
    "3.2.2",
    "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
    ("LICENSE", "es5/tex-svg.js"),
)


def cache() -> Path:
    """The folder in which archives are kept."""
    return platformdirs.user_cache_path("deep-learning-course", appauthor=False)


def archive_of(package: Package) -> bytes:
    """Return a package's archive, fetched if it is not in the cache.

    Raises
    ------
    NotFetched : it is not here and there is no network, or another file came.
    """
    kept = cache() / package.archive
    if kept.is_file() and is_right(package, data := kept.read_bytes()):
        return data
    address = f"{REGISTRY}/{package.name}/-/{package.archive}"
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            data = answer.read()
    except OSError as error:
        words = {**package._asdict(), "registry": REGISTRY, "why": error}
        raise NotFetched(OFFLINE.format(**words)) from None
    if not is_right(package, data):
        raise NotFetched(ALTERED.format(address=address, **package._asdict()))
    kept.parent.mkdir(parents=True, exist_ok=True)
    with replaced(kept) as part:
        part.write_bytes(data)
    return data


def is_right(package: Package, archive: bytes) -> bool:
    """Say whether this is the package's archive, bit for bit."""
    return hashlib.sha512(archive).digest() == base64.b64decode(package.sha512)


def put(package: Package, folder: Path) -> None:
    """Put what is needed of a package into ``folder/<its name>``."""
    with tarfile.open(fileobj=io.BytesIO(archive_of(package))) as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            if not member.isfile() or not name.startswith(package.files):
                continue
            target = folder / package.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with replaced(target) as part:
                part.write_bytes(archive.extractfile(member).read())
            os.chmod(target, 0o644)
