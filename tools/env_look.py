"""Print what stands in the environment whose Python runs this, as JSON.

It is run apart from the course and from the user's own settings (``python -I``), so it
needs nothing but that environment.
"""

import importlib.metadata
import importlib.util
import json
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MUST_IMPORT = (
    "packaging.requirements torch matplotlib ipywidgets jupyterlab nbformat nbclient"
    " pytest"
).split()


def look(pins: str) -> dict:
    """Return the state of the environment whose Python runs this.

    ``broken`` says what does not import, ``differs`` lists what is not as pinned.
    """
    found = {"python": platform.python_version(), "broken": "", "differs": []}
    try:
        modules = [importlib.import_module(name) for name in MUST_IMPORT]
        helpers = importlib.util.find_spec("helpers")
    except Exception as error:  # a half-installed package may raise anything
        return found | {"broken": f"{type(error).__name__}: {error}"}
    found["torch"] = modules[1].__version__
    if helpers is None or Path(helpers.origin).resolve().parents[1] != ROOT:
        found["broken"] = "helpers is not installed, or it is another clone's"
    for line in Path(pins).read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        wanted = modules[0].Requirement(line)
        if wanted.marker and not wanted.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            version = "missing"
        if version == "missing" or not wanted.specifier.contains(version, True):
            found["differs"].append(f"{wanted.name} {version} ({wanted.specifier})")
    return found


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1])))
