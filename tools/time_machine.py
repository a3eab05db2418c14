"""Make data/timemachine.txt.gz: `python tools/time_machine.py [--cache FOLDER]`.

The text is d2l's, fetched by d2l from the address in its DATA_HUB unless FOLDER has it
already. It is in the public domain; data/README.md says more.
"""

import argparse
import gzip
import hashlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from helpers import d2l  # noqa: E402
from helpers.files import replaced  # noqa: E402

TARGET = ROOT / "data" / "timemachine.txt.gz"


def make(cache: Path, target: Path = TARGET) -> str:
    """Write the packed text and return its sha256.

    Raises
    ------
    ValueError : the text is not the one that d2l's DATA_HUB describes.
    """
    text = Path(d2l.download("time_machine", str(cache))).read_bytes()
    _, expected = d2l.DATA_HUB["time_machine"]
    if (found := hashlib.sha1(text).hexdigest()) != expected:
        raise ValueError(
            f"the text has sha1 {found[:12]}..., and d2l says {expected[:12]}..."
        )
    # without a time and at one level: zlib then packs the same text to the same bytes
    packed = gzip.compress(text, compresslevel=9, mtime=0)
    with replaced(target) as part:
        part.write_bytes(packed)
    return hashlib.sha256(packed).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="a folder with timemachine.txt")
    cache = parser.parse_args().cache
    with tempfile.TemporaryDirectory() as fresh:
        print(f"{TARGET.name}: sha256 {make(cache or Path(fresh))}")


if __name__ == "__main__":
    main()
