"""`python -m helpers.data [set ...]`: fetch real sets; without a name, all of them."""

from __future__ import annotations

import argparse
import sys

from . import REMOTE, DataError, download_set


def main(arguments: list[str] | None = None) -> int:
    """Fetch the sets that are named; return 0, or 1 after a message on stderr."""
    parser = argparse.ArgumentParser(prog="python -m helpers.data", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="set", help=", ".join(REMOTE))
    parser.add_argument("--folder", help="instead of COURSE_DATA or the course's data/")
    options = parser.parse_args(arguments)
    for name in options.sets:
        if name not in REMOTE:
            parser.error(f"no set {name!r}: allowed are {', '.join(REMOTE)}")
    failed = False
    for name in options.sets or REMOTE:
        try:
            folder = download_set(name, options.folder)
        except DataError as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = True
        else:
            sys.stdout.write(f"{name}: complete in {folder}\n")
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
