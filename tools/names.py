"""Make data/names.csv: `python tools/names.py [--wheel FILE]`.

Last names by language, from the Python package Faker (MIT), which the course does not
need otherwise: pip fetches the one wheel named here, unless FILE is it. No seed, no
date: the same wheel gives the same bytes.

From each list of Faker
1. a name is folded to ASCII (`folded`);
2. one that then is not a single word of a to z, two letters at least, is left out:
   "O'Neill" would be recognized by its apostrophe;
3. one that stands in the lists of two languages is left out of both: it has no right
   answer;
4. of the rest in alphabetical order, PER_LANGUAGE at equal distances are kept, so that
   every language has as many.

The lines are sorted by language, then by name.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from helpers.files import replaced  # noqa: E402

TARGET = ROOT / "data" / "names.csv"
VERSION = "40.63.0"
SHA256 = "36627c20b575b4138f54b6c21f8703e9ab122fd487aca11319beec2aa6ca7232"
PER_LANGUAGE = 330
LOCALES = {  # of faker.providers.person
    "Croatian": "hr_HR",
    "English": "en_GB",
    "Finnish": "fi_FI",
    "German": "de_DE",
    "Italian": "it_IT",
    "Spanish": "es_ES",
}
# What Unicode does not take apart into a letter and a mark.
WITHOUT_PARTS = str.maketrans({"ß": "ss", "đ": "d"})
# Run apart, so that what a package does at its import stays out of this process.
LISTS = """\
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
lists = {}
for locale in sys.argv[2:]:
    module = importlib.import_module(f"faker.providers.person.{locale}")
    lists[locale] = list(module.Provider.last_names)
print(json.dumps(lists))
"""


class Refused(Exception):
    """Why nothing was written, in one sentence."""


def folded(name: str) -> str:
    """Return a name in lower case without marks: "Öström" -> "ostrom"."""
    parts = unicodedata.normalize("NFKD", name.lower().translate(WITHOUT_PARTS))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def chosen(lists: Mapping[str, Iterable[str]], count: int) -> list[tuple[str, str]]:
    """Return (language, name) by the rules above, sorted.

    Raises
    ------
    Refused : a language has fewer than `count` names left.
    """
    names = {
        language: {n for n in map(folded, given) if re.fullmatch("[a-z]{2,}", n)}
        for language, given in lists.items()
    }
    languages = Counter(name for of_one in names.values() for name in of_one)
    rows = []
    for language in sorted(names):
        own = sorted(name for name in names[language] if languages[name] == 1)
        if len(own) < count:
            raise Refused(f"{language} has {len(own)} names left: expected {count}")
        rows += [(language, own[i * len(own) // count]) for i in range(count)]
    return rows


def lists_of(wheel: Path) -> dict[str, list[str]]:
    """Return the last names of every language in a wheel of Faker.

    Raises
    ------
    Refused : it is another wheel.
    """
    if (found := hashlib.sha256(wheel.read_bytes()).hexdigest()) != SHA256:
        raise Refused(
            f"{wheel.name} has sha256 {found[:12]}...: expected Faker {VERSION} with "
            f"{SHA256[:12]}..."
        )
    done = subprocess.run(  # a wheel is a zip file, from which Python imports
        [sys.executable, "-I", "-c", LISTS, str(wheel), *LOCALES.values()],
        capture_output=True,
        text=True,
        check=True,
    )
    lists = json.loads(done.stdout)
    return {language: lists[locale] for language, locale in LOCALES.items()}


def fetched(folder: str) -> Path:
    """Let pip fetch the wheel into a folder."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", f"Faker=={VERSION}", "--no-deps"]
        + ["--only-binary=:all:", "--quiet", "--dest", folder],
        check=True,
    )
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def make(wheel: Path, target: Path = TARGET) -> str:
    """Write the table and return its sha256."""
    rows = chosen(lists_of(wheel), PER_LANGUAGE)
    table = "".join(f"{language},{name}\n" for language, name in rows)
    content = f"language,name\n{table}".encode("ascii")
    with replaced(target) as part:
        part.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help=f"the wheel of Faker {VERSION}")
    wheel = parser.parse_args().wheel
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(f"{TARGET.name}: sha256 {make(wheel or fetched(folder))}")
        except Refused as reason:
            sys.stderr.write(f"{reason}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
